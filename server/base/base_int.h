/* SPDX-License-Identifier: Apache-2.0
 *
 * base_int: what the files of base know of one another.
 */
#ifndef BASE_INT_H
#define BASE_INT_H

#include "base/base.h"

/* The clock's range: the years that FHIR and HTTP can write, less a day at
 * either end so that every zone's text stays within them. */
#define TIME_MIN_MS INT64_C(-62135510400000) /* 0001-01-02T00:00:00Z */
#define TIME_MAX_MS INT64_C(253402214400000) /* 9999-12-31T00:00:00Z */

/* ms brought into that range. */
int64_t time_clamp(int64_t ms);

/* 2023-01-04T22:05:47.614Z: log lines. */
void time_utc(char out[TIME_TEXT], int64_t ms);

/* s is n bytes that were cut from a longer text: how many of them are left
 * when a character that was cut in two is dropped? */
size_t utf8_whole(const char *s, size_t n);

#endif
