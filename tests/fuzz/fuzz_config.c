/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the parser of the configuration file. What it accepts is printed and parsed again, and
 * must print the same. */
#include <stdlib.h>
#include <string.h>

#include "node/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static char *print(const struct config *config, size_t *bytes)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, bytes);
    if (!file)
        abort();
    config_print(file, config);
    fclose(file);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char message[CONFIG_MESSAGE_BYTES] = "";
    struct config config, again;
    size_t text_bytes, again_bytes;
    config_defaults(&config);
    config_defaults(&again);
    if (config_parse(&config, "f", (const char *)data, bytes, message, sizeof(message)) < 0) {
        if (message[0] == '\0' || strchr(message, '\n'))
            abort();
        return 0;
    }
    char *text = print(&config, &text_bytes);
    if (!text)
        abort();
    if (config_parse(&again, "f", text, text_bytes, message, sizeof(message)) < 0)
        abort();
    char *text_again = print(&again, &again_bytes);
    if (!text_again)
        abort();
    if (again_bytes != text_bytes || memcmp(text, text_again, text_bytes) != 0)
        abort();
    free(text);
    free(text_again);
    return 0;
}
