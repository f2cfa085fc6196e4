/* SPDX-License-Identifier: Apache-2.0
 *
 * The entries of a Bundle, as requests.
 *
 * What is wrong with the Bundle itself (its type, its size) refuses all of it;
 * what is wrong with one entry stands at that entry, and the kind of the Bundle
 * decides what becomes of the others. The texts are those of the stack.
 *
 * An entry says more than it needs to, and clients differ in what they say. A
 * create goes where its resource's type says, whatever type the URL names:
 * there are clients that name one and the same for all entries. URLs come with
 * slashes before and behind, relative, or below the own base. What an entry
 * says besides (ifNoneExist and so on) becomes the header that it stands for.
 *
 * Only resources are judged by the rule engine, each as if it had come alone;
 * of the Bundle around them only what has an effect is looked at.
 *
 * FHIR R4 and STU3 3.1.0.11; facts: fhir-rest.md 3, kanta.md 4.2.
 */
#include "fhir/bundle_int.h"

#include <stdio.h>
#include <string.h>

/* Of what is stored or deleted: longer than that are no type, id and operation.
 */
#define PATH_BYTES 160

bool bundle_refuse(struct bundle *b, struct bundle_entry *e, enum err_kind kind,
		   const char *place, const char *fmt, ...)
{
	struct err *err = arena_alloc(b->rq->arena, sizeof(*err));
	char text[sizeof(err->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)err_set(err, kind, RULE_ENTRY, place, "%s", text);
	e->refused = err;
	return false;
}

/* ---- the verb --------------------------------------------------------- */

#define STU3 (1u << FHIR_STU3)
#define R4   (1u << FHIR_R4)

static const struct verb {
	const char *name;
	enum bundle_step step;
	unsigned fhir;
} verbs[] = {
    {"DELETE", STEP_DELETE, STU3 | R4}, {"POST", STEP_POST, STU3 | R4},
    {"PUT", STEP_PUT, STU3 | R4},	{"PATCH", STEP_PUT, R4},
    {"GET", STEP_GET, STU3 | R4},	{"HEAD", STEP_GET, R4},
};

static bool read_verb(struct bundle *b, struct bundle_entry *e,
		      const struct json *request)
{
	const struct fhir *f = b->rq->ctx;
	const char *text = json_get_text(request, "method");

	for (size_t i = 0; i < LEN(verbs); i++) {
		if (!text_is(text, verbs[i].name) ||
		    !(verbs[i].fhir & (1u << f->version)))
			continue;
		e->method = verbs[i].name;
		e->step = verbs[i].step;
		return true;
	}
	return bundle_refuse(
	    b, e, ERR_INVALID, "request.method",
	    "Transaction bundle entry has missing or invalid HTTP Verb "
	    "specified in Bundle.entry(%zu).request.method. Found value: "
	    "\"%.64s\"",
	    e->i, text ? text : "null");
}

/* ---- the URL ---------------------------------------------------------- */

/* What stands behind a base, if text begins with it. */
static bool below(const char **text, const char *base)
{
	const size_t n = strlen(base);

	/* its end is found, too */
	if (!text_begins(*text, base) || !strchr("/?", (*text)[n]))
		return false;
	*text += n;
	return true;
}

/* The path below the own base without slashes at its ends, and the query. NULL
 * when it leads elsewhere. */
static const char *local_url(struct bundle *b, const char *text)
{
	const struct fhir *f = b->rq->ctx;
	struct arena *a = b->rq->arena;
	size_t n;

	if (!below(&text, b->base) && !below(&text, f->base) &&
	    strstr(arena_strndup(a, text, strcspn(text, "?")), "://"))
		return NULL;
	text += strspn(text, "/");
	n = strcspn(text, "?");
	if (n > 0 && text[n - 1] == '/')
		return arena_cat(a, arena_strndup(a, text, n - 1), text + n,
				 NULL);
	return text;
}

/* Where a create goes, by the type of its resource; operations stay. */
static const char *create_url(struct bundle *b, const struct bundle_entry *e)
{
	const struct fhir *f = b->rq->ctx;
	const char *type = json_get_text(e->resource, "resourceType");
	const char *slash = strchr(e->url, '/');

	if (f->record->settings.batch_url_type != 0 || !type || slash)
		return e->url;
	return type;
}

/* Is there a path, which may become what references to the entry say? */
static bool names_place(const char *url)
{
	const size_t n = strcspn(url, "?");

	return n > 0 && n <= PATH_BYTES;
}

static bool read_url(struct bundle *b, struct bundle_entry *e,
		     const struct json *request)
{
	const char *text = json_get_text(request, "url");

	if (!text || !*text)
		return bundle_refuse(b, e, ERR_INVALID, "request.url",
				     "Unable to perform %s, no URL provided.",
				     e->method);
	e->url = local_url(b, text);
	if (!e->url || strpbrk(e->url, " #") ||
	    (e->step != STEP_GET && !names_place(e->url)))
		return bundle_refuse(
		    b, e, ERR_INVALID, "request.url",
		    "Unable to perform %s, URL provided is invalid: %.300s",
		    e->method, text);
	if (e->step == STEP_POST)
		e->url = create_url(b, e);
	return true;
}

/* ---- the resource, and what it is called within the Bundle -------------- */

static bool is_placeholder(const char *s)
{
	return text_begins(s, "urn:uuid:") || text_begins(s, "urn:oid:");
}

/* Has it a scheme, though it is no URL of a resource? */
static bool has_scheme(const char *s)
{
	size_t n = 0;

	while (ascii_letter(s[n]))
		n++;
	return n > 0 && s[n] == ':';
}

static bool read_name(struct bundle *b, struct bundle_entry *e,
		      const struct json *entry)
{
	const char *last;

	if (e->resource)
		e->full_url = json_get_text(entry, "fullUrl");
	if (!e->full_url || !*e->full_url || is_placeholder(e->full_url))
		return true;
	last = strrchr(e->full_url, '/');
	if (!has_scheme(last ? last + 1 : e->full_url))
		return true;
	return bundle_refuse(b, e, ERR_INVALID, "fullUrl",
			     "Invalid placeholder ID found: %.200s - Must be "
			     "of the form 'urn:uuid:[uuid]' or 'urn:oid:[oid]'",
			     e->full_url);
}

static bool names_search(const char *url)
{
	const char *last = strstr(url, "/_search");

	return last && (last[8] == '\0' || last[8] == '?');
}

static bool read_resource(struct bundle *b, struct bundle_entry *e)
{
	if (e->step != STEP_POST && e->step != STEP_PUT) {
		e->resource = NULL;
		return true;
	}
	if (e->resource || names_search(e->url))
		return true;
	return bundle_refuse(b, e, ERR_INVALID, "resource",
			     "Missing required resource in "
			     "Bundle.entry[%zu].resource for operation %s",
			     e->i, e->method);
}

/* ---- entries ---------------------------------------------------------- */

static void add_header(struct bundle_entry *e, const char *name,
		       const char *value)
{
	if (value && *value)
		e->header[e->headers++] = (struct http_pair){name, value};
}

static void read_headers(struct bundle *b, struct bundle_entry *e,
			 const struct json *request)
{
	static const char *const conditions[][2] = {
	    {"ifNoneExist", "If-None-Exist"},
	    {"ifMatch", "If-Match"},
	    {"ifNoneMatch", "If-None-Match"},
	};
	const char *since = json_get_text(request, "ifModifiedSince");
	struct time_span span;
	char when[TIME_TEXT];

	for (size_t i = 0; i < LEN(conditions); i++)
		add_header(e, conditions[i][1],
			   json_get_text(request, conditions[i][0]));
	/* an instant here, and a date of another form in the header */
	if (since && time_parse(since, strlen(since), &span)) {
		time_http(when, span.lo_ms);
		add_header(e, "If-Modified-Since",
			   arena_strdup(b->rq->arena, when));
	}
	add_header(e, "Prefer", b->prefer);
	if (!e->resource)
		add_header(e, "Content-Type",
			   "application/x-www-form-urlencoded");
}

static void read_entry(struct bundle *b, struct bundle_entry *e,
		       const struct json *entry)
{
	const struct json *request = json_get(entry, "request");

	e->resource = json_get(entry, "resource");
	if (read_verb(b, e, request) && read_url(b, e, request) &&
	    read_resource(b, e) && read_name(b, e, entry))
		read_headers(b, e, request);
}

/* ---- the Bundle ------------------------------------------------------- */

static bool read_type(struct bundle *b, const struct json *bundle)
{
	const char *type = json_get_text(bundle, "type");

	b->transaction = text_is(type, "transaction");
	if (b->transaction || text_is(type, "batch"))
		return true;
	return err_set(&b->rq->err, ERR_INVALID, RULE_BUNDLE, "Bundle.type",
		       "Unable to process transaction where incoming "
		       "Bundle.type = %.64s",
		       type ? type : "null");
}

static bool read_size(struct bundle *b, const struct json *list)
{
	const struct fhir *f = b->rq->ctx;
	const int max = f->record->settings.batch_max;

	if (list && json_kind(list) != JSON_ARRAY)
		return err_set(&b->rq->err, ERR_INVALID, RULE_BUNDLE,
			       "Bundle.entry",
			       "Failed to parse request body as JSON resource. "
			       "Error was: Bundle.entry is no array");
	b->n = json_count(list);
	if (b->n <= (size_t)max)
		return true;
	return err_set(&b->rq->err, ERR_TOO_LARGE, RULE_BUNDLE, "Bundle.entry",
		       "The Bundle has %zu entries, and %d are allowed "
		       "(setting batch_max): send several Bundles",
		       b->n, max);
}

bool bundle_read(struct bundle *b)
{
	const struct json *bundle = fhir_body_of(b->rq, "Bundle");
	const struct json *list = json_get(bundle, "entry");
	const struct json *v = json_first(list);

	if (!bundle || !read_type(b, bundle) || !read_size(b, list))
		return false;
	b->v = arena_alloc(b->rq->arena, b->n * sizeof(*b->v));
	for (size_t i = 0; i < b->n; i++, v = json_next(v)) {
		b->v[i].i = i;
		read_entry(b, &b->v[i], v);
	}
	return true;
}
