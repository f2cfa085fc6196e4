/* SPDX-License-Identifier: Apache-2.0
 *
 * journal: what was asked of the server and how it answered, for tests that
 * look at it afterwards. Here is the ring that holds it.
 *
 * A ring in memory of the newest entries, bounded in number and in bytes; what
 * goes is counted, and every answer tells how many went, so that nobody takes a
 * part for the whole. The sequence number of an entry is never given again,
 * whatever is emptied.
 *
 * What is kept of a request, and what is not: entry.c, redact.c; how it is
 * told: tell.c; who looks through it: requests.c.
 *
 * Facts: stand-in.md 5; contracts.md section 3.
 */
#include "admin/admin_int.h"

#include <stdlib.h>
#include <string.h>

#define JOURNAL_BYTES (64u << 20)

struct journal {
	struct entry **ring;
	size_t cap, first, n;
	size_t bytes;
	int64_t seq, dropped, lost;
};

struct journal *journal_new(size_t entries)
{
	struct journal *j = calloc(1, sizeof(*j));
	struct entry **ring = calloc(entries, sizeof(struct entry *));

	if (j == NULL || ring == NULL)
		abort();
	j->ring = ring;
	j->cap = entries;
	return j;
}

static struct entry **place(const struct journal *j, size_t i)
{
	const size_t at = j->first + i;

	return &j->ring[at < j->cap ? at : at - j->cap];
}

static void drop_oldest(struct journal *j)
{
	struct entry *e = *place(j, 0);

	j->bytes -= e->bytes;
	entry_free(e);
	j->first = j->first + 1 < j->cap ? j->first + 1 : 0;
	j->n--;
}

void journal_clear(struct journal *j)
{
	while (j->n > 0)
		drop_oldest(j);
	j->dropped = 0;
	j->lost = 0;
}

void journal_clear_patient(struct journal *j, const char *patient)
{
	size_t left = 0;

	for (size_t i = 0; i < j->n; i++) {
		struct entry *e = *place(j, i);
		struct seen s;

		entry_seen(e, &s);
		if (strcmp(s.patient, patient) != 0) {
			*place(j, left++) = e;
			continue;
		}
		j->bytes -= e->bytes;
		entry_free(e);
	}
	j->n = left;
}

void journal_free(struct journal *j)
{
	if (j == NULL)
		return;
	journal_clear(j);
	free(j->ring);
	free(j);
}

void journal_put(struct journal *j, struct entry *e)
{
	while (j->n > 0 &&
	       (j->n == j->cap || j->bytes + e->bytes > JOURNAL_BYTES)) {
		j->lost = (*place(j, 0))->seq;
		drop_oldest(j);
		j->dropped++;
	}
	e->seq = ++j->seq;
	*place(j, j->n++) = e;
	j->bytes += e->bytes;
}

bool journal_at(const struct journal *j, size_t i, struct seen *out)
{
	if (i >= j->n)
		return false;
	entry_seen(*place(j, i), out);
	return true;
}

size_t journal_kept(const struct journal *j)
{
	return j->n;
}

int64_t journal_last(const struct journal *j)
{
	return j->seq;
}

size_t journal_behind(const struct journal *j, int64_t seq)
{
	size_t low = 0, high = j->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if ((*place(j, middle))->seq > seq)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int64_t journal_lost(const struct journal *j)
{
	return j->lost;
}

int64_t journal_dropped(const struct journal *j)
{
	return j->dropped;
}

void journal_write(struct jw *w, const struct journal *j)
{
	jw_open(w, "journal", '{');
	jw_int(w, "kept", (int64_t)j->n);
	jw_int(w, "dropped", j->dropped);
	jw_close(w);
}
