/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "node/store/store_internal.h"
#include "node/util/decimal.h"

#define MIB (1024LL * 1024)
/* SQLite accepts paths of up to 512 bytes, and appends "-journal" to "/catalog.db". */
enum { FOLDER_BYTES = 512 - 19 };

struct store {
    char path[STORE_PATH_BYTES];
    char catalog_path[STORE_PATH_BYTES];
    int64_t floor_bytes;
};

static int say(int error, char *message, size_t message_bytes, const char *path, const char *what)
{
    if (message)
        snprintf(message, message_bytes, "the data folder %s %s: %s", path, what, strerror(-error));
    return error;
}

static int make_folder(const char *path)
{
    return mkdir(path, 0750) == 0 || errno == EEXIST ? 0 : -errno;
}

static int make_inner(const struct store *store, const char *name)
{
    char path[STORE_PATH_BYTES];
    if (snprintf(path, sizeof(path), "%s/%s", store->path, name) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    int error = make_folder(path);
    return error < 0 ? error : access(path, W_OK | X_OK) == 0 ? 0 : -errno;
}

static int find_folder(
    struct store *store, const struct store_params *params, char *message, size_t message_bytes)
{
    struct stat status;
    if (params->create) {
        int error = make_folder(params->path);
        if (error < 0)
            return say(error, message, message_bytes, params->path, "can't be made");
    }
    if (stat(params->path, &status) < 0)
        return say(-errno, message, message_bytes, params->path, "can't be opened");
    if (!S_ISDIR(status.st_mode))
        return say(-ENOTDIR, message, message_bytes, params->path, "can't be used");
    char *absolute = realpath(params->path, NULL);
    if (!absolute)
        return say(-errno, message, message_bytes, params->path, "can't be opened");
    /* The rest of STORE_PATH_BYTES has room for "/media/<lesson>/<revision>/<rendition>/<file>". */
    size_t bytes = strlen(absolute);
    bool fits = bytes <= FOLDER_BYTES;
    if (fits) {
        snprintf(store->path, sizeof(store->path), "%s", absolute);
        snprintf(store->catalog_path, sizeof(store->catalog_path), "%.*s/catalog.db",
            STORE_PATH_BYTES - 16, absolute);
    }
    free(absolute);
    /* This message leaves out the path, because a path of this length would push the reason out of
     * the message. */
    if (!fits && message)
        snprintf(message, message_bytes,
            "the data folder's path is too long: it has %zu bytes, and may have %d", bytes,
            FOLDER_BYTES);
    return fits ? 0 : -ENAMETOOLONG;
}

static bool has_entries(const struct store *store, const char *name)
{
    char path[STORE_PATH_BYTES];
    const struct dirent *entry;
    bool found = false;
    DIR *folder = snprintf(path, sizeof(path), "%s/%s", store->path, name) < (int)sizeof(path)
                      ? opendir(path)
                      : NULL;
    while (folder && !found && (entry = readdir(folder)))
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (folder)
        closedir(folder);
    return found;
}

/* Refuses a folder that has media but no catalog. With a new catalog, all of the media would be
 * swept. */
static int check_catalog(const struct store *store, char *message, size_t message_bytes)
{
    struct stat status;
    bool there = stat(store->catalog_path, &status) == 0 ? status.st_size > 0 : errno != ENOENT;
    if (there || (!has_entries(store, "sources") && !has_entries(store, "media")))
        return 0;
    if (message)
        snprintf(message, message_bytes,
            "the data folder %s has media but no catalog: put a backup in place as catalog.db, or "
            "move the folders sources and media away",
            store->path);
    return -ENOENT;
}

int store_open(
    struct store **out, const struct store_params *params, char *message, size_t message_bytes)
{
    *out = NULL;
    struct store *store = calloc(1, sizeof(*store));
    if (!store || sodium_init() < 0) {
        free(store);
        return say(-ENOMEM, message, message_bytes, params->path, "can't be opened");
    }
    int error = find_folder(store, params, message, message_bytes);
    if (error == 0 && params->create) {
        error = make_inner(store, "sources");
        if (error == 0)
            error = make_inner(store, "media");
        if (error < 0)
            say(error, message, message_bytes, params->path, "can't be written");
        else
            error = check_catalog(store, message, message_bytes);
    }
    struct statvfs disk;
    if (error == 0 && statvfs(store->path, &disk) == 0) {
        int64_t fraction = (int64_t)disk.f_blocks * (int64_t)disk.f_frsize / 50;
        store->floor_bytes = params->floor_bytes > 0 ? params->floor_bytes
                             : fraction < 512 * MIB  ? fraction
                                                     : 512 * MIB;
    }
    if (error < 0) {
        free(store);
        return error;
    }
    *out = store;
    return 0;
}

void store_close(struct store **store)
{
    free(*store);
    *store = NULL;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

const char *store_catalog_path(const struct store *store)
{
    return store->catalog_path;
}

/* ---- paths ---- */

static bool plain_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && !strchr(name, '/');
}

int store_source_path(const struct store *store, const char *file, char *out)
{
    if (!plain_name(file))
        return -EINVAL;
    int length = snprintf(out, STORE_PATH_BYTES, "%s/sources/%s", store->path, file);
    return length < STORE_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

int store_media_path(
    const struct store *store, int64_t lesson_id, int revision, const char *relative, char *out)
{
    /* Absolute paths, and parts that begin with '.', such as ".." and hidden names, are refused. */
    if (lesson_id < 1 || revision < 1 || relative[0] == '/' || relative[0] == '.' ||
        strstr(relative, "/."))
        return -EINVAL;
    if (strlen(store->path) + sizeof("/media///") + 2 * (size_t)DECIMAL_BYTES + strlen(relative) >
        STORE_PATH_BYTES)
        return -ENAMETOOLONG;
    char *at = stpcpy(stpcpy(out, store->path), "/media/");
    at = stpcpy(decimal_write(at, lesson_id), "/");
    at = decimal_write(at, revision);
    if (relative[0])
        stpcpy(stpcpy(at, "/"), relative);
    return 0;
}

void store_new_name(char *out)
{
    uint8_t random[16];
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(out, 33, random, sizeof(random));
}

/* ---- locks ---- */

static int read_pid(int fd)
{
    char text[16] = "";
    ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
    long pid = got > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 && pid < INT32_MAX ? (int)pid : 0;
}

int store_lock(const struct store *store, enum store_lock lock, int *holder_pid)
{
    char path[STORE_PATH_BYTES];
    if (holder_pid)
        *holder_pid = 0;
    if (snprintf(path, sizeof(path), "%s/%s", store->path,
            lock == STORE_LOCK_NODE ? "node.lock" : "jobs.lock") >= (int)sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    /* The kernel releases a flock when the process ends, whatever the cause. */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int error = -errno;
        if (holder_pid)
            *holder_pid = read_pid(fd);
        close(fd);
        return error;
    }
    char pid[16];
    int length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    /* The pid in the file is only information for people. The lock works without it. */
    if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)length, 0) == length)
        return fd;
    return fd;
}

void store_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

int store_jobs_are_held(const struct store *store)
{
    char path[STORE_PATH_BYTES];
    if (snprintf(path, sizeof(path), "%s/jobs.lock", store->path) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    int error = flock(fd, LOCK_SH | LOCK_NB) < 0 ? -errno : 0;
    close(fd);
    return error == -EWOULDBLOCK ? 1 : error;
}

/* ---- room ---- */

int64_t store_free_bytes(const struct store *store)
{
    struct statvfs disk;
    if (statvfs(store->path, &disk) < 0)
        return -errno;
    /* A disk without a free inode takes no file, whatever room it has. Some file systems count none. */
    if (disk.f_files > 0 && disk.f_favail == 0)
        return 0;
    int64_t free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize - store->floor_bytes;
    return free_bytes > 0 ? free_bytes : 0;
}

static int try_to_write(const struct store *store, const char *folder)
{
    char path[STORE_PATH_BYTES + 64];
    snprintf(path, sizeof(path), "%s/%s.write-test.%d", store->path, folder, (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int error = write(fd, "x", 1) == 1 && fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    unlink(path);
    return error;
}

int store_try_to_write(const struct store *store)
{
    static const char *const folders[] = {"", "sources/", "media/"};
    int error = 0;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && error == 0; i++)
        error = try_to_write(store, folders[i]);
    return error;
}

int64_t store_estimate_bytes(int64_t source_bytes)
{
    /* The video renditions of the default ladder together have at most about 1.6 Mbit/s, which is
     * less than most sources have. An old source with a low rate may grow to several times its
     * size, but such files are small. Twice the source and a little more is enough for all
     * others. */
    return source_bytes > INT64_MAX / 4 ? INT64_MAX / 2 : 2 * source_bytes + 16 * MIB;
}
