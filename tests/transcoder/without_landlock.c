/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program as on a kernel without Landlock: landlock_create_ruleset() fails with ENOSYS.
 *
 *   without_landlock PROGRAM [ARGUMENT...]
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int error = filter && argc > 1 ? 0 : -EINVAL;
    if (error == 0)
        error =
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
    if (error == 0)
        error = seccomp_load(filter);
    seccomp_release(filter);
    if (error == 0)
        execv(argv[1], argv + 1);
    fprintf(stderr, "without_landlock: %s\n", strerror(error < 0 ? -error : errno));
    return 126;
}
