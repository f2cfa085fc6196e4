/* SPDX-License-Identifier: Apache-2.0
 *
 * read and vread: GET Type/id and GET Type/id/_history/version.
 *
 * The resource goes out byte for byte as it is stored, unless _summary or
 * _elements ask for parts of it; other parameters are not looked at. An
 * application that already has it says so with If-None-Match or
 * If-Modified-Since and gets 304; the former wins when both are there (RFC
 * 9110 13.2.2). Times are compared in whole seconds, which is what
 * Last-Modified carries.
 *
 * What begins with '_' or '$' is no id but an operation that nobody knows:
 * those that are known have routes of their own.
 *
 * FHIR R4 3.1.0.2, 3.1.0.3, 3.1.0.5.1; facts: fhir-rest.md 1.3, 2.3.
 */
#include "fhir/fhir_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- has the client got it already? ---------------------------------- */

/* "Thu, 05 Jan 2023 00:05:47 GMT" in ms; false for anything else. */
static bool http_date(const char *text, int64_t *ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char iso[32], month[4] = "";
	struct time_span span;
	const char *at;

	if (strlen(text) != 29 || strncmp(text + 3, ", ", 2) != 0 ||
	    strcmp(text + 25, " GMT") != 0)
		return false;
	memcpy(month, text + 8, 3);
	at = strstr(months, month);
	if (!at || (at - months) % 3 != 0)
		return false;
	snprintf(iso, sizeof(iso), "%.4s-%02d-%.2sT%.8sZ", text + 12,
		 (int)(at - months) / 3 + 1, text + 5, text + 17);
	if (!time_parse(iso, strlen(iso), &span))
		return false;
	*ms = span.lo_ms;
	return true;
}

/* One of a list's n bytes: an entity tag, weak or strong or, as some clients
 * send it, bare; or '*'. */
static bool tag_is(const char *p, size_t n, const char *tag)
{
	while (n > 0 && strchr(" \t", *p))
		p++, n--;
	while (n > 0 && strchr(" \t", p[n - 1]))
		n--;
	if (n == 1 && *p == '*')
		return true;
	if (n > 1 && strncasecmp(p, "W/", 2) == 0)
		p += 2, n -= 2;
	if (n > 1 && *p == '"' && p[n - 1] == '"')
		p++, n -= 2;
	return n == strlen(tag) && strncmp(p, tag, n) == 0;
}

static bool tag_listed(const char *list, int version)
{
	char tag[16];

	snprintf(tag, sizeof(tag), "%d", version);
	while (*list) {
		size_t n = strcspn(list, ",");

		if (tag_is(list, n, tag))
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

static bool unchanged(const struct rq *rq, const struct store_resource *r)
{
	const char *tags = rq_header_in(rq, "If-None-Match");
	const char *since = rq_header_in(rq, "If-Modified-Since");
	int64_t ms;

	if (tags)
		return tag_listed(tags, r->version);
	return since && http_date(since, &ms) &&
	       r->updated_ms / 1000 * 1000 <= ms;
}

/* ---- the handlers ---------------------------------------------------- */

/* version 0: the current one */
static bool reply_version(struct rq *rq, const char *id, int version)
{
	const struct fhir *f = rq->ctx;
	struct store_resource r;
	struct subset part;
	struct wish w;

	if (!fhir_wish(rq, &w) ||
	    !fhir_subset_read(w.pair, w.pairs, &part, &rq->err))
		return false;
	if (!record_read(f->record, rq->arena, f->version, rq->grant,
			 rq_param(rq, "type"), id, version, &r, &rq->err))
		return false;
	rq_passed(rq, "owner");
	fhir_version_headers(rq, &r, false);
	if (unchanged(rq, &r))
		return rq_reply(rq, 304, NULL);
	if (fhir_subset_asked(&part))
		fhir_subset(&rq->out, f, &part, &r);
	else
		buf_add(&rq->out, r.text, r.text_len);
	return fhir_reply(rq, &w, 200);
}

bool fhir_read(struct rq *rq)
{
	const char *id = rq_param(rq, "id");
	const struct record_type *t;

	assert(rq->grant);
	if (*id == '_' || *id == '$')
		return fhir_unknown(rq);
	if (!fhir_offers(rq, IA_READ, &t))
		return false;
	return reply_version(rq, id, 0);
}

/* Who may not see the resource learns nothing about its versions. */
static bool refuse_version(struct rq *rq, const char *id, const char *vid)
{
	const struct fhir *f = rq->ctx;
	const char *type = rq_param(rq, "type");
	struct store_resource r;

	if (!record_read(f->record, rq->arena, f->version, rq->grant, type, id,
			 0, &r, &rq->err) &&
	    rq->err.kind != ERR_GONE)
		return false;
	return err_set(&rq->err, ERR_NOT_FOUND, NULL, NULL,
		       "Version \"%.64s\" is not valid for resource %s/%.64s",
		       vid, type, id);
}

bool fhir_vread(struct rq *rq)
{
	const char *vid = rq_param(rq, "vid");
	const char *id = rq_param(rq, "id");
	const size_t digits = strspn(vid, "0123456789");
	const struct record_type *t;

	assert(rq->grant);
	if (!fhir_offers(rq, IA_VREAD, &t))
		return false;
	if (digits == 0 || digits > 9 || vid[digits] || *vid == '0')
		return refuse_version(rq, id, vid);
	return reply_version(rq, id, (int)strtol(vid, NULL, 10));
}
