/* SPDX-License-Identifier: Apache-2.0
 *
 * summary: parts of a resource; still to come.
 */
#include "fhir/fhir_int.h"

bool fhir_subset_read(const struct http_pair *pair, size_t n,
		      struct subset *out, struct err *e)
{
	(void)pair, (void)n, (void)e;
	*out = (struct subset){.summary = SUMMARY_FALSE};
	return true;
}

bool fhir_subset_asked(const struct subset *s)
{
	return (s->summary != SUMMARY_FALSE && s->summary != SUMMARY_COUNT) ||
	       s->elements != NULL;
}

void fhir_subset(struct buf *b, const struct fhir *f, const struct subset *s,
		 const struct store_resource *r)
{
	(void)f, (void)s;
	buf_add(b, r->text, r->text_len);
}
