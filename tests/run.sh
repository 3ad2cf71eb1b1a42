#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh tests/run.sh [CTEST OPTION...]: installs what the tests need, builds with ASan and UBSan, and
# runs all tests.
set -eu
cd "$(dirname "$0")/.."

sh node/install-packages.sh node/packages.txt tests/packages.txt
cmake --preset asan
cmake --build --preset asan
# Two tests run at the same time, because most tests spend much time waiting for a worker or a
# browser.
exec ctest --test-dir build/asan --output-on-failure --no-tests=error --parallel 2 "$@"
