/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client wants of its answer, and the answer in that form.
 *
 * The service speaks JSON alone. So there is little to negotiate: a client
 * that takes nothing but FHIR XML is refused with 406 (unless the switch xml
 * says otherwise), every other one gets JSON, under the older media type if
 * that is the one it likes best. A browser (Accept: text/html) gets JSON too,
 * and a form that nobody knows is passed over. _format overrides Accept, whose
 * q values count. Prefer chooses the body of a create (representation is the
 * default) and how strictly unknown search parameters are taken.
 *
 * Limits: of a repeated header the first counts; q has three decimals.
 *
 * FHIR R4 3.1.0.1.11 (content types), 3.1.0.1.5 (Prefer), RFC 9110 12.5.1,
 * RFC 7240; facts: fhir-rest.md 1.2, 1.3, 2.1.
 */
#include "fhir/fhir_int.h"

#include <stdlib.h>
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

/* ---- forms ------------------------------------------------------------ */

enum form { FORM_NONE, FORM_JSON, FORM_LEGACY, FORM_XML, FORM_ANY, FORMS };

struct named {
	const char *name;
	enum form form;
};

/* What Accept may say. Plain XML is no explicit wish: browsers name it. */
static const struct named media[] = {
    {"application/fhir+json", FORM_JSON},
    {"application/json", FORM_JSON},
    {"text/json", FORM_JSON},
    {"application/json+fhir", FORM_LEGACY},
    {"application/fhir+xml", FORM_XML},
    {"application/xml+fhir", FORM_XML},
    {"*/*", FORM_ANY},
    {"application/*", FORM_ANY},
    {NULL, FORM_NONE},
};

/* What _format may say besides. */
static const struct named formats[] = {
    {"json", FORM_JSON},
    {"html/json", FORM_JSON},
    {"xml", FORM_XML},
    {"text/xml", FORM_XML},
    {"application/xml", FORM_XML},
    {"html/xml", FORM_XML},
    {NULL, FORM_NONE},
};

static enum form form_of(const struct named *list, const char *p, size_t n)
{
	for (; list->name; list++)
		if (strlen(list->name) == n &&
		    strncasecmp(list->name, p, n) == 0)
			return list->form;
	return FORM_NONE;
}

/* "0.85" in thousandths; 1000 for what cannot be read. */
static int thousandths(const char *p, size_t n)
{
	int q = 0;

	if (n == 0 || n > 5 || (*p != '0' && *p != '1') ||
	    (n > 1 && p[1] != '.'))
		return 1000;
	for (size_t i = 0; i < 5; i++) {
		if (i == 1)
			continue;
		if (i < n && !ascii_digit(p[i]))
			return 1000;
		q = q * 10 + (i < n ? p[i] - '0' : 0);
	}
	return q > 1000 ? 1000 : q;
}

/* The q of an Accept's item, its parameters being the n bytes at p. */
static int weight_of(const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		size_t all = strcspn(p, ";,"), len;

		len = trimmed(&p, all);
		if (len > 1 && (*p == 'q' || *p == 'Q') && p[1] == '=')
			return thousandths(p + 2, len - 2);
		p += strcspn(p, ";,") + 1;
	}
	return 1000;
}

/* How much each form is liked. */
static void read_accept(const char *accept, int liked[FORMS])
{
	while (accept && *accept) {
		const size_t all = strcspn(accept, ",");
		const size_t name = strcspn(accept, ",;");
		const char *p = accept;
		enum form form = form_of(media, p, trimmed(&p, name));
		int q;

		q = weight_of(accept + name, all - name);
		if (q > liked[form])
			liked[form] = q;
		accept += all + (accept[all] != '\0');
	}
}

/* An unescaped '+' of a query has become a space. */
static enum form read_format(struct arena *a, const char *format)
{
	char *text = arena_strdup(a, format);
	const char *p = text;
	enum form form;
	size_t n;

	for (char *c = text; *c; c++)
		if (*c == ' ')
			*c = '+';
	n = trimmed(&p, strcspn(text, ";"));
	form = form_of(formats, p, n);
	if (form == FORM_NONE)
		form = form_of(media, p, n);
	return form;
}

/* The form of the answer by _format, else by Accept. */
static enum form form_wanted(struct arena *a, const char *format,
			     const char *accept)
{
	int liked[FORMS] = {0};
	enum form form = format ? read_format(a, format) : FORM_NONE;

	if (form != FORM_NONE)
		return form;
	read_accept(accept, liked);
	if (liked[FORM_LEGACY] > liked[FORM_JSON])
		return FORM_LEGACY;
	if (liked[FORM_XML] > 0 && liked[FORM_JSON] == 0 &&
	    liked[FORM_ANY] == 0)
		return FORM_XML;
	return FORM_JSON;
}

/* ---- reading ---------------------------------------------------------- */

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
	const struct fhir *f = rq->ctx;
	const char *accept = rq_header_in(rq, "Accept");
	const char *format, *pretty;
	enum form form;

	*w = (struct wish){.type = TYPE_FHIR};
	read_prefer(w, rq_header_in(rq, "Prefer"));
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &w->pair,
		       &w->pairs, &rq->err)) {
		w->pairs = 0;
		return false;
	}
	format = http_form_get(w->pair, w->pairs, "_format");
	pretty = http_form_get(w->pair, w->pairs, "_pretty");
	w->pretty = pretty ? strcmp(pretty, "true") == 0
			   : fhir_names(accept, "pretty=true");
	form = form_wanted(rq->arena, format, accept);
	if (form == FORM_LEGACY)
		w->type = TYPE_LEGACY;
	if (form != FORM_XML || f->record->settings.xml == 0)
		return true;
	return err_set(&rq->err, ERR_NOT_ACCEPTABLE, RULE_FORMAT, NULL,
		       "This server answers in JSON only: ask for "
		       "application/fhir+json");
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

/* What was done, as one says it: in the OperationOutcome, and by the code that
 * the stack's successors add to it. */
static const struct {
	const char *method, *word, *code;
} storage[] = {
    {"POST", "created", "SUCCESSFUL_CREATE"},
    {"POST", "found", "SUCCESSFUL_CREATE_WITH_CONDITIONAL_MATCH"},
    {"PUT", "created", "SUCCESSFUL_UPDATE_AS_CREATE"},
    {"PUT", "updated", "SUCCESSFUL_UPDATE"},
};

static bool reply_done(struct rq *rq, const struct wish *w, int status,
		       const struct store_resource *r, const char *done)
{
	const char *code = NULL;

	for (size_t i = 0; i < LEN(storage); i++)
		if (strcmp(storage[i].method, rq->method) == 0 &&
		    strcmp(storage[i].word, done) == 0)
			code = storage[i].code;
	return fhir_reply_done(
	    rq, w, status, code,
	    arena_printf(rq->arena,
			 "Successfully %s resource \"%s/%s/_history/%d\"", done,
			 r->type, r->id, r->version));
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
