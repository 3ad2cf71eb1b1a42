/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `terrace man 1` and `terrace man 5` print the manual pages in man(7) macros. The build installs
 * them. The text comes from the tables behind --help and `terrace config`.
 */
#include <stdio.h>
#include <string.h>

#include "node/cli/cli.h"

/* Prints text for troff. What stands between backquotes becomes bold; line breaks become spaces. */
static void print_text(const char *text)
{
    bool bold = false, line_begins = true;
    for (; *text; text++) {
        if (line_begins && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        line_begins = false;
        switch (*text) {
        case '`':
            bold = !bold;
            fputs(bold ? "\\fB" : "\\fR", stdout);
            break;
        case '\\':
            fputs("\\e", stdout);
            break;
        case '-':
            fputs("\\-", stdout);
            break;
        case '\n':
            putchar(' ');
            break;
        default:
            putchar(*text);
        }
    }
    putchar('\n');
}

static void print_option(const char *name, const char *value_name, const char *about)
{
    fputs(".TP\n.B ", stdout);
    if (value_name)
        printf("\\-\\-%s \\fI%s\\fR\n", name, value_name);
    else
        printf("\\-\\-%s\n", name);
    print_text(about);
}

/* Prints the manual's section about one command. cli_parse() calls this in place of its own
 * --help. */
static void print_command(const struct cli_spec *spec)
{
    printf(".SS terrace %s [\\fIOPTION\\fR...]%s%s\n", spec->command, *spec->operands ? " " : "",
        spec->operands);
    print_text(spec->about);
    for (size_t i = 0; i < spec->option_count; i++)
        print_option(spec->options[i].name, spec->options[i].value_name, spec->options[i].about);
    if (spec->takes_config_file || spec->takes_config)
        print_option("config", "FILE", "configuration file, see `terrace.conf`(5)");
    if (spec->takes_config) {
        puts(".PP");
        print_text("Every option of `terrace.conf`(5) is an option of this command too. "
                   "max_upload_bytes, for example, is `--max-upload-bytes`.");
    }
}

static void run_help(const struct cli_command *command)
{
    char name[32], help[] = "--help";
    snprintf(name, sizeof(name), "%s", command->name);
    char *argv[] = {name, help, NULL};
    command->run(2, argv);
}

static bool has_section(const struct cli_command *command)
{
    return command->about && strcmp(command->name, "user") != 0 &&
           strcmp(command->name, "help") != 0;
}

static void print_terrace_1(void)
{
    size_t count, user_count;
    const struct cli_command *commands = cli_commands(&count);
    const struct cli_command *user_commands = cli_user_commands(&user_count);
    fputs(".TH TERRACE 1 \"\" \"terrace " TERRACE_VERSION "\" \"User Commands\"\n.nh\n.ad l\n"
          ".SH NAME\nterrace \\- distance\\-education video node\n"
          ".SH SYNOPSIS\n.B terrace\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]\n"
          ".SH DESCRIPTION\n",
        stdout);
    print_text(
        "Terrace turns lessons into low-bitrate variants and serves them as HLS to terminals "
        "behind slow and lossy links. `terrace serve` runs a node; the other commands "
        "work on its data folder, whether the node runs or not.");
    fputs(".SH OPTIONS OF ALL COMMANDS\n", stdout);
    print_option("data", "DIR", "data folder (default ./terrace-data)");
    print_option("help", NULL, "print the options of the command");
    fputs(".SH COMMANDS\n", stdout);
    cli_set_help_printer(print_command);
    for (size_t i = 0; i < count; i++) {
        if (has_section(&commands[i]))
            run_help(&commands[i]);
    }
    for (size_t i = 0; i < user_count; i++)
        run_help(&user_commands[i]);
    fputs(".SH EXIT STATUS\n.TP\n.B 0\nThe command did what it was asked for.\n"
          ".TP\n.B 1\nIt failed. One line on standard error says why.\n"
          ".TP\n.B 2\nIt was used wrongly.\n"
          ".SH ENVIRONMENT\n.TP\n.B TERRACE_WORKER\n"
          "The worker program. By default it is \\fBterrace\\-worker\\fR beside \\fBterrace\\fR, "
          "or in\n"
          ".IR ../libexec/terrace .\n"
          ".SH SEE ALSO\n.BR terrace.conf (5)\n",
        stdout);
}

static void print_terrace_conf_5(void)
{
    size_t count;
    const struct config_option *options = config_options(&count);
    fputs(".TH TERRACE.CONF 5 \"\" \"terrace " TERRACE_VERSION "\" \"File Formats\"\n.nh\n.ad l\n"
          ".SH NAME\nterrace.conf \\- configuration of a Terrace node\n"
          ".SH DESCRIPTION\n",
        stdout);
    print_text(
        "The file is read by `terrace serve --config FILE`. It is UTF-8 text with one "
        "`name = value` on a line. A # begins a comment. Each option is an option of the "
        "command line as well, which takes precedence. `terrace config` prints a file with all "
        "options. A change of the file takes effect when the node starts anew.");
    fputs(".SH OPTIONS\n", stdout);
    for (size_t i = 0; i < count; i++) {
        const struct config_option *option = &options[i];
        char range[CONFIG_TEXT_BYTES], values[2 * CONFIG_TEXT_BYTES];
        config_range(option, range);
        printf(".TP\n.B %s\n", option->name);
        print_text(option->about);
        snprintf(values, sizeof(values), "Values: %s%s%s. Default: %s.", range,
            *option->unit ? " " : "", option->unit,
            *option->default_text ? option->default_text : "nothing");
        puts(".br");
        print_text(values);
    }
    fputs(".SH SEE ALSO\n.BR terrace (1)\n", stdout);
}

enum cli_exit cli_man(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "man",
        .operands = "1|5",
        .about = "Prints the manual page `terrace`(1) or `terrace.conf`(5) in man(7) macros.",
        .min_operands = 1,
        .max_operands = 1,
    };
    struct cli_args args;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result != CLI_GO_ON)
        return result;
    if (strcmp(args.operands[0], "1") == 0)
        print_terrace_1();
    else if (strcmp(args.operands[0], "5") == 0)
        print_terrace_conf_5();
    else
        return cli_misuse("man", "there is no page %s", args.operands[0]);
    return CLI_OK;
}
