/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A library for LD_PRELOAD that lets one system call on a file or one allocation fail, or ends the
 * process there. It counts the calls of a program that change files below a folder, also those of
 * SQLite; or its allocations; or the places in the code that allocate.
 *
 *   FAULT_ROOT     the folder
 *   FAULT_STATE    a file of at least sizeof(struct state) bytes; processes share it
 *   FAULT_PROGRAM  the name of the program; "terrace" if it is not set
 *
 * The state says which call fails (at; 0: none), and how (what).
 */
/* The plain names and those that end in 64 are both replaced. */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What happens at the call: an errno, or one of these. */
enum { CRASH_BEFORE = 1000, CRASH_AFTER = 1001 };

/* What is counted. A place fails when it allocates for the first time. */
enum { COUNT_FILES = 0, COUNT_ALLOCATIONS = 1, COUNT_PLACES = 2 };

struct state {
    atomic_int count; /* calls so far */
    atomic_int at;    /* the call that fails */
    atomic_int what;
    atomic_int stays; /* 1: all calls from there on fail */
    atomic_int counted;
};

static struct state *state;
static const char *root;

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("FAULT_STATE");
    const char *program = getenv("FAULT_PROGRAM");
    root = getenv("FAULT_ROOT");
    if (!file || !root || strcmp(program_invocation_short_name, program ? program : "terrace") != 0)
        return;
    int fd = open(file, O_RDWR | O_CLOEXEC);
    void *mapped = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        state = mapped;
}

static bool is_below(const char *path)
{
    size_t bytes = strlen(root);
    return strncmp(path, root, bytes) == 0 && (path[bytes] == '/' || path[bytes] == '\0');
}

static bool fd_concerned(int fd)
{
    char link[64], path[4096];
    if (!state)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link, path, sizeof(path) - 1);
    if (bytes < 0)
        return false;
    path[bytes] = '\0';
    return is_below(path);
}

static bool path_concerned(int folder, const char *path)
{
    if (!state)
        return false;
    return path[0] == '/' || folder == AT_FDCWD ? is_below(path) : fd_concerned(folder);
}

/* Counts a call. Returns 0, an errno, or CRASH_AFTER. */
static int fault(bool concerned)
{
    if (!concerned || atomic_load(&state->counted) != COUNT_FILES)
        return 0;
    int number = atomic_fetch_add(&state->count, 1) + 1, at = atomic_load(&state->at);
    if (at == 0 || number < at || (number > at && !atomic_load(&state->stays)))
        return 0;
    int what = atomic_load(&state->what);
    if (what == CRASH_BEFORE)
        _exit(137);
    return what;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): types and parameter lists can't have parentheses */
/* Defines the replacement of a call. If the fault is CRASH_AFTER, the call is made before. */
#define REPLACE(type, name, parameters, arguments, concerned)                                      \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (!real)                                                                                 \
            *(void **)(&real) = dlsym(RTLD_NEXT, #name);                                           \
        int what = fault(concerned);                                                               \
        if (what == CRASH_AFTER) {                                                                 \
            real arguments;                                                                        \
            _exit(137);                                                                            \
        }                                                                                          \
        if (what) {                                                                                \
            errno = what;                                                                          \
            return (type)-1;                                                                       \
        }                                                                                          \
        return real arguments;                                                                     \
    }

REPLACE(
    ssize_t, write, (int fd, const void *data, size_t bytes), (fd, data, bytes), fd_concerned(fd))
REPLACE(ssize_t, pwrite, (int fd, const void *data, size_t bytes, off_t at), (fd, data, bytes, at),
    fd_concerned(fd))
REPLACE(ssize_t, pwrite64, (int fd, const void *data, size_t bytes, off64_t at),
    (fd, data, bytes, at), fd_concerned(fd))
REPLACE(int, fsync, (int fd), (fd), fd_concerned(fd))
REPLACE(int, fdatasync, (int fd), (fd), fd_concerned(fd))
REPLACE(int, ftruncate, (int fd, off_t bytes), (fd, bytes), fd_concerned(fd))
REPLACE(int, ftruncate64, (int fd, off64_t bytes), (fd, bytes), fd_concerned(fd))
REPLACE(int, fallocate, (int fd, int mode, off_t at, off_t bytes), (fd, mode, at, bytes),
    fd_concerned(fd))
REPLACE(int, fallocate64, (int fd, int mode, off64_t at, off64_t bytes), (fd, mode, at, bytes),
    fd_concerned(fd))
REPLACE(int, unlink, (const char *path), (path), path_concerned(AT_FDCWD, path))
REPLACE(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags),
    path_concerned(folder, path))
REPLACE(int, rename, (const char *from, const char *to), (from, to), path_concerned(AT_FDCWD, to))
REPLACE(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to),
    path_concerned(b, to))
REPLACE(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
    (a, from, b, to, flags), path_concerned(b, to))
REPLACE(int, mkdir, (const char *path, mode_t mode), (path, mode), path_concerned(AT_FDCWD, path))
REPLACE(int, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode),
    path_concerned(folder, path))

/* open() and its kin count only if they make a file. */
#define REPLACE_OPEN(name, parameters, arguments, folder)                                          \
    int name parameters;                                                                           \
    int name parameters                                                                            \
    {                                                                                              \
        static int(*real) parameters;                                                              \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | O_TMPFILE)) {                                                       \
            va_list list;                                                                          \
            va_start(list, flags);                                                                 \
            mode = va_arg(list, mode_t);                                                           \
            va_end(list);                                                                          \
        }                                                                                          \
        if (!real)                                                                                 \
            *(void **)(&real) = dlsym(RTLD_NEXT, #name);                                           \
        int what = fault((flags & O_CREAT) && path_concerned(folder, path));                       \
        if (what == CRASH_AFTER) {                                                                 \
            real arguments;                                                                        \
            _exit(137);                                                                            \
        }                                                                                          \
        if (what) {                                                                                \
            errno = what;                                                                          \
            return -1;                                                                             \
        }                                                                                          \
        return real arguments;                                                                     \
    }

REPLACE_OPEN(open, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
REPLACE_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
REPLACE_OPEN(
    openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode), folder)
REPLACE_OPEN(
    openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode), folder)
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- memory ---- */

/* The places that have allocated: their return addresses. */
enum { MAX_PLACES = 1 << 16 };
static atomic_uintptr_t places[MAX_PLACES];

/* Whether a place allocates for the first time. */
static bool is_new(uintptr_t place)
{
    for (size_t at = place * UINT64_C(0x9e3779b97f4a7c15) >> 48;; at = (at + 1) % MAX_PLACES) {
        uintptr_t found = 0;
        if (atomic_compare_exchange_strong(&places[at], &found, place))
            return true;
        if (found == place)
            return false;
    }
}

/* Counts an allocation. Returns whether it fails. */
static bool allocation_fails(const void *place)
{
    int counted = state ? atomic_load(&state->counted) : COUNT_FILES;
    if (counted == COUNT_FILES || (counted == COUNT_PLACES && !is_new((uintptr_t)place)))
        return false;
    int number = atomic_fetch_add(&state->count, 1) + 1;
    if (number != atomic_load(&state->at))
        return false;
    errno = ENOMEM;
    return true;
}

/* The names that glibc has for its own functions. dlsym() allocates, so it can't be used. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

void *malloc(size_t bytes)
{
    return allocation_fails(__builtin_return_address(0)) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return allocation_fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    return allocation_fails(__builtin_return_address(0)) ? NULL : __libc_realloc(block, bytes);
}
/* NOLINTEND(bugprone-reserved-identifier) */
