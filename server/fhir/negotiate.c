/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client wants of its answer, and the answer in that form.
 *
 * The service speaks JSON alone. So there is little to negotiate: a client
 * that takes nothing but FHIR XML is refused with 406, every other one gets
 * JSON, under the older media type if that is the one it named. A browser
 * (Accept: text/html) gets JSON too. _format overrides Accept. Prefer chooses
 * the body of a create (representation is the default) and how strictly
 * unknown search parameters are taken.
 *
 * Limits: Accept's q values are not weighed, as there is only one choice; of a
 * repeated header the first counts.
 *
 * FHIR R4 3.1.0.1.11 (content types), 3.1.0.1.5 (Prefer), RFC 7240;
 * facts: fhir-rest.md 1.2, 1.3, 2.1.
 */
#include "fhir/fhir_int.h"

#include <string.h>
#include <strings.h>

#define TYPE_FHIR   "application/fhir+json;charset=UTF-8"
#define TYPE_LEGACY "application/json+fhir;charset=UTF-8"

/* ---- lists in headers ------------------------------------------------ */

static size_t trimmed(const char **p, size_t n)
{
	while (n > 0 && (**p == ' ' || **p == '\t')) {
		(*p)++;
		n--;
	}
	while (n > 0 && ((*p)[n - 1] == ' ' || (*p)[n - 1] == '\t'))
		n--;
	return n;
}

bool fhir_names(const char *text, const char *word)
{
	while (text && *text) {
		const char *p = text;
		size_t all = strcspn(text, ",;");
		size_t n = trimmed(&p, all);

		if (n == strlen(word) && strncasecmp(p, word, n) == 0)
			return true;
		text += all + (text[all] != '\0');
	}
	return false;
}

/* ---- reading --------------------------------------------------------- */

static bool has(const char *text, const char *part)
{
	return text && strcasestr(text, part) != NULL;
}

/* Only an Accept that names FHIR's XML and leaves no other way is refused. */
static bool only_xml(const char *accept)
{
	return (fhir_names(accept, "application/fhir+xml") ||
		fhir_names(accept, "application/xml+fhir")) &&
	       !has(accept, "json") && !fhir_names(accept, "*/*") &&
	       !fhir_names(accept, "application/*");
}

static void read_prefer(struct wish *w, const char *prefer)
{
	if (fhir_names(prefer, "return=minimal"))
		w->answer = RETURN_MINIMAL;
	else if (fhir_names(prefer, "return=OperationOutcome"))
		w->answer = RETURN_OUTCOME;
	if (fhir_names(prefer, "handling=strict"))
		w->handling = HANDLING_STRICT;
	else if (fhir_names(prefer, "handling=lenient"))
		w->handling = HANDLING_LENIENT;
}

bool fhir_wish(struct rq *rq, struct wish *w)
{
	const char *accept = rq_header_in(rq, "Accept");
	const char *format, *pretty;

	*w = (struct wish){.type = TYPE_FHIR};
	read_prefer(w, rq_header_in(rq, "Prefer"));
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &w->pair,
		       &w->pairs, &rq->err)) {
		w->pairs = 0;
		return false;
	}
	format = http_form_get(w->pair, w->pairs, "_format");
	pretty = http_form_get(w->pair, w->pairs, "_pretty");
	w->pretty = (pretty && strcmp(pretty, "true") == 0) ||
		    fhir_names(accept, "pretty=true");
	if (!format || !*format)
		format = accept;
	/* an unescaped '+' of a query has become a space */
	if ((has(format, "json+fhir") || has(format, "json fhir")) &&
	    !has(format, "fhir+json"))
		w->type = TYPE_LEGACY;
	if (format != accept ? has(format, "xml") : only_xml(accept))
		return err_set(&rq->err, ERR_NOT_ACCEPTABLE, RULE_FORMAT, NULL,
			       "This server answers in JSON only: ask for "
			       "application/fhir+json");
	return true;
}

const char *fhir_own_base(const struct rq *rq)
{
	const struct fhir *f = rq->ctx;

	return arena_cat(rq->arena, rq->origin, f->base, NULL);
}

/* ---- answering ------------------------------------------------------- */

bool fhir_reply(struct rq *rq, const struct wish *w, int status)
{
	const struct json *v = NULL;
	struct err ignored = {.kind = ERR_NONE};
	struct buf indented;

	/* What is nested too deeply to be read again stays as it is. */
	if (w->pretty)
		v = json_parse(rq->arena, rq->out.p, rq->out.len, &ignored);
	if (v) {
		buf_init(&indented, rq->arena);
		json_write(&indented, v, true);
		rq->out = indented;
	}
	return rq_reply(rq, status, w->type);
}

void fhir_version_headers(struct rq *rq, const struct store_resource *r,
			  bool location)
{
	const struct fhir_within *in = rq->within;
	char when[TIME_TEXT];
	const char *version = arena_printf(rq->arena, "%d", r->version);
	const char *url = arena_cat(rq->arena, fhir_own_base(rq), "/", r->type,
				    "/", r->id, "/_history/", version, NULL);

	if (in && in->done)
		*in->done = *r;
	time_http(when, r->updated_ms);
	rq_header_text(rq, "ETag",
		       arena_cat(rq->arena, "W/\"", version, "\"", NULL));
	rq_header_text(rq, "Last-Modified", when);
	rq_header_text(rq, "Content-Location", url);
	if (location)
		rq_header_text(rq, "Location", url);
}

static bool reply_done(struct rq *rq, const struct wish *w, int status,
		       const struct store_resource *r, const char *done)
{
	struct issue i = {
	    .severity = ISSUE_INFO,
	    .code = "informational",
	    .text = arena_printf(rq->arena,
				 "Successfully %s resource "
				 "\"%s/%s/_history/%d\"",
				 done, r->type, r->id, r->version),
	};
	const struct issues one = {.v = &i, .n = 1};

	return fhir_reply_issues(rq, w, status, &one);
}

bool fhir_reply_resource(struct rq *rq, const struct wish *w, int status,
			 const struct store_resource *r, const char *done)
{
	if (w->answer == RETURN_MINIMAL)
		return rq_reply(rq, status, NULL);
	if (w->answer == RETURN_OUTCOME)
		return reply_done(rq, w, status, r, done);
	buf_add(&rq->out, r->text, r->text_len);
	return fhir_reply(rq, w, status);
}
