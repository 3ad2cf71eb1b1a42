/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/probe/probe.h"

#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transcoder/audio/audio_probe.h"
#include "transcoder/demux/decode_check.h"
#include "transcoder/demux/scan.h"
#include "transcoder/demux/tags.h"
#include "transcoder/plan/facts.h"
#include "transcoder/probe/content.h"
#include "transcoder/probe/remux.h"
#include "transcoder/probe/trials.h"
#include "transcoder/subtitles/subtitle_job.h"
#include "transcoder/video/source.h"
#include "transcoder/worker/parallel.h"

#define US 1000000LL
/* Shorter than this there is nothing to watch; a little less, since containers round. */
#define MIN_US 99000
/* An offset between sound and picture that players bridge is kept in the timestamps; a longer one
 * is filled. */
#define KEPT_OFFSET_US 100000
/* Decoding so much from the beginning costs next to nothing. */
#define SHORT_US (70 * US)
#define RARE_KEYFRAMES_US (60 * US)

/* One look at a file, which is the source or its remuxed copy. */
struct look {
    const struct work *work;
    int fd;
    struct input *input;
    struct scan scan;
    struct media_info *info;
    struct decode_check video_trial;
    bool untimed; /* the video has no times of its own */
};

/* ---- streams ---- */

static void leave_out(struct media_info *info, const char *what)
{
    info->unused_streams++;
    size_t used = strlen(info->unused_detail);
    if (used + strlen(what) + 2 < sizeof(info->unused_detail))
        snprintf(info->unused_detail + used, sizeof(info->unused_detail) - used, "%s%s",
            used ? "," : "", what);
}

static bool encrypted(const AVStream *stream)
{
    static const uint32_t tags[] = {MKTAG('e', 'n', 'c', 'v'), MKTAG('e', 'n', 'c', 'a'),
        MKTAG('d', 'r', 'm', 's'), MKTAG('d', 'r', 'm', 'i')};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (stream->codecpar->codec_tag == tags[i])
            return true;
    return av_stream_get_side_data(stream, AV_PKT_DATA_ENCRYPTION_INIT_INFO, NULL) != NULL;
}

/* Whether something comes out of the decoder; why not goes into failure. */
static bool decodable(const struct look *look, int index, int frames, struct decode_check *trial,
    struct failure *failure)
{
    const AVStream *stream = look->input->format->streams[index];
    if (encrypted(stream)) {
        failure_set(failure, REASON_ENCRYPTED, "stream %d", index);
        return false;
    }
    if (look->scan.streams[index].packets == 0) {
        failure_set(failure, REASON_NO_STREAMS, "stream %d is empty", index);
        return false;
    }
    struct decode_check_params params = {.stream = index, .frames = frames};
    const struct scan_stream *seen = &look->scan.streams[index];
    if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && seen->timed &&
        seen->end_us - seen->start_us > SHORT_US) {
        params.start_us = seen->start_us;
        params.end_us = seen->end_us;
    }
    if (decode_check_run(look->fd, &params, trial, failure) < 0)
        return false;
    if (trial->frames > 0)
        return true;
    failure_set(failure, REASON_DAMAGED, "%s", avcodec_get_name(stream->codecpar->codec_id));
    return false;
}

/* The default track comes first, then the one with more in it. */
static bool better(const struct look *look, int a, int b)
{
    AVStream **streams = look->input->format->streams;
    int a_default = streams[a]->disposition & AV_DISPOSITION_DEFAULT,
        b_default = streams[b]->disposition & AV_DISPOSITION_DEFAULT;
    if (a_default != b_default)
        return a_default;
    return look->scan.streams[a].bytes > look->scan.streams[b].bytes;
}

/* Usable streams of a type, best first. Returns how many. */
static int sort_streams(const struct look *look, enum AVMediaType type, int *sorted)
{
    int count = 0;
    for (int i = 0; i < look->scan.stream_count; i++) {
        const AVStream *stream = look->input->format->streams[i];
        if (stream->codecpar->codec_type != type ||
            (stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)))
            continue;
        int at = count++;
        for (; at > 0 && look->scan.streams[i].packets > 0 &&
               (look->scan.streams[sorted[at - 1]].packets == 0 || better(look, i, sorted[at - 1]));
             at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = i;
    }
    return count;
}

static int choose_video(struct look *look, struct failure *failure)
{
    int sorted[INPUT_MAX_STREAMS];
    int count = sort_streams(look, AVMEDIA_TYPE_VIDEO, sorted);
    for (int i = 0; i < count; i++) {
        const AVStream *stream = look->input->format->streams[sorted[i]];
        const char *codec = avcodec_get_name(stream->codecpar->codec_id);
        if ((int64_t)stream->codecpar->width * stream->codecpar->height > INPUT_MAX_PIXELS)
            return failure_set(failure, REASON_TOO_LARGE_PICTURE, "%dx%d", stream->codecpar->width,
                stream->codecpar->height);
        if (look->info->has_video || !decodable(look, sorted[i], 48, &look->video_trial, failure)) {
            leave_out(look->info, codec);
            continue;
        }
        look->info->has_video = true;
        look->info->video_stream = sorted[i];
        look->untimed = !look->scan.streams[sorted[i]].timed ||
                        (look->input->format->iformat->flags & AVFMT_NOTIMESTAMPS);
        av_strlcpy(look->info->video_codec, codec, sizeof(look->info->video_codec));
    }
    return 0;
}

static void choose_audio(struct look *look, struct failure *failure)
{
    int sorted[INPUT_MAX_STREAMS];
    int count = sort_streams(look, AVMEDIA_TYPE_AUDIO, sorted);
    for (int i = 0; i < count; i++) {
        const AVStream *stream = look->input->format->streams[sorted[i]];
        const char *codec = avcodec_get_name(stream->codecpar->codec_id);
        struct decode_check trial;
        if (look->info->audio_count == MEDIA_MAX_AUDIO ||
            !decodable(look, sorted[i], 2, &trial, failure) || trial.sample_rate <= 0 ||
            trial.channels <= 0 || trial.channels > 64) {
            leave_out(look->info, codec);
            continue;
        }
        struct media_audio *audio = &look->info->audio[look->info->audio_count++];
        *audio = (struct media_audio){
            .stream = sorted[i], .sample_rate = trial.sample_rate, .channels = trial.channels};
        av_strlcpy(audio->codec, codec, sizeof(audio->codec));
        const AVDictionaryEntry *language = av_dict_get(stream->metadata, "language", NULL, 0);
        if (language)
            tags_to_bcp47(language->value, audio->language, sizeof(audio->language));
    }
}

/* Subtitles in the container's order. Pictures of text (DVD, Blu-ray, broadcast) are left out, and
 * so is what has no decoder; an empty track is nothing that anybody would miss. */
static void choose_text(struct look *look)
{
    struct media_info *info = look->info;
    for (int i = 0; i < look->scan.stream_count; i++) {
        const AVStream *stream = look->input->format->streams[i];
        enum AVCodecID codec = stream->codecpar->codec_id;
        AVCodecContext *decoder = NULL;
        struct failure ignored;
        if (stream->codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE ||
            look->scan.streams[i].packets == 0)
            continue;
        if (!subtitle_is_usable(codec) || encrypted(stream) || info->text_count == MEDIA_MAX_TEXT ||
            input_open_decoder(look->input, i, &decoder, &ignored) < 0) {
            leave_out(info, avcodec_get_name(codec));
            continue;
        }
        avcodec_free_context(&decoder);
        struct media_text *text = &info->text[info->text_count++];
        *text = (struct media_text){.stream = i};
        av_strlcpy(text->codec, avcodec_get_name(codec), sizeof(text->codec));
        const AVDictionaryEntry *language = av_dict_get(stream->metadata, "language", NULL, 0);
        if (language)
            tags_to_bcp47(language->value, text->language, sizeof(text->language));
    }
}

/* ---- times ---- */

static void widen(const struct scan_stream *stream, int64_t *start_us, int64_t *end_us)
{
    if (stream->start_us < *start_us)
        *start_us = stream->start_us;
    if (stream->end_us > *end_us)
        *end_us = stream->end_us;
}

static void measure_times(struct look *look)
{
    struct media_info *info = look->info;
    int64_t start_us = INT64_MAX, end_us = INT64_MIN;
    if (info->has_video) {
        struct scan_stream *video = &look->scan.streams[info->video_stream];
        /* Some containers don't say how long the last picture is shown: as long as any other. */
        int64_t rounded_us = video->start_us + US * video->packets * info->fps_den / info->fps_num;
        if (video->end_us < rounded_us &&
            rounded_us - video->end_us <= US * info->fps_den / info->fps_num)
            video->end_us = rounded_us;
        widen(video, &start_us, &end_us);
    }
    for (int i = 0; i < info->audio_count; i++)
        widen(&look->scan.streams[info->audio[i].stream], &start_us, &end_us);
    info->zero_us = start_us;
    info->duration_us = end_us - start_us;
    if (info->has_video) {
        const struct scan_stream *video = &look->scan.streams[info->video_stream];
        int64_t offset_us = video->start_us - start_us;
        info->video_start_us = offset_us <= KEPT_OFFSET_US ? offset_us : 0;
        info->video_end_us = video->end_us - start_us;
    }
    for (int i = 0; i < info->audio_count; i++) {
        info->audio[i].start_us = look->scan.streams[info->audio[i].stream].start_us - start_us;
        info->audio[i].end_us = look->scan.streams[info->audio[i].stream].end_us - start_us;
    }
    const AVFormatContext *format = look->input->format;
    bool stated =
        format->duration > 0 && format->duration_estimation_method != AVFMT_DURATION_FROM_BITRATE;
    int64_t stated_us = stated ? format->duration : 0;
    info->stated_us = stated_us;
    /* Short by more than a second and a twentieth: something is missing at the end. */
    info->salvaged = stated_us > info->duration_us + US + info->duration_us / 20;
}

/* ---- the frame grid ---- */

static bool near_rate(double rate, double wanted)
{
    return rate > wanted * 0.98 && rate < wanted * 1.02;
}

static AVRational standard_rate(double mean)
{
    static const AVRational rates[] = {
        {5, 1}, {8, 1}, {10, 1}, {12, 1}, {15, 1}, {20, 1}, {24, 1}, {25, 1}, {30, 1}};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        if (mean <= av_q2d(rates[i]) * 1.02)
            return rates[i];
    return rates[sizeof(rates) / sizeof(rates[0]) - 1];
}

/* The rate of the grid: the source's own where it is constant and at most 30; half, a third... of
 * faster ones; for pictures that come as they like, the rate that they keep to where there is one,
 * else the next standard rate above their mean. */
static AVRational choose_rate(const AVStream *stream, const struct scan_stream *seen)
{
    int64_t length_us =
        seen->timed && seen->end_us > seen->start_us ? seen->end_us - seen->start_us : 0;
    double mean = length_us > 0 ? (double)seen->packets * US / (double)length_us : 0;
    AVRational nominal = stream->r_frame_rate, average = stream->avg_frame_rate;
    if (nominal.num <= 0 || nominal.den <= 0 || av_q2d(nominal) > 1000)
        nominal = average.num > 0 && average.den > 0 ? average : standard_rate(mean);
    double rate = av_q2d(nominal);
    if (rate > 30.5 && mean > rate * 0.9)
        nominal.den *= (int)ceil(rate / 30.5);
    else if (rate > 30.5 || rate < 5 || (mean > 0 && mean > rate * 1.02))
        nominal = average.num > 0 && near_rate(mean, av_q2d(average)) && av_q2d(average) >= 5 &&
                          av_q2d(average) <= 30.5 && rate <= 1000 && average.den <= 1001
                      ? average
                      : standard_rate(mean);
    av_reduce(&nominal.num, &nominal.den, nominal.num, nominal.den, 100000);
    return nominal;
}

/* ---- the picture ---- */

static int rotation_of(const AVStream *stream)
{
    const int32_t *matrix =
        (const int32_t *)av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    double angle = matrix ? av_display_rotation_get(matrix) : 0;
    if (isnan(angle))
        return 0;
    /* FFmpeg counts counterclockwise; slight turns (stabilised phones) are let be. */
    int quarters = (int)lround(-angle / 90);
    return ((quarters % 4) + 4) % 4 * 90;
}

static int describe_picture(struct look *look, struct failure *failure)
{
    struct media_info *info = look->info;
    AVStream *stream = look->input->format->streams[info->video_stream];
    info->coded_width = look->video_trial.width;
    info->coded_height = look->video_trial.height;
    info->interlaced = look->video_trial.interlaced;
    info->rotation = rotation_of(stream);
    AVRational sar = stream->sample_aspect_ratio;
    if (sar.num <= 0 || sar.den <= 0)
        sar = (AVRational){look->video_trial.sar_num, look->video_trial.sar_den};
    double ratio = sar.num > 0 && sar.den > 0 ? av_q2d(sar) : 1;
    /* Beyond this it is a damaged header, not a picture. */
    if (ratio < 0.1 || ratio > 10 || sar.num > 1000000 || sar.den > 1000000) {
        ratio = 1;
        sar = (AVRational){1, 1};
    }
    info->sar_num = sar.num > 0 && sar.den > 0 ? sar.num : 1;
    info->sar_den = sar.num > 0 && sar.den > 0 ? sar.den : 1;
    int width = plan_even(info->coded_width * ratio), height = plan_even(info->coded_height);
    bool turned = info->rotation % 180 != 0;
    info->width = turned ? height : width;
    info->height = turned ? width : height;
    if (width > 16384 || height > 16384 || (int64_t)width * height > INPUT_MAX_PIXELS)
        return failure_set(failure, REASON_TOO_LARGE_PICTURE, "%dx%d", width, height);
    AVRational rate = choose_rate(stream, &look->scan.streams[info->video_stream]);
    info->fps_num = rate.num;
    info->fps_den = rate.den;
    return 0;
}

/* ---- the whole ---- */

/*
 * Seeking must work where chunks begin: tried at two excerpts, each from a fresh start as a worker
 * would. Where keyframes are so rare that decoding from the beginning is all one can do, a copy
 * would not help.
 */
static bool can_be_sought(const struct look *look)
{
    const struct media_info *info = look->info;
    if (!info->has_video ||
        look->scan.streams[info->video_stream].keyframe_gap_us > RARE_KEYFRAMES_US)
        return true;
    int64_t frames = av_rescale(info->duration_us, info->fps_num, US * info->fps_den);
    for (int part = 1; part <= 2; part++) {
        struct source *source;
        struct failure ignored;
        int64_t frame = frames * part / 3;
        if (av_rescale(frame, US * info->fps_den, info->fps_num) < SHORT_US)
            continue;
        if (source_open(&source, look->fd, info, frame, &ignored) < 0)
            return false;
        bool sought = !source_from_beginning(source);
        source_close(&source);
        if (!sought)
            return false;
    }
    return true;
}

static int judge(const struct look *look, const struct failure *why_not, struct failure *failure)
{
    const struct media_info *info = look->info;
    if (!info->has_video && info->audio_count == 0) {
        *failure = *why_not;
        if (why_not->reason == REASON_NONE)
            failure_set(failure, REASON_NO_STREAMS, "%d streams", look->scan.stream_count);
        return -1;
    }
    bool one_picture = info->has_video && info->audio_count == 0 &&
                       look->scan.streams[info->video_stream].packets < 2;
    if (!look->untimed && (info->duration_us < MIN_US || one_picture))
        return failure_set(failure, REASON_TOO_SHORT, "%.3f s", (double)info->duration_us / US);
    if (info->duration_us > INPUT_MAX_US)
        return failure_set(
            failure, REASON_TOO_LONG, "%.1f h", (double)info->duration_us / US / 3600);
    return 0;
}

static void describe_container(struct look *look)
{
    struct media_info *info = look->info;
    av_strlcpy(info->container, look->input->format->iformat->name, sizeof(info->container));
    const AVDictionaryEntry *title = av_dict_get(look->input->format->metadata, "title", NULL, 0);
    if (title)
        tags_to_utf8(look->work->gb18030, title->value, info->title, sizeof(info->title));
}

/* Only text in it: say so, rather than that streams are missing. */
static bool only_subtitles(const struct look *look)
{
    bool text = false;
    for (int i = 0; i < look->scan.stream_count; i++) {
        enum AVMediaType type = look->input->format->streams[i]->codecpar->codec_type;
        if (type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO)
            return false;
        text |= type == AVMEDIA_TYPE_SUBTITLE;
    }
    return text;
}

static int look_at(struct look *look, struct failure *failure)
{
    struct failure why_not = {.reason = REASON_NONE};
    *look->info = (struct media_info){.sar_num = 1, .sar_den = 1};
    if (input_open(&look->input, look->fd, failure) < 0 ||
        scan_packets(look->input, look->work->report, &look->scan, failure) < 0)
        return -1;
    describe_container(look);
    if (only_subtitles(look))
        return failure_set(failure, REASON_SUBTITLES_ONLY, "%s", look->info->container);
    if (choose_video(look, failure) < 0)
        return -1;
    choose_audio(look, &why_not);
    choose_text(look);
    if (!look->info->has_video && why_not.reason == REASON_NONE)
        why_not = *failure;
    if (look->info->has_video && describe_picture(look, failure) < 0)
        return -1;
    /* Without times of their own the pictures get some by remuxing; until then there is nothing to
     * measure. */
    if (!look->untimed && (look->info->has_video || look->info->audio_count > 0))
        measure_times(look);
    return judge(look, &why_not, failure);
}

/* What the source says of itself holds for its copy too. */
static void keep_statements(struct media_info *info, const struct media_info *before)
{
    memcpy(info->container, before->container, sizeof(info->container));
    memcpy(info->title, before->title, sizeof(info->title));
    memcpy(info->unused_detail, before->unused_detail, sizeof(info->unused_detail));
    info->unused_streams = before->unused_streams;
    info->stated_us = before->stated_us;
    info->salvaged = before->salvaged;
}

/* Replaces the look at the source by one at its remuxed copy. */
static int remux(struct look *look, int64_t *bytes, struct failure *failure)
{
    int streams[1 + MEDIA_MAX_AUDIO + MEDIA_MAX_TEXT], count = 0;
    const struct media_info *info = look->info;
    if (info->has_video)
        streams[count++] = info->video_stream;
    for (int i = 0; i < info->audio_count; i++)
        streams[count++] = info->audio[i].stream;
    for (int i = 0; i < info->text_count; i++)
        streams[count++] = info->text[i].stream;
    struct remux_params params = {
        .streams = streams,
        .stream_count = count,
        .untimed_stream = look->untimed ? info->video_stream : -1,
        .fps = {info->fps_num, info->fps_den},
    };
    int copy;
    if (remux_run(look->work, &params, &copy, bytes, failure) < 0)
        return -1;
    input_close(&look->input);
    look->fd = copy;
    struct media_info *before = av_memdup(info, sizeof(*info));
    if (!before)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "probe");
    int result = look_at(look, failure);
    if (result == 0 && look->untimed)
        result = failure_set(failure, REASON_DAMAGED, "pictures without times");
    if (result == 0)
        keep_statements(look->info, before);
    av_free(before);
    return result;
}

static int describe(struct look *look, struct message *message, struct failure *failure)
{
    if (look_at(look, failure) < 0)
        return -1;
    message->info.seekable = true;
    if (!look->untimed && look->scan.leaps == 0 && can_be_sought(look))
        return 0;
    if (remux(look, &message->remuxed_bytes, failure) < 0)
        return -1;
    message->info.seekable = false;
    return 0;
}

/* Parts of the analysis and tracks of sound, side by side. */
struct study {
    const struct look *look;
    struct analysis *analysis; /* NULL without pictures */
    int part_count, count;
    struct failure failures[CONTENT_MAX_PARTS + MEDIA_MAX_AUDIO];
    int results[CONTENT_MAX_PARTS + MEDIA_MAX_AUDIO];
};

static void run_study(void *context, int number)
{
    struct study *study = context;
    const struct look *look = study->look;
    struct report *report = look->work->report;
    struct failure *failure = &study->failures[number];
    int permille = 100 + 500 * number / study->count, track = number - study->part_count;
    study->results[number] =
        track < 0 ? content_analyse_part(study->analysis, number, permille, report, failure)
                  : audio_probe_run(look->fd, look->info, track, permille, report, failure);
}

/* What is to be seen and heard: from the copy, where there is one. */
static int study_all(const struct look *look, struct failure *failure)
{
    struct media_info *info = look->info;
    struct study study = {.look = look};
    if (info->has_video) {
        int64_t gap_us = look->scan.streams[info->video_stream].keyframe_gap_us;
        study.part_count = content_open(&study.analysis, look->fd, info, gap_us, failure);
        if (study.part_count < 0)
            return -1;
    }
    study.count = study.part_count + info->audio_count;
    parallel_run(look->work->job->threads, study.count, run_study, &study);
    int result = 0;
    for (int i = 0; i < study.count && result == 0; i++)
        if ((result = study.results[i]) < 0)
            *failure = study.failures[i];
    if (result == 0 && study.analysis)
        content_conclude(study.analysis, info);
    content_close(&study.analysis);
    return result;
}

int probe_run(const struct work *work, struct failure *failure)
{
    struct message message = {.type = MESSAGE_PROBED};
    struct look look = {.work = work, .fd = work->source_fd, .info = &message.info};
    *failure = (struct failure){.reason = REASON_NONE};
    int result = describe(&look, &message, failure);
    if (result == 0)
        result = study_all(&look, failure);
    if (result == 0 && message.info.has_video)
        result = trials_run(look.fd, &message.info, work, failure);
    if (result == 0)
        result = report_send(work->report, &message, failure);
    if (result < 0 && message.remuxed_bytes > 0)
        unlinkat(work->output_fd, work->job->remux_name, 0);
    input_close(&look.input);
    if (look.fd != work->source_fd)
        close(look.fd);
    return result;
}
