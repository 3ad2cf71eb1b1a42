/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What technicians state about links, read from JSON and checked. */
#ifndef NODE_API_SITE_FORM_H
#define NODE_API_SITE_FORM_H

#include <jansson.h>

#include "catalog/catalog.h"

/* Why something was not taken, in a line for people, with fields and units as the technician's page
 * has them; "" where the catalog knows. */
struct site_form_error {
    char zh[320], en[320];
};

/* Changes *site by the members that the body has; texts then belong to the body, whose ranges are
 * changed to their shortest form. sites: all that there are. CATALOG_OK; CATALOG_ENOMEM;
 * CATALOG_EINVAL or CATALOG_EEXISTS with the reason. */
int site_form_site(json_t *body, const struct catalog_sites *sites, struct catalog_site *site,
    struct site_form_error *why);
/* The uplink's rate in bit/s, 0: not limited. Errors as above. */
int site_form_uplink(json_t *body, int64_t *bps, struct site_form_error *why);

#endif
