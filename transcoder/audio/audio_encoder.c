/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/audio_encoder.h"

#include <libavutil/channel_layout.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>
#include <string.h>

/*
 * Of libavcodec's AAC coders "fast" overshoots least and takes a fourth of the default's time; at
 * some 22 kbit/s with this cutoff it keeps more of two voices of three (docs/benchmarks.md, by
 * STOI). Temporal noise shaping costs it more than it gives. Above 8 kHz there are no bits to
 * spend; sibilants end there.
 */
#define AAC_CUTOFF_HZ 8000
#define AAC_CUTOFF_BELOW_BPS 32000

/* At 18 kbit/s speech keeps more of its words, by STOI up to 8.6 kHz too, where Opus spends nothing
 * on what is above 8 kHz. With that this complexity loses less than the highest without, in half
 * its time. */
#define OPUS_SPEECH_CUTOFF_HZ 8000
#define OPUS_SPEECH_COMPLEXITY 5

/* OpusHead, RFC 7845, 5.1: where the pre-skip stands. */
#define OPUS_HEAD_BYTES 19
#define OPUS_PRE_SKIP 10

static const AVCodec *find(enum audio_codec_id codec)
{
    return codec == AUDIO_OPUS ? avcodec_find_encoder_by_name("libopus")
                               : avcodec_find_encoder(AV_CODEC_ID_AAC);
}

static void set_options(AVDictionary **options, const struct rendition *r, int64_t bitrate_bps)
{
    if (r->audio_codec == AUDIO_OPUS) {
        av_dict_set(options, "application", r->speech ? "voip" : "audio", 0);
        av_dict_set(options, "vbr", "constrained", 0);
        /* The longest frames: fewest bytes for their headers, and nobody waits for this. */
        av_dict_set(options, "frame_duration", "60", 0);
        if (r->speech) {
            av_dict_set_int(options, "cutoff", OPUS_SPEECH_CUTOFF_HZ, 0);
            av_dict_set_int(options, "compression_level", OPUS_SPEECH_COMPLEXITY, 0);
        }
        return;
    }
    av_dict_set(options, "aac_coder", "fast", 0);
    if (r->speech)
        av_dict_set_int(options, "aac_tns", 0, 0);
    if (bitrate_bps < AAC_CUTOFF_BELOW_BPS)
        av_dict_set_int(options, "cutoff", AAC_CUTOFF_HZ, 0);
}

int audio_encoder_open(
    AVCodecContext **out, const struct rendition *r, int64_t bitrate_bps, struct failure *failure)
{
    const AVCodec *codec = find((enum audio_codec_id)r->audio_codec);
    AVDictionary *options = NULL;
    AVCodecContext *encoder = *out = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "%s: no encoder", r->name);
    encoder->sample_fmt = r->audio_codec == AUDIO_OPUS ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
    encoder->sample_rate = r->sample_rate;
    encoder->bit_rate = bitrate_bps;
    encoder->time_base = (AVRational){1, r->sample_rate};
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    encoder->thread_count = 1;
    av_channel_layout_default(&encoder->ch_layout, r->channels);
    set_options(&options, r, bitrate_bps);
    int error = avcodec_open2(encoder, codec, &options);
    av_dict_free(&options);
    /* The first packet that is kept begins with the first sample: players must skip nothing. */
    if (error >= 0 && r->audio_codec == AUDIO_OPUS && encoder->extradata_size >= OPUS_HEAD_BYTES)
        AV_WL16(encoder->extradata + OPUS_PRE_SKIP, 0);
    if (error >= 0)
        return 0;
    avcodec_free_context(out);
    return failure_from_av(failure, error, REASON_INTERNAL, r->name);
}

int audio_encoder_open_decoder(
    AVCodecContext **out, const AVCodecContext *encoder, struct failure *failure)
{
    const AVCodec *codec = avcodec_find_decoder(encoder->codec_id);
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    *out = codec && parameters ? avcodec_alloc_context3(codec) : NULL;
    int error = *out ? avcodec_parameters_from_context(parameters, encoder) : AVERROR(ENOMEM);
    if (error >= 0)
        error = avcodec_parameters_to_context(*out, parameters);
    if (error >= 0) {
        (*out)->thread_count = 1;
        (*out)->pkt_timebase = encoder->time_base;
        error = avcodec_open2(*out, codec, NULL);
    }
    avcodec_parameters_free(&parameters);
    if (error >= 0)
        return 0;
    avcodec_free_context(out);
    return failure_from_av(failure, error, REASON_INTERNAL, "decoder of sound");
}

int audio_encoder_lead(const AVCodecContext *encoder)
{
    int over = encoder->initial_padding % encoder->frame_size;
    return over > 0 ? encoder->frame_size - over : 0;
}
