/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the reading of init segments and of the beginnings of segments. The node reads both to lay
 * out virtual files. The input is an init segment, which ends before the first box "moof", and then
 * a segment. */
#include <stdlib.h>
#include <string.h>

#include "node/hls/merged_init.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const struct merged_segment segments[] = {{1000, 76800}, {700, 6400}};
    const uint8_t *moof = memmem(data, bytes, "moof", 4);
    size_t init_bytes = moof && moof - data >= 4 ? (size_t)(moof - data) - 4 : bytes;
    const struct merged_input inputs[] = {{data, init_bytes}, {data, init_bytes}};
    struct merged_params params = {.inputs = inputs,
        .input_count = 1,
        .duration_us = 1000000,
        .timescale = 12800,
        .segments = segments,
        .segment_count = 2};
    struct buf out = {0};
    int64_t start;
    if (merged_init_write(&params, &out) == 0) {
        /* The result can be read again as an input. The same track twice is refused. */
        struct merged_input again = {(const uint8_t *)out.data, out.used_bytes};
        struct buf second = {0};

        params.inputs = &again;
        if (merged_init_write(&params, &second) < 0)
            abort();
        buf_free(&second);
        params.inputs = inputs;
        params.input_count = 2;
        if (merged_init_write(&params, &second) == 0)
            abort();
        buf_free(&second);
    }
    buf_free(&out);
    if (merged_segment_start(data + init_bytes, bytes - init_bytes, &start) == 0 &&
        start < -INT32_MAX - 1LL)
        abort();
    return 0;
}
