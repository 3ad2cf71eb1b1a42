/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options: values, ranges, and the configuration file with its messages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/config.h"

static struct config config;
static char message[CONFIG_MESSAGE_BYTES];

static int reset(void **state)
{
    (void)state;
    config_defaults(&config);
    message[0] = '\0';
    return 0;
}

static int set(const char *name, const char *text)
{
    const struct config_option *option = config_find(name);
    assert_non_null(option);
    return config_set(&config, option, text, message, sizeof(message));
}

static int parse(const char *text)
{
    return config_parse(&config, "node.conf", text, strlen(text), message, sizeof(message));
}

static void test_defaults_are_set(void **state)
{
    (void)state;
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_int_equal(config.workers, 0);
    assert_int_equal(config.max_connections, 10000);
    assert_int_equal(config.max_upload_bytes, INT64_C(64) << 30);
    assert_int_equal(config.session_hours, 12);
    assert_false(config.metrics_public);
    assert_true(config.av1);
}

static void test_ladders_are_ascending_lists(void **state)
{
    (void)state;
    assert_int_equal(set("ladder", "40,90,20000"), 0);
    assert_int_equal(config.ladder_bps[0], 40000);
    assert_int_equal(config.ladder_bps[2], 20000000);
    assert_int_equal(config.ladder_bps[3], 0);
    static const char *const bad[] = {"", "48,", ",48", "48,,80", "80,48", "48,48", "15", "20001",
        "48 80", "48k", "-48", "48,80,130,220,400,700,701,702,703,704,705", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(set("ladder", bad[i]), -EINVAL);
    assert_int_equal(config.ladder_bps[1], 90000);
}

static void test_every_option_is_described_and_its_default_is_valid(void **state)
{
    (void)state;
    size_t count = 0;
    const struct config_option *options = config_options(&count);
    for (size_t i = 0; i < count; i++) {
        char value[CONFIG_TEXT_BYTES];
        config_value(&config, &options[i], value);
        assert_int_equal(set(options[i].name, value), 0);
        assert_int_equal(options[i].about[strlen(options[i].about) - 1], '.');
        assert_ptr_equal(config_find(options[i].name), &options[i]);
    }
}

static void test_dash_and_underscore_are_the_same(void **state)
{
    (void)state;
    assert_ptr_equal(config_find("floor-bytes"), config_find("floor_bytes"));
    assert_null(config_find("floor"));
    assert_null(config_find("floor_bytes_"));
    assert_null(config_find(""));
}

static void test_addresses_need_a_port(void **state)
{
    (void)state;
    const char *good[] = {"0.0.0.0:0", "127.0.0.1:65535", "[::1]:8080", "[2001:db8::7]:80"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(set("listen", good[i]), 0);
        assert_string_equal(config.listen, good[i]);
    }
    const char *bad[] = {"", "here", "127.0.0.1", ":8080", "127.0.0.1:", "127.0.0.1:65536",
        "127.0.0.1:-1", "::1:80", "[::1]", "[::1:80", "[]:80", "localhost:80", "127.0.0.1:8080 ",
        "127.0.0.1:000080", "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc]:1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(set("listen", bad[i]), -EINVAL);
        assert_string_equal(config.listen, "[2001:db8::7]:80");
    }
}

/* An optional address or path may be empty; a choice may not. */
static void test_optional_values_may_be_empty(void **state)
{
    (void)state;
    char text[CONFIG_TEXT_BYTES + 1];
    assert_string_equal(config.tls_listen, "");
    assert_int_equal(set("tls_listen", "0.0.0.0:8443"), 0);
    assert_int_equal(set("tls_listen", "8443"), -EINVAL);
    assert_string_equal(config.tls_listen, "0.0.0.0:8443");
    assert_int_equal(set("tls_listen", ""), 0);
    assert_string_equal(config.tls_listen, "");
    assert_int_equal(
        parse("tls_certificate = /etc/terrace/cert #1.pem # a comment\ntls_key =\n"), 0);
    assert_string_equal(config.tls_certificate, "/etc/terrace/cert");
    assert_string_equal(config.tls_key, "");
    memset(text, 'a', CONFIG_TEXT_BYTES);
    text[CONFIG_TEXT_BYTES] = '\0';
    assert_int_equal(set("tls_key", text), -EINVAL);
    text[CONFIG_TEXT_BYTES - 1] = '\0';
    assert_int_equal(set("tls_key", text), 0);
    assert_string_equal(config.congestion, "bbr");
    const char *good[] = {"cubic", "system", "bbr"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(set("congestion", good[i]), 0);
        assert_string_equal(config.congestion, good[i]);
    }
    const char *bad[] = {"", "b", "bbrr", "reno", "bbr|cubic", "|"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(set("congestion", bad[i]), -EINVAL);
    assert_string_equal(message, "congestion: \"|\" is none of bbr|cubic|system");
}

static void test_numbers_stay_in_range(void **state)
{
    (void)state;
    assert_int_equal(set("workers", "256"), 0);
    assert_int_equal(config.workers, 256);
    const char *bad[] = {"", "-1", "257", "1.5", "two", "4K", "0x10", " 4", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(set("workers", bad[i]), -EINVAL);
    assert_int_equal(config.workers, 256);
    set("workers", "257");
    assert_string_equal(message, "workers: 257 is not within 0 to 256");
}

static void test_bytes_accept_suffixes(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t bytes;
    } good[] = {{"0", 0}, {"123", 123}, {"1K", 1024}, {"2m", 2 << 20}, {"3G", INT64_C(3) << 30},
        {"1024T", INT64_C(1) << 50}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(set("floor_bytes", good[i].text), 0);
        assert_int_equal(config.floor_bytes, good[i].bytes);
    }
    const char *bad[] = {"G", "1GB", "1E", "1 G", "1025T", "9223372036854775807K", "-1K"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(set("floor_bytes", bad[i]), -EINVAL);
}

static void test_a_file_sets_options(void **state)
{
    (void)state;
    assert_int_equal(parse("\xef\xbb\xbf# from Notepad\r\n"
                           "\r\n"
                           "listen = 0.0.0.0:80 # every network\r\n"
                           "\tworkers=3\r\n"
                           "metrics-public =  yes"),
        0);
    assert_string_equal(config.listen, "0.0.0.0:80");
    assert_int_equal(config.workers, 3);
    assert_true(config.metrics_public);
}

static void test_errors_name_file_and_line(void **state)
{
    (void)state;
    const struct {
        const char *text, *expected;
    } cases[] = {
        {"# one\n\nworkers 3\n", "node.conf:3: \"workers 3\" is not \"name = value\""},
        {"colour = red\n",
            "node.conf:1: there is no option \"colour\" (`terrace config` shows all)"},
        {"workers = many", "node.conf:1: workers: \"many\" is not a whole number"},
        {"workers = 1\nlisten=1.2.3.4:5\nworkers = 2",
            "node.conf:3: workers was set in line 1 already"},
        {"metrics_public = true\n", "node.conf:1: metrics_public: \"true\" is neither yes nor no"},
        {"= 3\n", "node.conf:1: there is no option \"\" (`terrace config` shows all)"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        config_defaults(&config);
        assert_int_equal(parse(cases[i].text), -EINVAL);
        assert_string_equal(message, cases[i].expected);
    }
}

static void test_binary_files_are_refused(void **state)
{
    (void)state;
    static const char with_nul[] = "workers = 1\0 2\n";
    assert_int_equal(
        config_parse(&config, "f", with_nul, sizeof(with_nul) - 1, message, sizeof(message)),
        -EINVAL);
    assert_string_equal(message, "f:1: this is not a line of text");
    char long_line[2048];
    memset(long_line, 'x', sizeof(long_line));
    assert_int_equal(
        config_parse(&config, "f", long_line, sizeof(long_line), message, sizeof(message)),
        -EINVAL);
    assert_int_equal(config_parse(&config, "f", "", 0, message, sizeof(message)), 0);
}

static void test_the_reference_is_a_valid_file_with_the_present_values(void **state)
{
    (void)state;
    assert_int_equal(set("listen", "[::1]:81"), 0);
    assert_int_equal(set("floor_bytes", "1536M"), 0);
    assert_int_equal(set("metrics_public", "yes"), 0);
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *file = open_memstream(&text, &text_bytes);
    assert_non_null(file);
    config_print(file, &config);
    fclose(file);
    struct config again;
    config_defaults(&again);
    int result = config_parse(&again, "reference", text, text_bytes, message, sizeof(message));
    assert_string_equal(message, "");
    assert_int_equal(result, 0);
    assert_string_equal(again.listen, "[::1]:81");
    assert_int_equal(again.floor_bytes, INT64_C(1536) << 20);
    assert_true(again.metrics_public);
    assert_non_null(strstr(text, "floor_bytes = 1536M\n"));
    free(text);
}

static void test_loading_reports_missing_and_large_files(void **state)
{
    (void)state;
    assert_int_equal(config_load(&config, "/nonexistent/x", message, sizeof(message)), -ENOENT);
    assert_string_equal(message, "/nonexistent/x can't be read: No such file or directory");
    assert_int_equal(config_load(&config, "/", message, sizeof(message)), -EISDIR);
    char path[] = "/tmp/config_options_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char text[] = "session_hours = 2\n";
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    int result = config_load(&config, path, message, sizeof(message));
    unlink(path);
    assert_int_equal(result, 0);
    assert_int_equal(config.session_hours, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults_are_set, reset),
        cmocka_unit_test_setup(test_every_option_is_described_and_its_default_is_valid, reset),
        cmocka_unit_test_setup(test_ladders_are_ascending_lists, reset),
        cmocka_unit_test_setup(test_dash_and_underscore_are_the_same, reset),
        cmocka_unit_test_setup(test_addresses_need_a_port, reset),
        cmocka_unit_test_setup(test_optional_values_may_be_empty, reset),
        cmocka_unit_test_setup(test_numbers_stay_in_range, reset),
        cmocka_unit_test_setup(test_bytes_accept_suffixes, reset),
        cmocka_unit_test_setup(test_a_file_sets_options, reset),
        cmocka_unit_test_setup(test_errors_name_file_and_line, reset),
        cmocka_unit_test_setup(test_binary_files_are_refused, reset),
        cmocka_unit_test_setup(test_the_reference_is_a_valid_file_with_the_present_values, reset),
        cmocka_unit_test_setup(test_loading_reports_missing_and_large_files, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
