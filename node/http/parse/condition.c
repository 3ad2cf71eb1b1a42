/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/parse/condition.h"

#include <string.h>

#include "node/http/parse/date.h"

static bool is_weak(const char *etag)
{
    return strncmp(etag, "W/", 2) == 0;
}

static const char *opaque_tag(const char *etag)
{
    return is_weak(etag) ? etag + 2 : etag;
}

bool http_etag_listed(const char *list, const char *etag, bool strongly)
{
    const char *tag = opaque_tag(etag);
    size_t tag_bytes = strlen(tag);
    list += strspn(list, " \t");
    if (*list == '*')
        return list[1 + strspn(list + 1, " \t")] == '\0';
    while (*list) {
        list += strspn(list, " \t,");
        bool weak = is_weak(list) || is_weak(etag);
        list = opaque_tag(list);
        if (*list != '"')
            return false;
        const char *end = strchr(list + 1, '"');
        if (!end)
            return false;
        if (!(strongly && weak) && (size_t)(end + 1 - list) == tag_bytes &&
            memcmp(list, tag, tag_bytes) == 0)
            return true;
        list = end + 1;
    }
    return false;
}

/* Whether any field with this name contains the tag, or is "*". etag NULL: only "*" counts. */
static bool field_lists(
    const struct http_head *head, const char *name, const char *etag, bool strongly)
{
    const char *list;
    size_t from = 0;
    while ((list = http_head_field(head, name, &from)))
        if (http_etag_listed(list, etag ? etag : "", strongly))
            return true;
    return false;
}

static const char *first_field(const struct http_head *head, const char *name)
{
    size_t from = 0;
    return http_head_field(head, name, &from);
}

/* Returns the date in a field; -1 if there is no such field, if it is no valid date, or if the
 * representation has no date to compare it with. */
static int64_t field_date(const struct http_head *head, const char *name,
    const struct http_validators *validators, int64_t now_s)
{
    const char *text = validators->modified_s > 0 ? first_field(head, name) : NULL;
    return text ? http_date_parse(text, now_s) : -1;
}

enum http_condition http_condition_check(
    const struct http_head *head, const struct http_validators *validators, int64_t now_s)
{
    int64_t since_s;
    if (first_field(head, "If-Match")) {
        if (!field_lists(head, "If-Match", validators->etag, true))
            return HTTP_CONDITION_FAILED;
    } else {
        since_s = field_date(head, "If-Unmodified-Since", validators, now_s);
        if (since_s >= 0 && validators->modified_s > since_s)
            return HTTP_CONDITION_FAILED;
    }
    if (first_field(head, "If-None-Match"))
        return field_lists(head, "If-None-Match", validators->etag, false) ? HTTP_NOT_MODIFIED
                                                                           : HTTP_CONDITION_HOLDS;
    since_s = field_date(head, "If-Modified-Since", validators, now_s);
    return since_s >= 0 && validators->modified_s <= since_s ? HTTP_NOT_MODIFIED
                                                             : HTTP_CONDITION_HOLDS;
}

bool http_condition_names_tags(const struct http_head *head)
{
    return first_field(head, "If-Match") && !field_lists(head, "If-Match", NULL, true);
}

bool http_if_range_holds(
    const struct http_head *head, const struct http_validators *validators, int64_t now_s)
{
    const char *value = first_field(head, "If-Range");
    if (!value)
        return true;
    if (value[0] == '"')
        return validators->etag && strcmp(value, validators->etag) == 0;
    return validators->modified_s > 0 && http_date_parse(value, now_s) == validators->modified_s;
}
