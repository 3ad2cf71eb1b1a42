/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/util/ranges.h"

#define FILE_MAX_BYTES ((size_t)256 * 1024)
#define LINE_MAX_BYTES 1024
#define KIB INT64_C(1024)
#define PROSE_COLUMNS 100
#define BPS 1000 /* bit/s in a kbit/s */

const struct config_option *config_options(size_t *count)
{
    *count = CONFIG_OPTIONS;
    return config_table;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
            return false;
    }
    return *a == *b;
}

const struct config_option *config_find(const char *name)
{
    for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
        if (same_name(config_table[i].name, name))
            return &config_table[i];
    }
    return NULL;
}

static int64_t *number_field(struct config *config, const struct config_option *option)
{
    return (int64_t *)(void *)((char *)config + option->offset);
}

void config_defaults(struct config *config)
{
    *config = (struct config){0};
    for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
        char message[CONFIG_MESSAGE_BYTES];
        int failed = config_set(
            config, &config_table[i], config_table[i].default_text, message, sizeof(message));
        assert(failed == 0);
        (void)failed;
    }
}

/* ---- values ---- */

/* Whether text is a port: 1 to 5 digits, at most 65535. */
static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 5 && text[digits] == '\0' && atoi(text) <= 65535;
}

static bool is_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon || !is_port(colon + 1))
        return false;
    char host[INET6_ADDRSTRLEN + 2];
    size_t host_bytes = (size_t)(colon - text);
    if (host_bytes == 0 || host_bytes >= sizeof(host))
        return false;
    memcpy(host, text, host_bytes);
    host[host_bytes] = '\0';
    struct in6_addr address;
    if (host[0] != '[')
        return inet_pton(AF_INET, host, &address) == 1;
    if (host[host_bytes - 1] != ']')
        return false;
    host[host_bytes - 1] = '\0';
    return inet_pton(AF_INET6, host + 1, &address) == 1;
}

/* Returns the factor of a suffix; 0 for an unknown one. */
static int64_t suffix_factor(const char *suffix)
{
    static const char letters[] = "KMGT";
    if (suffix[0] == '\0')
        return 1;
    const char *found = strchr(letters, toupper((unsigned char)suffix[0]));
    if (!found || suffix[1] != '\0')
        return 0;
    int64_t factor = 1;
    for (const char *letter = letters; letter <= found; letter++)
        factor *= KIB;
    return factor;
}

static bool parse_number(const char *text, bool suffix_allowed, int64_t *out)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || (*end != '\0' && !suffix_allowed))
        return false;
    int64_t factor = suffix_factor(end);
    return factor != 0 && !__builtin_mul_overflow((int64_t)number, factor, out);
}

static int set_address(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    if (!is_address(text)) {
        snprintf(message, message_bytes,
            "%s: \"%.100s\" is not ADDRESS:PORT (as in 127.0.0.1:8080 or [::1]:8080)", option->name,
            text);
        return -EINVAL;
    }
    snprintf((char *)config + option->offset, CONFIG_TEXT_BYTES, "%s", text);
    return 0;
}

static int set_text(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    if (strlen(text) >= CONFIG_TEXT_BYTES) {
        snprintf(message, message_bytes, "%s: \"%.100s...\" is too long", option->name, text);
        return -EINVAL;
    }
    snprintf((char *)config + option->offset, CONFIG_TEXT_BYTES, "%s", text);
    return 0;
}

/* Whether text is one of the choices in "this|that". */
static bool is_choice(const char *choices, const char *text)
{
    size_t bytes = strlen(text);
    for (; *choices != '\0'; choices += strspn(choices, "|")) {
        size_t choice_bytes = strcspn(choices, "|");
        if (choice_bytes == bytes && memcmp(choices, text, bytes) == 0)
            return true;
        choices += choice_bytes;
    }
    return false;
}

static int set_choice(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    if (!is_choice(option->unit, text)) {
        snprintf(message, message_bytes, "%s: \"%.100s\" is none of %s", option->name, text,
            option->unit);
        return -EINVAL;
    }
    return set_text(config, option, text, message, message_bytes);
}

static int set_number(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    int64_t number = 0;
    if (!parse_number(text, option->type == CONFIG_BYTES, &number)) {
        snprintf(message, message_bytes, "%s: \"%.100s\" is not a whole number%s", option->name,
            text, option->type == CONFIG_BYTES ? " (which may end in K, M, G or T)" : "");
        return -EINVAL;
    }
    if (number < option->min || number > option->max) {
        char range[CONFIG_TEXT_BYTES];
        config_range(option, range);
        snprintf(message, message_bytes, "%s: %.100s is not within %s", option->name, text, range);
        return -EINVAL;
    }
    *number_field(config, option) = number;
    return 0;
}

/* Reads the number of kbit/s at the start of *text into *out in bit/s. Moves *text behind the
 * number and a comma after it. Returns false if there is no number, or if anything but the end or a
 * comma and more text follows it. */
static bool take_rate(const char **text, int64_t *out)
{
    char digits[16];
    size_t count = strspn(*text, "0123456789");
    if (count >= sizeof(digits))
        return false;
    memcpy(digits, *text, count);
    digits[count] = '\0';
    *text += count;
    bool more = **text == ',' && (*text)[1] != '\0';
    *text += more;
    if (!(more || **text == '\0') || !parse_number(digits, false, out))
        return false;
    *out *= BPS;
    return true;
}

static int set_rates(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    int64_t rates[CONFIG_MAX_RATES] = {0};
    const char *rest = text;
    size_t count = 0;
    bool good = *text != '\0';
    for (; good && *rest != '\0'; count++)
        good = count < CONFIG_MAX_RATES && take_rate(&rest, &rates[count]) &&
               rates[count] >= option->min * BPS && rates[count] <= option->max * BPS &&
               (count == 0 || rates[count] > rates[count - 1]);
    if (!good) {
        char range[CONFIG_TEXT_BYTES];
        config_range(option, range);
        snprintf(message, message_bytes, "%s: \"%.100s\" is not %s", option->name, text, range);
        return -EINVAL;
    }
    memcpy((char *)config + option->offset, rates, sizeof(rates));
    return 0;
}

static int set_ranges(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    struct ranges ranges;
    char bad[48];
    int error = ranges_parse(&ranges, text, bad, sizeof(bad));
    if (error == 0)
        return set_text(config, option, text, message, message_bytes);
    if (error == -E2BIG)
        snprintf(
            message, message_bytes, "%s: there are more than %d ranges", option->name, RANGES_MAX);
    else
        snprintf(message, message_bytes,
            "%s: \"%s\" is neither an address nor a range such as 10.1.0.0/16", option->name, bad);
    return -EINVAL;
}

static int set_switch(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    bool yes = strcmp(text, "yes") == 0;
    if (!yes && strcmp(text, "no") != 0) {
        snprintf(
            message, message_bytes, "%s: \"%.100s\" is neither yes nor no", option->name, text);
        return -EINVAL;
    }
    *(bool *)(void *)((char *)config + option->offset) = yes;
    return 0;
}

int config_set(struct config *config, const struct config_option *option, const char *text,
    char *message, size_t message_bytes)
{
    switch (option->type) {
    case CONFIG_ADDRESS:
        return set_address(config, option, text, message, message_bytes);
    case CONFIG_OPTIONAL_ADDRESS:
        if (*text != '\0')
            return set_address(config, option, text, message, message_bytes);
        return set_text(config, option, text, message, message_bytes);
    case CONFIG_RANGES:
        return set_ranges(config, option, text, message, message_bytes);
    case CONFIG_PATH:
        return set_text(config, option, text, message, message_bytes);
    case CONFIG_CHOICE:
        return set_choice(config, option, text, message, message_bytes);
    case CONFIG_NUMBER:
    case CONFIG_BYTES:
        return set_number(config, option, text, message, message_bytes);
    case CONFIG_SWITCH:
        return set_switch(config, option, text, message, message_bytes);
    case CONFIG_RATES:
        return set_rates(config, option, text, message, message_bytes);
    }
    assert(!"an option's type has no parser");
    return -EINVAL;
}

/* Writes a number of bytes with the largest suffix that leaves a whole number: 68719476736 becomes
 * "64G". */
static void format_bytes(int64_t number, char *out, size_t out_bytes)
{
    static const char suffixes[][2] = {"", "K", "M", "G", "T"};
    size_t suffix = 0;
    while (number != 0 && number % KIB == 0 && suffix < 4) {
        number /= KIB;
        suffix++;
    }
    snprintf(out, out_bytes, "%" PRId64 "%s", number, suffixes[suffix]);
}

static void format_rates(const int64_t *rates, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < CONFIG_MAX_RATES && rates[i] > 0 && used < out_bytes; i++)
        used += (size_t)snprintf(
            out + used, out_bytes - used, "%s%" PRId64, i > 0 ? "," : "", rates[i] / BPS);
}

void config_value(const struct config *config, const struct config_option *option, char *out)
{
    const char *field = (const char *)config + option->offset;
    switch (option->type) {
    case CONFIG_ADDRESS:
    case CONFIG_OPTIONAL_ADDRESS:
    case CONFIG_PATH:
    case CONFIG_CHOICE:
    case CONFIG_RANGES:
        snprintf(out, CONFIG_TEXT_BYTES, "%s", field);
        break;
    case CONFIG_NUMBER:
        snprintf(out, CONFIG_TEXT_BYTES, "%" PRId64, *(const int64_t *)(const void *)field);
        break;
    case CONFIG_BYTES:
        format_bytes(*(const int64_t *)(const void *)field, out, CONFIG_TEXT_BYTES);
        break;
    case CONFIG_SWITCH:
        snprintf(out, CONFIG_TEXT_BYTES, "%s", *(const bool *)field ? "yes" : "no");
        break;
    case CONFIG_RATES:
        format_rates((const int64_t *)(const void *)field, out, CONFIG_TEXT_BYTES);
        break;
    }
}

void config_range(const struct config_option *option, char *out)
{
    char min[32], max[32];
    switch (option->type) {
    case CONFIG_ADDRESS:
        snprintf(out, CONFIG_TEXT_BYTES, "ADDRESS:PORT");
        break;
    case CONFIG_OPTIONAL_ADDRESS:
        snprintf(out, CONFIG_TEXT_BYTES, "ADDRESS:PORT or nothing");
        break;
    case CONFIG_RANGES:
        snprintf(out, CONFIG_TEXT_BYTES, "addresses and ranges, or nothing");
        break;
    case CONFIG_PATH:
        snprintf(out, CONFIG_TEXT_BYTES, "a file or nothing");
        break;
    case CONFIG_CHOICE:
        snprintf(out, CONFIG_TEXT_BYTES, "one of");
        break;
    case CONFIG_NUMBER:
        snprintf(out, CONFIG_TEXT_BYTES, "%" PRId64 " to %" PRId64, option->min, option->max);
        break;
    case CONFIG_BYTES:
        format_bytes(option->min, min, sizeof(min));
        format_bytes(option->max, max, sizeof(max));
        snprintf(out, CONFIG_TEXT_BYTES, "%s to %s", min, max);
        break;
    case CONFIG_SWITCH:
        snprintf(out, CONFIG_TEXT_BYTES, "yes or no");
        break;
    case CONFIG_RATES:
        snprintf(out, CONFIG_TEXT_BYTES,
            "%d at most, rising, with commas, each %" PRId64 " to %" PRId64, CONFIG_MAX_RATES,
            option->min, option->max);
        break;
    }
}

/* ---- the file ---- */

/* Returns the text without spaces, tabs and carriage returns at both ends. Its end is cut in
 * place. */
static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t bytes = strlen(text);
    while (bytes > 0 && strchr(" \t\r", text[bytes - 1]) != NULL)
        text[--bytes] = '\0';
    return text;
}

/* Removes a comment: a '#' at the start of the line or after white space. */
static void cut_comment(char *line)
{
    for (char *at = line; (at = strchr(at, '#')) != NULL; at++) {
        if (at == line || at[-1] == ' ' || at[-1] == '\t') {
            *at = '\0';
            return;
        }
    }
}

struct reader {
    struct config *config;
    int line;
    int set_on[CONFIG_OPTIONS]; /* the line that set each option; 0: none */
};

/* Parses one line. Returns 0; or -EINVAL, with message as in config_set(). */
static int parse_line(struct reader *reader, char *line, char *message, size_t message_bytes)
{
    cut_comment(line);
    line = trim(line);
    if (*line == '\0')
        return 0;
    char *equals = strchr(line, '=');
    if (!equals) {
        snprintf(message, message_bytes, "\"%.100s\" is not \"name = value\"", line);
        return -EINVAL;
    }
    *equals = '\0';
    const char *name = trim(line);
    const struct config_option *option = config_find(name);
    if (!option) {
        snprintf(message, message_bytes,
            "there is no option \"%.100s\" (`terrace config` shows all)", name);
        return -EINVAL;
    }
    int *set_on = &reader->set_on[option - config_table];
    if (*set_on != 0) {
        snprintf(message, message_bytes, "%s was set in line %d already", option->name, *set_on);
        return -EINVAL;
    }
    *set_on = reader->line;
    return config_set(reader->config, option, trim(equals + 1), message, message_bytes);
}

static int parse_raw_line(
    struct reader *reader, const char *text, size_t text_bytes, char *message, size_t message_bytes)
{
    char line[LINE_MAX_BYTES];
    if (text_bytes >= sizeof(line) || memchr(text, '\0', text_bytes) != NULL) {
        snprintf(message, message_bytes, "this is not a line of text");
        return -EINVAL;
    }
    memcpy(line, text, text_bytes);
    line[text_bytes] = '\0';
    return parse_line(reader, line, message, message_bytes);
}

int config_parse(struct config *config, const char *file_name, const char *text, size_t text_bytes,
    char *message, size_t message_bytes)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const char *end = text + text_bytes;
    if (text_bytes >= 3 && memcmp(text, byte_order_mark, 3) == 0)
        text += 3;
    struct reader reader = {.config = config};
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;
        char why[CONFIG_MESSAGE_BYTES];
        reader.line++;
        if (parse_raw_line(&reader, text, (size_t)(line_end - text), why, sizeof(why)) < 0) {
            snprintf(message, message_bytes, "%s:%d: %s", file_name, reader.line, why);
            return -EINVAL;
        }
        text = newline != NULL ? newline + 1 : end;
    }
    return 0;
}

/* Reads the whole file into a new buffer, which is the caller's. Returns 0 or a negative errno. */
static int read_file(const char *path, char **out, size_t *out_bytes)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    int result = 0;
    char *text = malloc(FILE_MAX_BYTES + 1);
    size_t bytes = text != NULL ? fread(text, 1, FILE_MAX_BYTES + 1, file) : 0;
    if (!text)
        result = -ENOMEM;
    else if (ferror(file))
        result = -errno;
    else if (bytes > FILE_MAX_BYTES)
        result = -EFBIG;
    fclose(file);
    if (result < 0) {
        free(text);
        return result;
    }
    *out = text;
    *out_bytes = bytes;
    return 0;
}

int config_load(struct config *config, const char *path, char *message, size_t message_bytes)
{
    char *text = NULL;
    size_t bytes = 0;
    int result = read_file(path, &text, &bytes);
    if (result < 0) {
        snprintf(message, message_bytes, "%s can't be read: %s", path, strerror(-result));
        return result;
    }
    result = config_parse(config, path, text, bytes, message, message_bytes);
    free(text);
    return result;
}

/* ---- the reference ---- */

static void print_prose(FILE *file, const char *prose)
{
    size_t column = 0;
    while (*prose != '\0') {
        size_t word = strcspn(prose, " ");
        if (column == 0 || column + 1 + word > PROSE_COLUMNS) {
            fprintf(file, "%s#", column == 0 ? "" : "\n");
            column = 1;
        }
        fprintf(file, " %.*s", (int)word, prose);
        column += 1 + word;
        prose += word + strspn(prose + word, " ");
    }
    fputc('\n', file);
}

void config_print(FILE *file, const struct config *config)
{
    fputs("# Configuration of a Terrace node: `terrace serve --config FILE`. The command line goes "
          "first.\n",
        file);
    for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
        const struct config_option *option = &config_table[i];
        char range[CONFIG_TEXT_BYTES], value[CONFIG_TEXT_BYTES];
        config_range(option, range);
        config_value(config, option, value);
        fputc('\n', file);
        print_prose(file, option->about);
        fprintf(file, "# %s%s%s; default %s\n", range, *option->unit ? " " : "", option->unit,
            *option->default_text ? option->default_text : "nothing");
        fprintf(file, "%s = %s\n", option->name, value);
    }
}
