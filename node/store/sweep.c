/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removes media, sources, and old files that the catalog does not name. Folders are walked by
 * descriptors instead of paths, and links are never followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/store/store.h"
#include "node/store/store_internal.h"

#define MAX_DEPTH 8
#define YOUNG_S (24 * 3600)

static DIR *open_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder && fd >= 0)
        close(fd);
    return folder;
}

static bool dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int remove_tree(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    if (depth == MAX_DEPTH)
        return -ELOOP;
    DIR *folder = open_folder(parent, name);
    if (!folder)
        return -errno;
    int error = 0;
    const struct dirent *entry;
    /* One file that can't be removed must not keep the others. */
    while ((entry = readdir(folder))) {
        int failed = dots(entry->d_name) ? 0 : remove_tree(dirfd(folder), entry->d_name, depth + 1);
        error = error < 0 ? error : failed;
    }
    closedir(folder);
    if (error == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        error = -errno;
    return error;
}

int store_remove_media(const struct store *store, int64_t lesson_id)
{
    char path[STORE_PATH_BYTES];
    if (lesson_id < 1 || snprintf(path, sizeof(path), "%s/media/%" PRId64, store_path(store),
                             lesson_id) >= (int)sizeof(path))
        return -EINVAL;
    return remove_tree(AT_FDCWD, path, 0);
}

int store_remove_source(const struct store *store, const char *file)
{
    char path[STORE_PATH_BYTES];
    if (file[0] == '\0')
        return 0;
    int error = store_source_path(store, file, path);
    return error < 0 || unlink(path) == 0 || errno == ENOENT ? error : -errno;
}

/* Whether a file was changed in the last 24 hours. A file that another process is copying in is not
 * in the catalog yet. */
static bool young(int folder, const char *name)
{
    struct stat status;
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           status.st_mtime > time(NULL) - YOUNG_S;
}

static int sweep_folder(
    const struct store *store, const char *name, bool (*keep)(void *, const char *), void *ctx)
{
    char path[STORE_PATH_BYTES], relative[STORE_PATH_BYTES];
    if (snprintf(path, sizeof(path), "%s/%s", store_path(store), name) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    DIR *folder = open_folder(AT_FDCWD, path);
    if (!folder)
        return -errno;
    int removed = 0, error = 0;
    const struct dirent *entry;
    while (error == 0 && (entry = readdir(folder))) {
        snprintf(relative, sizeof(relative), "%s/%s", name, entry->d_name);
        if (dots(entry->d_name) || keep(ctx, relative) || young(dirfd(folder), entry->d_name))
            continue;
        error = remove_tree(dirfd(folder), entry->d_name, 0);
        removed++;
    }
    closedir(folder);
    return error < 0 ? error : removed;
}

int store_sweep(const struct store *store, bool (*keep)(void *ctx, const char *relative), void *ctx)
{
    int sources = sweep_folder(store, "sources", keep, ctx);
    if (sources < 0)
        return sources;
    int media = sweep_folder(store, "media", keep, ctx);
    return media < 0 ? media : sources + media;
}

static bool is_temporary(const char *name)
{
    size_t length = strlen(name), suffix = strlen(STORE_TEMPORARY_SUFFIX);
    return length > suffix && strcmp(name + length - suffix, STORE_TEMPORARY_SUFFIX) == 0;
}

int store_sweep_unfinished(const struct store *store)
{
    char media[STORE_PATH_BYTES], sources[STORE_PATH_BYTES];
    char *paths[] = {media, sources, NULL};
    int removed = 0;
    if (snprintf(media, sizeof(media), "%s/media", store_path(store)) >= (int)sizeof(media) ||
        snprintf(sources, sizeof(sources), "%s/sources", store_path(store)) >= (int)sizeof(sources))
        return -ENAMETOOLONG;
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        return -errno;
    for (FTSENT *entry; (entry = fts_read(walk)) != NULL;)
        if (entry->fts_info == FTS_F && is_temporary(entry->fts_name) &&
            unlink(entry->fts_accpath) == 0)
            removed++;
    fts_close(walk);
    return removed;
}

int64_t store_highest_lesson(const struct store *store)
{
    char path[STORE_PATH_BYTES];
    int64_t highest = 0;
    if (snprintf(path, sizeof(path), "%s/media", store_path(store)) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    DIR *folder = open_folder(AT_FDCWD, path);
    if (!folder)
        return -errno;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char *end;
        long long number = strtoll(entry->d_name, &end, 10);
        /* A wild name must not use the numbers up. */
        if (*end == '\0' && number > highest && number < INT32_MAX)
            highest = number;
    }
    closedir(folder);
    return highest;
}
