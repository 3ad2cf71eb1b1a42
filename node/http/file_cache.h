/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The open files of one loop. The most recently requested files stay open for a while, up to a
 * bound, so that a segment that a whole county watches is not opened again and again. When a file
 * is requested, its path is checked for a new file, at most once a second. Call these on the loop's
 * thread only. */
#ifndef NODE_HTTP_FILE_CACHE_H
#define NODE_HTTP_FILE_CACHE_H

#include <stdint.h>
#include <sys/types.h>

struct evbuffer_file_segment;
struct file_cache;

struct file_cache_entry {
    int fd;
    int64_t bytes, modified_ns;            /* size and modification time of the file */
    struct evbuffer_file_segment *segment; /* the whole file; a buffer that sends it takes a
                                            * reference */
};

int file_cache_open(struct file_cache **out, size_t max_files); /* Returns 0 or -ENOMEM. */
void file_cache_close(struct file_cache **files);               /* accepts NULL in *files */
/* Finds the file at an absolute path, which must be a regular file and not a link. Returns 0 and an
 * entry that stays valid until the next call of a function of this module; or a negative errno
 * (-EIO: not a regular file; -ELOOP: a link). */
int file_cache_get(struct file_cache *files, const char *path, int64_t now_ms,
    const struct file_cache_entry **out);
/* To be called about once a second: closes files that nobody has requested for 20 seconds. */
void file_cache_tick(struct file_cache *files, int64_t now_ms);

#endif
