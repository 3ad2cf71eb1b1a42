#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sh tests/lint.sh: runs clang-format and clang-tidy on the C sources, ESLint, Prettier and the
# TypeScript compiler on the pages, and shellcheck on the scripts.
# It is not part of tests/run.sh, because these tools are large.
set -eu
cd "$(dirname "$0")/.."

sh node/install-packages.sh node/packages.txt tests/packages.txt tests/lint-packages.txt
cmake --preset debug
cmake --build --preset debug
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
git ls-files '*.c' | xargs -P "$(nproc)" -n 4 clang-tidy -p build/debug --quiet
git ls-files '*.sh' .ci/run | xargs shellcheck
npm ci --prefix node/web --no-audit --no-fund --loglevel=error
npm run lint --prefix node/web
