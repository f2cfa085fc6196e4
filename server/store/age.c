/* SPDX-License-Identifier: Apache-2.0
 *
 * age: what a citizen allowed, and all that hangs on it, as if it had been
 * there for longer. There is one clock for all; with this, time passes for one
 * citizen alone, so that tests that run at a time can see tokens expire without
 * taking them from one another. What never ends still never does, and what was
 * not used yet still was not.
 *
 * Facts: stand-in.md 4.2, 6.
 */
#include "store/store_int.h"

void store_age(struct store *s, const char *hetu, int64_t ms,
	       struct store_aged *out)
{
	static const struct {
		enum stmt which;
		size_t count; /* where in the result */
	} steps[] = {
	    {ST_AGE_CODES, offsetof(struct store_aged, codes)},
	    {ST_AGE_TOKENS, offsetof(struct store_aged, tokens)},
	    {ST_AGE_GRANTS, offsetof(struct store_aged, approvals)},
	    {ST_AGE_TICKETS, offsetof(struct store_aged, sessions)},
	};

	*out = (struct store_aged){0};
	if (!store_write_begin(s))
		return;
	for (size_t i = 0; i < LEN(steps); i++) {
		int64_t *n = (int64_t *)(void *)((char *)out + steps[i].count);

		if (store_run(s, steps[i].which, ARGS(TEXT(hetu), INT(ms))))
			*n = sqlite3_changes64(s->db);
	}
	store_write_end(s);
}
