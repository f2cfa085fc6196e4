/* SPDX-License-Identifier: Apache-2.0
 *
 * reset: taking away, of everything or of a part. What is left equals a file
 * in which that never was: serial numbers and counters begin again with what
 * they count.
 */
#include "store/store_int.h"

static void run_all(struct store *s, enum stmt first, enum stmt last)
{
	for (int i = first; i <= (int)last; i++)
		store_run(s, (enum stmt)i, NO_ARGS);
}

void store_reset(struct store *s)
{
	if (!store_write_begin(s))
		return;
	run_all(s, ST_RESET_RESOURCE, ST_RESET_TICKET);
	store_forget(s);
	store_write_end(s);
}

void store_chance_delete(struct store *s, const char *purpose,
			 const char *citizen)
{
	store_write(s, ST_CHANCE_DELETE_PURPOSE,
		    ARGS(TEXT(purpose), TEXT(citizen)));
}

void store_reset_resources(struct store *s)
{
	if (!store_write_begin(s))
		return;
	run_all(s, ST_RESET_RESOURCE, ST_RESET_KEPT);
	store_chance_delete(s, STORE_CHANCE_RESOURCE, NULL);
	store_forget(s);
	store_write_end(s);
}

void store_reset_resources_of(struct store *s, const char *patient)
{
	if (!store_write_begin(s))
		return;
	store_resource_erase(s, patient);
	store_chance_delete(s, STORE_CHANCE_RESOURCE, patient);
	store_write_end(s);
}

int64_t store_reset_tokens(struct store *s, const char *client_id,
			   const char *hetu)
{
	int64_t count = 0;

	if (!store_write_begin(s))
		return 0;
	store_run(s, ST_GRANT_CODES_DELETE, ARGS(TEXT(client_id), TEXT(hetu)));
	if (store_run(s, ST_GRANT_TOKENS_DELETE,
		      ARGS(TEXT(client_id), TEXT(hetu))))
		count = sqlite3_changes64(s->db);
	if (client_id == NULL && hetu == NULL)
		store_run(s, ST_RESET_TICKET, NO_ARGS);
	else if (client_id == NULL)
		store_run(s, ST_TICKET_DELETE_TEXT, ARGS(TEXT(hetu)));
	store_write_end(s);
	return count;
}
