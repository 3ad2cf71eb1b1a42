/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the opening of untrusted media files. A file is refused for another reason than a fault of
 * our own, or its packets are read. libavformat itself is not instrumented. Our hooks and our use of
 * its results are. */
#include <fcntl.h>
#include <libavutil/log.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "transcoder/demux/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int as_file(const uint8_t *data, size_t bytes)
{
    int fd = memfd_create("media", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes)
        abort();
    return fd;
}

/* Returns a report that writes to /dev/null, because nobody reads the progress. */
static struct report *nobody(void)
{
    static struct report *report;
    if (report)
        return report;
    av_log_set_level(AV_LOG_QUIET);
    if (report_open(&report, open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0)
        abort();
    return report;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct scan scan;
    struct input *input;
    struct failure failure = {.reason = REASON_NONE};
    int fd = as_file(data, bytes);
    if (input_open(&input, fd, &failure) < 0) {
        if (failure.reason == REASON_NONE || failure.reason == REASON_INTERNAL)
            abort();
    } else if (scan_packets(input, nobody(), &scan, &failure) == 0 &&
               (scan.stream_count < 0 || scan.stream_count > INPUT_MAX_STREAMS)) {
        abort();
    }
    input_close(&input);
    close(fd);
    return 0;
}
