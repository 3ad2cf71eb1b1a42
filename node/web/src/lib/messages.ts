// SPDX-License-Identifier: GPL-3.0-or-later
// All texts that the scripts of the pages show, in both languages. There is a section for each part
// of the pages: a bundle contains only the sections that its page uses. A key that does not exist,
// or a message without one of its languages, is a compile error.

/** One message in both languages. {name} and {n} stand for what the page fills in. */
export type Message = readonly [zh: string, en: string];
type Section = Record<string, Message>;

/** The words of the top bar, and what a failed request says. */
export const commonText = {
    brand: ['梯田课堂', 'Terrace'],
    logout: ['退出', 'Log out'],
    langOther: ['EN', '中文'],
    error: ['出错了', 'Something went wrong'],
    serverDown: ['连不上服务器，请稍后再试。', 'The server can’t be reached. Try again later.'],
} satisfies Section;

/** The links between the pages, which logged-in users see. */
export const staffText = {
    terminal: ['课堂', 'Lessons'],
    operator: ['管理', 'Manage'],
    technician: ['监测', 'Monitor'],
} satisfies Section;

/** The login page, and the link to it. */
export const loginText = {
    login: ['登录', 'Log in'],
    name: ['用户名', 'Name'],
    password: ['密码', 'Password'],
    loggingIn: ['正在登录……', 'Logging in…'],
    loginHint: ['县级管理员和技术员从这里进入。', 'For county operators and technicians.'],
    tagline: [
        '县里的课程送到每个村，网慢也看得清、听得清。',
        'The county’s lessons for every village, clear over slow links.',
    ],
    notYours: [
        '账号“{name}”不能打开这个页面，请换一个账号登录。',
        'The account {name} may not open this page. Log in with another one.',
    ],
} satisfies Section;

/** Units of a length. */
export const lengthText = {
    seconds: ['秒', 's'],
    minutes: ['分钟', 'min'],
    hours: ['小时', 'h'],
} satisfies Section;

/** The terminal page. */
export const terminalText = {
    lessons: ['课程', 'Lessons'],
    search: ['搜索课程', 'Search lessons'],
    noLessons: ['还没有课程', 'No lessons yet'],
    noLessonsHint: [
        '县里发布课程后会出现在这里。',
        'Lessons appear here once the county publishes them.',
    ],
    noMatch: ['没有找到相关的课程', 'No lesson matches'],
    offline: ['连不上服务器，正在重试……', 'The server can’t be reached; trying again…'],
    retryNow: ['马上重试', 'Try now'],
    more: ['更多', 'More'],
    gone: ['没有这一课，可能已经撤下。', 'There is no such lesson; it may have been withdrawn.'],
    working: ['转码中', 'Transcoding'],
    enterSiteCode: ['输入站点代码', 'Enter a site code'],
} satisfies Section;

/** The page on which a terminal enters the code of its site. */
export const codeText = {
    siteCode: ['站点代码', 'Site code'],
    siteCodeHint: [
        '请技术员在“监测”页上生成代码。代码有 8 位数字，10 分钟内有效，只能用一次。',
        'A technician makes the code on the page Monitor. It has 8 digits and is valid for 10 minutes and once.',
    ],
    confirmCode: ['确定', 'OK'],
    checkingCode: ['正在核对……', 'Checking…'],
    belongsTo: ['这台终端属于“{name}”。', 'This terminal belongs to {name}.'],
    toLessons: ['去看课程', 'To the lessons'],
} satisfies Section;

/** What the terminal page and the player say in the same words. */
export const watchText = {
    back: ['返回', 'Back'],
    loading: ['正在加载……', 'Loading…'],
} satisfies Section;

/** The player. */
export const playerText = {
    play: ['播放', 'Play'],
    pause: ['暂停', 'Pause'],
    rewind: ['后退 10 秒', 'Back 10 s'],
    forward: ['前进 10 秒', 'Forward 10 s'],
    mute: ['静音', 'Mute'],
    volume: ['音量', 'Volume'],
    quality: ['清晰度', 'Quality'],
    subtitles: ['字幕', 'Subtitles'],
    noSubtitles: ['不显示字幕', 'No subtitles'],
    auto: ['自动', 'Auto'],
    audioOnly: ['只听声音', 'Sound only'],
    speed: ['速度', 'Speed'],
    fullscreen: ['全屏', 'Full screen'],
    seek: ['播放位置', 'Position'],
    waiting: ['网络慢，正在缓冲……', 'The network is slow; buffering…'],
    lost: ['网络断了，正在重试……', 'The network is gone; trying again…'],
    resumeFrom: ['接着上次看', 'Go on from'],
    fromStart: ['从头开始', 'From the start'],
    again: ['再看一遍', 'Watch again'],
    unplayable: ['这台设备放不了这个视频。', 'This device can’t play the video.'],
    growing: [
        '还在转码，可以先看前面的部分',
        'Still being transcoded; the first part can be watched',
    ],
} satisfies Section;

/** What the operator page and the technician page share. */
export const officeText = {
    title: ['标题', 'Title'],
    edit: ['修改', 'Edit'],
    remove: ['删除', 'Delete'],
    cancel: ['取消', 'Cancel'],
    save: ['保存', 'Save'],
    close: ['关闭', 'Close'],
    actions: ['操作', 'Actions'],
    reconnecting: ['连接断了，正在重连……', 'The connection is gone; reconnecting…'],
} satisfies Section;

/** The operator page: lessons and their progress. */
export const operatorText = {
    topic: ['主题', 'Topic'],
    language: ['语言', 'Language'],
    description: ['说明', 'Description'],
    queue: ['课程和进度', 'Lessons and progress'],
    queued: ['排队', 'Queued'],
    working: ['转码中', 'Transcoding'],
    ready: ['待审核', 'To review'],
    published: ['已发布', 'Published'],
    failed: ['失败', 'Failed'],
    paused: ['已暂停', 'Paused'],
    publish: ['发布', 'Publish'],
    unpublish: ['撤下', 'Withdraw'],
    retry: ['重试', 'Try again'],
    preview: ['预览', 'Preview'],
    confirmRemove: [
        '确定删除这一课？文件也会删掉，不能恢复。',
        'Delete this lesson? Its files go too and can’t be brought back.',
    ],
    yesRemove: ['删除', 'Delete'],
    keep: ['不删', 'Keep'],
    history: ['经过', 'History'],
    empty: ['还没有课程。上传第一个视频吧。', 'No lessons yet. Upload the first video.'],
    search: ['搜索课程', 'Search lessons'],
    noMatch: ['没有找到相关的课程', 'No lesson matches'],
    more: ['更多', 'More'],
    playableNow: ['已可播放', 'Playable'],
    publishOnceItPlays: ['能播放就发布', 'Publish as soon as it plays'],
    priority: ['优先级', 'Priority'],
    priorityLow: ['优先级：低', 'Priority: low'],
    priorityNormal: ['优先级：普通', 'Priority: normal'],
    priorityHigh: ['优先级：高', 'Priority: high'],
    inLine: ['排在第 {n} 位', 'No. {n} in line'],
    pauseWork: ['暂停转码', 'Pause'],
    resumeWork: ['继续转码', 'Resume'],
    runsToItsEnd: ['已开始的部分会做完', 'What runs of it goes on to its end'],
    av1Failed: ['AV1 版本没有做成，不影响播放', 'Not made in AV1; it plays without'],
} satisfies Section;

/** The operator page: uploads. */
export const uploadText = {
    upload: ['上传', 'Upload'],
    chooseFiles: ['选择视频文件', 'Choose video files'],
    dropHere: ['把视频拖到这里，或者', 'Drop videos here, or'],
    titleHint: ['不填就用文件自己的标题', 'Empty: the file’s own title'],
    publishHint: ['不勾选时，审核后再发布', 'Otherwise it is reviewed first'],
    uploading: ['正在上传', 'Uploading'],
    pause: ['暂停', 'Pause'],
    resume: ['继续', 'Resume'],
    uploadDone: ['上传完成', 'Uploaded'],
    uploadFailed: ['上传出错', 'Upload failed'],
    uploadWaiting: ['等待网络', 'Waiting for the network'],
    unfinished: ['没传完的上传', 'Unfinished uploads'],
    chooseAgain: ['再选一次同一个文件，就会接着传：', 'Choose the same file again to go on:'],
    remaining: ['还剩', 'left'],
    checking: ['正在核对', 'Checking'],
} satisfies Section;

/** The technician page: terminals. */
export const technicianText = {
    terminals: ['终端', 'Terminals'],
    address: ['地址', 'Address'],
    watching: ['正在看', 'Watching'],
    rate: ['速率', 'Rate'],
    bytes: ['已发送', 'Sent'],
    rtt: ['往返时间', 'Round trip'],
    retransmits: ['重传', 'Retransmits'],
    connections: ['连接', 'Connections'],
    lastSeen: ['最近', 'Last seen'],
    condition: ['情况', 'Condition'],
    uplinkHour: ['县里出口，最近一小时', 'Uplink, last hour'],
    uplinkNow: ['县里出口，现在', 'Uplink, now'],
    active: ['活动终端', 'Active terminals'],
    good: ['正常', 'Fine'],
    slow: ['速度很低', 'Very slow'],
    lossy: ['丢包多', 'Loses packets'],
    far: ['延迟大', 'Long delay'],
    noTerminals: ['还没有终端来过。', 'No terminal has come yet.'],
    downloadCsv: ['下载表格（CSV）', 'Download table (CSV)'],
    ago: ['前', 'ago'],
    justNow: ['刚刚', 'just now'],
} satisfies Section;

/** The technician page: the uplink and the sites. */
export const siteText = {
    links: ['出口和站点', 'Uplink and sites'],
    uplinkCap: ['县里出口带宽（kbit/s）', 'The county’s uplink (kbit/s)'],
    addSite: ['添加站点', 'Add a site'],
    siteName: ['站点', 'Site'],
    siteRanges: ['地址范围', 'Addresses'],
    siteToken: ['令牌', 'Token'],
    siteTokenHint: [
        '自己编的令牌容易被猜到：请改用终端代码，然后清空这里。',
        'A token made by hand may be guessed: use codes instead, then empty this.',
    ],
    siteCap: ['合计上限', 'Limit in all'],
    siteTerminalCap: ['每台终端上限', 'Limit a terminal'],
    downloads: ['允许下载', 'Downloads'],
    downloadFrom: ['允许下载：从', 'Downloads from'],
    downloadTo: ['到（相同为全天）', 'To (the same: all day)'],
    siteBudget: ['每天流量', 'A day'],
    today: ['今天', 'Today'],
    sitesNow: ['现在', 'Now'],
    unlimited: ['不限', 'Not limited'],
    always: ['全天', 'All day'],
    saved: ['已保存', 'Saved'],
    noSites: [
        '还没有站点。所有终端平分县里出口。',
        'No sites yet. All terminals share the uplink alike.',
    ],
    code: ['终端代码', 'Code'],
    codeFor: ['“{name}”的终端代码', 'A code for a terminal of {name}'],
    codeUse: [
        '在终端上打开 {address}，输入这个代码。10 分钟内有效，只能用一次。',
        'Open {address} on the terminal and enter this code. It is valid for 10 minutes and once.',
    ],
    anotherCode: ['再要一个代码', 'Another code'],
    expelTerminals: ['让用代码加入的终端退出', 'Put out the terminals that used codes'],
    confirmExpel: [
        '用代码加入的终端都要重新输入代码。确定吗？',
        'All terminals that used codes must enter new ones. Go on?',
    ],
    expelled: ['已退出', 'They are out'],
    confirmRemoveSite: ['确定删除这个站点？', 'Delete this site?'],
} satisfies Section;
