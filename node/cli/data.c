/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/data.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/api/event_text.h"
#include "node/cli/text.h"
#include "transcoder/protocol/reason.h"

enum cli_exit cli_check_user(const struct store *store)
{
    struct stat catalog;
    char number[16];
    if (geteuid() != 0 || stat(store_catalog_path(store), &catalog) < 0 || catalog.st_uid == 0)
        return CLI_GO_ON;
    const struct passwd *owner = getpwuid(catalog.st_uid);
    /* sudo also accepts a user's number in this form */
    snprintf(number, sizeof(number), "#%u", catalog.st_uid);
    return cli_fail("the data folder %s is another user's, whose node can't read what root makes "
                    "there: do it as that user (sudo -u '%s' terrace ...)",
        store_path(store), owner ? owner->pw_name : number);
}

enum cli_exit cli_data_open(
    struct cli_data *out, const struct cli_args *args, enum cli_data_mode mode)
{
    *out = (struct cli_data){0};
    char message[STORE_PATH_BYTES + 256];
    const struct store_params store_params = {.path = args->data,
        .create = mode == CLI_DATA_CREATE,
        .floor_bytes = args->config.floor_bytes};
    int error = store_open(&out->store, &store_params, message, sizeof(message));
    if (error == -ENOENT && mode != CLI_DATA_CREATE)
        return cli_fail("there is no data folder %s; start a node first, which makes it (`terrace "
                        "serve`)",
            args->data);
    if (error < 0)
        return cli_fail("%s", message);
    if (cli_check_user(out->store) != CLI_GO_ON) {
        cli_data_close(out);
        return CLI_FAILED;
    }
    store_free_reserve(out->store);
    const struct catalog_params catalog_params = {
        .path = store_catalog_path(out->store), .must_exist = mode != CLI_DATA_CREATE};
    error = catalog_open(&out->catalog, &catalog_params, message, sizeof(message));
    if (error == CATALOG_OK)
        return CLI_GO_ON;
    bool fresh = error == CATALOG_ENOTFOUND && access(store_catalog_path(out->store), F_OK) < 0;
    cli_data_close(out);
    return cli_fail(
        "%s%s", message, fresh ? "; start a node first, which makes it (`terrace serve`)" : "");
}

void cli_data_close(struct cli_data *data)
{
    catalog_close(&data->catalog);
    store_close(&data->store);
}

enum cli_exit cli_catalog_failed(const struct catalog *catalog, int error, const char *what)
{
    if (error == CATALOG_ENOTFOUND)
        return cli_fail("there is no %s", what);
    return cli_fail("%s", catalog_message(catalog));
}

enum cli_exit cli_lesson_failed(const struct catalog *catalog, int error, int64_t lesson_id)
{
    char what[64];
    snprintf(what, sizeof(what), "lesson %" PRId64, lesson_id);
    return cli_catalog_failed(catalog, error, what);
}

enum cli_exit cli_parse_lesson(const char *command, const char *text, int64_t *lesson_id)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 1)
        return cli_misuse(
            command, "\"%s\" is not a lesson's number (`terrace ls` shows them)", text);
    *lesson_id = number;
    return CLI_GO_ON;
}

enum cli_exit cli_begin_lesson(const struct cli_spec *spec, int argc, char **argv,
    enum cli_data_mode mode, struct cli_data *data, int64_t *lesson_id)
{
    struct cli_args args;
    enum cli_exit result = cli_parse(spec, argc, argv, &args);
    if (result == CLI_GO_ON)
        result = cli_parse_lesson(spec->command, args.operands[0], lesson_id);
    return result == CLI_GO_ON ? cli_data_open(data, &args, mode) : result;
}

void cli_print_reason(FILE *file, const char *reason, const char *detail)
{
    enum reason_language language = text_chinese() ? REASON_ZH : REASON_EN;
    fprintf(file, "%s (%s", reason_text(reason_parse(reason), language), reason);
    if (*detail != '\0') {
        fputs(": ", file);
        text_print(file, detail, 0, 0);
    }
    fputc(')', file);
}

void cli_print_salvaged(FILE *file, const struct catalog_lesson *lesson)
{
    json_t *json = sentences_of("salvaged", lesson->salvaged);
    const char *sentence = json_string_value(json_object_get(json, text_chinese() ? "zh" : "en"));
    text_print(file, sentence != NULL ? sentence : "", 0, 0);
    json_decref(json);
}

bool cli_work_goes_on(const struct store *store)
{
    int held = store_jobs_are_held(store);
    if (held < 0)
        cli_fail("whether a node is running can't be seen: %s", strerror(-held));
    return held != 0;
}
