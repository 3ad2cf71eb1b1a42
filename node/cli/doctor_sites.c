/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "node/cli/doctor.h"

void doctor_check_sites(struct doctor *doctor)
{
    struct catalog_sites sites;
    size_t hand_made = 0;
    if (catalog_sites(doctor->catalog, 0, &sites) != CATALOG_OK) {
        doctor_say(doctor, DOCTOR_BAD, "catalog: %s", catalog_message(doctor->catalog));
        return;
    }
    for (size_t i = 0; i < sites.count; i++) {
        const struct catalog_site *site = &sites.items[i];
        if (!site->token[0])
            continue;
        hand_made++;
        doctor_say(doctor, DOCTOR_WARN,
            "site %s: its token was made by hand (%zu bytes) and may be guessed: give its "
            "terminals codes on the technician's page, then empty the token there",
            site->name, strlen(site->token));
    }
    if (hand_made == 0)
        doctor_say(doctor, DOCTOR_OK, "sites: %zu, no token was made by hand", sites.count);
    catalog_sites_free(&sites);
}
