/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/api/event_text.h"

#include <stdio.h>
#include <string.h>

#include "transcoder/protocol/reason.h"

/* The sentences. "%s" is replaced by the detail. If `reason` is set, the detail is the name of a
 * reason, and its sentence is inserted instead. */
static const struct {
    const char *code, *zh, *en;
    bool reason;
} sentences[] = {
    {"created", "%s 提交了这一课。", "Submitted by %s.", false},
    {"probed", "文件检查完毕，开始转码。", "The file was checked; transcoding begins.", false},
    {"salvaged", "文件不完整，已把能用的部分转码（%s）。",
        "The file is incomplete; what is there was used (%s).", false},
    {"streams_left_out", "有些轨道用不了，已略过（%s）。",
        "Some tracks can't be used and were left out (%s).", false},
    {"retry", "有一步没有成功，正在重试：%s", "A step did not succeed and is tried again: %s",
        true},
    {"completed", "转码完成，可以审核发布了。",
        "Transcoding is complete; the lesson can be reviewed and published.", false},
    {"extra_added", "更省流量的 AV1 版本做好了一个（%s）。",
        "A version in AV1, which takes less of the link, is there too (%s).", false},
    {"extras_failed", "AV1 版本没有做成，这一课照常播放：%s",
        "The versions in AV1 can't be made; the lesson plays without them: %s", true},
    {"published", "%s 发布了这一课。", "Published by %s.", false},
    {"unpublished", "%s 撤下了这一课。", "Withdrawn by %s.", false},
    {"failed", "处理失败：%s", "Processing failed: %s", true},
    {"paused", "%s 暂停了这一课的转码。", "Paused by %s.", false},
    {"resumed", "%s 让这一课继续转码。", "Resumed by %s.", false},
    {"priority_low", "%s 把优先级改为低。", "Priority set to low by %s.", false},
    {"priority_normal", "%s 把优先级改为普通。", "Priority set to normal by %s.", false},
    {"priority_high", "%s 把优先级改为高。", "Priority set to high by %s.", false},
    {"retried", "%s 要求重新处理。", "Tried again at the request of %s.", false},
};

json_t *sentences_reason(const char *name, const char *detail)
{
    enum reason reason = reason_parse(name);
    return json_pack("{s:s, s:s, s:s, s:s}", "code", reason_name(reason), "detail", detail, "zh",
        reason_text(reason, REASON_ZH), "en", reason_text(reason, REASON_EN));
}

/* Replaces "%s" in a sentence by detail. */
static void fill_in(const char *sentence, const char *detail, char *out, size_t out_bytes)
{
    const char *place = strstr(sentence, "%s");
    if (place)
        snprintf(out, out_bytes, "%.*s%s%s", (int)(place - sentence), sentence, detail, place + 2);
    else
        snprintf(out, out_bytes, "%s", sentence);
}

json_t *sentences_of(const char *code, const char *detail)
{
    char zh[1024], en[1024];
    snprintf(zh, sizeof(zh), "%s %s", code, detail);
    snprintf(en, sizeof(en), "%s", zh);
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        if (strcmp(sentences[i].code, code) != 0)
            continue;
        enum reason reason = reason_parse(detail);
        fill_in(sentences[i].zh, sentences[i].reason ? reason_text(reason, REASON_ZH) : detail, zh,
            sizeof(zh));
        fill_in(sentences[i].en, sentences[i].reason ? reason_text(reason, REASON_EN) : detail, en,
            sizeof(en));
    }
    return json_pack("{s:s, s:s, s:s}", "detail", detail, "zh", zh, "en", en);
}

json_t *sentences_event(const struct catalog_event *event)
{
    json_t *json = sentences_of(event->code, event->detail);
    /* json_object_set_new() fails if json or the value is NULL, and it releases the value in any
     * case. */
    if (json_object_set_new(json, "time_ms", json_integer(event->time_ms)) == 0 &&
        json_object_set_new(json, "code", json_string(event->code)) == 0)
        return json;
    json_decref(json);
    return NULL;
}
