/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads and checks the technician's input about links and sites, which comes as JSON. */
#ifndef NODE_API_SITE_FORM_H
#define NODE_API_SITE_FORM_H

#include <jansson.h>

#include "catalog/catalog.h"

/* Why the input was refused: one line for people, with the labels and units of the technician's
 * page. "" if the catalog gives the reason. */
struct site_form_error {
    char zh[320], en[320];
};

/* Changes *site by the members of body. Texts that come from body stay part of body and live as
 * long as it. Its ranges are replaced by what ranges_format() makes of them. Other texts of *site
 * stay. sites: all sites. Returns CATALOG_OK; CATALOG_ENOMEM; CATALOG_EINVAL or CATALOG_EEXISTS
 * with the reason in *why. */
int site_form_site(json_t *body, const struct catalog_sites *sites, struct catalog_site *site,
    struct site_form_error *why);
/* Reads the rate of the uplink in bit/s; 0: no limit. Returns CATALOG_OK; or CATALOG_EINVAL with
 * the reason in *why. */
int site_form_uplink(json_t *body, int64_t *bps, struct site_form_error *why);

#endif
