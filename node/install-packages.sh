#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh node/install-packages.sh LIST...: installs the Debian packages named in the lists, as far as they are missing.
# A list has a package a line; '#' begins a comment. Needs root or sudo only when something is missing.
set -eu

# A Node from elsewhere would be removed by Debian's packages: where the commands are there, they serve.
wanted() {
    case $1 in
    nodejs) ! command -v node >/dev/null ;;
    npm) ! command -v npm >/dev/null ;;
    *) ! dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed' ;;
    esac
}

# The arguments become the packages that are missing.
packages=$(sed 's/#.*//' "$@")
set --
for package in $packages; do
    if wanted "$package"; then set -- "$@" "$package"; fi
done
[ $# -gt 0 ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing, and there is neither root nor sudo to install them: $*" >&2
        exit 1
    fi
    as_root=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing, with what they need (some minutes; tail -f $log shows it): $*"
# RUNLEVEL=1: services that come with a package (prometheus) are not started.
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "$@"
}
# The package lists may be missing or old: fetch them, then install.
if ! { $as_root apt-get update && install "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "Installing packages failed; the lines above say why." >&2
    exit 1
fi
