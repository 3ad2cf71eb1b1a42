/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/source_pcm.h"

#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <stdlib.h>

#include "transcoder/demux/input.h"

/* A timestamp that differs by more than this is a leap, and is believed if two in a row agree.
 * Smaller differences come from a muxer's rounding, or from a clock that is a little fast or
 * slow. */
#define LEAP_SAMPLES (AUDIO_RATE_HZ * 6 / 100)
/* A lasting difference of more than DRIFT_SAMPLES is corrected by resampling, by at most a
 * 500th, which is inaudible. */
#define DRIFT_SAMPLES (AUDIO_RATE_HZ / 200)
#define MAX_CORRECTION (AUDIO_RATE_HZ / 500)
/* The number of frames over which errors of timestamps are averaged. */
#define DRIFT_FRAMES 16
/* Silence is inserted in blocks of this size. */
#define BLOCK_SAMPLES 4096
/* Larger samples become 0. This is 60 dB above full scale. */
#define MAX_AMPLITUDE 1000

struct source_pcm {
    const struct media_info *info;
    int stream;
    struct input *input;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *decoded;
    SwrContext *swr;
    int in_rate, in_format;
    AVChannelLayout in_layout, out_layout;
    AVAudioFifo *fifo;
    int64_t end_sample;      /* end of the lesson */
    int64_t at_sample;       /* lesson time of the next sample that goes into the fifo */
    int64_t drop_samples;    /* number of coming samples to cut */
    int64_t silence_samples; /* number of silent samples to insert before the coming ones */
    bool has_frame;          /* `decoded` holds an aligned frame that waits */
    int64_t leap_samples;    /* missing samples by the last timestamp, if that leaps anew; else 0 */
    int64_t drift;           /* average of the missing samples, times DRIFT_FRAMES */
    int64_t corrected_until; /* the resampler corrects drift up to this sample */
    bool input_ended, decoder_ended;
};

/* Converts lesson time to samples. */
static int64_t to_samples(int64_t time_us)
{
    return av_rescale(time_us, AUDIO_RATE_HZ, 1000000);
}

/* The longest start offset of a track that stays, because players bridge it. Before a later
 * start there is silence from the start of the lesson on. */
#define KEPT_OFFSET_US 100000

int source_pcm_open(struct source_pcm **out, int fd, const struct media_info *info, int audio,
    int channels, struct failure *failure)
{
    *out = NULL;
    struct source_pcm *s = av_mallocz(sizeof(*s));
    if (!s)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
    const struct media_audio *track = &info->audio[audio];
    s->info = info;
    s->stream = track->stream;
    av_channel_layout_default(&s->out_layout, channels);
    s->at_sample = source_pcm_start_sample(info, audio);
    s->end_sample = to_samples(info->duration_us);
    s->packet = av_packet_alloc();
    s->decoded = av_frame_alloc();
    s->fifo = av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, channels, BLOCK_SAMPLES);
    if (!s->packet || !s->decoded || !s->fifo) {
        failure_set(failure, REASON_OUT_OF_MEMORY, "sound");
        goto fail;
    }
    if (input_open(&s->input, fd, failure) < 0)
        goto fail;
    if (s->stream >= (int)s->input->format->nb_streams) {
        failure_set(failure, REASON_DAMAGED, "stream %d", s->stream);
        goto fail;
    }
    for (int i = 0; i < (int)s->input->format->nb_streams; i++)
        if (i != s->stream)
            s->input->format->streams[i]->discard = AVDISCARD_ALL;
    if (input_open_decoder(s->input, s->stream, &s->decoder, failure) < 0)
        goto fail;
    *out = s;
    return 0;
fail:
    source_pcm_close(&s);
    return -1;
}

void source_pcm_close(struct source_pcm **pcm)
{
    struct source_pcm *s = *pcm;
    if (!s)
        return;
    av_audio_fifo_free(s->fifo);
    swr_free(&s->swr);
    av_channel_layout_uninit(&s->in_layout);
    av_channel_layout_uninit(&s->out_layout);
    avcodec_free_context(&s->decoder);
    input_close(&s->input);
    av_packet_free(&s->packet);
    av_frame_free(&s->decoded);
    av_freep(pcm);
}

int64_t source_pcm_start_sample(const struct media_info *info, int audio)
{
    int64_t start_us = info->audio[audio].start_us;
    return start_us <= KEPT_OFFSET_US ? to_samples(start_us) : 0;
}

/* ---- decoding ---- */

static bool read_packet(struct source_pcm *s)
{
    while (input_read(s->input, s->packet) == 0) {
        if (s->packet->stream_index == s->stream)
            return true;
        av_packet_unref(s->packet);
    }
    return false;
}

static int feed_decoder(struct source_pcm *s)
{
    if (s->input_ended)
        return AVERROR_EOF;
    s->input_ended = !read_packet(s);
    int error = avcodec_send_packet(s->decoder, s->input_ended ? NULL : s->packet);
    av_packet_unref(s->packet);
    return error == AVERROR(ENOMEM) ? error : 0;
}

/* Decodes the next frame. Damaged packets are ignored, and silence fills their time. */
static int decode(struct source_pcm *s)
{
    for (;;) {
        int error = avcodec_receive_frame(s->decoder, s->decoded);
        if (error == 0 || error == AVERROR_EOF || error == AVERROR(ENOMEM))
            return error;
        error = feed_decoder(s);
        if (error < 0)
            return error;
    }
}

/* ---- resampling ---- */

static int put(struct source_pcm *s, AVFrame *frame)
{
    int skip = s->drop_samples < frame->nb_samples ? (int)s->drop_samples : frame->nb_samples;
    s->drop_samples -= skip;
    uint8_t *data[2] = {NULL, NULL};
    for (int c = 0; c < s->out_layout.nb_channels; c++)
        data[c] = frame->extended_data[c] + (size_t)skip * sizeof(float);
    int count = frame->nb_samples - skip;
    if (count > 0 && av_audio_fifo_write(s->fifo, (void **)data, count) < count)
        return AVERROR(ENOMEM);
    s->at_sample += count;
    return 0;
}

/* Inserts a block of the silence that is due. */
static int put_silence(struct source_pcm *s)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame)
        return AVERROR(ENOMEM);
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->nb_samples =
        s->silence_samples < BLOCK_SAMPLES ? (int)s->silence_samples : BLOCK_SAMPLES;
    int error = av_channel_layout_copy(&frame->ch_layout, &s->out_layout);
    if (error >= 0)
        error = av_frame_get_buffer(frame, 0);
    if (error >= 0)
        error = av_samples_set_silence(frame->extended_data, 0, frame->nb_samples,
            s->out_layout.nb_channels, AV_SAMPLE_FMT_FLTP);
    if (error >= 0) {
        s->silence_samples -= frame->nb_samples;
        error = put(s, frame);
    }
    av_frame_free(&frame);
    return error;
}

/* Resamples a frame into the fifo. in NULL: takes the samples that the resampler still holds. */
static int resample(struct source_pcm *s, const AVFrame *in)
{
    AVFrame *out = av_frame_alloc();
    if (!out)
        return AVERROR(ENOMEM);
    out->format = AV_SAMPLE_FMT_FLTP;
    out->nb_samples = swr_get_out_samples(s->swr, in ? in->nb_samples : 0);
    int error = out->nb_samples < 0 ? out->nb_samples
                                    : av_channel_layout_copy(&out->ch_layout, &s->out_layout);
    if (error >= 0 && out->nb_samples > 0) {
        error = av_frame_get_buffer(out, 0);
        if (error >= 0)
            error = swr_convert(s->swr, out->extended_data, out->nb_samples,
                in ? (const uint8_t **)in->extended_data : NULL, in ? in->nb_samples : 0);
        if (error >= 0) {
            out->nb_samples = error;
            error = put(s, out);
        }
    }
    av_frame_free(&out);
    return error;
}

static int flush_resampler(struct source_pcm *s)
{
    int error = s->swr ? resample(s, NULL) : 0;
    swr_free(&s->swr);
    return error;
}

/* Opens the resampler, or opens it again if rate, format or layout change in the middle, as in
 * broadcasts. */
static int prepare_resampler(struct source_pcm *s, const AVFrame *frame)
{
    if (s->swr && frame->sample_rate == s->in_rate && frame->format == s->in_format &&
        av_channel_layout_compare(&frame->ch_layout, &s->in_layout) == 0)
        return 0;
    int error = flush_resampler(s);
    if (error < 0)
        return error;
    s->in_rate = frame->sample_rate;
    s->in_format = frame->format;
    error = av_channel_layout_copy(&s->in_layout, &frame->ch_layout);
    if (error < 0)
        return error;
    AVChannelLayout in = {0};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&in, frame->ch_layout.nb_channels);
    else
        error = av_channel_layout_copy(&in, &frame->ch_layout);
    if (error >= 0)
        error = swr_alloc_set_opts2(&s->swr, &s->out_layout, AV_SAMPLE_FMT_FLTP, AUDIO_RATE_HZ, &in,
            frame->format, frame->sample_rate, 0, NULL);
    av_channel_layout_uninit(&in);
    if (error >= 0)
        error = swr_init(s->swr);
    if (error < 0)
        swr_free(&s->swr);
    return error;
}

/* Schedules silence for missing samples, or a cut for surplus ones. */
static void handle_leap(struct source_pcm *s, int64_t missing)
{
    s->drift = 0;
    if (missing < 0) {
        s->drop_samples -= missing;
        return;
    }
    int64_t cut = missing < s->drop_samples ? missing : s->drop_samples;
    s->drop_samples -= cut;
    /* The samples in the resampler belong before the silence. They are at most a millisecond
     * long, so they may follow the silence. */
    int64_t room = s->end_sample - s->at_sample;
    s->silence_samples = missing - cut < room ? missing - cut : room;
}

static int correct_drift(struct source_pcm *s, int64_t missing)
{
    s->drift += missing - s->drift / DRIFT_FRAMES;
    int64_t average = s->drift / DRIFT_FRAMES;
    if (llabs(average) < DRIFT_SAMPLES || s->at_sample < s->corrected_until)
        return 0;
    if (average > MAX_CORRECTION)
        average = MAX_CORRECTION;
    if (average < -MAX_CORRECTION)
        average = -MAX_CORRECTION;
    s->corrected_until = s->at_sample + AUDIO_RATE_HZ;
    return swr_set_compensation(s->swr, (int)average, AUDIO_RATE_HZ);
}

/* Aligns the samples with the time of the frame. */
static int line_up(struct source_pcm *s, const AVFrame *frame)
{
    if (frame->best_effort_timestamp == AV_NOPTS_VALUE)
        return 0;
    AVRational time_base = s->input->format->streams[s->stream]->time_base;
    int64_t time_us =
        av_rescale_q(frame->best_effort_timestamp, time_base, AV_TIME_BASE_Q) - s->info->zero_us;
    int64_t missing = to_samples(time_us) -
                      (s->at_sample - s->drop_samples + swr_get_delay(s->swr, AUDIO_RATE_HZ));
    bool leaps = llabs(missing) > LEAP_SAMPLES;
    bool confirmed =
        leaps && s->leap_samples != 0 && llabs(missing - s->leap_samples) < LEAP_SAMPLES / 2;
    s->leap_samples = leaps && !confirmed ? missing : 0;
    if (confirmed)
        handle_leap(s, missing);
    return leaps ? 0 : correct_drift(s, missing);
}

/* Decodes a frame and aligns it. */
static int next_frame(struct source_pcm *s)
{
    int error = decode(s);
    if (error == AVERROR_EOF) {
        s->decoder_ended = true;
        error = flush_resampler(s);
        s->drop_samples = 0;
        if (s->at_sample < s->end_sample)
            s->silence_samples = s->end_sample - s->at_sample;
        return error;
    }
    if (error < 0)
        return error;
    error = prepare_resampler(s, s->decoded);
    if (error >= 0)
        error = line_up(s, s->decoded);
    s->has_frame = error >= 0;
    return error;
}

/* Does one step towards more samples. */
static int read_more(struct source_pcm *s)
{
    if (s->silence_samples > 0)
        return put_silence(s);
    int error = 0;
    if (s->has_frame) {
        error = resample(s, s->decoded);
        s->has_frame = false;
        av_frame_unref(s->decoded);
    } else {
        error = next_frame(s);
    }
    /* A frame that can't be used, such as one with a hundred channels in a damaged part, is
     * ignored. */
    return error == AVERROR(ENOMEM) ? error : 0;
}

/* Whether more samples follow. */
static bool has_more(const struct source_pcm *s)
{
    return s->at_sample < s->end_sample && (s->silence_samples > 0 || !s->decoder_ended);
}

/* Replaces NaN, infinity and huge values by 0. Float sources may contain them, and they would
 * stay in every filter for good. */
static void make_finite(AVFrame *frame)
{
    for (int c = 0; c < frame->ch_layout.nb_channels; c++) {
        float *samples = (float *)frame->extended_data[c];
        for (int i = 0; i < frame->nb_samples; i++)
            if (!(fabsf(samples[i]) <= MAX_AMPLITUDE))
                samples[i] = 0;
    }
}

/* Moves the first `count` samples of the fifo into an empty frame. */
static int fill_frame(struct source_pcm *s, int count, AVFrame *frame)
{
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = AUDIO_RATE_HZ;
    frame->nb_samples = count;
    int error = av_channel_layout_copy(&frame->ch_layout, &s->out_layout);
    if (error >= 0)
        error = av_frame_get_buffer(frame, 0);
    if (error >= 0 && av_audio_fifo_read(s->fifo, (void **)frame->extended_data, count) < count)
        error = AVERROR(ENOMEM);
    if (error >= 0)
        make_finite(frame);
    return error;
}

int source_pcm_read(struct source_pcm *s, int samples, AVFrame *frame, struct failure *failure)
{
    int error = 0;
    while (error >= 0 && av_audio_fifo_size(s->fifo) < samples && has_more(s))
        error = read_more(s);
    if (error < 0)
        return failure_from_av(failure, error, REASON_DAMAGED, "sound");
    int ready = av_audio_fifo_size(s->fifo);
    int count = ready < samples ? ready : samples;
    /* The lesson time of the first sample in the fifo. Nothing is read beyond the lesson's end. */
    int64_t first_sample = s->at_sample - ready;
    int64_t left = s->end_sample - first_sample;
    if (count > left)
        count = left > 0 ? (int)left : 0;
    if (count == 0)
        return 0;
    error = fill_frame(s, count, frame);
    frame->pts = first_sample;
    return error < 0 ? failure_from_av(failure, error, REASON_DAMAGED, "sound") : 1;
}
