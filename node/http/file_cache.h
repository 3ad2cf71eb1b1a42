/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A loop's open files: those that were asked for last stay open, bounded in number, so that a
 * segment that a whole county watches costs no opening. What is at a path is looked at anew once a
 * second. One thread: the loop's.
 */
#ifndef NODE_HTTP_FILE_CACHE_H
#define NODE_HTTP_FILE_CACHE_H

#include <stdint.h>
#include <sys/types.h>

struct evbuffer_file_segment;
struct file_cache;

struct file_cache_entry {
    int fd;
    int64_t bytes, modified_ns;            /* the file's size and time */
    struct evbuffer_file_segment *segment; /* all of it; whoever adds it to a buffer holds it */
};

int file_cache_open(struct file_cache **out, size_t max_files); /* 0 or -ENOMEM */
void file_cache_close(struct file_cache **files);               /* accepts NULL */
/*
 * The file at an absolute path, which must be a regular one and not a link. 0 and an entry that is
 * valid until the next call of a function here; or a negative errno (-EIO: no regular file).
 */
int file_cache_get(struct file_cache *files, const char *path, int64_t now_ms,
    const struct file_cache_entry **out);
/* Once a second or so: closes what nobody has asked for in a while. */
void file_cache_tick(struct file_cache *files, int64_t now_ms);

#endif
