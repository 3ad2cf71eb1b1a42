#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh tests/bench/run.sh NAME [ARGUMENT...]: builds a release and measures it beside its peer. NAME: a file here, without .mjs.
set -eu
cd "$(dirname "$0")/../.."

if [ $# -eq 0 ] || [ ! -f "tests/bench/$1.mjs" ]; then
    echo "usage: sh tests/bench/run.sh NAME [ARGUMENT...]; there are:" >&2
    for file in tests/bench/*.mjs; do
        printf '  %-12s %s\n' "$(basename "$file" .mjs)" "$(sed -n 's|^// ||p' "$file" | sed -n 2p)" >&2
    done
    exit 2
fi
sh node/install-packages.sh node/packages.txt tests/packages.txt tests/bench-packages.txt
cmake --preset release >/dev/null
cmake --build --preset release -- --quiet
name=$1
shift
exec env TERRACE_BIN="$PWD/build/release" node "tests/bench/$name.mjs" "$@"
