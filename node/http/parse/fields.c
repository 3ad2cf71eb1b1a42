/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/fields.h"

#include <errno.h>
#include <llhttp/llhttp.h>
#include <string.h>
#include <strings.h>

struct parsing {
    struct http_fields *fields;
    const char *head;
    bool too_many;
};

/* Whether a proxy adds fields of this name. Nearly all names differ in the first letter. */
static bool is_of_proxy(const char *name, size_t length)
{
    static const char *const names[] = {"X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"};
    char first = (char)(name[0] | 0x20);
    if (first != 'x' && first != 'f' && first != 'v')
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == length && strncasecmp(names[i], name, length) == 0)
            return true;
    return false;
}

static int on_field(llhttp_t *parser, const char *at, size_t length)
{
    struct parsing *parsing = parser->data;
    struct http_fields *fields = parsing->fields;
    if (fields->count == HTTP_MAX_FIELDS) {
        parsing->too_many = true;
        return HPE_USER;
    }
    fields->forwarded |= is_of_proxy(at, length);
    fields->items[fields->count++] = (struct http_field){
        .name = (uint16_t)(at - parsing->head),
        .name_bytes = (uint16_t)length,
        .value = (uint16_t)(at - parsing->head + (ptrdiff_t)length),
    };
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length)
{
    struct parsing *parsing = parser->data;
    struct http_field *field = &parsing->fields->items[parsing->fields->count - 1];
    while (length && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    /* llhttp reads past the end of the line before it reports an empty value. Then `at` points into
     * the next line, so it is not used. */
    if (length == 0)
        return 0;
    field->value = (uint16_t)(at - parsing->head);
    field->value_bytes = (uint16_t)length;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct parsing *parsing = parser->data;
    parsing->fields->keep_alive = llhttp_should_keep_alive(parser);
    return HPE_PAUSED;
}

int http_fields_parse(struct http_fields *fields, const char *head, size_t head_bytes)
{
    struct parsing parsing = {.fields = fields, .head = head};
    llhttp_settings_t settings;
    llhttp_t parser;
    if (head_bytes > UINT16_MAX)
        return -E2BIG;
    fields->count = 0;
    fields->keep_alive = fields->forwarded = false;
    llhttp_settings_init(&settings);
    settings.on_header_field = on_field;
    settings.on_header_value = on_value;
    settings.on_headers_complete = on_headers_complete;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &parsing;
    if (llhttp_execute(&parser, head, head_bytes) == HPE_PAUSED)
        return 0;
    return parsing.too_many ? -E2BIG : -EBADMSG;
}
