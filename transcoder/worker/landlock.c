/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct landlock_ruleset_attr as of version 6. An older kernel accepts the first members alone. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; /* from version 4 */
    uint64_t scoped;             /* from version 6 */
};

#define ALL_OF_VERSION_1 ((1ULL << 13) - 1) /* the access rights from EXECUTE to MAKE_SYM */
#define REFER (1ULL << 13)                  /* version 2: rename or link to another folder */
#define TRUNCATE (1ULL << 14)               /* version 3 */
#define IOCTL_DEV (1ULL << 15)              /* version 5 */
#define NET_BIND_AND_CONNECT 3ULL
#define SCOPE_SOCKET_AND_SIGNAL 3ULL

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

static int make_ruleset(int version)
{
    uint64_t handled = ALL_OF_VERSION_1 | (version >= 2 ? REFER : 0) |
                       (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? IOCTL_DEV : 0);
    struct ruleset ruleset = {
        .handled_access_fs = handled,
        .handled_access_net = version >= 4 ? NET_BIND_AND_CONNECT : 0,
        .scoped = version >= 6 ? SCOPE_SOCKET_AND_SIGNAL : 0,
    };
    size_t known_bytes = version >= 6   ? sizeof(ruleset)
                         : version >= 4 ? offsetof(struct ruleset, scoped)
                                        : offsetof(struct ruleset, handled_access_net);
    return (int)syscall(SYS_landlock_create_ruleset, &ruleset, known_bytes, 0);
}

static int allow_reading(int ruleset_fd)
{
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -1;
    struct landlock_path_beneath_attr rule = {.allowed_access = READING, .parent_fd = root};
    long result = syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(root);
    return (int)result;
}

int landlock_enter(bool reading)
{
    int version = landlock_version();
    if (version == 0)
        return 0;
    int ruleset_fd = make_ruleset(version);
    if (ruleset_fd < 0)
        return -1;
    int result = reading ? allow_reading(ruleset_fd) : 0;
    if (result == 0)
        result = (int)syscall(SYS_landlock_restrict_self, ruleset_fd, 0);
    int error = errno;
    close(ruleset_fd);
    errno = error;
    return result < 0 ? -1 : version;
}
