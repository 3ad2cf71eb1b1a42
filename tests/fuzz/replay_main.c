/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target on files, so that its corpus is an ordinary test. The arguments name files, or
 * folders that hold files. */
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int replay(const char *path, const struct stat *info, int kind)
{
    size_t bytes = (size_t)info->st_size;
    if (kind != FTW_F)
        return kind == FTW_D ? 0 : -1;
    printf("%s\n", path);
    fflush(stdout);
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    uint8_t *data = malloc(bytes ? bytes : 1);
    bool complete = data && fread(data, 1, bytes, file) == bytes;
    if (complete)
        LLVMFuzzerTestOneInput(data, bytes);
    free(data);
    fclose(file);
    return complete ? 0 : -1;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (ftw(argv[i], replay, 8) != 0) {
            fprintf(stderr, "can't replay %s\n", argv[i]);
            return 1;
        }
    }
    return argc > 1 ? 0 : 2;
}
