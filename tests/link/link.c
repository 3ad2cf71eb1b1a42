/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/link/link.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000LL
#define SECOND 1000000LL
#define KBPS 1000LL

void link_open(
    struct link *link, const struct link_profile *profile, int64_t start_us, uint64_t seed)
{
    *link = (struct link){
        .profile = *profile, .start_us = start_us, .random = seed * 2 + 1, /* odd, so never 0 */
    };
    link->last = &link->first;
}

void link_close(struct link *link)
{
    struct link_packet *packet;
    while ((packet = link_receive(link, INT64_MAX)))
        free(packet);
}

/* Returns a random number of at least 0 and less than 1 (xorshift64*). */
static double draw(struct link *link)
{
    link->random ^= link->random >> 12;
    link->random ^= link->random << 25;
    link->random ^= link->random >> 27;
    return (double)((link->random * 2685821657736338717U) >> 11) / 9007199254740992.0;
}

/* Returns whether the next packet is lost. The model has two states, and loses every packet in one
 * of them (Gilbert 1960). The runs of losses have the mean length loss_run, and the share of lost
 * packets is loss. */
static bool is_lost(struct link *link)
{
    const struct link_profile *p = &link->profile;
    if (p->loss <= 0)
        return false;
    if (p->loss_run <= 1)
        return draw(link) < p->loss;
    if (link->losing)
        link->losing = draw(link) >= 1 / p->loss_run;
    else
        link->losing = draw(link) < p->loss / (p->loss_run * (1 - p->loss));
    return link->losing;
}

static bool is_down(const struct link *link, int64_t now_us)
{
    const struct link_profile *p = &link->profile;
    return p->down_us > 0 && (now_us - link->start_us) % (p->up_us + p->down_us) >= p->up_us;
}

static void append(struct link *link, const void *data, size_t bytes, int64_t arrival_us)
{
    struct link_packet *packet = malloc(sizeof(*packet) + bytes);
    if (!packet)
        abort();
    *packet = (struct link_packet){.arrival_us = arrival_us, .bytes = bytes};
    memcpy(packet->data, data, bytes);
    *link->last = packet;
    link->last = &packet->next;
}

void link_send(struct link *link, const void *data, size_t bytes, int64_t now_us)
{
    int64_t begin_us = link->free_us > now_us ? link->free_us : now_us;
    if (link->fails || is_down(link, now_us)) {
        link->counts.cut++;
        return;
    }
    if (begin_us - now_us > link->profile.queue_us) {
        link->counts.overflowed++;
        return;
    }
    link->free_us = begin_us + (int64_t)bytes * 8 * SECOND / link->profile.rate_bps;
    /* A packet that is lost on the way has taken its time on the link before. */
    if (is_lost(link)) {
        link->counts.lost++;
        return;
    }
    append(link, data, bytes, link->free_us + link->profile.delay_us);
}

struct link_packet *link_receive(struct link *link, int64_t now_us)
{
    struct link_packet *packet = link->first;
    if (!packet || packet->arrival_us > now_us)
        return NULL;
    link->first = packet->next;
    if (!link->first)
        link->last = &link->first;
    link->counts.packets++;
    link->counts.bytes += packet->bytes;
    return packet;
}

int64_t link_next_us(const struct link *link)
{
    return link->first ? link->first->arrival_us : INT64_MAX;
}

/* ---- profiles ---- */

/* The round trip is twice the delay. Queues are long, as in modems and base stations. */
static const struct {
    const char *name;
    struct link_profile down, up;
} profiles[] = {
    {"2g", /* EDGE at the edge of a cell */
        {128 * KBPS, 300 * MS, 1500 * MS, 0.01, 3, 0, 0},
        {64 * KBPS, 300 * MS, 1500 * MS, 0.01, 3, 0, 0}},
    {"bad-3g", {512 * KBPS, 150 * MS, 800 * MS, 0.03, 2, 0, 0},
        {128 * KBPS, 150 * MS, 800 * MS, 0.03, 2, 0, 0}},
    {"satellite", /* a geostationary satellite */
        {2000 * KBPS, 300 * MS, 500 * MS, 0.005, 1, 0, 0},
        {256 * KBPS, 300 * MS, 500 * MS, 0.005, 1, 0, 0}},
    {"village-adsl", /* several kilometres of old copper */
        {1500 * KBPS, 25 * MS, 300 * MS, 0.002, 1, 0, 0},
        {256 * KBPS, 25 * MS, 300 * MS, 0.002, 1, 0, 0}},
    {"flapping", /* a line that works for 12 s, then not for 8 s */
        {1000 * KBPS, 60 * MS, 300 * MS, 0.005, 1, 12 * SECOND, 8 * SECOND},
        {256 * KBPS, 60 * MS, 300 * MS, 0.005, 1, 12 * SECOND, 8 * SECOND}},
    /* These are for the benchmarks and do not describe a village. */
    {"lossy-2m", {2000 * KBPS, 100 * MS, 400 * MS, 0.02, 1, 0, 0},
        {2000 * KBPS, 100 * MS, 400 * MS, 0, 1, 0, 0}},
    {"lossy-256k", {256 * KBPS, 150 * MS, 1000 * MS, 0.03, 1, 0, 0},
        {256 * KBPS, 150 * MS, 1000 * MS, 0, 1, 0, 0}},
    {"shared-2m", {2000 * KBPS, 25 * MS, 300 * MS, 0, 1, 0, 0},
        {2000 * KBPS, 25 * MS, 300 * MS, 0, 1, 0, 0}},
};
#define PROFILES (sizeof(profiles) / sizeof(profiles[0]))

bool link_profile_find(const char *name, struct link_profile *down, struct link_profile *up)
{
    for (size_t i = 0; i < PROFILES; i++)
        if (strcmp(profiles[i].name, name) == 0) {
            *down = profiles[i].down;
            *up = profiles[i].up;
            return true;
        }
    return false;
}

const char *link_profile_name(size_t n)
{
    return n < PROFILES ? profiles[n].name : NULL;
}
