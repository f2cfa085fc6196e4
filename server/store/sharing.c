/* SPDX-License-Identifier: Apache-2.0
 *
 * sharing: what professionals may see of a citizen.
 *
 * Three kinds of rows in one table: the citizen's consent that the providers of
 * care see the data, a refusal that takes something of it back, and the
 * relationship of treatment with a provider. Each is about one citizen, and
 * about one professional application or all of them, in a span of time. What
 * follows from them together is not decided here. Rows go with their citizen
 * and with their application.
 */
#include "store/store_int.h"

void store_sharing_put(struct store *s, const struct store_sharing *x)
{
	store_write(s, ST_SHARING_PUT,
		    ARGS(TEXT(x->id), INT(x->kind), TEXT(x->hetu),
			 TEXT(x->client_id), INT(x->from_ms),
			 INT(x->until_ms)));
}

/* The columns are those of ST_SHARING_LIST in statements.c. */
static void sharing_take(sqlite3_stmt *st, struct arena *a, void *out)
{
	*(struct store_sharing *)out = (struct store_sharing){
	    .id = store_column(a, st, 0),
	    .kind = (enum sharing_kind)sqlite3_column_int64(st, 1),
	    .hetu = store_column(a, st, 2),
	    .client_id = store_column(a, st, 3),
	    .from_ms = sqlite3_column_int64(st, 4),
	    .until_ms = sqlite3_column_int64(st, 5),
	};
}

size_t store_sharing_list(struct store *s, struct arena *a, const char *hetu,
			  struct store_sharing **out)
{
	size_t n;
	*out =
	    store_list(s, a, store_query(s, ST_SHARING_LIST, ARGS(TEXT(hetu))),
		       sizeof **out, sharing_take, &n);
	return n;
}

bool store_sharing_delete(struct store *s, const char *id)
{
	return store_write(s, ST_SHARING_DELETE, ARGS(TEXT(id))) > 0;
}
