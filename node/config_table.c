/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/config_table.h"

#define KIB INT64_C(1024)
#define TIB (KIB * KIB * KIB * KIB)

#define FIELD(name) offsetof(struct config, name)

const struct config_option config_table[CONFIG_OPTIONS] = {
    {"listen", CONFIG_ADDRESS, FIELD(listen), 0, 0, "127.0.0.1:8080", "",
        "Address and port to serve on. 0.0.0.0:8080 serves every network that this machine is in; "
        "port 0 picks a "
        "free one."},
    {"tls_listen", CONFIG_OPTIONAL_ADDRESS, FIELD(tls_listen), 0, 0, "", "",
        "Address and port for HTTPS beside it, as in 0.0.0.0:8443; it needs tls_certificate and "
        "tls_key. Old boxes that know no TLS go on with listen."},
    {"tls_certificate", CONFIG_PATH, FIELD(tls_certificate), 0, 0, "", "",
        "PEM file with the certificate and those between it and the root. It is loaded anew on "
        "SIGHUP."},
    {"tls_key", CONFIG_PATH, FIELD(tls_key), 0, 0, "", "",
        "PEM file with its private key, without a passphrase. It is loaded anew on SIGHUP."},
    {"hsts_seconds", CONFIG_NUMBER, FIELD(hsts_seconds), 0, 63072000, "0", "seconds",
        "For so long browsers refuse to come back without TLS "
        "(Strict-Transport-Security). Leave it at 0 until HTTPS has proved itself."},
    {"pages_need_tls", CONFIG_SWITCH, FIELD(pages_need_tls), 0, 0, "no", "",
        "Whether logging in, and all that needs a login, is refused without TLS to other machines. "
        "Lessons may be watched without."},
    {"loops", CONFIG_NUMBER, FIELD(loops), 0, 64, "0", "threads",
        "Threads that serve connections. 0: one per core."},
    {"pool_threads", CONFIG_NUMBER, FIELD(pool_threads), 1, 64, "4", "threads",
        "Threads for what blocks: catalog, passwords, writing uploads."},
    {"max_connections", CONFIG_NUMBER, FIELD(max_connections), 1, 1000000, "10000", "connections",
        "Connections open at a time; further ones wait in the kernel's queue. The limit of open "
        "files (ulimit -n) must "
        "be larger."},
    {"trusted_proxies", CONFIG_RANGES, FIELD(trusted_proxies), 0, 0, "", "",
        "Reverse proxies in front of the node, as in 127.0.0.1, 10.0.0.0/24. What they say about "
        "their clients is believed; what others say is not."},
    {"proxy_header", CONFIG_CHOICE, FIELD(proxy_header), 0, 0, "x-forwarded-for",
        "x-forwarded-for|forwarded|proxy",
        "How they say it. x-forwarded-for: by X-Forwarded-For and X-Forwarded-Proto. forwarded: by "
        "Forwarded (RFC 7239). proxy: by the PROXY protocol, on connections without TLS."},
    {"congestion", CONFIG_CHOICE, FIELD(congestion), 0, 0, "bbr", "bbr|cubic|system",
        "How TCP judges the links to the terminals, but for those in the same building. bbr is "
        "several times as fast as cubic on lossy ones; where the kernel doesn't have it, or "
        "doesn't allow it, they have cubic too (`terrace doctor` says so). system: whatever the "
        "system has, for all."},
    {"min_progress_bytes_per_minute", CONFIG_BYTES, FIELD(min_progress_bytes_per_minute), 1, TIB,
        "15000", "bytes",
        "A peer in the middle of a request or response that moves less than this in a minute is "
        "cut off. 15,000 bytes "
        "a minute are 2 kbit/s."},
    {"workers", CONFIG_NUMBER, FIELD(workers), 0, 256, "0", "processes",
        "Lessons are made by so many worker processes at a time. 0: one per core."},
    {"worker_nice", CONFIG_NUMBER, FIELD(worker_nice), 1, 19, "10", "",
        "Niceness of the workers: 19 leaves the most time to viewers."},
    {"ladder", CONFIG_RATES, FIELD(ladder_bps), 16, 20000, "48,80,130,220,400,700", "kbit/s",
        "What a video rendition may take on the wire with its sound, from the lowest rung on. A "
        "rung "
        "that would look no better than the one below is not made. Lessons that are there stay as "
        "they are."},
    {"av1", CONFIG_SWITCH, FIELD(av1), 0, 0, "yes", "",
        "Whether lessons of slides get renditions in AV1 beside the lowest rungs, where it saves "
        "15 % and more of the bits. They take some 25 s of processor time a minute of lesson each, "
        "after all else of the lesson. Lessons that are there stay as they are."},
    {"floor_bytes", CONFIG_BYTES, FIELD(floor_bytes), 0, 1024 * TIB, "0", "bytes",
        "Free space on the disk that is never given to media, so that the catalog can always be "
        "written. 0: 512 MiB or "
        "2 % of the disk, whichever is smaller."},
    {"max_upload_bytes", CONFIG_BYTES, FIELD(max_upload_bytes), 1, 1024 * TIB, "64G", "bytes",
        "The largest file that may be uploaded in the operator's page."},
    {"upload_quota_bytes", CONFIG_BYTES, FIELD(upload_quota_bytes), 1, 1024 * TIB, "256G", "bytes",
        "What all unfinished uploads of a user may have together."},
    {"upload_expiry_hours", CONFIG_NUMBER, FIELD(upload_expiry_hours), 1, 8760, "168", "hours",
        "An unfinished upload is removed when nothing has come for so long. Only the time that the "
        "node runs counts."},
    {"session_hours", CONFIG_NUMBER, FIELD(session_hours), 1, 8760, "12", "hours",
        "After so long a login has to be repeated."},
    {"metrics_public", CONFIG_SWITCH, FIELD(metrics_public), 0, 0, "no", "",
        "Whether /metrics may be read from everywhere without a login, not from this machine "
        "alone."},
    {"max_terminals", CONFIG_NUMBER, FIELD(max_terminals), 16, 1000000, "10000", "addresses",
        "Rows of the technician's table; the longest unseen goes first."},
    {"indexed_lessons", CONFIG_NUMBER, FIELD(indexed_lessons), 1, 100000, "256", "lessons",
        "Lessons whose segment tables are kept in memory, some 50 KB for an hour of video each, "
        "and as much for its "
        "playlists."},
};
