/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node/cli/text.h"

static enum cli_exit run_version(int argc, char **argv);
static enum cli_exit run_help(int argc, char **argv);

static const struct cli_command commands[] = {
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
    {"man", cli_man, "", NULL},
    {"version", run_version, "", "print the version"},
    {"help", run_help, "[COMMAND]", "this text, or a command's own"},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct cli_command *cli_commands(size_t *count)
{
    *count = COMMAND_COUNT;
    return commands;
}

static const struct cli_command *find_command(const char *name)
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
        if (!commands[i].about)
            continue;
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
    const struct cli_command *command = find_command(argv[1]);
    if (!command)
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
    const struct cli_command *command = find_command(name);
    if (!command)
        return cli_misuse("", "there is no command \"%s\"", name);
    enum cli_exit result = command->run(argc - 1, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout))
        return result == CLI_OK ? cli_fail("standard output can't be written: %s", strerror(errno))
                                : result;
    return result;
}
