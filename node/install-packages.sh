#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh node/install-packages.sh LIST...: installs the Debian packages in the lists that are missing.
# A list has one package per line; '#' begins a comment. The script needs root or sudo only if a
# package is missing.
set -eu

# If `node` or `npm` exists, it is used, even if it does not come from a Debian package. Debian's
# packages would remove a Node.js that was installed from elsewhere.
wanted() {
    case $1 in
    nodejs) ! command -v node >/dev/null ;;
    npm) ! command -v npm >/dev/null ;;
    *) ! dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed' ;;
    esac
}

# The arguments of the script are replaced by the packages that are missing.
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
# RUNLEVEL=1 keeps services in the packages (such as prometheus) from being started.
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "$@"
}
# The package lists may be missing or outdated, so fetch them first.
if ! { $as_root apt-get update && install "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "Installing packages failed; the lines above say why." >&2
    exit 1
fi
