/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the issues of an entry are, when they are told of the whole Bundle.
 *
 * A batch answers each entry by itself, and its issues name places within the
 * resource, as if it had come alone. A transaction that is refused has one
 * outcome, that of the entry that failed: there "Observation.code" becomes
 * "Bundle.entry[2].resource.code", and what has no place of its own (or the
 * name of a header) becomes the entry's. The texts stay as they are.
 *
 * A resource whose references were resolved has been read from another text
 * than the client's: lines and columns of that are left out.
 */
#include "fhir/fhir_int.h"

#include <string.h>

/* path: within the resource of that type, within the entry ("request.url"), or
 * something else. */
static const char *placed(struct arena *a, const struct fhir_within *in,
			  const char *path)
{
	const char *type =
	    text_or_empty(json_get_text(in->resource, "resourceType"));
	const size_t n = strlen(type);

	if (!path || !*path)
		return in->place;
	if (n > 0 && strncmp(path, type, n) == 0 && strchr(".[", path[n]))
		return arena_cat(a, in->place, ".resource", path + n, NULL);
	if (text_begins(path, "request.") || text_is(path, "fullUrl") ||
	    text_is(path, "resource"))
		return arena_cat(a, in->place, ".", path, NULL);
	return in->place;
}

const struct issues *fhir_within_issues(const struct rq *rq,
					const struct issues *issues)
{
	const struct fhir_within *in = rq->within;
	struct issues *out;

	if (!in || !in->place)
		return issues;
	out = arena_alloc(rq->arena, sizeof(*out));
	*out = *issues;
	out->v = arena_alloc(rq->arena, issues->n * sizeof(*out->v));
	for (size_t i = 0; i < issues->n; i++) {
		struct issue *v = &out->v[i];

		*v = issues->v[i];
		v->path = placed(rq->arena, in, v->path);
		if (v->place)
			v->place = placed(rq->arena, in, v->place);
		if (in->moved)
			v->line = v->column = 0;
	}
	return out;
}
