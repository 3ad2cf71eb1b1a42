/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The node's reply to a MESSAGE_FILE, on the same socket: an errno as u32, little-endian, 0 for
 * success. A descriptor of the file travels with it (SCM_RIGHTS, see unix(7)).
 */
#ifndef TRANSCODER_PROTOCOL_REPLY_H
#define TRANSCODER_PROTOCOL_REPLY_H

/*
 * Sends a reply; never blocks. error: 0 or an errno. fd: the descriptor that goes with it, which
 * stays the caller's; -1: none.
 * Returns 0 or a negative errno: -EBUSY if the worker has not read the previous reply. Without that
 * bound, a worker could make the node send descriptors until it has no more.
 */
int reply_send(int socket, int error, int fd);

/*
 * Waits for a reply. *error: 0 or an errno. *fd: the descriptor, which the caller closes; -1: none.
 * Returns 0; or -1 if the node is gone or the reply is malformed, and then *fd is -1.
 */
int reply_receive(int socket, int *error, int *fd);

#endif
