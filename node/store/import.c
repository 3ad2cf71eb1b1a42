/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store/store.h"
#include "node/store/store_internal.h"

static void hex(const crypto_hash_sha256_state *state, char *sha256)
{
    crypto_hash_sha256_state copy = *state;
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&copy, digest);
    sodium_bin2hex(sha256, 65, digest, sizeof(digest));
}

static ssize_t read_block(int fd, uint8_t *block)
{
    ssize_t got;
    do
        got = read(fd, block, STORE_BLOCK_BYTES);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static int write_block(int fd, const uint8_t *block, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, block, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        block += written;
        count -= (size_t)written;
    }
    return 0;
}

struct copy {
    const struct store *store;
    int from, to;
    crypto_hash_sha256_state hash;
    int64_t done_bytes, total_bytes;
    store_progress_fn progress;
    void *ctx;
};

static int copy_all(struct copy *copy, uint8_t *block)
{
    for (;;) {
        ssize_t got = read_block(copy->from, block);
        if (got <= 0)
            return (int)got;
        int64_t free_bytes = store_free_bytes(copy->store);
        if (free_bytes < got)
            return free_bytes < 0 ? (int)free_bytes : -ENOSPC;
        int error = write_block(copy->to, block, (size_t)got);
        if (error < 0)
            return error;
        crypto_hash_sha256_update(&copy->hash, block, (unsigned long long)got);
        copy->done_bytes += got;
        if (copy->progress && !copy->progress(copy->ctx, copy->done_bytes, copy->total_bytes))
            return -ECANCELED;
    }
}

int store_sync_folder_of(const char *path)
{
    char folder[STORE_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t length = (size_t)(slash - path);
    memcpy(folder, path, length);
    folder[length] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return error;
}

int store_import(const struct store *store, int source_fd, struct store_imported *out,
    store_progress_fn progress, void *ctx)
{
    char path[STORE_PATH_BYTES];
    struct stat status;
    store_new_name(out->name);
    int error = store_source_path(store, out->name, path);
    if (error < 0)
        return error;
    if (fstat(source_fd, &status) < 0)
        return -errno;
    uint8_t *block = malloc(STORE_BLOCK_BYTES);
    if (!block)
        return -ENOMEM;
    struct copy copy = {.store = store,
        .from = source_fd,
        .total_bytes = status.st_size,
        .progress = progress,
        .ctx = ctx};
    crypto_hash_sha256_init(&copy.hash);
    copy.to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    error = copy.to < 0 ? -errno : copy_all(&copy, block);
    if (error == 0 && fsync(copy.to) < 0)
        error = -errno;
    if (copy.to >= 0)
        close(copy.to);
    if (error == 0)
        error = store_sync_folder_of(path);
    if (error < 0 && copy.to >= 0)
        unlink(path);
    free(block);
    hex(&copy.hash, out->sha256);
    out->bytes = copy.done_bytes;
    return error;
}

static int hash_file(int fd, char *sha256, store_progress_fn progress, void *ctx)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    uint8_t *block = malloc(STORE_BLOCK_BYTES);
    if (!block)
        return -ENOMEM;
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    int64_t done_bytes = 0;
    ssize_t got;
    while ((got = read_block(fd, block)) > 0) {
        crypto_hash_sha256_update(&hash, block, (unsigned long long)got);
        done_bytes += got;
        if (progress && !progress(ctx, done_bytes, status.st_size)) {
            got = -ECANCELED;
            break;
        }
    }
    free(block);
    hex(&hash, sha256);
    return (int)got;
}

int store_file_sha256(const char *path, char *sha256)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = hash_file(fd, sha256, NULL, NULL);
    close(fd);
    return error;
}

struct store_hash {
    crypto_hash_sha256_state state;
    int64_t bytes;
};

struct store_hash *store_hash_new(void)
{
    struct store_hash *hash = calloc(1, sizeof(*hash));
    if (hash)
        crypto_hash_sha256_init(&hash->state);
    return hash;
}

void store_hash_free(struct store_hash *hash)
{
    free(hash);
}

void store_hash_add(struct store_hash *hash, const void *data, size_t data_bytes)
{
    crypto_hash_sha256_update(&hash->state, data, data_bytes);
    hash->bytes += (int64_t)data_bytes;
}

int64_t store_hash_bytes(const struct store_hash *hash)
{
    return hash->bytes;
}

/* Takes the hash that was computed before, if it is of the whole file, or else reads the file. */
static int hash_source(
    int fd, const struct store_hash *hash, char *sha256, store_progress_fn progress, void *ctx)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!hash || hash->bytes != status.st_size)
        return hash_file(fd, sha256, progress, ctx);
    hex(&hash->state, sha256);
    return 0;
}

/* Syncs a file. If that fails, removes what is beyond synced_bytes. */
static int sync_or_cut(int fd, int64_t synced_bytes)
{
    struct stat status;
    if (fsync(fd) == 0)
        return 0;
    int error = -errno;
    if (fstat(fd, &status) == 0 && status.st_size > synced_bytes)
        (void)!ftruncate(fd, synced_bytes);
    return error;
}

int store_seal_source(const struct store *store, const char *file, int64_t synced_bytes,
    const struct store_hash *hash, char *sha256, store_progress_fn progress, void *ctx)
{
    char path[STORE_PATH_BYTES];
    int error = store_source_path(store, file, path);
    if (error < 0)
        return error;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    error = sync_or_cut(fd, synced_bytes);
    if (error == 0)
        error = store_sync_folder_of(path);
    if (error == 0)
        error = hash_source(fd, hash, sha256, progress, ctx);
    close(fd);
    return error;
}
