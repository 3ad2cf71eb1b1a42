/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes what reverse proxies say: the headers, and the PROXY protocol. The client must stay a
 * numeric address. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "node/http/parse/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(const struct forwarded *out)
{
    unsigned char address[16];
    if (!memchr(out->client, '\0', sizeof(out->client)) ||
        (inet_pton(AF_INET, out->client, address) != 1 &&
            inet_pton(AF_INET6, out->client, address) != 1))
        abort();
}

static void read_headers(const char *data, size_t bytes, enum forwarded_by by)
{
    struct http_head_scan scan = {0};
    struct http_head head;
    struct ranges trusted;
    struct forwarded out = {.client = "10.0.0.1"};
    char bad[8];
    int length = http_head_find_end(&scan, data, bytes);
    ranges_parse(&trusted, "10.0.0.0/8", bad, sizeof(bad));
    if (length <= 0 || http_head_parse(&head, &scan, data, (size_t)length) < 0)
        return;
    forwarded_read(&head, by, &trusted, &out);
    check(&out);
    http_head_free(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct forwarded out = {.client = "10.0.0.1"};
    char *copy = malloc(bytes + 1); /* so that reading behind the end is noticed */
    if (!copy)
        return 0;
    memcpy(copy, data, bytes);
    int used = forwarded_read_proxy(copy, bytes, &out);
    if (used > (int)bytes)
        abort();
    check(&out);
    read_headers(copy, bytes, FORWARDED_BY_X_HEADER);
    read_headers(copy, bytes, FORWARDED_BY_HEADER);
    free(copy);
    return 0;
}
