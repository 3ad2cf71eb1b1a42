/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/package/deliver.h"

#include <string.h>

#include "transcoder/worker/output.h"

static int deliver_init(const struct work *work, const struct rendition *rendition,
    const struct cmaf_chunk *made, const AVCodecContext *encoder, struct failure *failure)
{
    struct message message = {.type = MESSAGE_INIT, .bytes = (int64_t)made->init_bytes};
    memcpy(message.rendition, rendition->name, sizeof(message.rendition));
    if (cmaf_codecs(encoder, message.codecs, sizeof(message.codecs)) < 0)
        return failure_set(failure, REASON_INTERNAL, "%s: no codec name", rendition->name);
    struct job_file file = {.kind = JOB_FILE_INIT};
    memcpy(file.rendition, rendition->name, sizeof(file.rendition));
    if (output_write(work->report, &file, made->init, made->init_bytes, message.sha256, failure) <
        0)
        return -1;
    return report_send(work->report, &message, failure);
}

int deliver_chunk(const struct work *work, const struct rendition *rendition, int chunk,
    const struct cmaf_chunk *made, struct failure *failure)
{
    struct message message = {
        .type = MESSAGE_CHUNK,
        .chunk = chunk,
        .bytes = (int64_t)made->data_bytes,
        .segments = made->segments,
        .segment_count = made->segment_count,
    };
    memcpy(message.rendition, rendition->name, sizeof(message.rendition));
    struct job_file file = {.kind = JOB_FILE_CHUNK, .number = chunk};
    memcpy(file.rendition, rendition->name, sizeof(file.rendition));
    if (output_write(work->report, &file, made->data, made->data_bytes, message.sha256, failure) <
        0)
        return -1;
    return report_send(work->report, &message, failure);
}

int deliver_chunk_and_init(const struct work *work, const struct rendition *rendition, int chunk,
    const struct cmaf *cmaf, const AVCodecContext *encoder, struct failure *failure)
{
    struct cmaf_chunk made;
    cmaf_result(cmaf, &made);
    if (deliver_init(work, rendition, &made, encoder, failure) < 0)
        return -1;
    return deliver_chunk(work, rendition, chunk, &made, failure);
}
