/* SPDX-License-Identifier: Apache-2.0
 *
 * What pages show of an application's metadata.
 *
 * Names, texts and addresses are anybody's: they are escaped like every value,
 * and an address is a link only when it is http or https, which a template
 * cannot see to.
 */
#include "site/site.h"

bool site_is_web(const char *url)
{
	return url != NULL &&
	       (text_begins(url, "https://") || text_begins(url, "http://"));
}

struct page_value site_links(struct rq *rq, const struct json *metadata,
			     const struct site_link *link, size_t n)
{
	struct page_values *row =
	    arena_alloc(rq->arena, (n + 1) * sizeof(*row));
	const struct page_locale locale = site_locale(rq);
	size_t rows = 0;

	for (size_t i = 0; i < n; i++) {
		const char *url = json_get_text(metadata, link[i].member);

		if (!site_is_web(url))
			continue;
		const struct page_value v[] = {
		    {.name = "label",
		     .text = page_word(&locale, link[i].label)},
		    {.name = "url", .text = url},
		};
		row[rows++] = page_row(rq->arena, v, LEN(v));
	}
	return (struct page_value){
	    .name = "links", .rows = row, .row_count = rows};
}

const char *site_contacts(struct arena *a, const struct json *metadata)
{
	const struct json *c = json_first(json_get(metadata, "contacts"));
	struct buf b;

	buf_init(&b, a);
	for (; c != NULL; c = json_next(c))
		if (json_kind(c) == JSON_STRING)
			buf_printf(&b, "%s%s", b.len > 0 ? ", " : "",
				   json_text(c));
	return b.p;
}
