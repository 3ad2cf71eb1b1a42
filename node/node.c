/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/node.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "node/ingest/ingest.h"
#include "node/jobs/scheduler.h"
#include "node/modules.h"
#include "node/util/log.h"
#include "node/web/web.h"

#define FLUSH_MS 5000
#define LOCK_RETRY_MS 1000
/* How long a stop waits for the workers, and then for responses. A service manager should wait
 * longer than for both before it kills the node. */
#define JOBS_GRACE_MS 2000
#define HTTP_GRACE_MS 2000
/* Descriptors besides those of connections: listeners, event bases, catalogs, files being served,
 * and pipes of workers. The limit should leave OTHER_DESCRIPTORS for them. If it can't, the figures
 * below are set aside for all but the files being served. The rest is for connections and their
 * files, and at least MIN_CONNECTIONS are allowed. */
#define OTHER_DESCRIPTORS 1024
#define DESCRIPTORS_AT_LEAST 24
#define DESCRIPTORS_A_LOOP 5
#define DESCRIPTORS_A_POOL_THREAD 2
#define LONG_POOL_THREADS 2
#define DESCRIPTORS_A_WORKER 8
#define MIN_CONNECTIONS 4
/* By default, glibc returns free memory beyond 128 KiB to the kernel each time. Loops allocate and
 * free the same buffers thousands of times each second, and this made TLS five times as expensive.
 * So glibc keeps this much free memory. */
#define KEPT_FREE_BYTES (16 << 20)
#define URL_BYTES (CONFIG_TEXT_BYTES + 16)

struct node {
    const struct node_params *params;
    char *message; /* the caller's buffer; says why the node does not run */
    size_t message_bytes;
    int error; /* the error that ended the run */

    struct store *store;
    int node_lock, jobs_lock; /* descriptors; negative: not held */
    struct catalog *catalog;  /* the main thread's */
    struct modules modules;
    struct http_server *server;
    char worker_path[STORE_PATH_BYTES];
    struct scheduler *scheduler;
    int jobs_trouble; /* the error of the last try to start the workers, a negative errno; 0: they
                       * were started */

    struct event_base *base;
    struct event *on_int, *on_term, *on_hup, *flush_timer, *lock_timer;
};

static int fail(struct node *node, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct node *node, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(node->message, node->message_bytes, format, arguments);
    va_end(arguments);
    return error;
}

/* ---- data folder ---- */

static int open_store(struct node *node)
{
    const struct store_params params = {.path = node->params->data,
        .create = true,
        .floor_bytes = node->params->config->floor_bytes};
    int result = store_open(&node->store, &params, node->message, node->message_bytes);
    if (result < 0)
        return result;
    int holder = 0;
    node->node_lock = store_lock(node->store, STORE_LOCK_NODE, &holder);
    if (node->node_lock == -EWOULDBLOCK)
        return fail(node, -EWOULDBLOCK, "another node (process %d) is running on %s already",
            holder, store_path(node->store));
    if (node->node_lock < 0)
        return fail(node, node->node_lock, "%s can't be locked: %s", store_path(node->store),
            strerror(-node->node_lock));
    /* The reserve must be handled first, because opening the catalog may write to the disk. */
    store_tick_reserve(node->store);
    return 0;
}

static void log_catalog(void *ctx, const char *message)
{
    (void)ctx;
    log_write(LOG_WARN, "catalog", "%s", message);
}

static int open_catalog(struct node *node)
{
    const struct catalog_params params = {
        .path = store_catalog_path(node->store), .log = log_catalog};
    if (catalog_open(&node->catalog, &params, node->message, node->message_bytes) != CATALOG_OK)
        return -EIO;
    /* A damaged page may be read days later, when the last good backup is gone. */
    if (catalog_check(node->catalog) != CATALOG_OK)
        return fail(
            node, -EIO, "%s. Put a backup in place as catalog.db", catalog_message(node->catalog));
    return 0;
}

/* ---- the server ---- */

/* Opens a catalog connection for a pool thread. */
static void *open_thread(void *ctx)
{
    const struct node *node = ctx;
    struct catalog *catalog = NULL;
    char message[NODE_MESSAGE_BYTES];
    const struct catalog_params params = {
        .path = store_catalog_path(node->store), .must_exist = true, .log = log_catalog};
    if (catalog_open(&catalog, &params, message, sizeof(message)) != CATALOG_OK)
        log_write(LOG_ERROR, "catalog", "%s", message);
    return catalog;
}

static void close_thread(void *thread_ctx)
{
    struct catalog *catalog = thread_ctx;
    catalog_close(&catalog);
}

static void log_http(void *ctx, const char *message)
{
    (void)ctx;
    log_write(LOG_WARN, "http", "%s", message);
}

static int64_t or_cores(int64_t configured)
{
    return configured > 0 ? configured : sysconf(_SC_NPROCESSORS_ONLN);
}

/* Raises the limit of descriptors as far as needed. Returns the limit, or needed if the limit is
 * higher or unknown. */
static int64_t descriptor_limit(int64_t needed)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return needed;
    if (limit.rlim_cur < (rlim_t)needed) {
        rlim_t before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max < (rlim_t)needed ? limit.rlim_max : (rlim_t)needed;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            limit.rlim_cur = before;
    }
    return limit.rlim_cur < (rlim_t)needed ? (int64_t)limit.rlim_cur : needed;
}

/* Returns how many connections the descriptors allow. If descriptors are short, two are counted for
 * each connection: its own and that of the file that it is sending. More connections would leave
 * none for the catalog and the workers; they wait in the kernel instead. */
static int64_t affordable_connections(const struct config *config)
{
    int64_t needed = config->max_connections + OTHER_DESCRIPTORS;
    int64_t limit = descriptor_limit(needed);
    if (limit >= needed)
        return config->max_connections;
    int64_t others = DESCRIPTORS_AT_LEAST + DESCRIPTORS_A_LOOP * or_cores(config->loops) +
                     DESCRIPTORS_A_POOL_THREAD * (config->pool_threads + LONG_POOL_THREADS) +
                     DESCRIPTORS_A_WORKER * or_cores(config->workers);
    int64_t connections = (limit - others) / 2;
    if (connections < MIN_CONNECTIONS)
        connections = MIN_CONNECTIONS;
    if (connections > config->max_connections)
        connections = config->max_connections;
    log_write(LOG_WARN, "node",
        "%" PRId64 " connections need %" PRId64 " open files, and the limit is %" PRId64
        " (ulimit -n): at most %" PRId64 " connections at a time",
        config->max_connections, needed, limit, connections);
    return connections;
}

/* Checks the TLS options, which depend on each other. */
static int check_tls(struct node *node)
{
    const struct config *config = node->params->config;
    if (*config->tls_listen == '\0')
        return config->pages_need_tls
                   ? fail(node, -EINVAL, "pages_need_tls needs tls_listen: nobody could log in")
                   : 0;
    if (*config->tls_certificate == '\0' || *config->tls_key == '\0')
        return fail(node, -EINVAL, "tls_listen needs tls_certificate and tls_key");
    return 0;
}

static enum forwarded_by proxy_header(const char *name)
{
    if (strcmp(name, "proxy") == 0)
        return FORWARDED_BY_PROXY;
    return strcmp(name, "forwarded") == 0 ? FORWARDED_BY_HEADER : FORWARDED_BY_X_HEADER;
}

static int open_server(struct node *node)
{
    const struct config *config = node->params->config;
    struct ranges proxies;
    char bad[8];
    ranges_parse(&proxies, config->trusted_proxies, bad, sizeof(bad)); /* config.c has checked it */
    const struct http_server_params params = {
        .listen = config->listen,
        .tls_listen = config->tls_listen,
        .tls_certificate = config->tls_certificate,
        .tls_key = config->tls_key,
        .hsts_seconds = config->hsts_seconds,
        .trusted_proxies = proxies,
        .proxy_says = proxy_header(config->proxy_header),
        .congestion = config->congestion,
        .loops = (int)config->loops,
        .max_connections = (int)affordable_connections(config),
        .route_sets = node->modules.route_sets,
        .route_set_count = MODULES_ROUTE_SETS,
        .guard = modules_guard,
        .guard_ctx = &node->modules,
        .still_allowed = modules_still_allowed,
        .not_found = web_not_found,
        .observe = monitor_observe,
        .slow_turn = monitor_count_slow_turn,
        .observe_ctx = node->modules.monitor,
        .pace = link_pace,
        .delivered = link_delivered,
        .pace_ctx = node->modules.link,
        .pool_threads = (int)config->pool_threads,
        .thread_open = open_thread,
        .thread_close = close_thread,
        .thread_ctx_ctx = node,
        .min_progress_bytes_per_minute = config->min_progress_bytes_per_minute,
        .log = log_http,
    };
    return http_server_open(&node->server, &params, node->message, node->message_bytes);
}

/* Writes the URL of a configured address, with the actual port. */
static void write_url(char *out, const char *scheme, const char *listen, int port)
{
    snprintf(
        out, URL_BYTES, "%s://%.*s:%d", scheme, (int)(strrchr(listen, ':') - listen), listen, port);
}

static void announce(const struct node *node)
{
    const struct config *config = node->params->config;
    char url[URL_BYTES], tls_url[URL_BYTES] = "", urls[2 * URL_BYTES + 8];
    write_url(url, "http", config->listen, http_server_port(node->server));
    if (*config->tls_listen != '\0')
        write_url(tls_url, "https", config->tls_listen, http_server_tls_port(node->server));
    snprintf(urls, sizeof(urls), "%s%s%s", url, *tls_url != '\0' ? " and " : "", tls_url);
    log_write(LOG_INFO, "node", "version %s serves %s on %s", TERRACE_VERSION,
        store_path(node->store), urls);
    if (node->params->on_listening)
        node->params->on_listening(node->params->ctx, urls);
}

/* ---- the workers ---- */

static int open_jobs(struct node *node)
{
    _Static_assert(CONFIG_MAX_RATES == PLAN_MAX_RUNGS, "the ladder that is configured is planned");
    const struct scheduler_params params = {.base = node->base,
        .catalog = node->catalog,
        .store = node->store,
        .worker_path = node->worker_path,
        .workers = (int)node->params->config->workers,
        .nice = (int)node->params->config->worker_nice,
        .ladder_bps = node->params->config->ladder_bps,
        .no_av1 = !node->params->config->av1};
    return scheduler_open(&node->scheduler, &params);
}

static void note_trouble(struct node *node, int error, int holder)
{
    if (error == node->jobs_trouble)
        return;
    node->jobs_trouble = error;
    if (error == -EWOULDBLOCK)
        log_write(LOG_INFO, "node",
            "process %d runs the workers; this node takes over when it ends", holder);
    else if (error < 0)
        log_write(LOG_WARN, "node", "the workers can't be run for now: %s", strerror(-error));
    else
        log_write(LOG_INFO, "node", "this node runs the workers now");
}

/* Tries to start the workers. Returns 0, also if that is not possible yet, for example because
 * another process runs them or the disk is full. Lessons are served meanwhile, and on_lock_retry()
 * tries again. Returns a negative errno if the catalog can't be used. */
static int try_jobs(struct node *node)
{
    int holder = 0;
    node->jobs_lock = store_lock(node->store, STORE_LOCK_JOBS, &holder);
    if (node->jobs_lock < 0) {
        note_trouble(node, node->jobs_lock, holder);
        return 0;
    }
    int error = open_jobs(node);
    if (error < 0) {
        store_unlock(node->jobs_lock);
        node->jobs_lock = -1;
    }
    if (error == -EIO)
        return fail(node, error, "%s", catalog_message(node->catalog));
    note_trouble(node, error, 0);
    return 0;
}

static int find_worker(struct node *node)
{
    int result = scheduler_find_worker(node->worker_path, sizeof(node->worker_path));
    return result == 0 ? 0
                       : fail(node, result,
                             "the program terrace-worker is neither beside terrace nor in "
                             "../libexec/terrace (or set "
                             "TERRACE_WORKER)");
}

/* ---- events ---- */

static void on_stop(evutil_socket_t signal_number, short what, void *ctx)
{
    struct node *node = ctx;
    (void)what;
    log_write(LOG_INFO, "node", "%s: stopping", strsignal((int)signal_number));
    event_base_loopbreak(node->base);
}

static void on_hangup(evutil_socket_t signal_number, short what, void *ctx)
{
    struct node *node = ctx;
    char message[NODE_MESSAGE_BYTES];
    (void)signal_number;
    (void)what;
    if (*node->params->config->tls_listen == '\0')
        log_write(LOG_WARN, "node",
            "SIGHUP: nothing can be reloaded; a changed configuration needs a restart");
    else if (http_server_reload(node->server, message, sizeof(message)) < 0)
        log_write(LOG_ERROR, "node", "SIGHUP: %s; the old certificate stays", message);
    else
        log_write(LOG_INFO, "node",
            "SIGHUP: the certificate was loaded anew; a changed configuration needs a restart");
}

static void on_flush(evutil_socket_t fd, short what, void *ctx)
{
    struct node *node = ctx;
    (void)fd;
    (void)what;
    store_tick_reserve(node->store);
    monitor_flush(node->modules.monitor, node->catalog, false);
    link_flush(node->modules.link, node->catalog);
    auth_refresh(node->modules.auth, node->catalog);
}

static void on_lock_retry(evutil_socket_t fd, short what, void *ctx)
{
    struct node *node = ctx;
    (void)fd;
    (void)what;
    node->error = try_jobs(node);
    if (node->error < 0)
        event_base_loopbreak(node->base);
    else if (node->jobs_lock >= 0)
        event_del(node->lock_timer);
}

static int add_timer(
    struct node *node, struct event **out, event_callback_fn callback, int64_t interval_ms)
{
    const struct timeval interval = {
        .tv_sec = interval_ms / 1000, .tv_usec = interval_ms % 1000 * 1000};
    *out = event_new(node->base, -1, EV_PERSIST, callback, node);
    return *out != NULL && event_add(*out, &interval) == 0 ? 0
                                                           : fail(node, -ENOMEM, "out of memory");
}

static int add_signal(
    struct node *node, struct event **out, int signal_number, event_callback_fn callback)
{
    *out = evsignal_new(node->base, signal_number, callback, node);
    return *out != NULL && event_add(*out, NULL) == 0 ? 0 : fail(node, -ENOMEM, "out of memory");
}

static int open_events(struct node *node)
{
    evthread_use_pthreads();
    node->base = event_base_new();
    if (!node->base)
        return fail(node, -ENOMEM, "out of memory");
    int result = add_signal(node, &node->on_int, SIGINT, on_stop);
    if (result == 0)
        result = add_signal(node, &node->on_term, SIGTERM, on_stop);
    if (result == 0)
        result = add_signal(node, &node->on_hup, SIGHUP, on_hangup);
    if (result == 0)
        result = add_timer(node, &node->flush_timer, on_flush, FLUSH_MS);
    return result;
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

/* ---- running ---- */

static int node_open(struct node *node)
{
    int result = check_tls(node);
    if (result == 0)
        result = find_worker(node);
    if (result == 0)
        result = open_store(node);
    if (result == 0)
        result = open_catalog(node);
    if (result == 0)
        result = open_events(node);
    if (result == 0)
        result = modules_open(&node->modules, node->params->config, node->store, node->catalog,
            node->message, node->message_bytes);
    if (result == 0)
        result = open_server(node);
    if (result < 0)
        return result;
    announce(node);
    result = try_jobs(node);
    if (result == 0 && node->jobs_lock < 0)
        result = add_timer(node, &node->lock_timer, on_lock_retry, LOCK_RETRY_MS);
    return result;
}

/* Closes everything in an order that keeps what is still used: the server calls the modules, and
 * both use the catalog. */
static void node_close(struct node *node)
{
    scheduler_close(&node->scheduler, JOBS_GRACE_MS);
    ingest_interrupt(node->modules.ingest);
    http_server_close(&node->server, HTTP_GRACE_MS);
    if (node->modules.monitor)
        monitor_flush(node->modules.monitor, node->catalog, true);
    if (node->modules.link)
        link_flush(node->modules.link, node->catalog);
    modules_close(&node->modules);
    free_event(node->on_int);
    free_event(node->on_term);
    free_event(node->on_hup);
    free_event(node->flush_timer);
    free_event(node->lock_timer);
    if (node->base)
        event_base_free(node->base);
    catalog_close(&node->catalog);
    if (node->jobs_lock >= 0)
        store_unlock(node->jobs_lock);
    if (node->node_lock >= 0)
        store_unlock(node->node_lock);
    store_close(&node->store);
}

int node_run(const struct node_params *params, char *message, size_t message_bytes)
{
    struct node node = {.params = params,
        .message = message,
        .message_bytes = message_bytes,
        .node_lock = -1,
        .jobs_lock = -1};
    signal(SIGPIPE, SIG_IGN);
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
    int result = node_open(&node);
    if (result == 0) {
        event_base_dispatch(node.base);
        result = node.error;
    }
    node_close(&node);
    if (result == 0)
        log_write(LOG_INFO, "node", "stopped");
    return result;
}

int node_each_route(void (*each)(void *ctx, const struct http_route *route), void *ctx,
    char *message, size_t message_bytes)
{
    struct config config;
    struct modules modules;
    config_defaults(&config);
    int result = modules_open(&modules, &config, NULL, NULL, message, message_bytes);
    for (size_t i = 0; result == 0 && i < MODULES_ROUTE_SETS; i++)
        for (size_t j = 0; j < modules.route_sets[i].count; j++)
            each(ctx, &modules.route_sets[i].routes[j]);
    if (result == 0)
        modules_close(&modules);
    return result;
}
