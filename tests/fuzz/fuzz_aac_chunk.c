/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the reading of AAC chunks. The legacy rendition copies its audio from them. The input is
 * an init segment, which ends before the first box "moof", and then a chunk. */
#include <libavutil/log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "transcoder/package/aac_chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int file_with(const uint8_t *data, size_t bytes)
{
    int fd = memfd_create("aac", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes)
        abort();
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct aac_chunk sound;
    struct failure failure = {.reason = REASON_NONE};
    const uint8_t *moof = memmem(data, bytes, "moof", 4);
    size_t init_bytes = moof && moof - data >= 4 ? (size_t)(moof - data) - 4 : bytes;
    av_log_set_level(AV_LOG_QUIET);
    int init = file_with(data, init_bytes);
    int chunk = file_with(data + init_bytes, bytes - init_bytes);
    int result = aac_chunk_read(&sound, init, chunk, &failure);
    close(init);
    close(chunk);
    if ((result == 0) != (failure.reason == REASON_NONE) || (result == 0 && sound.count == 0))
        abort();
    for (size_t i = 0; result == 0 && i < sound.count; i++)
        if (sound.data[sound.frames[i].at] != 0xFF)
            abort();
    aac_chunk_free(&sound);
    return 0;
}
