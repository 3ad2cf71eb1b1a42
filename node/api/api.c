/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/api/api.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/api/api_internal.h"

int api_open(struct api **out, const struct api_params *params)
{
    struct api *api = calloc(1, sizeof(*api));
    *out = api;
    if (!api)
        return -ENOMEM;
    api->store = params->store;
    uint64_t epoch;
    randombytes_buf(&epoch, sizeof(epoch));
    snprintf(api->epoch, sizeof(api->epoch), "%016" PRIx64, epoch);
    pthread_mutex_init(&api->lock, NULL);
    return list_cache_open(&api->lists);
}

void api_close(struct api **api)
{
    if (!*api)
        return;
    list_cache_close(&(*api)->lists);
    free((*api)->last_event.text);
    pthread_mutex_destroy(&(*api)->lock);
    free(*api);
    *api = NULL;
}

json_t *api_change_id(const struct api *api, int64_t change_number)
{
    return json_sprintf("%s.%" PRId64, api->epoch, change_number);
}

struct http_route_set api_routes(struct api *api)
{
    static const struct http_route routes[] = {
        {HTTP_GET, "/api/lessons", HTTP_PUBLIC, 0, api_list_lessons,
            "published lessons, in pages; ?q= searches"},
        {HTTP_GET, "/api/lessons/:id", HTTP_PUBLIC, 0, api_show_lesson, "one lesson"},
        {HTTP_GET, "/api/operator/lessons", HTTP_OPERATOR, 0, api_operator_list,
            "all lessons, in pages; ?q= searches"},
        {HTTP_GET, "/api/operator/lessons/:id", HTTP_OPERATOR, 0, api_operator_show,
            "one lesson with its story"},
        {HTTP_PATCH, "/api/operator/lessons/:id", HTTP_OPERATOR, 0, api_operator_edit,
            "changes title, topic, ..."},
        {HTTP_DELETE, "/api/operator/lessons/:id", HTTP_OPERATOR, 0, api_operator_remove,
            "removes a lesson"},
        {HTTP_POST, "/api/operator/lessons/:id/publish", HTTP_OPERATOR, 0, api_operator_publish,
            "publishes"},
        {HTTP_POST, "/api/operator/lessons/:id/unpublish", HTTP_OPERATOR, 0, api_operator_unpublish,
            "withdraws"},
        {HTTP_POST, "/api/operator/lessons/:id/retry", HTTP_OPERATOR, 0, api_operator_retry,
            "tries a failed lesson again"},
        {HTTP_POST, "/api/operator/lessons/:id/pause", HTTP_OPERATOR, 0, api_operator_pause,
            "begins nothing more of it"},
        {HTTP_POST, "/api/operator/lessons/:id/resume", HTTP_OPERATOR, 0, api_operator_resume,
            "goes on with it"},
        {HTTP_POST, "/api/operator/lessons/:id/priority", HTTP_OPERATOR, 0, api_operator_priority,
            "low, normal or high"},
        {HTTP_GET, "/api/operator/events", HTTP_OPERATOR, 0, api_change_events,
            "what changes, as server-sent events"},
    };
    return (struct http_route_set){routes, sizeof(routes) / sizeof(routes[0]), api};
}
