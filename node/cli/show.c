/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "node/api/lesson_json.h"
#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/cli/json.h"
#include "node/cli/text.h"
#include "transcoder/plan/plan.h"

/* Everything that the catalog has about one lesson. */
struct details {
    struct catalog_lessons lessons; /* one lesson */
    struct catalog_renditions renditions;
    struct catalog_jobs jobs;
    struct catalog_events events;
};

static void details_free(struct details *details)
{
    catalog_lessons_free(&details->lessons);
    catalog_renditions_free(&details->renditions);
    catalog_jobs_free(&details->jobs);
    catalog_events_free(&details->events);
}

static enum cli_exit details_read(struct catalog *catalog, int64_t lesson_id, struct details *out)
{
    *out = (struct details){0};
    int error = catalog_lesson_get(catalog, lesson_id, &out->lessons);
    if (error == CATALOG_OK)
        error = catalog_queue_positions(catalog, &out->lessons);
    if (error == CATALOG_OK)
        error = catalog_renditions(catalog, lesson_id, &out->renditions);
    if (error == CATALOG_OK)
        error = catalog_jobs(catalog, lesson_id, &out->jobs);
    if (error == CATALOG_OK)
        error = catalog_events(catalog, lesson_id, 0, &out->events);
    if (error == CATALOG_OK)
        return CLI_GO_ON;
    details_free(out);
    return cli_lesson_failed(catalog, error, lesson_id);
}

static enum cli_exit print_json(const struct details *details)
{
    json_t *lesson = lesson_json_operator(&details->lessons.items[0]);
    /* json_object_set_new() fails if the value is NULL, so each value needs no check of its own. */
    if (lesson_json_add_findings(lesson, &details->lessons.items[0]) < 0 ||
        json_object_set_new(lesson, "renditions", lesson_json_renditions(&details->renditions)) <
            0 ||
        json_object_set_new(lesson, "jobs", lesson_json_jobs(&details->jobs)) < 0 ||
        json_object_set_new(lesson, "events", lesson_json_events(&details->events)) < 0) {
        json_decref(lesson);
        lesson = NULL;
    }
    return cli_print_json(lesson);
}

/* ---- for people ---- */

/* Returns the text in the user's language. */
__attribute__((format_arg(1), format_arg(2))) static const char *word(
    const char *en, const char *zh)
{
    return text_chinese() ? zh : en;
}

static void print_label(const char *en, const char *zh)
{
    text_print(stdout, word(en, zh), 0, 12);
}

static void print_field(const char *en, const char *zh, const char *value)
{
    if (*value == '\0')
        return;
    print_label(en, zh);
    text_print(stdout, value, 0, 0);
    putchar('\n');
}

/* Prints the state of the AV1 renditions: still being made although the lesson is ready, or given
 * up. */
static void print_extras(const struct catalog_lesson *lesson)
{
    if (lesson->optional_failed)
        print_field("in AV1", "AV1 版本",
            word("could not be made; the lesson plays without (terrace retry tries again)",
                "没有做成，这一课照常播放（terrace retry 可以再试）"));
    else if (lesson->state == CATALOG_LESSON_READY && lesson->optional_jobs > 0) {
        print_label("in AV1", "AV1 版本");
        printf("%d %%\n", lesson->optional_permille / 10);
    }
}

static const char *state_name(enum catalog_lesson_state state)
{
    static const char *const zh[] = {
        [CATALOG_LESSON_QUEUED] = "排队",
        [CATALOG_LESSON_WORKING] = "转码中",
        [CATALOG_LESSON_READY] = "完成",
        [CATALOG_LESSON_FAILED] = "失败",
    };
    return word(catalog_lesson_state_name(state), zh[state]);
}

static void print_state(const struct catalog_lesson *lesson)
{
    static const char *const priority_zh[] = {
        "低", "中", "高"}; /* indexed from CATALOG_PRIORITY_LOW */
    const char *comma = word(", ", "，");
    print_label("state", "状态");
    fputs(state_name(lesson->state), stdout);
    if (lesson->state == CATALOG_LESSON_WORKING)
        printf("%s%d %%", comma, lesson->progress_permille / 10);
    if (lesson->queued_jobs > 0 && lesson->priority != CATALOG_PRIORITY_NORMAL)
        printf(word(", %s priority", "，优先级%s"),
            word(catalog_priority_name(lesson->priority),
                priority_zh[lesson->priority - CATALOG_PRIORITY_LOW]));
    if (lesson->queued_jobs > 0 && lesson->paused)
        fputs(word(", paused", "，已暂停"), stdout);
    if (lesson->playable)
        fputs(word(", playable", "，可播放"), stdout);
    if (lesson->published)
        fputs(word(", published", "，已发布"), stdout);
    putchar('\n');
    print_extras(lesson);
    if (lesson->state != CATALOG_LESSON_FAILED)
        return;
    print_label("reason", "原因");
    cli_print_reason(stdout, lesson->reason, lesson->reason_detail);
    putchar('\n');
}

static void print_lesson(const struct catalog_lesson *lesson)
{
    char text[TEXT_SHORT_BYTES];
    print_label("lesson", "课程");
    printf("%" PRId64 "\n", lesson->id);
    print_field("title", "标题", lesson->title);
    print_field("topic", "专题", lesson->topic);
    print_field("description", "说明", lesson->description);
    print_field("language", "语言", lesson->language);
    print_state(lesson);
    if (lesson->duration_us > 0)
        print_field("length", "时长", text_duration(lesson->duration_us, text));
    print_field("source", "源文件", lesson->source_name);
    print_label("", "");
    printf("%s%sSHA-256 %s\n", text_size(lesson->source_bytes, text), word(", ", "，"),
        *lesson->source_sha256 != '\0' ? lesson->source_sha256 : word("not known", "未知"));
    print_field("put in by", "提交人", lesson->submitter);
    print_field("on", "时间", text_time(lesson->created_ms, text));
    print_field("media", "媒体占用", text_size(lesson->media_bytes, text));
    if (!lesson->playable)
        return;
    print_label("pages", "页面");
    printf("/watch/%" PRId64 "%s/v/%" PRId64 "/%d/master.m3u8\n", lesson->id, word(", ", "，"),
        lesson->id, lesson->revision);
}

static const char *sound_name(int sound, bool chinese)
{
    static const char *const names[][2] = {
        [MEDIA_SOUND_UNKNOWN] = {"could not be measured", "无法测量"},
        [MEDIA_SOUND_SILENCE] = {"silence", "无声"},
        [MEDIA_SOUND_SPEECH] = {"speech", "讲话"},
        [MEDIA_SOUND_OTHER] = {"music or noise", "音乐或杂音"},
    };
    return names[sound][chinese];
}

static void print_track(int number, const struct media_audio *audio)
{
    bool chinese = text_chinese();
    printf("  %d  %s", number, sound_name(audio->sound, chinese));
    if (audio->sound == MEDIA_SOUND_SPEECH || audio->sound == MEDIA_SOUND_OTHER)
        printf(chinese ? "，响度 %.1f LUFS，峰值 %.1f dBTP，底噪 %.1f dBFS，静音 %d %%"
                       : ", %.1f LUFS, peak %.1f dBTP, noise floor %.1f dBFS, %d %% silence",
            audio->loudness_lufs_x100 / 100.0, audio->peak_dbtp_x100 / 100.0,
            audio->noise_dbfs_x100 / 100.0, audio->silence_permille / 10);
    printf("  %s\n", audio->language);
}

static void print_pictures(const struct media_info *info)
{
    bool chinese = text_chinese();
    if (info->stretch_count == 0)
        return;
    puts(chinese ? "\n源画面" : "\npictures of the source");
    printf(chinese ? "  幻灯或屏幕 %d %%，讲话人 %d %%，运动 %d %%；换页 %d 次，画面噪声 %.2f"
                   : "  slides or screen %d %%, speaker %d %%, motion %d %%; cuts %d, noise %.2f",
        plan_class_share(info, MEDIA_SLIDES) / 10, plan_class_share(info, MEDIA_HEAD) / 10,
        plan_class_share(info, MEDIA_MOTION) / 10, info->cut_count, info->noise_x100 / 100.0);
    if (info->interlaced)
        fputs(chinese ? "，隔行" : ", interlaced", stdout);
    if (info->bar_top + info->bar_bottom + info->bar_left + info->bar_right > 0)
        printf(chinese ? "，黑边 上 %d 下 %d 左 %d 右 %d"
                       : ", black bars: top %d bottom %d left %d right %d",
            info->bar_top, info->bar_bottom, info->bar_left, info->bar_right);
    putchar('\n');
}

/* Prints how much of the link AV1 would save, if the probe measured it. If the saving is too small
 * for AV1 renditions, also prints the smallest saving for which they are made. */
static void print_av1(const struct media_info *info)
{
    int saving = info->av1_saving_permille;
    if (saving == 0)
        return;
    if (saving > -10 && saving < 10)
        fputs(word("  AV1 would take as much of the link at equal quality",
                  "  同等画质下，AV1 用同样多的带宽"),
            stdout);
    else if (saving > 0)
        printf(word("  AV1 would take %d %% less of the link at equal quality",
                   "  同等画质下，AV1 少用 %d %% 的带宽"),
            saving / 10);
    else
        printf(word("  AV1 would take %d %% more of the link at equal quality",
                   "  同等画质下，AV1 多用 %d %% 的带宽"),
            -saving / 10);
    if (saving < PLAN_AV1_MIN_SAVING_PERMILLE)
        printf(word(" (it is made where it takes %d %% less)", "（至少省 %d %% 才制作）"),
            PLAN_AV1_MIN_SAVING_PERMILLE / 10);
    putchar('\n');
}

static void print_findings(const struct catalog_lesson *lesson)
{
    struct media_info *info = malloc(sizeof(*info));
    if (info && media_info_parse(lesson->info_text, strlen(lesson->info_text), info) == 0) {
        print_pictures(info);
        print_av1(info);
        if (info->audio_count > 0)
            puts(text_chinese() ? "\n原声" : "\nsound of the source");
        for (int i = 0; i < info->audio_count; i++)
            print_track(i + 1, &info->audio[i]);
    }
    free(info);
}

static void print_rendition(const struct catalog_rendition *rendition)
{
    printf("  %-8s", rendition->name);
    if (rendition->kind == CATALOG_VIDEO || rendition->kind == CATALOG_LEGACY)
        printf(word("%4dx%-4d %6.2f frames/s", "%4dx%-4d 每秒 %5.2f 帧"), rendition->width,
            rendition->height,
            rendition->fps_den > 0 ? (double)rendition->fps_num / rendition->fps_den : 0.0);
    else if (rendition->kind == CATALOG_TEXT)
        printf("%s %s", word("subtitles", "字幕"), rendition->language);
    else
        printf("%s %5.1f kHz %s",
            rendition->channels == 1 ? word("mono  ", "单声道") : word("stereo", "立体声"),
            rendition->sample_rate / 1000.0, rendition->language);
    printf(word("  up to %" PRId64 " kbit/s  %s\n", "  不超过 %" PRId64 " kbit/s  %s\n"),
        rendition->cap_bps / 1000, rendition->codecs);
}

static void print_jobs(const struct catalog_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        const struct catalog_job *job = &jobs->items[i];
        if (job->state == CATALOG_JOB_DONE)
            continue;
        printf("  %-7s%4d  %s", catalog_job_kind_name(job->kind), job->chunk,
            catalog_job_state_name(job->state));
        if (job->state == CATALOG_JOB_LEASED)
            printf(" %d %%", job->progress_permille / 10);
        if (job->attempt > 1)
            printf(word(", attempt %d of %d", "，第 %d 次（最多 %d 次）"), job->attempt,
                job->max_attempts);
        if (*job->reason != '\0') {
            fputs(word(": ", "："), stdout);
            cli_print_reason(stdout, job->reason, job->reason_detail);
        }
        putchar('\n');
    }
}

static enum cli_exit print_events(const struct catalog_events *events)
{
    json_t *list = lesson_json_events(events);
    if (!list)
        return cli_fail("out of memory");
    const char *language = text_chinese() ? "zh" : "en";
    size_t i = 0;
    json_t *event = NULL;
    json_array_foreach(list, i, event)
    {
        char time[TEXT_SHORT_BYTES];
        const char *sentence = json_string_value(json_object_get(event, language));
        printf("  %s  ", text_time(events->items[i].time_ms, time));
        text_print(stdout, sentence != NULL ? sentence : events->items[i].code, 0, 0);
        putchar('\n');
    }
    json_decref(list);
    return CLI_OK;
}

static enum cli_exit print_text(const struct details *details)
{
    print_lesson(&details->lessons.items[0]);
    print_findings(&details->lessons.items[0]);
    if (details->renditions.count > 0)
        puts(word("\nrenditions", "\n码流版本"));
    for (size_t i = 0; i < details->renditions.count; i++)
        print_rendition(&details->renditions.items[i]);
    const struct catalog_lesson *lesson = &details->lessons.items[0];
    if (lesson->state != CATALOG_LESSON_READY || lesson->optional_jobs > 0 ||
        lesson->optional_failed) {
        puts(word("\nwork that is not done", "\n未完成的工作"));
        print_jobs(&details->jobs);
    }
    puts(word("\nevents", "\n经过"));
    return print_events(&details->events);
}

enum cli_exit cli_show(int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {
        {.name = "json", .about = "as JSON, as /api/operator/lessons/LESSON has it", .flag = &json},
    };
    const struct cli_spec spec = {
        .command = "show",
        .operands = "LESSON",
        .about = "Shows the lesson with this number: state, renditions, unfinished work, what "
                 "happened to it.",
        .options = options,
        .option_count = 1,
        .min_operands = 1,
        .max_operands = 1,
    };
    struct cli_data data;
    struct details details;
    int64_t lesson_id = 0;
    enum cli_exit result = cli_begin_lesson(&spec, argc, argv, CLI_DATA_WRITE, &data, &lesson_id);
    if (result != CLI_GO_ON)
        return result;
    result = details_read(data.catalog, lesson_id, &details);
    if (result == CLI_GO_ON) {
        result = json ? print_json(&details) : print_text(&details);
        details_free(&details);
    }
    cli_data_close(&data);
    return result;
}
