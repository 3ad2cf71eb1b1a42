/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/demux/input.h"

#include <errno.h>
#include <inttypes.h>
#include <libavutil/avstring.h>
#include <libavutil/intreadwrite.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transcoder/protocol/job.h"

#define IO_BUFFER_BYTES (128 * 1024)
#define PROBE_BYTES (16 * 1024 * 1024)
#define ANALYSE_US (30LL * 1000000)
/* More errors in a row than this mean that the rest of the file cannot be read. */
#define MAX_ERRORS 1000

/* Names of the accepted containers. They hold their media themselves. */
static const char containers[] = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,asf_o,flv,live_flv,"
                                 "rm,mpeg,mpegts,mpegvideo,h264,hevc,m4v,mp3,aac,"
                                 "ac3,eac3,wav,w64,aiff,au,ogg,flac,amr,dv,mxf,nut,caf,ape,tta,wv,"
                                 "h263,h261,vc1,vc1test,nsv,ivf,rmvb,dts,mp2,loas";

/* Formats that only name other files. To open such a file would mean to follow what a stranger
 * wrote. */
static const char playlists[] = "hls,concat,dash,rtsp,sdp,imf,mpsub_list,xspf";

/* Ends the process. FFmpeg takes a failing disk for the end of the file or for a damaged part, and
 * what is missing would be filled with a still picture and silence. So nothing more may be
 * reported. */
static _Noreturn void end_for_unreadable_source(int64_t at_bytes, const char *why)
{
    fprintf(stderr, "the source can't be read at %" PRId64 ": %s\n", at_bytes, why);
    _exit(JOB_EXIT_SOURCE);
}

/* Reads from the source. Returns less than `bytes`, or 0, only at its end. */
static ssize_t read_source(const struct input *input, void *out, size_t bytes, int64_t at_bytes)
{
    ssize_t got;
    do
        got = pread(input->fd, out, bytes, at_bytes);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        end_for_unreadable_source(at_bytes, strerror(errno));
    if (got == 0 && at_bytes < input->size_bytes)
        end_for_unreadable_source(at_bytes, "the file has become shorter");
    return got;
}

static int on_read(void *opaque, uint8_t *buffer, int buffer_bytes)
{
    struct input *input = opaque;
    ssize_t got = read_source(input, buffer, (size_t)buffer_bytes, input->at_bytes);
    if (got == 0)
        return AVERROR_EOF;
    input->at_bytes += got;
    return (int)got;
}

static int64_t on_seek(void *opaque, int64_t offset, int whence)
{
    struct input *input = opaque;
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return input->size_bytes;
    case SEEK_SET:
        break;
    case SEEK_CUR:
        offset += input->at_bytes;
        break;
    case SEEK_END:
        offset += input->size_bytes;
        break;
    default:
        return AVERROR(EINVAL);
    }
    if (offset < 0)
        return AVERROR(EINVAL);
    input->at_bytes = offset;
    return offset;
}

static int on_open_refused(
    AVFormatContext *format, AVIOContext **io, const char *url, int flags, AVDictionary **options)
{
    (void)format, (void)url, (void)flags, (void)options;
    *io = NULL;
    return AVERROR(EPERM);
}

static int open_io(struct input *input, struct failure *failure)
{
    /* Not fstat(): the C library makes it from a call that also takes paths, and the sandbox forbids
     * all of those. */
    input->size_bytes = lseek(input->fd, 0, SEEK_END);
    if (input->size_bytes < 0)
        return failure_set(failure, REASON_INTERNAL, "source: %s", strerror(errno));
    if (input->size_bytes == 0)
        return failure_set(failure, REASON_EMPTY_FILE, "0 bytes");
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer)
        input->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, input, on_read, NULL, on_seek);
    if (!input->io) {
        av_free(buffer);
        return failure_set(failure, REASON_OUT_OF_MEMORY, "source");
    }
    return 0;
}

/* Sets failure and returns -1 if the format that FFmpeg recognised is not an accepted container. */
static int check_container(const AVInputFormat *found, struct failure *failure)
{
    const char *name = found->name;
    if (av_match_list(name, playlists, ','))
        return failure_set(failure, REASON_PLAYLIST, "%s", name);
    size_t length = strlen(name);
    bool pipe = length > 5 && strcmp(name + length - 5, "_pipe") == 0;
    if (pipe || av_match_list(name, "image2,gif,apng,ico,webp,jpegxl_anim", ','))
        return failure_set(failure, REASON_PICTURE, "%s", name);
    if (!found->codec_tag &&
        av_match_list(name,
            "srt,ass,webvtt,microdvd,mpl2,mpsub,pjs,realtext,sami,stl,subviewer,"
            "subviewer1,vplayer,jacosub,aqtitle,lrc,scc,sup,vobsub,tedcaptions,ttml",
            ','))
        return failure_set(failure, REASON_SUBTITLES_ONLY, "%s", name);
    if (!av_match_list(name, containers, ','))
        return failure_set(failure, REASON_NOT_MEDIA, "%s", name);
    return 0;
}

/* Whether the file begins like a playlist. Some playlists FFmpeg does not know, or recognises only
 * by their file names. */
static bool looks_like_playlist(const struct input *input)
{
    static const char *const prefixes[] = {
        "#EXTM3U", "ffconcat ", "[playlist]", "[Reference]", "<asx", "<smil", "rtsp://", "http://"};
    char head[16] = "";
    read_source(input, head, sizeof(head) - 1, 0);
    const char *text = strncmp(head, "\xef\xbb\xbf", 3) == 0 ? head + 3 : head;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (av_strncasecmp(text, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static int recognise(struct input *input, const AVInputFormat **found, struct failure *failure)
{
    *found = NULL;
    int score = av_probe_input_buffer2(input->io, found, NULL, NULL, 0, 1024 * 1024);
    if (score == AVERROR(ENOMEM))
        return failure_set(failure, REASON_OUT_OF_MEMORY, "source");
    if (looks_like_playlist(input))
        return failure_set(
            failure, REASON_PLAYLIST, "%s", score > 0 && *found ? (*found)->name : "");
    /* At the lowest scores FFmpeg accepts nearly any file. */
    if (score < AVPROBE_SCORE_RETRY / 2 || !*found)
        return failure_set(failure, REASON_NOT_MEDIA, "no container recognised");
    return check_container(*found, failure);
}

/* Whether the whole index of an MP4 file exists (ISO/IEC 14496-12, 4.2 and 8.2.1). If it is at the
 * end, an incomplete copy lacks it. */
static bool has_index(const struct input *input)
{
    uint8_t header[16] = {0};
    for (int64_t at = 0; read_source(input, header, sizeof(header), at) >= 8;) {
        uint64_t size = AV_RB32(header);
        if (memcmp(header + 4, "moov", 4) == 0)
            return (uint64_t)(input->size_bytes - at) >= size;
        if (size == 1)
            size = AV_RB64(header + 8);
        if (size < 8 || size > (uint64_t)(input->size_bytes - at))
            return false;
        at += (int64_t)size;
    }
    return false;
}

static int check_streams(const struct input *input, struct failure *failure)
{
    if (input->format->nb_streams > INPUT_MAX_STREAMS)
        return failure_set(failure, REASON_TOO_MANY_STREAMS, "%u", input->format->nb_streams);
    for (unsigned i = 0; i < input->format->nb_streams; i++) {
        const AVStream *stream = input->format->streams[i];
        const AVCodecParameters *p = stream->codecpar;
        if (p->codec_type == AVMEDIA_TYPE_VIDEO &&
            !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC) &&
            (int64_t)p->width * p->height > INPUT_MAX_PIXELS)
            return failure_set(failure, REASON_TOO_LARGE_PICTURE, "%dx%d", p->width, p->height);
    }
    return 0;
}

/* Finds the parameters of the streams. FFmpeg decodes a little for this, within our own limits. */
static int find_streams(struct input *input, struct failure *failure)
{
    unsigned count = input->format->nb_streams;
    AVDictionary *options[INPUT_MAX_STREAMS] = {NULL};
    for (unsigned i = 0; i < count; i++) {
        av_dict_set_int(&options[i], "max_pixels", INPUT_MAX_PIXELS, 0);
        av_dict_set_int(&options[i], "threads", 1, 0);
    }
    int error = avformat_find_stream_info(input->format, options);
    for (unsigned i = 0; i < count; i++)
        av_dict_free(&options[i]);
    return error < 0 ? failure_from_av(failure, error, REASON_DAMAGED, "streams")
                     : check_streams(input, failure);
}

static int open_format(struct input *input, struct failure *failure)
{
    const AVInputFormat *found;
    if (recognise(input, &found, failure) < 0)
        return -1;
    input->format = avformat_alloc_context();
    if (!input->format)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "source");
    input->format->pb = input->io;
    input->format->io_open = on_open_refused;
    input->format->probesize = PROBE_BYTES;
    input->format->max_analyze_duration = ANALYSE_US;
    AVDictionary *options = NULL;
    /* "none" allows no protocol. An empty list would allow all of them. */
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    av_dict_set(&options, "format_whitelist", containers, 0);
    int error = avformat_open_input(&input->format, NULL, found, &options);
    av_dict_free(&options);
    if (error == 0)
        return check_streams(input, failure);
    bool cut = av_match_list("mov", found->name, ',') > 0 && !has_index(input);
    return failure_from_av(failure, error, cut ? REASON_CUT_SHORT : REASON_DAMAGED, found->name);
}

int input_open(struct input **out, int fd, struct failure *failure)
{
    *out = NULL;
    struct input *input = av_mallocz(sizeof(*input));
    if (!input)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "source");
    input->fd = fd;
    if (open_io(input, failure) < 0 || open_format(input, failure) < 0 ||
        find_streams(input, failure) < 0) {
        input_close(&input);
        return -1;
    }
    *out = input;
    return 0;
}

void input_close(struct input **input)
{
    if (!*input)
        return;
    avformat_close_input(&(*input)->format);
    if ((*input)->io) {
        av_freep(&(*input)->io->buffer);
        avio_context_free(&(*input)->io);
    }
    av_freep(input);
}

int input_read(struct input *input, AVPacket *packet)
{
    int error;
    while ((error = av_read_frame(input->format, packet)) < 0)
        if (error == AVERROR_EOF || error == AVERROR(ENOMEM) || ++input->errors > MAX_ERRORS)
            return error;
    input->errors = 0;
    return 0;
}

int input_open_decoder(
    const struct input *input, int stream, AVCodecContext **out, struct failure *failure)
{
    *out = NULL;
    const AVStream *st = input->format->streams[stream];
    const AVCodec *codec = avcodec_find_decoder(st->codecpar->codec_id);
    if (!codec)
        return failure_set(
            failure, REASON_UNKNOWN_CODEC, "%s", avcodec_get_name(st->codecpar->codec_id));
    AVCodecContext *context = avcodec_alloc_context3(codec);
    if (!context)
        return failure_set(failure, REASON_OUT_OF_MEMORY, "decoder");
    int error = avcodec_parameters_to_context(context, st->codecpar);
    context->pkt_timebase = st->time_base;
    context->thread_count = 1;
    context->max_pixels = INPUT_MAX_PIXELS;
    context->flags |= AV_CODEC_FLAG_BITEXACT;
    if (error >= 0)
        error = avcodec_open2(context, codec, NULL);
    if (error < 0) {
        avcodec_free_context(&context);
        return failure_from_av(failure, error, REASON_UNKNOWN_CODEC, codec->name);
    }
    *out = context;
    return 0;
}
