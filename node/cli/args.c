/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_DATA "./terrace-data"
#define NAME_COLUMNS 40
#define LINE_COLUMNS 110
#define MAX_OVERRIDES 64

static void complain(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static void complain(const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("terrace: ", stderr);
    vfprintf(stderr, format, arguments);
}

enum cli_exit cli_misuse(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    fprintf(stderr, " (see `terrace %s%s--help`)\n", command, *command != '\0' ? " " : "");
    return CLI_USAGE;
}

enum cli_exit cli_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return CLI_FAILED;
}

/* ---- help ---- */

/* Prints words from column NAME_COLUMNS on, where the cursor must be already. Starts a new line
 * before a word that would end behind LINE_COLUMNS. */
static void print_wrapped(const char *text)
{
    int column = NAME_COLUMNS;
    while (*text != '\0') {
        int word = (int)strcspn(text, " ");
        if (column > NAME_COLUMNS && column + 1 + word > LINE_COLUMNS) {
            printf("\n%*s", NAME_COLUMNS, "");
            column = NAME_COLUMNS;
        }
        column += printf("%s%.*s", column > NAME_COLUMNS ? " " : "", word, text);
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const char *name, const char *value_name, const char *about)
{
    char text[128];
    int columns = snprintf(text, sizeof(text), "  --%s%s%s", name, value_name != NULL ? " " : "",
        value_name != NULL ? value_name : "");
    if (columns < NAME_COLUMNS)
        printf("%-*s", NAME_COLUMNS, text);
    else
        printf("%s\n%*s", text, NAME_COLUMNS, "");
    print_wrapped(about);
}

static void print_config_option(const struct config_option *option)
{
    static const char *const value_names[] = {
        [CONFIG_ADDRESS] = "ADDRESS:PORT",
        [CONFIG_NUMBER] = "N",
        [CONFIG_BYTES] = "BYTES",
        [CONFIG_SWITCH] = "yes|no",
        [CONFIG_OPTIONAL_ADDRESS] = "ADDRESS:PORT",
        [CONFIG_PATH] = "FILE",
        [CONFIG_CHOICE] = "NAME",
        [CONFIG_RATES] = "N,N,...",
        [CONFIG_RANGES] = "RANGE,...",
    };
    char name[64], range[CONFIG_TEXT_BYTES], about[1024];
    snprintf(name, sizeof(name), "%s", option->name);
    for (char *at = name; (at = strchr(at, '_')) != NULL;)
        *at = '-';
    config_range(option, range);
    snprintf(about, sizeof(about), "%s (%s%s%s; default %s)", option->about, range,
        *option->unit != '\0' ? " " : "", option->unit,
        *option->default_text != '\0' ? option->default_text : "nothing");
    print_option(name, value_names[option->type], about);
}

static void print_help(const struct cli_spec *spec)
{
    printf("terrace %s [OPTION...]%s%s\n\n%s\n\nOptions:\n", spec->command,
        *spec->operands != '\0' ? " " : "", spec->operands, spec->about);
    for (size_t i = 0; i < spec->option_count; i++)
        print_option(spec->options[i].name, spec->options[i].value_name, spec->options[i].about);
    if (spec->takes_config_file || spec->takes_config)
        print_option("config", "FILE", "configuration file (`terrace config` prints one)");
    print_option("data", "DIR", "data folder (default " DEFAULT_DATA ")");
    print_option("help", NULL, "this text");
    if (!spec->takes_config)
        return;
    printf("\nThe configuration, which a file may set as well; the command line goes first:\n");
    size_t count = 0;
    const struct config_option *options = config_options(&count);
    for (size_t i = 0; i < count; i++)
        print_config_option(&options[i]);
}

static void (*help_printer)(const struct cli_spec *spec) = print_help;

void cli_set_help_printer(void (*print)(const struct cli_spec *spec))
{
    help_printer = print;
}

/* ---- parsing ---- */

struct override {
    const struct config_option *option;
    const char *text;
};

struct parser {
    const struct cli_spec *spec;
    struct cli_args *out;
    int argc, at;
    char **argv;
    const char *config_file;
    bool help;
    struct override overrides[MAX_OVERRIDES];
    size_t override_count;
};

/* Returns the value of "--name=value" or "--name value"; NULL if it is missing. equals: the "=" in
 * the argument, or NULL. */
static const char *take_value(struct parser *parser, char *equals)
{
    if (equals)
        return equals + 1;
    return parser->at < parser->argc ? parser->argv[parser->at++] : NULL;
}

static const struct cli_option *find_option(const struct cli_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->option_count; i++) {
        if (strcmp(spec->options[i].name, name) == 0)
            return &spec->options[i];
    }
    return NULL;
}

/* Returns where the value of a common option is stored; NULL if it is not a common option. */
static const char **shared_target(struct parser *parser, const char *name)
{
    if (strcmp(name, "data") == 0)
        return &parser->out->data;
    bool config = parser->spec->takes_config_file || parser->spec->takes_config;
    return config && strcmp(name, "config") == 0 ? &parser->config_file : NULL;
}

static enum cli_exit add_override(
    struct parser *parser, const struct config_option *option, const char *text)
{
    struct config scratch;
    char message[CONFIG_MESSAGE_BYTES];
    config_defaults(&scratch);
    if (config_set(&scratch, option, text, message, sizeof(message)) < 0)
        return cli_misuse(parser->spec->command, "%s", message);
    if (parser->override_count == MAX_OVERRIDES)
        return cli_misuse(parser->spec->command, "too many options");
    parser->overrides[parser->override_count++] = (struct override){option, text};
    return CLI_GO_ON;
}

static enum cli_exit parse_flag(
    struct parser *parser, const struct cli_option *option, const char *name, const char *equals)
{
    if (equals)
        return cli_misuse(parser->spec->command, "--%s takes no value", name);
    if (!option)
        parser->help = true;
    else
        *option->flag = true;
    return CLI_GO_ON;
}

/* Parses one option. text: the argument without its "--". */
static enum cli_exit parse_option(struct parser *parser, char *text)
{
    const char *command = parser->spec->command;
    char *equals = strchr(text, '=');
    if (equals)
        *equals = '\0';
    const struct cli_option *option = find_option(parser->spec, text);
    bool help = strcmp(text, "help") == 0;
    if (help || (option && option->flag))
        return parse_flag(parser, option, text, equals);
    const char **target = option != NULL ? option->value : shared_target(parser, text);
    const struct config_option *config = parser->spec->takes_config ? config_find(text) : NULL;
    if (!target && !config)
        return cli_misuse(command, "there is no option --%s", text);
    const char *value = take_value(parser, equals);
    if (!value)
        return cli_misuse(command, "--%s needs a value", text);
    if (!target)
        return add_override(parser, config, value);
    *target = value;
    return CLI_GO_ON;
}

static enum cli_exit parse_all(struct parser *parser)
{
    bool options_end = false;
    size_t operands = 0;
    while (parser->at < parser->argc) {
        char *argument = parser->argv[parser->at++];
        enum cli_exit result = CLI_GO_ON;
        if (!options_end && strcmp(argument, "--") == 0)
            options_end = true;
        else if (!options_end && strcmp(argument, "-h") == 0)
            parser->help = true;
        else if (!options_end && strncmp(argument, "--", 2) == 0)
            result = parse_option(parser, argument + 2);
        else if (!options_end && argument[0] == '-' && argument[1] != '\0')
            result = cli_misuse(parser->spec->command, "there is no option %s", argument);
        else
            parser->argv[1 + operands++] = argument;
        if (result != CLI_GO_ON)
            return result;
    }
    parser->out->operands = parser->argv + 1;
    parser->out->operand_count = operands;
    return CLI_GO_ON;
}

static enum cli_exit make_config(struct parser *parser)
{
    struct config *config = &parser->out->config;
    char message[CONFIG_MESSAGE_BYTES];
    config_defaults(config);
    if (parser->config_file &&
        config_load(config, parser->config_file, message, sizeof(message)) < 0)
        return cli_fail("%s", message);
    for (size_t i = 0; i < parser->override_count; i++) {
        const struct override *override = &parser->overrides[i];
        if (config_set(config, override->option, override->text, message, sizeof(message)) < 0)
            return cli_misuse(parser->spec->command, "%s", message);
    }
    return CLI_GO_ON;
}

enum cli_exit cli_parse(const struct cli_spec *spec, int argc, char **argv, struct cli_args *out)
{
    *out = (struct cli_args){.data = DEFAULT_DATA};
    struct parser parser = {.spec = spec, .out = out, .argc = argc, .at = 1, .argv = argv};
    enum cli_exit result = parse_all(&parser);
    if (result != CLI_GO_ON)
        return result;
    if (parser.help) {
        help_printer(spec);
        return CLI_OK;
    }
    if (out->operand_count < spec->min_operands)
        return cli_misuse(spec->command, "%s: %s is missing", spec->command, spec->operands);
    if (out->operand_count > spec->max_operands)
        return cli_misuse(spec->command, "%s: \"%s\" is one too many", spec->command,
            out->operands[spec->max_operands]);
    if (*out->data == '\0')
        return cli_misuse(spec->command, "--data needs a folder");
    return make_config(&parser);
}
