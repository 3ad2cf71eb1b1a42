#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh tests/run.sh [CTEST OPTION...]: installs what the tests need, builds with ASan and UBSan, and
# runs all tests.
set -eu
cd "$(dirname "$0")/.."

sh node/install-packages.sh node/packages.txt tests/packages.txt
cmake --preset asan
cmake --build --preset asan
# Three tests run at the same time, because most of them spend much time waiting for a worker, a
# browser or an emulated link.
exec ctest --test-dir build/asan --output-on-failure --no-tests=error --parallel 3 "$@"
