/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_HLS_DOWNLOAD_NAME_H
#define NODE_HLS_DOWNLOAD_NAME_H

#include "node/util/buf.h"

/*
 * Content-Disposition for a download (RFC 6266): the lesson's title as the file's name, in UTF-8
 * after RFC 8187, without what file systems refuse, cut at 150 bytes; and `plain`, a name in ASCII
 * without quotes, for programs that know only that. suffix: ".mp4". Pure.
 */
void download_name_write(struct buf *out, const char *title, const char *plain, const char *suffix);

#endif
