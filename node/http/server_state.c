/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/http/server_state.h"

#include <stdarg.h>
#include <stdio.h>

#include "node/http/parse/date.h"
#include "node/util/clock.h"

void server_log(const struct http_server *server, const char *format, ...)
{
    if (!server->params.log)
        return;
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    server->params.log(server->params.log_ctx, message);
}

void loop_wake(struct http_loop *loop)
{
    event_active(loop->wake, EV_TIMEOUT, 0);
}

bool loop_draining(const struct http_loop *loop)
{
    return atomic_load(&loop->server->stage) >= SERVER_DRAINS;
}

const char *loop_common_headers(struct http_loop *loop)
{
    int64_t now_s = clock_wall_ms() / 1000;
    if (now_s != loop->date_s) {
        char date[HTTP_DATE_BYTES];
        http_date_format(date, now_s);
        snprintf(loop->common_headers, sizeof(loop->common_headers),
            "Date: %s\r\nServer: Terrace\r\n", date);
        loop->date_s = now_s;
    }
    return loop->common_headers;
}

/* libevent keeps the time at which a turn began, within some milliseconds, by the wall clock. If
 * that clock is set, turns seem long for a few seconds; no turn lasts a minute. */
void loop_note_turn(struct http_loop *loop)
{
    const struct timeval limit = {0, HTTP_SLOW_TURN_MS * 1000L}, absurd = {60, 0};
    struct timeval began, now, lasted;
    event_base_gettimeofday_cached(loop->base, &began);
    evutil_gettimeofday(&now, NULL);
    evutil_timersub(&now, &began, &lasted);
    if (evutil_timercmp(&lasted, &limit, <=) || evutil_timercmp(&lasted, &absurd, >) ||
        evutil_timercmp(&began, &loop->slow_turn, ==))
        return;
    loop->slow_turn = began;
    if (loop->server->params.slow_turn)
        loop->server->params.slow_turn(loop->server->params.observe_ctx);
}
