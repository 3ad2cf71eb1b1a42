/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/cli/doctor.h"

#include <stdio.h>

#include "node/cli/cli.h"
#include "node/cli/data.h"

/* Opens and checks the catalog. Returns whether it is intact, because the checks of media and
 * uploads need its lists. */
static bool check_catalog(struct doctor *doctor)
{
    char message[STORE_PATH_BYTES + 256];
    const struct catalog_params params = {
        .path = store_catalog_path(doctor->store), .must_exist = true, .read_only = true};
    if (catalog_open(&doctor->catalog, &params, message, sizeof(message)) != CATALOG_OK) {
        doctor_say(doctor, DOCTOR_BAD, "catalog: %s", message);
        return false;
    }
    if (catalog_check(doctor->catalog) != CATALOG_OK) {
        doctor_say(doctor, DOCTOR_BAD, "catalog: %s", catalog_message(doctor->catalog));
        return false;
    }
    doctor_say(doctor, DOCTOR_OK, "catalog: intact");
    return true;
}

enum cli_exit cli_doctor(int argc, char **argv)
{
    struct doctor doctor = {0};
    const struct cli_option options[] = {
        {.name = "fast",
            .about = "look at the sizes of files only, not at what is in them",
            .flag = &doctor.fast},
    };
    const struct cli_spec spec = {
        .command = "doctor",
        .operands = "",
        .about = "Checks the catalog, all files of all lessons, the uploads, the sites, the disk, "
                 "the kernel "
                 "and the worker; a node may be running.\n"
                 "One line a check: ok, WARN or BAD. The exit code is 1 if something is BAD.",
        .options = options,
        .option_count = 1,
        .takes_config_file = true,
    };
    struct cli_args args;
    struct store *store = NULL;
    char message[STORE_PATH_BYTES + 256];
    enum cli_exit result = cli_parse(&spec, argc, argv, &args);
    if (result != CLI_GO_ON)
        return result;
    const struct store_params params = {.path = args.data, .floor_bytes = args.config.floor_bytes};
    if (store_open(&store, &params, message, sizeof(message)) < 0)
        return cli_fail("%s", message);
    /* Root can read every file, so a check of another user's folder as root would prove nothing. */
    if (cli_check_user(store) != CLI_GO_ON) {
        store_close(&store);
        return CLI_FAILED;
    }
    doctor.store = store;
    progress_open(&doctor.progress);
    if (check_catalog(&doctor)) {
        doctor_check_media(&doctor);
        doctor_check_uploads(&doctor);
        doctor_check_sites(&doctor);
    }
    doctor_check_system(&doctor);
    catalog_close(&doctor.catalog);
    store_close(&store);
    return doctor.bad ? CLI_FAILED : CLI_OK;
}
