// SPDX-License-Identifier: GPL-3.0-or-later
// All words that people read, in both languages; which one is the browser's say, and the switch's.
export const words = {
    zh: {
        brand: '梯田课堂', lessons: '课程', search: '搜索课程', noLessons: '还没有课程', noLessonsHint: '县里发布课程后会出现在这里。', noMatch: '没有找到相关的课程',
        offline: '连不上服务器，正在重试……', retryNow: '马上重试', more: '更多', minutes: '分钟', seconds: '秒', back: '返回', play: '播放', pause: '暂停',
        rewind: '后退 10 秒', forward: '前进 10 秒', mute: '静音', volume: '音量', quality: '清晰度', subtitles: '字幕', noSubtitles: '不显示字幕', auto: '自动', audioOnly: '只听声音', speed: '速度', fullscreen: '全屏', seek: '播放位置',
        loading: '正在加载……', waiting: '网络慢，正在缓冲……', lost: '网络断了，正在重试……', resumeFrom: '接着上次看', fromStart: '从头开始', ended: '播放完了', again: '再看一遍',
        unplayable: '这台设备放不了这个视频。', gone: '没有这一课，可能已经撤下。', growing: '还在转码，可以先看前面的部分',
        tagline: '县里的课程送到每个村，网慢也看得清、听得清。', notYours: '账号“{name}”不能打开这个页面，请换一个账号登录。',
        login: '登录', name: '用户名', password: '密码', loggingIn: '正在登录……', logout: '退出', loginHint: '县级管理员和技术员从这里进入。', serverDown: '连不上服务器，请稍后再试。',
        operator: '管理', technician: '监测', terminal: '课堂', upload: '上传', chooseFiles: '选择视频文件', dropHere: '把视频拖到这里，或者', title: '标题', topic: '主题', language: '语言', description: '说明',
        titleHint: '不填就用文件自己的标题', publishOnceItPlays: '能播放就发布', publishHint: '不勾选时，审核后再发布', startUpload: '开始上传', uploading: '正在上传', paused: '已暂停', resume: '继续', cancel: '取消',
        uploadDone: '上传完成', uploadFailed: '上传出错', uploadWaiting: '等待网络', unfinished: '没传完的上传', chooseAgain: '再选一次同一个文件，就会接着传：', remaining: '还剩', checking: '正在核对',
        queue: '课程和进度', state: '状态', actions: '操作', queued: '排队', working: '转码中', ready: '待审核', published: '已发布', failed: '失败', publish: '发布', unpublish: '撤下', retry: '重试', edit: '修改', preview: '预览', remove: '删除',
        confirmRemove: '确定删除这一课？文件也会删掉，不能恢复。', yesRemove: '删除', keep: '不删', save: '保存', close: '关闭', history: '经过', empty: '还没有课程。上传第一个视频吧。', size: '大小', length: '时长', submitter: '提交人',
        live: '实时', reconnecting: '连接断了，正在重连……', playableNow: '已可播放', error: '出错了',
        terminals: '终端', address: '地址', watching: '正在看', rate: '速率', bytes: '已发送', rtt: '往返时间', retransmits: '重传', connections: '连接', lastSeen: '最近', condition: '情况', uplinkHour: '县里出口，最近一小时', uplinkNow: '县里出口，现在',
        good: '正常', slow: '速度很低', lossy: '丢包多', far: '延迟大', noTerminals: '还没有终端来过。', downloadCsv: '下载表格（CSV）', ago: '前', justNow: '刚刚', total: '本次启动以来共', langOther: 'EN', hours: '小时',
        active: '活动终端', searchClear: '清除', show: '显示',
        priority: '优先级', priorityLow: '优先级：低', priorityNormal: '优先级：普通', priorityHigh: '优先级：高', inLine: '排在第 {n} 位', pauseWork: '暂停转码', runsToItsEnd: '已开始的部分会做完', av1Failed: 'AV1 版本没有做成，不影响播放', resumeWork: '继续转码',
        links: '出口和站点', uplinkCap: '县里出口带宽（kbit/s）', addSite: '添加站点', siteName: '站点', siteRanges: '地址范围', siteToken: '令牌', siteTokenHint: '盒子第一次打开首页时，网址加 ?site=令牌', siteCap: '合计上限', siteTerminalCap: '每台终端上限',
        downloads: '允许下载', downloadFrom: '允许下载：从', downloadTo: '到（相同为全天）', siteBudget: '每天流量', today: '今天', sitesNow: '现在', unlimited: '不限', always: '全天', saved: '已保存',
        noSites: '还没有站点。所有终端平分县里出口。', confirmRemoveSite: '确定删除这个站点？',
    },
    en: {
        brand: 'Terrace', lessons: 'Lessons', search: 'Search lessons', noLessons: 'No lessons yet', noLessonsHint: 'Lessons appear here once the county publishes them.', noMatch: 'No lesson matches',
        offline: 'The server can’t be reached; trying again…', retryNow: 'Try now', more: 'More', minutes: 'min', seconds: 's', back: 'Back', play: 'Play', pause: 'Pause',
        rewind: 'Back 10 s', forward: 'Forward 10 s', mute: 'Mute', volume: 'Volume', quality: 'Quality', subtitles: 'Subtitles', noSubtitles: 'No subtitles', auto: 'Auto', audioOnly: 'Sound only', speed: 'Speed', fullscreen: 'Full screen', seek: 'Position',
        loading: 'Loading…', waiting: 'The network is slow; buffering…', lost: 'The network is gone; trying again…', resumeFrom: 'Go on from', fromStart: 'From the start', ended: 'The end', again: 'Watch again',
        unplayable: 'This device can’t play the video.', gone: 'There is no such lesson; it may have been withdrawn.', growing: 'Still being transcoded; the first part can be watched',
        tagline: 'The county’s lessons for every village, clear over slow links.', notYours: 'The account {name} may not open this page. Log in with another one.',
        login: 'Log in', name: 'Name', password: 'Password', loggingIn: 'Logging in…', logout: 'Log out', loginHint: 'For county operators and technicians.', serverDown: 'The server can’t be reached. Try again later.',
        operator: 'Manage', technician: 'Monitor', terminal: 'Lessons', upload: 'Upload', chooseFiles: 'Choose video files', dropHere: 'Drop videos here, or', title: 'Title', topic: 'Topic', language: 'Language', description: 'Description',
        titleHint: 'Empty: the file’s own title', publishOnceItPlays: 'Publish as soon as it plays', publishHint: 'Otherwise it is reviewed first', startUpload: 'Start upload', uploading: 'Uploading', paused: 'Paused', resume: 'Resume', cancel: 'Cancel',
        uploadDone: 'Uploaded', uploadFailed: 'Upload failed', uploadWaiting: 'Waiting for the network', unfinished: 'Unfinished uploads', chooseAgain: 'Choose the same file again to go on:', remaining: 'left', checking: 'Checking',
        queue: 'Lessons and progress', state: 'State', actions: 'Actions', queued: 'Queued', working: 'Transcoding', ready: 'To review', published: 'Published', failed: 'Failed', publish: 'Publish', unpublish: 'Withdraw', retry: 'Try again', edit: 'Edit', preview: 'Preview', remove: 'Delete',
        confirmRemove: 'Delete this lesson? Its files go too and can’t be brought back.', yesRemove: 'Delete', keep: 'Keep', save: 'Save', close: 'Close', history: 'History', empty: 'No lessons yet. Upload the first video.', size: 'Size', length: 'Length', submitter: 'Submitted by',
        live: 'Live', reconnecting: 'The connection is gone; reconnecting…', playableNow: 'Playable', error: 'Something went wrong',
        terminals: 'Terminals', address: 'Address', watching: 'Watching', rate: 'Rate', bytes: 'Sent', rtt: 'Round trip', retransmits: 'Retransmits', connections: 'Connections', lastSeen: 'Last seen', condition: 'Condition', uplinkHour: 'Uplink, last hour', uplinkNow: 'Uplink, now',
        good: 'Fine', slow: 'Very slow', lossy: 'Loses packets', far: 'Long delay', noTerminals: 'No terminal has come yet.', downloadCsv: 'Download table (CSV)', ago: 'ago', justNow: 'just now', total: 'In all since start', langOther: '中文', hours: 'h',
        active: 'Active terminals', searchClear: 'Clear', show: 'Show',
        priority: 'Priority', priorityLow: 'Priority: low', priorityNormal: 'Priority: normal', priorityHigh: 'Priority: high', inLine: 'No. {n} in line', pauseWork: 'Pause', runsToItsEnd: 'What runs of it goes on to its end', av1Failed: 'Not made in AV1; it plays without', resumeWork: 'Resume',
        links: 'Uplink and sites', uplinkCap: 'The county’s uplink (kbit/s)', addSite: 'Add a site', siteName: 'Site', siteRanges: 'Addresses', siteToken: 'Token', siteTokenHint: 'A box opens the first page once with ?site=TOKEN', siteCap: 'Limit in all', siteTerminalCap: 'Limit a terminal',
        downloads: 'Downloads', downloadFrom: 'Downloads from', downloadTo: 'To (the same: all day)', siteBudget: 'A day', today: 'Today', sitesNow: 'Now', unlimited: 'Not limited', always: 'All day', saved: 'Saved',
        noSites: 'No sites yet. All terminals share the uplink alike.', confirmRemoveSite: 'Delete this site?',
    },
};

const stored = () => { try { return localStorage.getItem('terrace.language'); } catch { return null; } };
const preferred = () => {
    const wanted = (navigator.languages && navigator.languages.length ? navigator.languages : [navigator.language]).filter(Boolean);
    return wanted.length && !/^zh/i.test(wanted[0]) ? 'en' : 'zh';
};

export const language = words[stored()] ? stored() : preferred();
document.documentElement.lang = language;

export const t = (key) => words[language][key];

/** Changes to the other language; the page is loaded anew, so that everything is. */
export function switchLanguage() {
    try { localStorage.setItem('terrace.language', language === 'zh' ? 'en' : 'zh'); } catch { /* private mode: for this once */ }
    location.reload();
}
