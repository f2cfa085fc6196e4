/* SPDX-License-Identifier: Apache-2.0
 *
 * write: what create, update and delete share.
 *
 * What the headers and an outer Bundle say
 * about a write goes into one struct record_write, so that the handlers differ
 * only in which operation of the record they ask for. If-Match takes a list of
 * entity tags, weak or strong or, as some clients send it, bare; a tag that is
 * no version number matches nothing.
 *
 * FHIR R4 3.1.0.5 (If-Match), RFC 9110 13.1.1; facts: fhir-rest.md 1.4, 2.4.
 */
#include "fhir/fhir_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- headers --------------------------------------------------------- */

/* The version that an entity tag of n bytes names: W/"3", "3" or 3. 0: *, which
 * any version meets; -1: none. */
static int tag_version(const char *p, size_t n)
{
	size_t digits;

	while (n > 0 && strchr(" \t", *p))
		p++, n--;
	while (n > 0 && strchr(" \t", p[n - 1]))
		n--;
	if (n == 1 && *p == '*')
		return 0;
	if (n > 1 && strncasecmp(p, "W/", 2) == 0)
		p += 2, n -= 2;
	if (n > 1 && *p == '"' && p[n - 1] == '"')
		p++, n -= 2;
	digits = strspn(p, "0123456789");
	if (digits != n || n == 0 || n > 9 || *p == '0')
		return -1;
	return (int)strtol(p, NULL, 10);
}

/* The versions that If-Match lists. */
static void read_if_match(struct rq *rq, struct record_write *w)
{
	const char *list = rq_header_in(rq, "If-Match");
	size_t n = 1;
	int *version;

	if (!list || !*list)
		return;
	for (const char *p = list; *p; p++)
		n += *p == ',';
	version = arena_alloc(rq->arena, n * sizeof(*version));
	for (size_t i = 0; i < n; i++) {
		const size_t all = strcspn(list, ",");

		version[i] = tag_version(list, all);
		list += all + (list[all] != '\0');
	}
	w->if_match = version;
	w->if_match_count = n;
}

struct record_write fhir_write(struct rq *rq, const char *id)
{
	const struct fhir *f = rq->ctx;
	const struct fhir_within *within = rq->within;
	const char *none = rq_header_in(rq, "If-None-Match");
	struct record_write w = {
	    .fhir = f->version,
	    .grant = rq->grant,
	    .own_base = fhir_own_base(rq),
	    .client_id = rq->grant->client_id,
	    .id = id,
	    .last = !rq->undo,
	    .outrun = rq->twist && rq->twist->conflict,
	    .if_none_match = none && strcmp(none, "*") == 0,
	};

	read_if_match(rq, &w);
	if (within) {
		if (id == NULL)
			w.id = within->id;
		w.expected = within->expected;
		w.expected_count = within->expected_count;
		w.leaving = within->leaving;
		w.leaving_count = within->leaving_count;
	}
	return w;
}

const char *fhir_condition_query(struct rq *rq, const struct wish *w)
{
	struct buf b;

	buf_init(&b, rq->arena);
	for (size_t i = 0; i < w->pairs; i++) {
		if (strcmp(w->pair[i].name, "_format") == 0 ||
		    strcmp(w->pair[i].name, "_pretty") == 0)
			continue;
		if (b.len > 0)
			buf_putc(&b, '&');
		http_escape(&b, w->pair[i].name);
		buf_putc(&b, '=');
		http_escape(&b, w->pair[i].value);
	}
	return b.p;
}

/* ---- what was found good -------------------------------------------- */

/* The record's checks in its order. */
void fhir_passed_write(struct rq *rq, const struct record_write *w)
{
	rq_passed(rq, "profile");
	if (w->if_match_count > 0 || w->if_none_match)
		rq_passed(rq, "precondition");
	rq_passed(rq, "owner");
	rq_passed(rq, "reference");
}

/* ---- refusals -------------------------------------------------------- */

/* Up to which of the checks a write came, its rule tells. */
static void passed_before(struct rq *rq)
{
	static const struct {
		const char *rule;
		bool owner; /* passed as well, besides the profile */
	} rules[] = {
	    {RULE_VERSION, false},     {RULE_OWNER, false},
	    {RULE_APPLICATION, false}, {RULE_ONE_PATIENT, false},
	    {RULE_REFERENCE, true},    {RULE_EXTERNAL, true},
	    {RULE_PLACEHOLDER, true},
	};

	for (size_t i = 0; i < LEN(rules); i++) {
		if (strcmp(rq->err.code, rules[i].rule) != 0)
			continue;
		rq_passed(rq, "profile");
		if (rules[i].owner)
			rq_passed(rq, "owner");
	}
}

bool fhir_refuse_write(struct rq *rq, const struct wish *w,
		       const struct issues *issues)
{
	const struct fhir *f = rq->ctx;

	if (rq->err.kind == ERR_UNPROCESSABLE && issues)
		return fhir_reply_issues(
		    rq, w, f->record->settings.validation_status, issues);
	passed_before(rq);
	return false;
}
