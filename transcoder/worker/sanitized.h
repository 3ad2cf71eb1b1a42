/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_WORKER_SANITIZED_H
#define TRANSCODER_WORKER_SANITIZED_H

#ifndef __has_feature
#define __has_feature(name) 0 /* a test that only clang knows */
#endif
/* Whether this is a build with a sanitizer. Sanitizers reserve terabytes of address space, read
 * about their own process in /proc, and find leaks with a tracing process. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#endif
