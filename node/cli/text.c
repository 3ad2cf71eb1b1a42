/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "transcoder/text/gb18030.h"
#include "transcoder/text/utf8.h"

void text_init(void)
{
    const char *set = setlocale(LC_CTYPE, "");
    if (!set || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

bool text_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value && *value != '\0')
            return strncmp(value, "zh", 2) == 0;
    }
    return false;
}

/* ---- columns ---- */

struct glyph {
    size_t bytes; /* 0: the end of the text */
    int columns;
    bool plain; /* can be written to a terminal as it is */
};

static struct glyph next_glyph(const char *text)
{
    wchar_t wide = 0;
    mbstate_t state;
    memset(&state, 0, sizeof(state));
    size_t bytes = mbrtowc(&wide, text, MB_CUR_MAX, &state);
    if (bytes == 0)
        return (struct glyph){0};
    if (bytes == (size_t)-1 || bytes == (size_t)-2)
        return (struct glyph){.bytes = 1, .columns = 1};
    int columns = wcwidth(wide);
    if (columns < 0)
        return (struct glyph){.bytes = bytes, .columns = 1};
    return (struct glyph){.bytes = bytes, .columns = columns, .plain = true};
}

int text_terminal_columns(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_col;
}

int text_columns(const char *text)
{
    int columns = 0;
    for (struct glyph glyph; (glyph = next_glyph(text)).bytes != 0; text += glyph.bytes)
        columns += glyph.columns;
    return columns;
}

int text_print(FILE *file, const char *text, int max_columns, int pad_columns)
{
    int columns = 0;
    bool cut = max_columns > 0 && text_columns(text) > max_columns;
    int room = cut ? max_columns - 1 : INT32_MAX;
    for (struct glyph glyph; (glyph = next_glyph(text)).bytes != 0; text += glyph.bytes) {
        if (columns + glyph.columns > room)
            break;
        if (glyph.plain)
            fwrite(text, 1, glyph.bytes, file);
        else
            fputc('?', file);
        columns += glyph.columns;
    }
    if (cut) {
        fputs("…", file);
        columns++;
    }
    for (; columns < pad_columns; columns++)
        fputc(' ', file);
    return columns;
}

/* ---- encodings ---- */

static char *with_question_marks(const char *text)
{
    char *copy = strdup(text);
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    }
    return copy;
}

/* Returns NULL if text is not GB18030, or if memory ran out. */
static char *from_gb18030(const char *text)
{
    struct gb18030 *converter;
    if (gb18030_open(&converter) < 0)
        return NULL;
    size_t bytes = strlen(text);
    char *result = malloc(2 * bytes + 1);
    long length = result ? gb18030_to_utf8(converter, text, bytes, result, 2 * bytes) : -1;
    gb18030_close(&converter);
    if (length < 0) {
        free(result);
        return NULL;
    }
    result[length] = '\0';
    return result;
}

char *text_utf8(const char *text)
{
    if (utf8_valid(text, strlen(text)))
        return strdup(text);
    char *result = from_gb18030(text);
    return result ? result : with_question_marks(text);
}

/* ---- numbers ---- */

const char *text_size(int64_t bytes, char *out)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int64_t scale = 1;
    size_t unit = 0;
    /* The rounded value decides on the unit: 999,500 bytes are shown as 1 MB, not as 1000 kB. */
    for (; bytes >= 1000 * scale - scale / 2 && unit < 4; unit++)
        scale *= 1000;
    int64_t whole = bytes / scale + (scale > 1 && bytes % scale >= scale / 2);
    int64_t tenths = bytes < 10 * scale ? (bytes * 10 + scale / 2) / scale : 0;
    if (tenths % 10 != 0)
        snprintf(out, TEXT_SHORT_BYTES, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10,
            units[unit]);
    else
        snprintf(out, TEXT_SHORT_BYTES, "%" PRId64 " %s", whole, units[unit]);
    return out;
}

const char *text_duration(int64_t duration_us, char *out)
{
    int64_t seconds = (duration_us + 500000) / 1000000;
    int64_t hours = seconds / 3600;
    int minutes = (int)(seconds / 60 % 60);
    if (hours > 0)
        snprintf(
            out, TEXT_SHORT_BYTES, "%" PRId64 ":%02d:%02d", hours, minutes, (int)(seconds % 60));
    else
        snprintf(out, TEXT_SHORT_BYTES, "%d:%02d", minutes, (int)(seconds % 60));
    return out;
}

const char *text_time(int64_t time_ms, char *out)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(out, TEXT_SHORT_BYTES, "%Y-%m-%d %H:%M", &local) == 0)
        snprintf(out, TEXT_SHORT_BYTES, "?");
    return out;
}
