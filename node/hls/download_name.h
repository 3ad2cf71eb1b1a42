/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NODE_HLS_DOWNLOAD_NAME_H
#define NODE_HLS_DOWNLOAD_NAME_H

#include "node/util/buf.h"

/* Writes a Content-Disposition header value for a download (RFC 6266). The file name is the
 * lesson's title in UTF-8 (RFC 8187), with '_' for characters that file systems refuse, and cut at
 * 150 bytes. `plain` is an ASCII name without quotes for programs that know only the old form; it
 * is the only name if nothing of the title is left. suffix: such as ".mp4". Pure. */
void download_name_write(struct buf *out, const char *title, const char *plain, const char *suffix);

#endif
