/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk that fails, or a file that gets shorter, while the source is read. The process must end: FFmpeg
 * takes both for the end of the file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "transcoder/demux/input.h"
#include "transcoder/protocol/job.h"

enum { WAV_BYTES = 44 + 1000000, READABLE_BYTES = 500000 };

/* The linker's --wrap option puts this in place of pread(), whose name is this with large files. */
static bool disk_fails;
ssize_t __real_pread64(int fd, void *out, size_t bytes, off_t at);
ssize_t __wrap_pread64(int fd, void *out, size_t bytes, off_t at);
ssize_t __wrap_pread64(int fd, void *out, size_t bytes, off_t at)
{
    if (!disk_fails || at < READABLE_BYTES)
        return __real_pread64(fd, out, bytes, at);
    errno = EIO;
    return -1;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Makes a WAV file: 8 kHz, 8 bits, mono. */
static int make_wav(void)
{
    static uint8_t wav[WAV_BYTES];
    memcpy(wav, "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0", 24);
    put_u32(wav + 4, WAV_BYTES - 8);
    put_u32(wav + 24, 8000);
    put_u32(wav + 28, 8000);
    memcpy(wav + 32, "\x01\0\x08\0data", 8);
    put_u32(wav + 40, WAV_BYTES - 44);
    memset(wav + 44, 0x80, WAV_BYTES - 44);
    int fd = memfd_create("wav", MFD_CLOEXEC);
    assert_int_equal(write(fd, wav, sizeof(wav)), sizeof(wav));
    return fd;
}

/* Reads the whole file in a process of its own. spoil: called after it was opened. Returns the exit
 * code: 0 if the end was reached. */
static int read_all(void (*spoil)(int fd))
{
    int fd = make_wav(), status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct input *input;
        struct failure failure;
        AVPacket *packet = av_packet_alloc();
        if (!packet || input_open(&input, fd, &failure) < 0)
            _exit(1);
        spoil(fd);
        while (input_read(input, packet) == 0)
            av_packet_unref(packet);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    close(fd);
    return WEXITSTATUS(status);
}

static void leave_alone(int fd)
{
    (void)fd;
}

static void break_disk(int fd)
{
    (void)fd;
    disk_fails = true;
}

static void cut(int fd)
{
    (void)!ftruncate(fd, READABLE_BYTES);
}

static void test_a_read_error_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(read_all(leave_alone), 0);
    assert_int_equal(read_all(break_disk), JOB_EXIT_SOURCE);
    assert_int_equal(read_all(cut), JOB_EXIT_SOURCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_read_error_ends_the_process)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
