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
#include "transcoder/worker/output.h"
#include "transcoder/worker/parallel.h"

#define US 1000000LL
/* The least duration of a lesson: a tenth of a second, a little less because containers round. */
#define MIN_US 99000
/* An offset between audio and video up to this stays in the timestamps, because players bridge it.
 * A longer one is filled with silence or with the first frame. */
#define KEPT_OFFSET_US 100000
/* Decoding this much from the start of a file costs nearly nothing. */
#define SHORT_US (70 * US)
/* The longest time that a picture without sound may stay, and that a packet of sound may last. */
#define PICTURE_US (1800 * US)
#define SOUND_US (10 * US)
/* Keyframes that are further apart than this are rare. */
#define RARE_KEYFRAMES_US (60 * US)

/* The findings about a file, which is the source or its remuxed copy. */
struct probe {
    const struct work *work;
    int fd;
    struct input *input;
    struct scan scan;
    struct media_info *info;
    struct decode_check video_check;
    bool untimed; /* the video has no timestamps */
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

static bool is_encrypted(const AVStream *stream)
{
    static const uint32_t tags[] = {MKTAG('e', 'n', 'c', 'v'), MKTAG('e', 'n', 'c', 'a'),
        MKTAG('d', 'r', 'm', 's'), MKTAG('d', 'r', 'm', 'i')};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (stream->codecpar->codec_tag == tags[i])
            return true;
    return av_stream_get_side_data(stream, AV_PKT_DATA_ENCRYPTION_INIT_INFO, NULL) != NULL;
}

/* Whether the stream can be decoded. If not, failure says why. */
static bool can_decode(const struct probe *probe, int index, int frames, struct decode_check *check,
    struct failure *failure)
{
    const AVStream *stream = probe->input->format->streams[index];
    if (is_encrypted(stream)) {
        failure_set(failure, REASON_ENCRYPTED, "stream %d", index);
        return false;
    }
    if (probe->scan.streams[index].packets == 0) {
        failure_set(failure, REASON_NO_STREAMS, "stream %d is empty", index);
        return false;
    }
    struct decode_check_params params = {.stream = index, .frames = frames};
    const struct scan_stream *seen = &probe->scan.streams[index];
    if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && seen->timed &&
        seen->end_us - seen->start_us > SHORT_US) {
        params.start_us = seen->start_us;
        params.end_us = seen->end_us;
    }
    if (decode_check_run(probe->fd, &params, check, failure) < 0)
        return false;
    if (check->frames > 0)
        return true;
    failure_set(failure, REASON_DAMAGED, "%s", avcodec_get_name(stream->codecpar->codec_id));
    return false;
}

/* Whether stream a is better than stream b: the default track first, then the one with more
 * bytes. */
static bool is_better(const struct probe *probe, int a, int b)
{
    AVStream **streams = probe->input->format->streams;
    int a_default = streams[a]->disposition & AV_DISPOSITION_DEFAULT,
        b_default = streams[b]->disposition & AV_DISPOSITION_DEFAULT;
    if (a_default != b_default)
        return a_default;
    return probe->scan.streams[a].bytes > probe->scan.streams[b].bytes;
}

/* Sorts the streams of a type, the best one first and empty ones last. Cover pictures and
 * thumbnails are left out. Returns the number of streams. */
static int sort_streams(const struct probe *probe, enum AVMediaType type, int *sorted)
{
    int count = 0;
    for (int i = 0; i < probe->scan.stream_count; i++) {
        const AVStream *stream = probe->input->format->streams[i];
        if (stream->codecpar->codec_type != type ||
            (stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)))
            continue;
        int at = count++;
        for (; at > 0 && probe->scan.streams[i].packets > 0 &&
               (probe->scan.streams[sorted[at - 1]].packets == 0 ||
                   is_better(probe, i, sorted[at - 1]));
             at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = i;
    }
    return count;
}

static int choose_video(struct probe *probe, struct failure *failure)
{
    int sorted[INPUT_MAX_STREAMS];
    int count = sort_streams(probe, AVMEDIA_TYPE_VIDEO, sorted);
    for (int i = 0; i < count; i++) {
        const AVStream *stream = probe->input->format->streams[sorted[i]];
        const char *codec = avcodec_get_name(stream->codecpar->codec_id);
        if ((int64_t)stream->codecpar->width * stream->codecpar->height > INPUT_MAX_PIXELS)
            return failure_set(failure, REASON_TOO_LARGE_PICTURE, "%dx%d", stream->codecpar->width,
                stream->codecpar->height);
        if (probe->info->has_video ||
            !can_decode(probe, sorted[i], 48, &probe->video_check, failure)) {
            leave_out(probe->info, codec);
            continue;
        }
        probe->info->has_video = true;
        probe->info->video_stream = sorted[i];
        probe->untimed = !probe->scan.streams[sorted[i]].timed ||
                         (probe->input->format->iformat->flags & AVFMT_NOTIMESTAMPS);
        av_strlcpy(probe->info->video_codec, codec, sizeof(probe->info->video_codec));
    }
    return 0;
}

static void choose_audio(struct probe *probe, struct failure *failure)
{
    int sorted[INPUT_MAX_STREAMS];
    int count = sort_streams(probe, AVMEDIA_TYPE_AUDIO, sorted);
    for (int i = 0; i < count; i++) {
        const AVStream *stream = probe->input->format->streams[sorted[i]];
        const char *codec = avcodec_get_name(stream->codecpar->codec_id);
        struct decode_check check;
        if (probe->info->audio_count == MEDIA_MAX_AUDIO ||
            !can_decode(probe, sorted[i], 2, &check, failure) || check.sample_rate <= 0 ||
            check.channels <= 0 || check.channels > 64) {
            leave_out(probe->info, codec);
            continue;
        }
        struct media_audio *audio = &probe->info->audio[probe->info->audio_count++];
        *audio = (struct media_audio){
            .stream = sorted[i], .sample_rate = check.sample_rate, .channels = check.channels};
        av_strlcpy(audio->codec, codec, sizeof(audio->codec));
        const AVDictionaryEntry *language = av_dict_get(stream->metadata, "language", NULL, 0);
        if (language)
            tags_to_bcp47(language->value, audio->language, sizeof(audio->language));
    }
}

/* Lists the text subtitles in the order of the container. Subtitles that are pictures (DVD, Blu-
 * ray, broadcast), are encrypted, have no decoder or exceed MEDIA_MAX_TEXT count as unused. Empty
 * tracks are ignored. */
static void choose_text(struct probe *probe)
{
    struct media_info *info = probe->info;
    for (int i = 0; i < probe->scan.stream_count; i++) {
        const AVStream *stream = probe->input->format->streams[i];
        enum AVCodecID codec = stream->codecpar->codec_id;
        AVCodecContext *decoder = NULL;
        struct failure ignored;
        if (stream->codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE ||
            probe->scan.streams[i].packets == 0)
            continue;
        if (!subtitle_is_usable(codec) || is_encrypted(stream) ||
            info->text_count == MEDIA_MAX_TEXT ||
            input_open_decoder(probe->input, i, &decoder, &ignored) < 0) {
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

static void measure_times(struct probe *probe)
{
    struct media_info *info = probe->info;
    int64_t start_us = INT64_MAX, end_us = INT64_MIN;
    if (info->has_video) {
        struct scan_stream *video = &probe->scan.streams[info->video_stream];
        /* Some containers do not state the duration of the last frame, so it gets that of the
         * others. */
        int64_t rounded_us = video->start_us + US * video->packets * info->fps_den / info->fps_num;
        if (video->end_us < rounded_us &&
            rounded_us - video->end_us <= US * info->fps_den / info->fps_num)
            video->end_us = rounded_us;
        widen(video, &start_us, &end_us);
    }
    for (int i = 0; i < info->audio_count; i++)
        widen(&probe->scan.streams[info->audio[i].stream], &start_us, &end_us);
    info->zero_us = start_us;
    info->duration_us = end_us - start_us;
    if (info->has_video) {
        const struct scan_stream *video = &probe->scan.streams[info->video_stream];
        int64_t offset_us = video->start_us - start_us;
        info->video_start_us = offset_us <= KEPT_OFFSET_US ? offset_us : 0;
        info->video_end_us = video->end_us - start_us;
    }
    for (int i = 0; i < info->audio_count; i++) {
        info->audio[i].start_us = probe->scan.streams[info->audio[i].stream].start_us - start_us;
        info->audio[i].end_us = probe->scan.streams[info->audio[i].stream].end_us - start_us;
    }
    const AVFormatContext *format = probe->input->format;
    bool stated =
        format->duration > 0 && format->duration_estimation_method != AVFMT_DURATION_FROM_BITRATE;
    int64_t stated_us = stated ? format->duration : 0;
    info->stated_us = stated_us;
    /* If the file is shorter than stated by more than a second plus a twentieth of its duration,
     * its end is missing. */
    info->salvaged = stated_us > info->duration_us + US + info->duration_us / 20;
}

/* ---- the frame grid ---- */

#define MIN_GRID_FPS 5
#define MAX_GRID_FPS 30.5

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

/* Whether the average rate that the container states is the real one and suits a grid. */
static bool average_suits(AVRational average, double mean)
{
    return average.num > 0 && near_rate(mean, av_q2d(average)) && av_q2d(average) >= MIN_GRID_FPS &&
           av_q2d(average) <= MAX_GRID_FPS && average.den <= 1001;
}

/* Returns the rate of the frame grid. Video at a constant rate from 5 to 30.5 keeps its rate.
 * Faster video gets a half, a third, and so on. Slower video and video at a variable rate gets the
 * stated average if that is right, else the next standard rate above the measured mean. */
static AVRational choose_rate(const AVStream *stream, const struct scan_stream *seen)
{
    int64_t length_us =
        seen->timed && seen->end_us > seen->start_us ? seen->end_us - seen->start_us : 0;
    double mean = length_us > 0 ? (double)seen->packets * US / (double)length_us : 0;
    AVRational average = stream->avg_frame_rate, chosen = stream->r_frame_rate;
    if (chosen.num <= 0 || chosen.den <= 0 || av_q2d(chosen) > 1000)
        chosen = average.num > 0 && average.den > 0 ? average : standard_rate(mean);
    double rate = av_q2d(chosen);
    bool constant_and_fast = rate > MAX_GRID_FPS && mean > rate * 0.9;
    bool fits_grid = rate >= MIN_GRID_FPS && rate <= MAX_GRID_FPS;
    bool frames_are_denser = mean > 0 && mean > rate * 1.02;
    if (constant_and_fast)
        chosen.den *= (int)ceil(rate / MAX_GRID_FPS);
    else if (!fits_grid || frames_are_denser)
        chosen = rate <= 1000 && average_suits(average, mean) ? average : standard_rate(mean);
    av_reduce(&chosen.num, &chosen.den, chosen.num, chosen.den, 100000);
    return chosen;
}

/* ---- the picture ---- */

static int rotation_of(const AVStream *stream)
{
    const int32_t *matrix =
        (const int32_t *)av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    double angle = matrix ? av_display_rotation_get(matrix) : 0;
    if (isnan(angle))
        return 0;
    /* FFmpeg counts counterclockwise. Small angles, as of stabilised phones, are ignored. */
    int quarters = (int)lround(-angle / 90);
    return ((quarters % 4) + 4) % 4 * 90;
}

/* Returns the sample aspect ratio; 1:1 if it is unknown, or so extreme that the header is
 * damaged. */
static AVRational sample_aspect(const AVStream *stream, const struct decode_check *check)
{
    const AVRational square = {1, 1};
    AVRational sar = stream->sample_aspect_ratio;
    if (sar.num <= 0 || sar.den <= 0)
        sar = (AVRational){check->sar_num, check->sar_den};
    if (sar.num <= 0 || sar.den <= 0 || sar.num > 1000000 || sar.den > 1000000)
        return square;
    return av_q2d(sar) < 0.1 || av_q2d(sar) > 10 ? square : sar;
}

static int describe_video(struct probe *probe, struct failure *failure)
{
    struct media_info *info = probe->info;
    const AVStream *stream = probe->input->format->streams[info->video_stream];
    info->coded_width = probe->video_check.width;
    info->coded_height = probe->video_check.height;
    info->interlaced = probe->video_check.interlaced;
    info->rotation = rotation_of(stream);
    AVRational sar = sample_aspect(stream, &probe->video_check);
    info->sar_num = sar.num;
    info->sar_den = sar.den;
    int width = plan_even(info->coded_width * av_q2d(sar)), height = plan_even(info->coded_height);
    bool turned = info->rotation % 180 != 0;
    info->width = turned ? height : width;
    info->height = turned ? width : height;
    if (width > 16384 || height > 16384 || (int64_t)width * height > INPUT_MAX_PIXELS)
        return failure_set(failure, REASON_TOO_LARGE_PICTURE, "%dx%d", width, height);
    AVRational rate = choose_rate(stream, &probe->scan.streams[info->video_stream]);
    info->fps_num = rate.num;
    info->fps_den = rate.den;
    return 0;
}

/* ---- the probe ---- */

/* Whether seeking works where chunks begin. It is tried at two positions, unless they are near the
 * start, each with a newly opened source, as a worker does it. If keyframes are so rare that only
 * decoding from the start works, a copy would not help, so the answer is true. */
static bool can_seek(const struct probe *probe)
{
    const struct media_info *info = probe->info;
    if (!info->has_video ||
        probe->scan.streams[info->video_stream].keyframe_gap_us > RARE_KEYFRAMES_US)
        return true;
    int64_t frames = av_rescale(info->duration_us, info->fps_num, US * info->fps_den);
    for (int part = 1; part <= 2; part++) {
        struct source *source;
        struct failure ignored;
        int64_t frame = frames * part / 3;
        if (av_rescale(frame, US * info->fps_den, info->fps_num) < SHORT_US)
            continue;
        if (source_open(&source, probe->fd, info, frame, &ignored) < 0)
            return false;
        bool sought = !source_from_beginning(source);
        source_close(&source);
        if (!sought)
            return false;
    }
    return true;
}

/* Returns the longest time that the pictures and the sound in the file can fill. A picture may stay
 * for as long as the longest talk over one slide; a packet of sound is short. So a talk of hours over
 * one picture is a lesson, and two pictures that are hours apart are none. */
static int64_t filled_us(const struct probe *probe)
{
    const struct media_info *info = probe->info;
    int64_t us = info->has_video ? PICTURE_US * probe->scan.streams[info->video_stream].packets : 0;
    for (int i = 0; i < info->audio_count; i++)
        us += SOUND_US * probe->scan.streams[info->audio[i].stream].packets;
    return us;
}

static int check_usable(
    const struct probe *probe, const struct failure *why_not, struct failure *failure)
{
    const struct media_info *info = probe->info;
    if (!info->has_video && info->audio_count == 0) {
        *failure = *why_not;
        if (why_not->reason == REASON_NONE)
            failure_set(failure, REASON_NO_STREAMS, "%d streams", probe->scan.stream_count);
        return -1;
    }
    bool one_picture = info->has_video && info->audio_count == 0 &&
                       probe->scan.streams[info->video_stream].packets < 2;
    if (!probe->untimed && (info->duration_us < MIN_US || one_picture))
        return failure_set(failure, REASON_TOO_SHORT, "%.3f s", (double)info->duration_us / US);
    if (info->duration_us > INPUT_MAX_US)
        return failure_set(
            failure, REASON_TOO_LONG, "%.1f h", (double)info->duration_us / US / 3600);
    if (!probe->untimed && info->duration_us > filled_us(probe))
        return failure_set(
            failure, REASON_MOSTLY_NOTHING, "%.1f h", (double)info->duration_us / US / 3600);
    return 0;
}

static void describe_container(struct probe *probe)
{
    struct media_info *info = probe->info;
    av_strlcpy(info->container, probe->input->format->iformat->name, sizeof(info->container));
    const AVDictionaryEntry *title = av_dict_get(probe->input->format->metadata, "title", NULL, 0);
    if (title)
        tags_to_utf8(probe->work->gb18030, title->value, info->title, sizeof(info->title));
}

/* Whether the file has only text. A message about this is better than one about missing streams. */
static bool only_subtitles(const struct probe *probe)
{
    bool text = false;
    for (int i = 0; i < probe->scan.stream_count; i++) {
        enum AVMediaType type = probe->input->format->streams[i]->codecpar->codec_type;
        if (type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO)
            return false;
        text |= type == AVMEDIA_TYPE_SUBTITLE;
    }
    return text;
}

static int probe_file(struct probe *probe, struct failure *failure)
{
    struct failure why_not = {.reason = REASON_NONE};
    *probe->info = (struct media_info){.sar_num = 1, .sar_den = 1};
    if (input_open(&probe->input, probe->fd, failure) < 0 ||
        scan_packets(probe->input, probe->work->report, &probe->scan, failure) < 0)
        return -1;
    describe_container(probe);
    if (only_subtitles(probe))
        return failure_set(failure, REASON_SUBTITLES_ONLY, "%s", probe->info->container);
    if (choose_video(probe, failure) < 0)
        return -1;
    choose_audio(probe, &why_not);
    choose_text(probe);
    if (!probe->info->has_video && why_not.reason == REASON_NONE)
        why_not = *failure;
    if (probe->info->has_video && describe_video(probe, failure) < 0)
        return -1;
    /* Frames without timestamps get them by remuxing. Before that there is nothing to measure. */
    if (!probe->untimed && (probe->info->has_video || probe->info->audio_count > 0))
        measure_times(probe);
    return check_usable(probe, &why_not, failure);
}

/* Copies the statements of the source to the findings about its copy, because they hold for
 * both. */
static void keep_statements(struct media_info *info, const struct media_info *before)
{
    memcpy(info->container, before->container, sizeof(info->container));
    memcpy(info->title, before->title, sizeof(info->title));
    memcpy(info->unused_detail, before->unused_detail, sizeof(info->unused_detail));
    info->unused_streams = before->unused_streams;
    info->stated_us = before->stated_us;
    info->salvaged = before->salvaged;
}

/* Replaces the findings about the source by those about its remuxed copy. */
static int remux(struct probe *probe, int64_t *bytes, struct failure *failure)
{
    int streams[1 + MEDIA_MAX_AUDIO + MEDIA_MAX_TEXT], count = 0;
    const struct media_info *info = probe->info;
    if (info->has_video)
        streams[count++] = info->video_stream;
    for (int i = 0; i < info->audio_count; i++)
        streams[count++] = info->audio[i].stream;
    for (int i = 0; i < info->text_count; i++)
        streams[count++] = info->text[i].stream;
    struct remux_params params = {
        .streams = streams,
        .stream_count = count,
        .untimed_stream = probe->untimed ? info->video_stream : -1,
        .fps = {info->fps_num, info->fps_den},
    };
    int copy;
    if (remux_run(probe->work, &params, &copy, bytes, failure) < 0)
        return -1;
    input_close(&probe->input);
    probe->fd = copy;
    struct media_info *before = av_memdup(info, sizeof(*info));
    if (!before)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "probe");
    int result = probe_file(probe, failure);
    if (result == 0 && probe->untimed)
        result = failure_set(failure, REASON_DAMAGED, "pictures without times");
    if (result == 0)
        keep_statements(probe->info, before);
    av_free(before);
    return result;
}

static int describe(struct probe *probe, struct message *message, struct failure *failure)
{
    if (probe_file(probe, failure) < 0)
        return -1;
    message->info.seekable = true;
    if (!probe->untimed && probe->scan.leaps == 0 && can_seek(probe))
        return 0;
    if (remux(probe, &message->remuxed_bytes, failure) < 0)
        return -1;
    message->info.seekable = false;
    return 0;
}

/* The parts of the content analysis and the audio tracks, which threads handle independently. */
struct study {
    const struct probe *probe;
    struct analysis *analysis; /* NULL: the lesson has no video */
    int part_count, count;
    struct failure failures[CONTENT_MAX_PARTS + MEDIA_MAX_AUDIO];
    int results[CONTENT_MAX_PARTS + MEDIA_MAX_AUDIO];
};

static void run_study(void *context, int number)
{
    struct study *study = context;
    const struct probe *probe = study->probe;
    struct report *report = probe->work->report;
    struct failure *failure = &study->failures[number];
    int permille = 100 + 500 * number / study->count, track = number - study->part_count;
    study->results[number] =
        track < 0 ? content_analyse_part(study->analysis, number, permille, report, failure)
                  : audio_probe_run(probe->fd, probe->info, track, permille, report, failure);
}

/* Analyses video and audio, of the copy if there is one. */
static int study_all(const struct probe *probe, struct failure *failure)
{
    struct media_info *info = probe->info;
    struct study study = {.probe = probe};
    if (info->has_video) {
        int64_t gap_us = probe->scan.streams[info->video_stream].keyframe_gap_us;
        study.part_count = content_open(&study.analysis, probe->fd, info, gap_us, failure);
        if (study.part_count < 0)
            return -1;
    }
    study.count = study.part_count + info->audio_count;
    parallel_run(probe->work->job->threads, study.count, run_study, &study);
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
    static const struct job_file remuxed = {.kind = JOB_FILE_REMUXED};
    struct message message = {.type = MESSAGE_PROBED};
    struct probe probe = {.work = work, .fd = work->source_fd, .info = &message.info};
    *failure = (struct failure){.reason = REASON_NONE};
    int result = describe(&probe, &message, failure);
    if (result == 0)
        result = study_all(&probe, failure);
    if (result == 0 && message.info.has_video)
        result = trials_run(probe.fd, &message.info, work, failure);
    if (result == 0 && message.remuxed_bytes > 0)
        result = output_keep(work->report, &remuxed, probe.fd, failure);
    if (result == 0)
        result = report_send(work->report, &message, failure);
    input_close(&probe.input);
    if (probe.fd != work->source_fd)
        close(probe.fd);
    return result;
}
