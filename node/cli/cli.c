/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/api/sentences.h"
#include "node/cli/text.h"
#include "transcoder/protocol/reason.h"

struct command {
    const char *name;
    enum cli_exit (*run)(int argc, char **argv);
    const char *operands;
    const char *about;
};

static enum cli_exit run_version(int argc, char **argv);
static enum cli_exit run_help(int argc, char **argv);

static const struct command commands[] = {
    {"serve", cli_serve, "", "run a node: serve lessons, take uploads, make renditions"},
    {"ingest", cli_ingest, "FILE...", "put video or audio files in"},
    {"ls", cli_ls, "", "list the lessons"},
    {"show", cli_show, "LESSON", "everything about one lesson"},
    {"publish", cli_publish, "LESSON", "show a lesson to terminals"},
    {"unpublish", cli_unpublish, "LESSON", "hide a lesson from terminals"},
    {"retry", cli_retry, "LESSON", "try a failed lesson again"},
    {"jobs", cli_jobs, "", "what runs, and what waits in which order"},
    {"pause", cli_pause, "LESSON", "begin no more work on a lesson"},
    {"resume", cli_resume, "LESSON", "go on with a paused lesson"},
    {"priority", cli_priority, "LESSON LEVEL", "low, normal or high: who goes first"},
    {"rm", cli_rm, "LESSON", "remove a lesson and its files"},
    {"user", cli_user, "COMMAND", "add, passwd, rm, ls: who may log in"},
    {"doctor", cli_doctor, "", "check the data folder and this machine"},
    {"backup", cli_backup, "FILE",
        "copy the catalog into a new file, with or without a running node"},
    {"routes", cli_routes, "", "what the node answers over HTTP, and to whom"},
    {"config", cli_config, "", "print the configuration with all options explained"},
    {"version", run_version, "", "print the version"},
    {"help", run_help, "[COMMAND]", "this text, or a command's own"},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static enum cli_exit run_version(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "version", .operands = "", .about = "Prints the version."};
    struct cli_args args;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result != CLI_GO_ON)
        return result;
    puts("terrace " TERRACE_VERSION);
    return CLI_OK;
}

static void print_commands(void)
{
    puts("terrace COMMAND [OPTION...]: a distance-education video node\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        int columns = printf("  %s%s%s", commands[i].name, *commands[i].operands != '\0' ? " " : "",
            commands[i].operands);
        printf("%*s%s\n", 25 - columns, "", commands[i].about);
    }
    puts("\nEvery command takes --data DIR (default ./terrace-data) and --help.");
}

static enum cli_exit run_help(int argc, char **argv)
{
    if (argc < 2 || strncmp(argv[1], "-", 1) == 0) {
        print_commands();
        return CLI_OK;
    }
    const struct command *command = find_command(argv[1]);
    if (command == NULL)
        return cli_misuse("", "there is no command \"%s\"", argv[1]);
    if (command->run == run_help)
        return run_help(1, argv);
    char help[] = "--help";
    char *help_argv[] = {argv[1], help, NULL};
    return command->run(2, help_argv);
}

int cli_main(int argc, char **argv)
{
    text_init();
    if (argc < 2)
        return cli_misuse("", "a command is missing");
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    const struct command *command = find_command(name);
    if (command == NULL)
        return cli_misuse("", "there is no command \"%s\"", name);
    enum cli_exit result = command->run(argc - 1, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout))
        return result == CLI_OK ? cli_fail("standard output can't be written: %s", strerror(errno))
                                : result;
    return result;
}

/* ---- what commands share ------------------------------------------------- */

enum cli_exit cli_check_user(const struct store *store)
{
    struct stat catalog;
    char number[16];
    if (geteuid() != 0 || stat(store_catalog_path(store), &catalog) < 0 || catalog.st_uid == 0)
        return CLI_GO_ON;
    const struct passwd *owner = getpwuid(catalog.st_uid);
    snprintf(number, sizeof number, "#%u", catalog.st_uid); /* sudo takes that, too */
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
    int error = store_open(&out->store, &store_params, message, sizeof message);
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
    error = catalog_open(&out->catalog, &catalog_params, message, sizeof message);
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
    snprintf(what, sizeof what, "lesson %" PRId64, lesson_id);
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
