#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs tests that take too long for tests/run.sh. Installs what they need and builds.
#   sh tests/fuzz/run.sh TARGET [SECONDS]      libFuzzer on fuzz_TARGET.c (60 s; h1: 3600 s).
#                                              It begins with the inputs in corpus/TARGET/.
#   sh tests/fuzz/run.sh all [SECONDS]         all targets, two at a time
#   sh tests/fuzz/run.sh hostile-media [SEED]  runs workers on about two thousand damaged clips,
#                                              and on small files that claim a lot of work
#   sh tests/fuzz/run.sh kills [COUNT]         kill -9 of workers and node during a transcode (20
#                                              times); the bytes of the lesson must be the same
#   sh tests/fuzz/run.sh memory-parsers        each allocation fails while the corpora are replayed
#   sh tests/fuzz/run.sh upload-kills [COUNT]  kill -9 of the node around the last byte of an upload
#                                              (200 times); each upload must become one lesson
#   sh tests/fuzz/run.sh life-kills [COUNT]    kill -9 of the node (1000 times) while lessons are
#                                              uploaded, made, changed and removed; goes on with
#                                              what an earlier run left in build/fuzz/life
#   sh tests/fuzz/run.sh disk-full [COUNT]     fills a disk (50 times) during a transcode. Needs root
#   sh tests/fuzz/run.sh faults [STEP [FIRST]] each STEP-th (1) write, fsync, rename ... of the node
#                                              fails, or ends it; nothing acknowledged may be lost
#   sh tests/fuzz/run.sh memory [STEP]         each STEP-th (1) allocation of the catalog fails
#   sh tests/fuzz/run.sh memory-node [COUNT [STEP]]
#                                              an allocation of the node fails: at each STEP-th (1)
#                                              place in the code, and COUNT (2000) others at random
#   sh tests/fuzz/run.sh soak [SECONDS]        a node with a crowd of random clients (1800 s); it
#                                              must not leak descriptors or memory. Needs root
#   sh tests/fuzz/run.sh tsan-load [SECONDS]   the same crowd (60 s) at a node that is built with
#                                              ThreadSanitizer. Needs root
#   sh tests/fuzz/run.sh outage [SECONDS]      a link outage (180 s) during transfers. Needs root
#                                              and TUN
# New inputs that libFuzzer finds are kept in build/fuzz/corpus/TARGET. Inputs that break a target
# are kept in build/fuzz/broken/.
set -eu
cd "$(dirname "$0")/../.."

targets=
for file in tests/fuzz/fuzz_*.c; do
    target=${file#tests/fuzz/fuzz_}
    targets="$targets ${target%.c}"
done
usage() {
    sed -n 's/^#   /  /p' tests/fuzz/run.sh >&2
    echo "TARGET:$targets" >&2
    exit 2
}
[ $# -ge 1 ] || usage

build() { # PRESET [TARGET...]
    preset=$1
    shift
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" ${1:+--target "$@"} -- --quiet
}

fuzz() { # TARGET SECONDS
    mkdir -p "build/fuzz/corpus/$1" build/fuzz/broken
    if nice build/fuzz/tests/fuzz_"$1" -max_total_time="$2" -timeout=60 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/broken/$1-" "build/fuzz/corpus/$1" "tests/fuzz/corpus/$1" >"build/fuzz/$1.log" 2>&1; then
        echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$1.log") runs, nothing found"
    else
        echo "$1: BROKEN, see build/fuzz/$1.log and build/fuzz/broken/" >&2
        return 1
    fi
}

load() { # PRESET SECONDS
    lecture=$PWD/build/release/tests/lecture
    mkdir -p "${lecture%/*}"
    TERRACE_BIN=$PWD/build/release node tests/harness/lecture.mjs "$lecture"
    TERRACE_BIN=$PWD/build/$1 TERRACE_WORKER=$PWD/build/release/terrace-worker TERRACE_LECTURE=$lecture nice node tests/fuzz/load.mjs "$2"
}

case $1 in
one) # called by "all" below
    fuzz "$3" "$2"
    ;;
soak)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build release
    load release "${2:-1800}"
    ;;
tsan-load)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build release
    build tsan terrace
    TERRACE_INSTRUMENTED=1 load tsan "${2:-60}"
    ;;
outage)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build release
    TERRACE_BIN=$PWD/build/release TERRACE_OUTAGE_S=${2:-180} exec node --test --test-reporter=spec tests/link/outage.test.mjs
    ;;
faults)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build debug terrace terrace-worker fault_shim
    TERRACE_BIN=$PWD/build/debug exec node tests/fuzz/faults.mjs "${2:-1}" "${3:-1}"
    ;;
memory-node)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build debug terrace terrace-worker fault_shim
    TERRACE_BIN=$PWD/build/debug exec node tests/fuzz/faults.mjs memory "${2:-2000}" "${3:-1}"
    ;;
memory-parsers)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    pure="http_head http_target http_chunked http_values cmcd forwarded job media_info message metadata"
    pure="$pure ass config rendition segments webvtt charset merged_init media_names"
    set --
    for target in $pure; do set -- "$@" "fuzz_$target"; done
    build debug "$@" fault_shim
    # shellcheck disable=SC2086 # a list of names
    TERRACE_BIN=$PWD/build/debug exec node tests/fuzz/parsers_memory.mjs $pure
    ;;
memory)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build asan catalog.short_memory_test
    exec build/asan/tests/catalog.short_memory_test "${2:-1}"
    ;;
upload-kills)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build release
    TERRACE_BIN=$PWD/build/release exec node tests/fuzz/upload_kills.mjs "${2:-200}"
    ;;
life-kills)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build release
    TERRACE_BIN=$PWD/build/release exec node tests/fuzz/life_kills.mjs "${2:-1000}" "$PWD/build/fuzz/life"
    ;;
disk-full)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build release
    TERRACE_BIN=$PWD/build/release exec node tests/fuzz/disk_full.mjs "${2:-50}"
    ;;
hostile-media | kills)
    sh node/install-packages.sh node/packages.txt tests/packages.txt
    build asan
    export TERRACE_BIN="$PWD/build/asan" TERRACE_HOSTILE=full
    if [ "$1" = kills ]; then
        TERRACE_KILLS=${2:-20} exec node --test --test-reporter=spec tests/node/interrupted_transcodes.test.mjs
    fi
    mkdir -p build/asan/broken
    TERRACE_SEED=${2:-1} TERRACE_KEEP=$PWD/build/asan/broken exec node --test --test-reporter=spec \
        tests/transcoder/input_bounds.test.mjs tests/transcoder/damaged_files.test.mjs
    ;;
all)
    sh node/install-packages.sh node/packages.txt tests/packages.txt tests/fuzz-packages.txt
    seconds=${2:-60}
    set --
    for target in $targets; do set -- "$@" "fuzz_$target"; done
    build fuzz "$@"
    printf '%s\n' "$@" | sed 's/^fuzz_//' | xargs -P 2 -n 1 sh tests/fuzz/run.sh one "$seconds"
    ;;
*)
    [ -f "tests/fuzz/fuzz_$1.c" ] || usage
    sh node/install-packages.sh node/packages.txt tests/packages.txt tests/fuzz-packages.txt
    build fuzz "fuzz_$1"
    seconds=60
    if [ "$1" = h1 ]; then
        seconds=3600
        node tests/fuzz/h1_seeds.mjs build/fuzz/corpus/h1
    fi
    fuzz "$1" "${2:-$seconds}"
    ;;
esac
