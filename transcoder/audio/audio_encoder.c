/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/audio/audio_encoder.h"

#include <libavutil/channel_layout.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>
#include <string.h>

/* The AAC coder "fast" of libavcodec exceeds its bit rate least and takes a fourth of the default's
 * time. At about 22 kbit/s with this cutoff it is the better one for two of three voices
 * (docs/benchmarks.md, by STOI). For speech, temporal noise shaping costs more bits than it saves.
 * Below AAC_CUTOFF_BELOW_BPS there are no bits for frequencies above 8 kHz, where the sibilants
 * end. */
#define AAC_CUTOFF_HZ 8000
#define AAC_CUTOFF_BELOW_BPS 32000

/* Opus at 18 kbit/s with this cutoff spends nothing on frequencies above 8 kHz, and speech
 * becomes more intelligible, measured by STOI, even for the range up to 8.6 kHz. With the cutoff
 * this complexity loses less than the highest complexity without it, in half the time. */
#define OPUS_SPEECH_CUTOFF_HZ 8000
#define OPUS_SPEECH_COMPLEXITY 5

/* Size of OpusHead, and the offset of its pre-skip (RFC 7845, 5.1). */
#define OPUS_HEAD_BYTES 19
#define OPUS_PRE_SKIP 10

static const AVCodec *find_encoder(enum audio_codec_id codec)
{
    return codec == AUDIO_OPUS ? avcodec_find_encoder_by_name("libopus")
                               : avcodec_find_encoder(AV_CODEC_ID_AAC);
}

static void set_options(AVDictionary **options, const struct rendition *r, int64_t bitrate_bps)
{
    if (r->audio_codec == AUDIO_OPUS) {
        av_dict_set(options, "application", r->speech ? "voip" : "audio", 0);
        av_dict_set(options, "vbr", "constrained", 0);
        /* The longest frames have the fewest bytes for headers. Their delay does not matter
         * here. */
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
    const AVCodec *codec = find_encoder(r->audio_codec);
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
    AVDictionary *options = NULL;
    set_options(&options, r, bitrate_bps);
    int error = avcodec_open2(encoder, codec, &options);
    av_dict_free(&options);
    /* Pre-skip 0: the first packet that is kept begins with the first sample, so players must
     * skip nothing. */
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
