/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/util/buf.h"
#include "node/util/clock.h"
#include "node/util/decimal.h"
#include "node/util/log.h"
#include "node/util/pool.h"

static void test_buf_grows(void **state)
{
    struct buf buf = {0};
    (void)state;
    buf_add_text(&buf, "");
    assert_string_equal(buf.data, "");
    for (int i = 0; i < 1000; i++)
        buf_addf(&buf, "%03d,", i);
    assert_int_equal(buf.used_bytes, 4000);
    assert_false(buf.failed);
    assert_memory_equal(buf.data + 3996, "999,", 5);
    buf_free(&buf);
    assert_null(buf.data);
}

static void test_buf_remembers_failure(void **state)
{
    struct buf buf = {0};
    (void)state;
    buf_add(&buf, "", SIZE_MAX / 2);
    assert_true(buf.failed);
    buf_add_text(&buf, "x");
    assert_int_equal(buf.used_bytes, 0);
    buf_free(&buf);
}

static void test_decimals_are_written(void **state)
{
    static const int64_t values[] = {0, 7, 10, 99, 1000, 1048576, INT64_MAX};
    char expected[DECIMAL_BYTES + 8], out[DECIMAL_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        snprintf(expected, sizeof(expected), "%" PRId64, values[i]);
        assert_ptr_equal(decimal_write(out, values[i]), out + strlen(expected));
        assert_string_equal(out, expected);
    }
}

static void test_clocks_advance(void **state)
{
    int64_t before_ms = clock_mono_ms();
    (void)state;
    assert_true(clock_wall_ms() > 1700000000000);
    assert_true(clock_mono_ms() >= before_ms);
}

/* Runs log_write() with standard error connected to a pipe. */
static void read_log_line(const char *text, char *line, size_t line_bytes)
{
    int ends[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_write(LOG_WARN, "test", "%s", text);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t bytes = read(ends[0], line, line_bytes - 1);
    close(ends[0]);
    assert_true(bytes > 0);
    line[bytes] = '\0';
}

static void test_a_log_line_is_one_line(void **state)
{
    char line[4096], long_text[4096];
    (void)state;
    read_log_line("a\nforged\x1b[2J 稻", line, sizeof(line));
    assert_int_equal(line[10], 'T');
    assert_string_equal(line + 24, " warn test: a forged [2J 稻\n");
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    read_log_line(long_text, line, sizeof(line));
    assert_in_range(strlen(line), 2000, 2048);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

struct counted {
    struct pool_task task;
    atomic_int *runs, *contexts;
};

static void count_run(struct pool_task *task, void *thread_ctx)
{
    struct counted *counted = (struct counted *)task;
    atomic_fetch_add(counted->runs, 1);
    if (thread_ctx)
        atomic_fetch_add(counted->contexts, 1);
    free(counted);
}

static void *open_context(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
    return ctx;
}

static void close_context(void *thread_ctx)
{
    atomic_fetch_sub((atomic_int *)thread_ctx, 1);
}

static void test_pool_runs_everything(void **state)
{
    atomic_int runs = 0, contexts = 0, open = 0;
    const struct pool_params params = {.threads = 2,
        .long_threads = 1,
        .thread_open = open_context,
        .thread_close = close_context,
        .ctx = &open};
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_open(&pool, &params), 0);
    assert_int_equal(atomic_load(&open), 3);
    for (int i = 0; i < 1000; i++) {
        struct counted *counted = malloc(sizeof(*counted));
        *counted = (struct counted){
            .task = {.run = count_run, .lane = i % POOL_LANES, .client = (uint64_t)i / 7},
            .runs = &runs,
            .contexts = &contexts};
        pool_submit(pool, &counted->task);
    }
    pool_close(&pool);
    assert_null(pool);
    assert_int_equal(atomic_load(&runs), 1000);
    assert_int_equal(atomic_load(&contexts), 1000);
    assert_int_equal(atomic_load(&open), 0);
    pool_close(&pool);
}

/* A task that waits until the test opens the gate, and notes when it ran. */
struct gated {
    struct pool_task task;
    struct gates *gates;
    int number;
};

struct gates {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int passes, waiting, ended;
    int order[16]; /* the numbers of the tasks, in the order in which they began */
    int begun;
};

static void run_gated(struct pool_task *task, void *thread_ctx)
{
    struct gated *gated = (struct gated *)task;
    struct gates *gates = gated->gates;
    (void)thread_ctx;
    pthread_mutex_lock(&gates->lock);
    gates->order[gates->begun++] = gated->number;
    gates->waiting++;
    pthread_cond_broadcast(&gates->changed);
    while (gates->passes == 0)
        pthread_cond_wait(&gates->changed, &gates->lock);
    gates->passes--;
    gates->ended++;
    pthread_cond_broadcast(&gates->changed);
    pthread_mutex_unlock(&gates->lock);
}

static void submit_gated(struct pool *pool, struct gates *gates, struct gated *gated,
    enum pool_lane lane, uint64_t client)
{
    gated->task = (struct pool_task){.run = run_gated, .lane = lane, .client = client};
    gated->gates = gates;
    pool_submit(pool, &gated->task);
}

static void await_begun(struct gates *gates, int begun)
{
    pthread_mutex_lock(&gates->lock);
    while (gates->begun < begun)
        pthread_cond_wait(&gates->changed, &gates->lock);
    pthread_mutex_unlock(&gates->lock);
}

static void open_gate(struct gates *gates, int passes)
{
    pthread_mutex_lock(&gates->lock);
    gates->passes += passes;
    pthread_cond_broadcast(&gates->changed);
    pthread_mutex_unlock(&gates->lock);
}

/* API tasks fill all threads that they may have, and a long task runs. A media task begins
 * nevertheless. */
static void test_media_wait_for_no_other_work(void **state)
{
    const struct pool_params params = {.threads = 2, .long_threads = 1};
    struct gates gates = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .passes = 0};
    struct gated tasks[6] = {0};
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_open(&pool, &params), 0);
    for (int i = 0; i < 6; i++)
        tasks[i].number = i;
    submit_gated(pool, &gates, &tasks[0], POOL_LONG, 1);
    submit_gated(pool, &gates, &tasks[1], POOL_LONG, 1);
    await_begun(&gates, 1);
    submit_gated(pool, &gates, &tasks[2], POOL_API, 1);
    await_begun(&gates, 2);
    submit_gated(pool, &gates, &tasks[3], POOL_API, 1);
    submit_gated(pool, &gates, &tasks[4], POOL_API, 1);
    submit_gated(pool, &gates, &tasks[5], POOL_MEDIA, 1);
    await_begun(&gates, 3);
    assert_int_equal(gates.order[2], 5);
    open_gate(&gates, 6);
    pool_close(&pool);
    assert_int_equal(gates.ended, 6);
}

/* Lessons that nobody has in memory keep the media threads busy. Others can log in nevertheless. */
static void test_media_leave_a_thread_to_other_work(void **state)
{
    const struct pool_params params = {.threads = 2, .long_threads = 1};
    struct gates gates = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .passes = 0};
    struct gated tasks[4] = {0};
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_open(&pool, &params), 0);
    for (int i = 0; i < 4; i++)
        tasks[i].number = i;
    submit_gated(pool, &gates, &tasks[0], POOL_MEDIA, 1);
    await_begun(&gates, 1);
    submit_gated(pool, &gates, &tasks[1], POOL_MEDIA, 1);
    submit_gated(pool, &gates, &tasks[2], POOL_MEDIA, 1);
    submit_gated(pool, &gates, &tasks[3], POOL_API, 2);
    await_begun(&gates, 2);
    assert_int_equal(gates.order[1], 3);
    open_gate(&gates, 4);
    pool_close(&pool);
    assert_int_equal(gates.ended, 4);
}

/* One client has queued four tasks when another one's first comes. That one runs second. */
static void test_clients_take_turns(void **state)
{
    const struct pool_params params = {.threads = 1, .long_threads = 1};
    struct gates gates = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .passes = 0};
    struct gated tasks[6] = {0};
    struct pool *pool;
    uint64_t other = 2;
    (void)state;
    assert_int_equal(pool_open(&pool, &params), 0);
    for (int i = 0; i < 6; i++)
        tasks[i].number = i;
    submit_gated(pool, &gates, &tasks[0], POOL_API, 1);
    await_begun(&gates, 1);
    for (int i = 1; i < 5; i++)
        submit_gated(pool, &gates, &tasks[i], POOL_API, 1);
    /* A number that does not share a queue with client 1. */
    while (pool_waiting(pool, POOL_API, other) > 0)
        other++;
    submit_gated(pool, &gates, &tasks[5], POOL_API, other);
    assert_int_equal(pool_waiting(pool, POOL_API, 1), 4);
    assert_int_equal(pool_waiting(pool, POOL_API, other), 1);
    open_gate(&gates, 6);
    pool_close(&pool);
    assert_true(gates.order[1] == 5 || gates.order[2] == 5);
}

static void *open_second_only(void *ctx)
{
    return atomic_fetch_add((atomic_int *)ctx, 1) == 1 ? ctx : NULL;
}

static void test_a_pool_without_contexts_fails(void **state)
{
    atomic_int calls = 0;
    const struct pool_params params = {
        .threads = 1, .long_threads = 1, .thread_open = open_second_only, .ctx = &calls};
    struct pool *pool;
    (void)state;
    assert_int_equal(pool_open(&pool, &params), -EIO);
    assert_null(pool);
    assert_int_equal(atomic_load(&calls), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_grows),
        cmocka_unit_test(test_buf_remembers_failure),
        cmocka_unit_test(test_decimals_are_written),
        cmocka_unit_test(test_clocks_advance),
        cmocka_unit_test(test_a_log_line_is_one_line),
        cmocka_unit_test(test_pool_runs_everything),
        cmocka_unit_test(test_a_pool_without_contexts_fails),
        cmocka_unit_test(test_media_wait_for_no_other_work),
        cmocka_unit_test(test_media_leave_a_thread_to_other_work),
        cmocka_unit_test(test_clients_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
