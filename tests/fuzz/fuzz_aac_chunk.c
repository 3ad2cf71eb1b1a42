/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the reading of AAC chunks. The legacy rendition copies its audio from them. The input is
 * an init segment, which ends before the first box "moof", and then a chunk. */
#include <fcntl.h>
#include <libavutil/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transcoder/package/aac_chunk.h"
#include "transcoder/protocol/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static char *made;

static void remove_folder(void)
{
    char path[64];
    static const char *const inside[] = {"a24/init.mp4", "a24/00000.chunk", "a24", "."};
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", made, inside[i]);
        remove(i + 1 < sizeof(inside) / sizeof(inside[0]) ? path : made);
    }
    free(made);
}

/* Returns a descriptor of the folder for the files. All runs of the process share one folder. */
static int folder(void)
{
    static int fd = -1;
    char path[] = "/tmp/terrace-fuzz-XXXXXX";
    if (fd >= 0)
        return fd;
    av_log_set_level(AV_LOG_QUIET);
    if (!mkdtemp(path))
        abort();
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || mkdirat(fd, "a24", 0700) < 0)
        abort();
    made = strdup(path);
    atexit(remove_folder);
    return fd;
}

static void put(const char *path, const uint8_t *data, size_t bytes)
{
    int fd = openat(folder(), path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes)
        abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct aac_chunk sound;
    struct failure failure = {.reason = REASON_NONE};
    const uint8_t *moof = memmem(data, bytes, "moof", 4);
    size_t init_bytes = moof && moof - data >= 4 ? (size_t)(moof - data) - 4 : bytes;
    put("a24/init.mp4", data, init_bytes);
    put("a24/00000.chunk", data + init_bytes, bytes - init_bytes);
    int result = aac_chunk_read(&sound, folder(), "a24", 0, &failure);
    if ((result == 0) != (failure.reason == REASON_NONE) || (result == 0 && sound.count == 0))
        abort();
    for (size_t i = 0; result == 0 && i < sound.count; i++)
        if (sound.data[sound.frames[i].at] != 0xFF)
            abort();
    aac_chunk_free(&sound);
    return 0;
}
