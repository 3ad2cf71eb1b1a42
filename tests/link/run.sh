#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh tests/link/run.sh PROFILE -- COMMAND [ARGUMENT...]: runs a command behind an emulated village
# link (see link_main.c).
# Builds the emulator with the system's compiler. Exit status 77 means skipped, because TUN or root
# is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ $# -lt 3 ] || [ "$2" != -- ]; then
    echo "usage: sh tests/link/run.sh PROFILE -- COMMAND [ARGUMENT...]; PROFILE: 2g, bad-3g, satellite, village-adsl, flapping" >&2
    exit 2
fi
if [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ]; then
    echo "link: skipped: needs root and /dev/net/tun" >&2
    exit 77
fi
mkdir -p "$root/build"
link=$root/build/link
build() { # PROGRAM SOURCE...
    program=$1
    shift
    if [ ! -x "$program" ] || [ -n "$(find "$here" -name '*.[ch]' -newer "$program")" ]; then
        # Other processes may build the same program at the same time. The rename makes sure that
        # they never see a partly written file.
        "${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I"$root" -o "$program.$$" "$@"
        mv "$program.$$" "$program"
    fi
}
build "$link" "$here/link.c" "$here/link_main.c"
build "$link-listen" "$here/listen_main.c"
profile=$1
shift 2
exec "$link" "$profile" "$@"
