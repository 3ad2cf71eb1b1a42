/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/util/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void network_of(const char *address, char out[NETWORK_BYTES])
{
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN];
    snprintf(out, NETWORK_BYTES, "%s", address);
    if (inet_pton(AF_INET6, address, &six) != 1)
        return;
    memset(&six.s6_addr[8], 0, 8);
    if (inet_ntop(AF_INET6, &six, text, sizeof(text)))
        snprintf(out, NETWORK_BYTES, "%s/64", text);
}
