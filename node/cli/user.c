/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "node/auth/auth.h"
#include "node/cli/cli.h"
#include "node/cli/data.h"
#include "node/cli/password.h"
#include "node/cli/text.h"
#include "node/util/clock.h"

/* Whether a name is acceptable. Names appear in sessions, logs and tables, so they have no spaces
 * and no control characters. */
static bool name_acceptable(const char *name)
{
    size_t bytes = strlen(name);
    char *utf8 = text_utf8(name);
    bool acceptable = bytes >= 1 && bytes <= 64 && utf8 && strcmp(utf8, name) == 0;
    free(utf8);
    for (; acceptable && *name != '\0'; name++)
        acceptable = (unsigned char)*name > ' ' && *name != 0x7f;
    return acceptable;
}

/* Asks for a password and writes its hash into hash[128]. Returns CLI_GO_ON or CLI_FAILED. */
static enum cli_exit ask_hash(const char *name, char *hash)
{
    char password[PASSWORD_BYTES];
    const char *why_zh = NULL;
    const char *why_en = NULL;
    enum cli_exit result = password_read(name, password);
    if (result != CLI_GO_ON)
        return result;
    if (!auth_password_acceptable(password, &why_zh, &why_en))
        result = cli_fail("%s", text_chinese() ? why_zh : why_en);
    else if (auth_hash_password(password, hash) < 0)
        result = cli_fail("out of memory");
    explicit_bzero(password, sizeof(password));
    return result;
}

static enum cli_exit user_failed(const struct catalog *catalog, int error, const char *name)
{
    if (error == CATALOG_EEXISTS)
        return cli_fail("there is a user \"%s\" already", name);
    if (error == CATALOG_ENOTFOUND)
        return cli_fail("there is no user \"%s\"", name);
    return cli_fail("%s", catalog_message(catalog));
}

/* Whether the user exists. This is checked before the password is asked for. Returns false too if
 * the catalog can't be read. */
static bool user_exists(struct catalog *catalog, const char *name)
{
    struct catalog_users users;
    if (catalog_user_get(catalog, name, &users) != CATALOG_OK)
        return false;
    catalog_users_free(&users);
    return true;
}

static enum cli_exit add_user(struct catalog *catalog, const char *name, int role)
{
    char hash[128];
    if (user_exists(catalog, name))
        return user_failed(catalog, CATALOG_EEXISTS, name);
    enum cli_exit result = ask_hash(name, hash);
    if (result != CLI_GO_ON)
        return result;
    int error = catalog_user_add(catalog, name, role, hash, clock_wall_ms());
    if (error != CATALOG_OK)
        return user_failed(catalog, error, name);
    printf("user %s is added with the role %s\n", name, catalog_role_name(role));
    return CLI_OK;
}

static enum cli_exit run_add(int argc, char **argv)
{
    const char *role_name = NULL;
    const struct cli_option options[] = {
        {.name = "role",
            .value_name = "ROLE",
            .about = "admin (everything), operator (uploads, publishing) or technician (terminals, "
                     "uplink)",
            .value = &role_name},
    };
    const struct cli_spec spec = {
        .command = "user add",
        .operands = "NAME",
        .about = "Adds somebody who may log in. The password is asked for on a terminal; else it "
                 "is the first line of\n"
                 "standard input.",
        .options = options,
        .option_count = 1,
        .min_operands = 1,
        .max_operands = 1,
    };
    struct cli_args args;
    struct cli_data data;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result != CLI_GO_ON)
        return result;
    if (!name_acceptable(args.operands[0]))
        return cli_misuse(spec.command, "a name has 1 to 64 bytes of UTF-8 without blanks");
    if (!role_name || catalog_role_parse(role_name) < 0)
        return cli_misuse(spec.command, "--role is admin, operator or technician");
    result = cli_data_open(&data, &args, CLI_DATA_WRITE);
    if (result != CLI_GO_ON)
        return result;
    result = add_user(data.catalog, args.operands[0], catalog_role_parse(role_name));
    cli_data_close(&data);
    return result;
}

static enum cli_exit change_password(struct catalog *catalog, const char *name)
{
    char hash[128];
    if (!user_exists(catalog, name))
        return user_failed(catalog, CATALOG_ENOTFOUND, name);
    enum cli_exit result = ask_hash(name, hash);
    if (result != CLI_GO_ON)
        return result;
    int error = catalog_user_set_password(catalog, name, hash, clock_wall_ms());
    if (error != CATALOG_OK)
        return user_failed(catalog, error, name);
    printf("user %s has a new password\n", name);
    return CLI_OK;
}

static enum cli_exit remove_user(struct catalog *catalog, const char *name)
{
    int error = catalog_user_remove(catalog, name);
    if (error != CATALOG_OK)
        return user_failed(catalog, error, name);
    printf("user %s is removed\n", name);
    return CLI_OK;
}

/* Runs a command whose only operand is the name of a user. */
static enum cli_exit with_user(const struct cli_spec *spec, int argc, char **argv,
    enum cli_exit (*run)(struct catalog *catalog, const char *name))
{
    struct cli_args args;
    struct cli_data data;
    enum cli_exit result = cli_parse(spec, argc, argv, &args);
    if (result == CLI_GO_ON)
        result = cli_data_open(&data, &args, CLI_DATA_WRITE);
    if (result != CLI_GO_ON)
        return result;
    result = run(data.catalog, args.operands[0]);
    cli_data_close(&data);
    return result;
}

static enum cli_exit run_passwd(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "user passwd",
        .operands = "NAME",
        .about =
            "Sets a new password, read as for `terrace user add`, and ends the user's sessions.",
        .min_operands = 1,
        .max_operands = 1,
    };
    return with_user(&spec, argc, argv, change_password);
}

static enum cli_exit run_rm(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "user rm",
        .operands = "NAME",
        .about = "Removes a user and ends the user's sessions. Lessons stay.",
        .min_operands = 1,
        .max_operands = 1,
    };
    return with_user(&spec, argc, argv, remove_user);
}

static enum cli_exit run_ls(int argc, char **argv)
{
    static const struct cli_spec spec = {
        .command = "user ls", .operands = "", .about = "Lists the users."};
    struct cli_args args;
    struct cli_data data;
    struct catalog_users users;
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result == CLI_GO_ON)
        result = cli_data_open(&data, &args, CLI_DATA_WRITE);
    if (result != CLI_GO_ON)
        return result;
    int error = catalog_users(data.catalog, &users);
    result = error == CATALOG_OK ? CLI_OK : cli_catalog_failed(data.catalog, error, "catalog");
    for (size_t i = 0; error == CATALOG_OK && i < users.count; i++) {
        char time[TEXT_SHORT_BYTES];
        text_print(stdout, users.items[i].name, 0, 20);
        printf("  %-10s  %s\n", catalog_role_name(users.items[i].role),
            text_time(users.items[i].created_ms, time));
    }
    if (error == CATALOG_OK)
        catalog_users_free(&users);
    cli_data_close(&data);
    return result;
}

static const struct cli_command commands[] = {
    {"add", run_add, "NAME", "NAME --role ROLE: add somebody who may log in"},
    {"passwd", run_passwd, "NAME", "NAME: set a new password"},
    {"rm", run_rm, "NAME", "NAME: remove a user"},
    {"ls", run_ls, "", "list the users"},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct cli_command *cli_user_commands(size_t *count)
{
    *count = COMMAND_COUNT;
    return commands;
}

enum cli_exit cli_user(int argc, char **argv)
{
    if (argc < 2)
        return cli_misuse("user", "user: add, passwd, rm or ls is missing");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0)
        return cli_misuse("user", "there is no command \"user %s\"", argv[1]);
    puts("terrace user COMMAND: who may log in\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-8s%s\n", commands[i].name, commands[i].about);
    return CLI_OK;
}
