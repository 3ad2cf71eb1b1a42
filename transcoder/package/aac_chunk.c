/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/package/aac_chunk.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IO_BUFFER_BYTES (32 * 1024)
/* Limit of a file. A minute at 48 kbit/s takes a third of a megabyte. */
#define MAX_FILE_BYTES (64 * 1024 * 1024)
#define ADTS_BYTES 7
#define MAX_FRAME_BYTES 0x1FFF

/* An init segment followed by a chunk, which libavformat reads as one file. */
struct file {
    uint8_t *data;
    size_t count, at;
};

static int append(struct file *file, int fd, struct failure *failure)
{
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0 || size > MAX_FILE_BYTES)
        return failure_set(failure, REASON_INTERNAL, "AAC chunk: %s", strerror(EFBIG));
    size_t bytes = (size_t)size, got = 0;
    uint8_t *grown = realloc(file->data, file->count + bytes + 1);
    ssize_t more = grown ? 1 : 0;
    if (grown)
        file->data = grown;
    while (more > 0 && got < bytes)
        if ((more = pread(fd, file->data + file->count + got, bytes - got, (off_t)got)) > 0)
            got += (size_t)more;
    file->count += got;
    return got == bytes ? 0 : failure_set(failure, REASON_INTERNAL, "AAC chunk can't be read");
}

static int on_read(void *opaque, uint8_t *buffer, int room)
{
    struct file *file = opaque;
    size_t left = file->count - file->at, count = left < (size_t)room ? left : (size_t)room;
    memcpy(buffer, file->data + file->at, count);
    file->at += count;
    return count > 0 ? (int)count : AVERROR_EOF;
}

static int open_demuxer(AVFormatContext **out, AVIOContext **io, struct file *file)
{
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    *io = buffer ? avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, file, on_read, NULL, NULL) : NULL;
    if (!*io) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    *out = avformat_alloc_context();
    if (!*out)
        return AVERROR(ENOMEM);
    (*out)->pb = *io;
    (*out)->flags |= AVFMT_FLAG_CUSTOM_IO;
    return avformat_open_input(out, NULL, av_find_input_format("mov"), NULL);
}

/* Writes the ADTS header of a frame (ISO/IEC 13818-7, 6.2): AAC-LC, no CRC. */
static void put_adts(uint8_t *at, int rate_index, int channels, size_t frame_bytes)
{
    size_t length = frame_bytes + ADTS_BYTES;
    at[0] = 0xFF;
    at[1] = 0xF1;
    at[2] = (uint8_t)(1 << 6 | rate_index << 2 | channels >> 2);
    at[3] = (uint8_t)((channels & 3) << 6 | (int)(length >> 11));
    at[4] = (uint8_t)(length >> 3);
    at[5] = (uint8_t)((length & 7) << 5 | 0x1F);
    at[6] = 0xFC;
}

static int rate_index(int sample_rate)
{
    static const int rates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000};
    for (int i = 0; i < (int)(sizeof(rates) / sizeof(rates[0])); i++)
        if (rates[i] == sample_rate)
            return i;
    return -1;
}

static int add_frame(
    struct aac_chunk *audio, size_t *used, const AVPacket *packet, int64_t start, int channels)
{
    size_t bytes = (size_t)packet->size + ADTS_BYTES;
    if (packet->size <= 0 || bytes > MAX_FRAME_BYTES)
        return AVERROR_INVALIDDATA;
    uint8_t *data = realloc(audio->data, *used + bytes);
    if (!data)
        return AVERROR(ENOMEM);
    audio->data = data;
    struct aac_frame *frames = realloc(audio->frames, (audio->count + 1) * sizeof(*frames));
    if (!frames)
        return AVERROR(ENOMEM);
    audio->frames = frames;
    put_adts(data + *used, rate_index(audio->sample_rate), channels, (size_t)packet->size);
    memcpy(data + *used + ADTS_BYTES, packet->data, (size_t)packet->size);
    frames[audio->count++] = (struct aac_frame){start, *used, bytes};
    *used += bytes;
    return 0;
}

static int read_frames(struct aac_chunk *audio, AVFormatContext *format)
{
    const AVStream *stream = format->nb_streams == 1 ? format->streams[0] : NULL;
    if (!stream || stream->codecpar->codec_id != AV_CODEC_ID_AAC ||
        stream->codecpar->ch_layout.nb_channels > 2 ||
        rate_index(stream->codecpar->sample_rate) < 0)
        return AVERROR_INVALIDDATA;
    audio->sample_rate = stream->codecpar->sample_rate;
    AVPacket *packet = av_packet_alloc();
    size_t used = 0;
    int error = packet ? 0 : AVERROR(ENOMEM);
    while (error >= 0 && (error = av_read_frame(format, packet)) >= 0) {
        int64_t start =
            av_rescale_q(packet->pts, stream->time_base, (AVRational){1, audio->sample_rate});
        error = packet->pts == AV_NOPTS_VALUE ? AVERROR_INVALIDDATA
                                              : add_frame(audio, &used, packet, start,
                                                    stream->codecpar->ch_layout.nb_channels);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    return error == AVERROR_EOF && audio->count > 0 ? 0 : error < 0 ? error : AVERROR_INVALIDDATA;
}

int aac_chunk_read(struct aac_chunk *out, int init_fd, int chunk_fd, struct failure *failure)
{
    struct file file = {0};
    AVFormatContext *format = NULL;
    AVIOContext *io = NULL;
    *out = (struct aac_chunk){0};
    int result = append(&file, init_fd, failure);
    if (result == 0)
        result = append(&file, chunk_fd, failure);
    if (result == 0) {
        int error = open_demuxer(&format, &io, &file);
        if (error >= 0)
            error = read_frames(out, format);
        if (error < 0)
            result = failure_from_av(failure, error, REASON_INTERNAL, "AAC chunk");
    }
    avformat_close_input(&format);
    if (io)
        av_freep(&io->buffer);
    avio_context_free(&io);
    free(file.data);
    return result;
}

void aac_chunk_free(struct aac_chunk *audio)
{
    free(audio->data);
    free(audio->frames);
    *audio = (struct aac_chunk){0};
}
