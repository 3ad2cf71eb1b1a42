#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh tests/bench/run.sh NAME [ARGUMENT...]: builds a release and runs tests/bench/NAME.mjs, which
# compares it with another program.
# sh tests/bench/run.sh ab BASE NAME [ARGUMENT...]: compares it with another build of Terrace
# instead. BASE is a git revision, or a folder with the programs of a release. NAME is serve, ladder
# or link. PAIRS=10 sets the number of pairs.
set -eu
cd "$(dirname "$0")/../.."

usage() {
    echo "usage: sh tests/bench/run.sh NAME [ARGUMENT...]; there are:" >&2
    for file in tests/bench/*.mjs; do
        printf '  %-15s %s\n' "$(basename "$file" .mjs)" "$(sed -n 's|^// ||p' "$file" | sed -n 2p)" >&2
    done
    exit 2
}

build_release() {
    cmake -S "$1" --preset release >/dev/null
    cmake --build "$1/build/release" -- --quiet
}

# Builds a git revision and prints the folder with its programs. The work tree under build/ is kept
# for the next time.
build_revision() {
    commit=$(git rev-parse --verify --quiet "$1^{commit}") || {
        echo "run.sh: $1 is neither a git revision nor a folder that holds terrace" >&2
        return 2
    }
    tree=$PWD/build/base-$(git rev-parse --short=12 "$commit")
    [ -e "$tree/.git" ] || git worktree add --quiet --force --detach "$tree" "$commit"
    build_release "$tree" >&2
    echo "$tree/build/release"
}

if [ $# -eq 0 ] || [ ! -f "tests/bench/$1.mjs" ]; then usage; fi
name=$1
shift
if [ "$name" = ab ]; then
    case ${2-} in
    serve | ladder | link) ;;
    *) usage ;;
    esac
fi

sh node/install-packages.sh node/packages.txt tests/packages.txt tests/bench-packages.txt
build_release "$PWD"
if [ "$name" = ab ]; then
    if [ -x "$1/terrace" ]; then base=$1; else base=$(build_revision "$1"); fi
    shift
    set -- "$base" "$@"
fi
exec env TERRACE_BIN="$PWD/build/release" node "tests/bench/$name.mjs" "$@"
