/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts of sandbox_tool on files: by paths, and by descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/transcoder/sandbox_acts.h"

#define ABSOLUTE "/etc/passwd"

/* ---- opening ---- */

static long open_elsewhere(void)
{
    return open(ABSOLUTE, O_RDONLY);
}

static long open_absolute(void)
{
    return openat(ACT_FD_FOLDER, ABSOLUTE, O_RDONLY);
}

static long open_inside(void)
{
    return openat(ACT_FD_FOLDER, "victim", O_RDONLY);
}

static long open_above(void)
{
    return openat(ACT_FD_FOLDER, "..", O_RDONLY | O_DIRECTORY);
}

static long open_path_only(void)
{
    return openat(ACT_FD_FOLDER, "victim", O_PATH);
}

/* Access mode 3 allows neither reading nor writing, but ioctl. */
static long open_for_ioctl(void)
{
    return open("/dev/null", O_ACCMODE);
}

static long open_by_how(void)
{
    uint64_t how[3] = {O_RDONLY, 0, 0};
    return syscall(SYS_openat2, ACT_FD_FOLDER, "..", how, sizeof(how));
}

static long create_elsewhere(void)
{
    return open("/tmp/terrace-sandbox-escape", O_WRONLY | O_CREAT, 0600);
}

static long create_inside(void)
{
    return openat(ACT_FD_FOLDER, "escape", O_WRONLY | O_CREAT, 0600);
}

static long create_nameless(void)
{
    return openat(ACT_FD_FOLDER, ".", O_WRONLY | O_TMPFILE, 0600);
}

static long make_memory_file(void)
{
    return memfd_create("x", 0);
}

/* ---- changing by path ---- */

static long rename_it(void)
{
    return renameat(ACT_FD_FOLDER, "victim", ACT_FD_FOLDER, "escape");
}

static long remove_it(void)
{
    return unlinkat(ACT_FD_FOLDER, "victim", 0);
}

static long make_link(void)
{
    return linkat(ACT_FD_FOLDER, "victim", ACT_FD_FOLDER, "escape", 0);
}

static long make_symlink(void)
{
    return symlinkat(ABSOLUTE, ACT_FD_FOLDER, "escape");
}

static long make_folder(void)
{
    return mkdirat(ACT_FD_FOLDER, "escape", 0700);
}

static long make_node(void)
{
    return mknodat(ACT_FD_FOLDER, "escape", S_IFIFO | 0600, 0);
}

static long change_mode(void)
{
    return fchmodat(ACT_FD_FOLDER, "victim", 0777, 0);
}

static long change_owner(void)
{
    return fchownat(ACT_FD_FOLDER, "victim", 1, 1, 0);
}

static long change_times(void)
{
    return utimensat(ACT_FD_FOLDER, "victim", NULL, 0);
}

static long cut_short(void)
{
    return truncate(ABSOLUTE, 0);
}

static long change_folder(void)
{
    return chdir("/");
}

static long change_to_descriptor(void)
{
    return fchdir(ACT_FD_FOLDER);
}

/* ---- looking by path ---- */

static long look(void)
{
    struct stat status;
    return fstatat(ACT_FD_FOLDER, ABSOLUTE, &status, 0);
}

static long look_by_statx(void)
{
    struct statx status;
    return statx(ACT_FD_FOLDER, ABSOLUTE, 0, STATX_SIZE, &status);
}

static long check_access(void)
{
    return faccessat(ACT_FD_FOLDER, ABSOLUTE, R_OK, 0);
}

static long read_link(void)
{
    char text[64];
    return readlinkat(ACT_FD_FOLDER, "/proc/self/exe", text, sizeof(text));
}

static long look_at_disk(void)
{
    struct statfs status;
    return statfs("/", &status);
}

static long list_folder(void)
{
    char entries[1024];
    return syscall(SYS_getdents64, ACT_FD_FOLDER, entries, sizeof(entries));
}

static long watch(void)
{
    return inotify_init1(0);
}

/* ---- by descriptor ---- */

static long make_suid(void)
{
    return fchmod(ACT_FD_FILE, 04755);
}

/* Sets a flag of the file and removes it again. */
static long set_flag(int flag)
{
    int flags = 0;
    if (ioctl(ACT_FD_FILE, FS_IOC_GETFLAGS, &flags) < 0)
        return -1;
    flags |= flag;
    if (ioctl(ACT_FD_FILE, FS_IOC_SETFLAGS, &flags) < 0)
        return -1;
    flags &= ~flag;
    return ioctl(ACT_FD_FILE, FS_IOC_SETFLAGS, &flags);
}

static long make_immutable(void)
{
    return set_flag(FS_IMMUTABLE_FL);
}

/* Any owner of a file may set this flag, without a privilege. */
static long set_nodump(void)
{
    return set_flag(FS_NODUMP_FL);
}

static long set_attribute(void)
{
    return fsetxattr(ACT_FD_FILE, "user.terrace", "x", 1, 0);
}

static long change_owner_by_descriptor(void)
{
    return fchown(ACT_FD_FILE, 1, 1);
}

static long cut_short_by_descriptor(void)
{
    return ftruncate(ACT_FD_FILE, 0);
}

/* With O_ASYNC, the kernel would send signals to any process of the user. */
static long own_signals(void)
{
    return fcntl(ACT_FD_FILE, F_SETOWN, getppid());
}

const struct act acts_on_files[] = {
    {"open", open_elsewhere},
    {"open_absolute", open_absolute},
    {"open_inside", open_inside},
    {"open_above", open_above},
    {"open_path", open_path_only},
    {"open_for_ioctl", open_for_ioctl},
    {"openat2", open_by_how},
    {"create", create_elsewhere},
    {"create_inside", create_inside},
    {"create_nameless", create_nameless},
    {"memfd", make_memory_file},
    {"rename", rename_it},
    {"unlink", remove_it},
    {"link", make_link},
    {"symlink", make_symlink},
    {"mkdir", make_folder},
    {"mknod", make_node},
    {"chmod", change_mode},
    {"chown", change_owner},
    {"utimens", change_times},
    {"truncate", cut_short},
    {"chdir", change_folder},
    {"fchdir", change_to_descriptor},
    {"stat", look},
    {"statx", look_by_statx},
    {"access", check_access},
    {"readlink", read_link},
    {"statfs", look_at_disk},
    {"getdents", list_folder},
    {"inotify", watch},
    {"suid", make_suid},
    {"immutable", make_immutable},
    {"nodump", set_nodump},
    {"xattr", set_attribute},
    {"fchown", change_owner_by_descriptor},
    {"ftruncate", cut_short_by_descriptor},
    {"setown", own_signals},
    {NULL, NULL},
};
