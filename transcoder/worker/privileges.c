/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcoder/worker/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_CAPABILITIES 64

#define BITS                                                                                       \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                               \
        SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |    \
        SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

int privileges_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0}, held[COUNT(none)];
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    /* What fails here shows in the question at the end, or does not matter. */
    for (int capability = 0; capability < MAX_CAPABILITIES; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_SET_SECUREBITS, BITS, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    syscall(SYS_capset, &header, none);
    if (syscall(SYS_capget, &header, held) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(held); i++)
        if (held[i].effective | held[i].permitted | held[i].inheritable) {
            errno = EPERM;
            return -1;
        }
    return 0;
}
