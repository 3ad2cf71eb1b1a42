/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/file_cache.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transcoder/text/hash.h"

enum { BUCKETS = 1024, BELIEVED_MS = 1000, UNUSED_MS = 20000 };

struct file {
    LIST_ENTRY(file) in_bucket;
    TAILQ_ENTRY(file) in_order; /* the longest unused first */
    struct file_cache_entry entry;
    dev_t device;
    ino_t inode;
    int64_t looked_ms, used_ms;
    char path[];
};

struct file_cache {
    LIST_HEAD(, file) by_path[BUCKETS];
    TAILQ_HEAD(, file) order;
    size_t count, most;
};

int file_cache_open(struct file_cache **out, size_t most)
{
    struct file_cache *files = calloc(1, sizeof(*files));
    *out = files;
    if (!files)
        return -ENOMEM;
    files->most = most;
    TAILQ_INIT(&files->order);
    return 0;
}

static void forget(struct file_cache *files, struct file *file)
{
    LIST_REMOVE(file, in_bucket);
    TAILQ_REMOVE(&files->order, file, in_order);
    files->count--;
    /* Buffers that are still sending the file hold the segment; the last of them closes the
     * descriptor. */
    evbuffer_file_segment_free(file->entry.segment);
    free(file);
}

/* Closes the file that was unused for the longest time. Returns false if no file is open. */
static bool forget_oldest(struct file_cache *files)
{
    struct file *file = TAILQ_FIRST(&files->order);
    if (file) /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it misses that TAILQ_REMOVE moves the head */
        forget(files, file);
    return file != NULL;
}

void file_cache_close(struct file_cache **files)
{
    if (!*files)
        return;
    while (forget_oldest(*files))
        ;
    free(*files);
    *files = NULL;
}

static size_t bucket_of(const char *path)
{
    return hash_text(HASH_START, path) % BUCKETS;
}

static struct file *find(const struct file_cache *files, const char *path)
{
    struct file *file;
    LIST_FOREACH (file, &files->by_path[bucket_of(path)], in_bucket)
        if (strcmp(file->path, path) == 0)
            return file;
    return NULL;
}

static int64_t modified_ns(const struct stat *info)
{
    return (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
}

/* Whether the path still leads to the same, unchanged file. */
static bool is_same(const struct file *file)
{
    struct stat info;
    return lstat(file->path, &info) == 0 && info.st_dev == file->device &&
           info.st_ino == file->inode && info.st_size == file->entry.bytes &&
           modified_ns(&info) == file->entry.modified_ns;
}

/* Makes an entry. On success the entry owns the descriptor; on failure it stays the caller's. */
static struct file *make(const char *path, int fd, const struct stat *info)
{
    size_t path_bytes = strlen(path) + 1;
    struct file *file = calloc(1, sizeof(*file) + path_bytes);
    if (!file)
        return NULL;
    memcpy(file->path, path, path_bytes);
    file->device = info->st_dev;
    file->inode = info->st_ino;
    file->entry.fd = fd;
    file->entry.bytes = info->st_size;
    file->entry.modified_ns = modified_ns(info);
    file->entry.segment = evbuffer_file_segment_new(
        fd, 0, info->st_size, EVBUF_FS_CLOSE_ON_FREE | EVBUF_FS_DISABLE_LOCKING);
    if (!file->entry.segment) {
        free(file);
        return NULL;
    }
    return file;
}

/* Opens a file. If the process is out of descriptors, cached files are closed until one is free. */
static int open_path(struct file_cache *files, const char *path)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    while (fd < 0 && (errno == EMFILE || errno == ENFILE) && forget_oldest(files));
    return fd;
}

static int add(struct file_cache *files, const char *path, struct file **out)
{
    struct stat info;
    int fd = open_path(files, path);
    int error = fd < 0 ? -errno : 0;
    if (!error && (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)))
        error = -EIO;
    *out = error ? NULL : make(path, fd, &info);
    if (!*out) {
        if (fd >= 0)
            close(fd);
        return error ? error : -ENOMEM;
    }
    if (files->count == files->most)
        forget_oldest(files);
    LIST_INSERT_HEAD(&files->by_path[bucket_of(path)], *out, in_bucket);
    TAILQ_INSERT_TAIL(&files->order, *out, in_order);
    files->count++;
    return 0;
}

int file_cache_get(
    struct file_cache *files, const char *path, int64_t now_ms, const struct file_cache_entry **out)
{
    struct file *file = find(files, path);
    bool looks = !file || now_ms - file->looked_ms >= BELIEVED_MS;
    if (file && looks && !is_same(file)) {
        forget(files, file);
        file = NULL;
    }
    if (!file) {
        int error = add(files, path, &file);
        if (error)
            return error;
    }
    if (looks)
        file->looked_ms = now_ms;
    file->used_ms = now_ms;
    TAILQ_REMOVE(&files->order, file, in_order);
    TAILQ_INSERT_TAIL(&files->order, file, in_order);
    *out = &file->entry;
    return 0;
}

void file_cache_tick(struct file_cache *files, int64_t now_ms)
{
    struct file *file, *next;
    for (file = TAILQ_FIRST(&files->order); file && now_ms - file->used_ms >= UNUSED_MS;
         file = next) {
        next = TAILQ_NEXT(file, in_order);
        forget(files, file);
    }
}
