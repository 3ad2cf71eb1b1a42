/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the files of node/store alone. */
#ifndef NODE_STORE_STORE_INTERNAL_H
#define NODE_STORE_STORE_INTERNAL_H

#define STORE_BLOCK_BYTES (256 * 1024)

#endif
