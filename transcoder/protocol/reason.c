/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/protocol/reason.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name, *zh, *en;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"none", "没有问题。", "Nothing is wrong."},
    [REASON_EMPTY_FILE] = {"empty_file", "这个文件是空的，里面没有内容。请检查原文件，重新上传。",
        "The file is empty. Check the original and upload it again."},
    [REASON_NOT_MEDIA] = {"not_media", "这不是能识别的视频或音频文件。请确认选对了文件。",
        "This is no video or audio file that can be recognised. Make sure that it is the right "
        "file."},
    [REASON_PLAYLIST] = {"playlist",
        "这是一个播放列表，只写着别处文件的地址，里面没有视频。请上传视频文件本身。",
        "This is a playlist that only names other files; there is no video in it. Upload the video "
        "file itself."},
    [REASON_PICTURE] = {"picture", "这是一张图片，不是视频。请上传视频文件。",
        "This is a picture, not a video. Upload the video file."},
    [REASON_SUBTITLES_ONLY] = {"subtitles_only",
        "这个文件里只有文字或字幕，没有画面和声音。请上传视频文件。",
        "The file holds only text or subtitles, neither picture nor sound. Upload the video file."},
    [REASON_CUT_SHORT] = {"cut_short",
        "文件不完整，缺少索引，多半是复制或录制时中断了。请重新复制原文件后再上传。",
        "The file is incomplete: its index is missing, most likely because copying or recording "
        "was interrupted. "
        "Copy the original again and upload it."},
    [REASON_DAMAGED] = {"damaged", "文件已损坏，没有能播放的内容。请换一份完好的文件。",
        "The file is damaged; nothing in it can be played. Use an intact copy."},
    [REASON_NO_STREAMS] = {"no_streams", "文件里没有可用的画面，也没有可用的声音。",
        "The file has neither a usable picture nor usable sound."},
    [REASON_UNKNOWN_CODEC] = {"unknown_codec",
        "文件的编码格式无法识别。请用别的软件转成 MP4（H.264）后再上传。",
        "The file is in an encoding that is not known here. Convert it to MP4 (H.264) with another "
        "program and "
        "upload that."},
    [REASON_ENCRYPTED] = {"encrypted", "文件加了版权保护（DRM），无法处理。请使用没有加密的版本。",
        "The file is protected (DRM) and can't be processed. Use a version without protection."},
    [REASON_TOO_SHORT] = {"too_short", "内容太短，不到十分之一秒或只有一帧画面。",
        "There is too little in it: less than a tenth of a second, or a single picture."},
    [REASON_TOO_LONG] = {"too_long", "内容太长，超过了允许的时长。请分成几段上传。",
        "It lasts longer than is allowed. Split it and upload the parts."},
    [REASON_MOSTLY_NOTHING] = {"mostly_nothing",
        "文件里有好几个小时既没有画面也没有声音，多半是时间标记错了。请用别的软件重新导出后再上传"
        "。",
        "For hours, the file has neither pictures nor sound: most likely its timestamps are wrong. "
        "Export it again with another program, and upload that."},
    [REASON_TOO_LARGE_PICTURE] = {"too_large_picture",
        "画面尺寸太大，无法处理。请先缩小到 4K 以内。",
        "The picture is too large. Scale it down to 4K at most."},
    [REASON_TOO_MANY_STREAMS] = {"too_many_streams", "文件里的音轨和视频轨太多，无法处理。",
        "The file has too many tracks to be processed."},
    [REASON_SOURCE_UNREADABLE] = {"source_unreadable",
        "服务器读取原文件时出错（磁盘可能有故障），不是视频本身的问题。请技术员检查磁盘，然后点“重"
        "试”。",
        "The server could not read its copy of the file: the disk may be failing; the video is not "
        "to blame. Let a technician check the disk, then try again."},
    [REASON_DISK_FULL] = {"disk_full", "服务器磁盘已满。腾出空间后可以点“重试”。",
        "The server's disk is full. Make room, then try again."},
    [REASON_DISK_ERROR] = {"disk_error",
        "服务器的磁盘写入出错，不是视频本身的问题。请技术员检查磁盘，然后点“重试”。",
        "The server's disk can't be written; the video is not to blame. Let a technician check the "
        "disk, then try again."},
    [REASON_OUT_OF_MEMORY] = {"out_of_memory", "处理这个文件需要的内存超过了上限。",
        "Processing this file takes more memory than is allowed."},
    [REASON_TIMED_OUT] = {"timed_out",
        "处理时间太长，已停止。可以点“重试”；若仍然失败，请换一份文件。",
        "Processing took too long and was stopped. Try again; if that fails as well, use another "
        "copy."},
    [REASON_WORKER_CRASHED] = {"worker_crashed",
        "处理这个文件时转码程序多次出错退出。文件可能已损坏，请换一份文件。",
        "The transcoder broke down on this file several times. The file may be damaged; use "
        "another copy."},
    [REASON_SANDBOX] = {"sandbox",
        "这个文件使转码程序做了不允许的事，已被制止。文件可能有问题，请换一份文件。",
        "The file made the transcoder attempt something that is not allowed, so it was stopped. "
        "The file may be "
        "harmful; use another copy."},
    [REASON_OVER_CAP] = {"over_cap", "它会超出规定的码率上限，因此没有采用。",
        "They would take more of the link than their limit allows."},
    [REASON_INTERNAL] = {"internal", "系统内部出错，不是文件的问题。请把这条消息告诉技术员。",
        "Something went wrong inside the system; the file is not to blame. Tell a technician."},
};

const char *reason_name(enum reason reason)
{
    return (int)reason >= 0 && reason < REASON_COUNT ? reasons[reason].name : NULL;
}

enum reason reason_parse(const char *name)
{
    for (int i = 0; name && i < REASON_COUNT; i++)
        if (strcmp(reasons[i].name, name) == 0)
            return (enum reason)i;
    return REASON_INTERNAL;
}

const char *reason_text(enum reason reason, enum reason_language language)
{
    if ((int)reason < 0 || reason >= REASON_COUNT)
        reason = REASON_INTERNAL;
    return language == REASON_ZH ? reasons[reason].zh : reasons[reason].en;
}
