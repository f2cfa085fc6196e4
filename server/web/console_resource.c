/* SPDX-License-Identifier: Apache-2.0
 *
 * One resource in the browser: its versions, and writing it. What is typed is
 * sent as it is; "validate" asks the server's own $validate, so it says what
 * storing would say, and the page marks the places.
 *
 * A new one begins as one of the examples that the server carries, made the
 * citizen's own.
 */
#include "web/console_int.h"

#include <stdlib.h>
#include <string.h>

#define VERSIONS 50
#define EXAMPLES "fixtures/examples/"
/* Whose the examples are. */
#define EXAMPLE_PATIENT "90090090-0900-4900-8900-900900900900"

/* ---- examples -------------------------------------------------------- */

static bool is_example(const struct browse *s, const struct page_asset *f)
{
	const bool stu3 = strstr(f->name, "-stu3") != NULL;
	const char *text = (const char *)f->bytes;
	const char *type = strstr(text, "\"resourceType\"");
	const size_t n = strlen(s->type);

	if (stu3 != (s->fhir == FHIR_STU3) || !type)
		return false;
	type += strlen("\"resourceType\"");
	type += strspn(type, ": \"");
	return strncmp(type, s->type, n) == 0 && type[n] == '"';
}

static const char *label_of(struct arena *a, const struct page_asset *f)
{
	const char *name = f->name + strlen(EXAMPLES);

	return arena_strndup(a, name, strlen(name) - strlen(".json"));
}

/* The text with the citizen's Patient id. */
static const char *owned(struct browse *s, const char *text)
{
	const size_t n = strlen(EXAMPLE_PATIENT);
	struct buf b;

	buf_init(&b, s->rq->arena);
	for (const char *at; (at = strstr(text, EXAMPLE_PATIENT));
	     text = at + n) {
		buf_add(&b, text, (size_t)(at - text));
		buf_puts(&b,
			 s->patient[0] != '\0' ? s->patient : EXAMPLE_PATIENT);
	}
	buf_puts(&b, text);
	return b.p;
}

/* Rows of examples; the text of the one that was asked for, else the first. */
static const char *put_examples(struct browse *s)
{
	const char *wanted = text_or_empty(web_query(s->rq, ".example"));
	const size_t most = 64;
	struct page_values *row =
	    arena_alloc(s->rq->arena, most * sizeof(*row));
	const struct page_asset *f;
	const char *text = NULL;
	size_t n = 0;

	for (size_t i = 0; (f = page_asset_below(EXAMPLES, i)); i++) {
		const char *label = label_of(s->rq->arena, f);

		if (n == most || !is_example(s, f))
			continue;
		if (!text || strcmp(label, wanted) == 0)
			text = (const char *)f->bytes;
		const struct page_value v[] = {
		    {.name = "label", .text = label},
		    {.name = "chosen",
		     .text = strcmp(label, wanted) == 0 ? "1" : NULL},
		};
		row[n++] = page_row(s->rq->arena, v, LEN(v));
	}
	console_rows(&s->view, "examples", n > 0 ? row : NULL, n);
	return text ? owned(s, text)
		    : arena_cat(s->rq->arena, "{\n  \"resourceType\": \"",
				s->type, "\"\n}\n", NULL);
}

bool console_resource_new(struct rq *rq)
{
	struct browse s;

	if (!browse_begin(&s, rq, NULL))
		return browse_locked(&s);
	console_text(&s.view, "resource", put_examples(&s));
	console_text(&s.view, "new", "1");
	return browse_reply(&s, 200, "console_write");
}

/* ---- reading --------------------------------------------------------- */

static const char *path_of(struct browse *s, const char *more)
{
	struct buf b;

	buf_init(&b, s->rq->arena);
	buf_putc(&b, '/');
	http_escape(&b, s->type);
	if (s->id[0] != '\0') {
		buf_putc(&b, '/');
		http_escape(&b, s->id);
	}
	buf_puts(&b, more);
	return b.p;
}

static const char *pretty(struct arena *a, const struct json *json)
{
	struct buf b;

	buf_init(&b, a);
	json_write(&b, json, true);
	return b.p;
}

/* The versions before: by their history, or where the server has none by
 * counting. */
static void put_versions(struct browse *s, const struct json *now)
{
	const char *vid = console_said(json_get(now, "meta"), "versionId");
	long last = strtol(vid, NULL, 10);
	struct console_answer answer;
	struct page_values *row;

	browse_ask(s, "GET", path_of(s, "/_history"), NULL, &answer);
	if (answer.status < 400) {
		browse_found(s, &answer);
		return;
	}
	if (last > VERSIONS)
		last = VERSIONS;
	row = arena_alloc(s->rq->arena, (size_t)(last + 1) * sizeof(*row));
	for (long i = 0; i < last; i++) {
		const struct page_value v[] = {
		    {.name = "of", .text = s->type},
		    {.name = "which", .text = s->id},
		    {.name = "vid", .text = web_number(s->rq, last - i)},
		};
		row[i] = page_row(s->rq->arena, v, LEN(v));
	}
	console_rows(&s->view, "found", row, (size_t)(last > 0 ? last : 0));
}

bool console_resource(struct rq *rq)
{
	const char *vid = rq_param(rq, "vid");
	struct console_answer answer;
	struct browse s;

	if (!browse_begin(&s, rq, NULL))
		return browse_locked(&s);
	browse_show(
	    &s, "GET",
	    path_of(&s, vid[0] != '\0'
			    ? arena_cat(rq->arena, "/_history/", vid, NULL)
			    : ""),
	    NULL, &answer);
	console_lines(&s.view, "lines", answer.json, NULL);
	console_text(&s.view, "vid", vid);
	if (answer.status < 400 && vid[0] == '\0')
		console_text(&s.view, "resource",
			     pretty(rq->arena, answer.json));
	put_versions(&s, answer.json);
	return browse_reply(&s, answer.status, "console_resource");
}

/* ---- writing --------------------------------------------------------- */

struct deed {
	const char *name, *method, *more;
};
/* What a button says is to be done. */
static const struct deed deeds[] = {
    {"create", "POST", ""},
    {"validate", "POST", "/$validate"},
    {"update", "PUT", ""},
    {"delete", "DELETE", ""},
};

static const struct deed *deed_of(const struct site_post *p)
{
	const char *name = text_or_empty(site_field(p, "do"));

	for (size_t i = 0; i < LEN(deeds); i++)
		if (strcmp(deeds[i].name, name) == 0)
			return &deeds[i];
	return &deeds[1];
}

/* Where the resource is that was stored: "…/Observation/ID/_history/1". */
static const char *place(struct browse *s, const struct console_answer *answer)
{
	const char *location = rq_header_out(answer->from, "Location");
	const char *type = arena_cat(s->rq->arena, "/", s->type, "/", NULL);
	const char *at = location ? strstr(location, type) : NULL;
	const char *id = s->id;

	if (at)
		id = arena_strndup(s->rq->arena, at + strlen(type),
				   strcspn(at + strlen(type), "/"));
	return arena_cat(s->rq->arena, "/console/resources/", s->version, "/",
			 s->type, id[0] != '\0' ? "/" : "", id, s->along, NULL);
}

static bool written(struct browse *s, const struct deed *d, const char *text,
		    const struct console_answer *answer)
{
	const bool judged = strcmp(d->name, "validate") == 0;

	if (answer->status < 400 && strcmp(d->name, "delete") == 0)
		return site_go(s->rq, 303,
			       arena_cat(s->rq->arena, "/console/resources/",
					 s->version, "/", s->type, s->along,
					 NULL));
	if (answer->status < 400 && !judged)
		return site_go(s->rq, 303, place(s, answer));
	console_text(&s->view, "resource", text);
	console_text(&s->view, s->id[0] == '\0' ? "new" : "old", "1");
	console_text(&s->view, "judged", judged ? "1" : NULL);
	console_judge(&s->view, "lines", s->fhir, text);
	return browse_reply(s, answer->status, "console_write");
}

bool console_resource_post(struct rq *rq)
{
	struct console_answer answer;
	struct site_post p;
	struct browse s;

	if (!site_form(rq, &p))
		return false;
	if (!browse_begin(&s, rq, &p))
		return browse_locked(&s);
	const struct deed *d = deed_of(&p);
	const char *text = text_or_empty(site_field(&p, "resource"));
	const char *id = s.id;
	if (strcmp(d->name, "create") == 0 || strcmp(d->name, "validate") == 0)
		s.id = "";
	const char *path = path_of(&s, d->more);
	s.id = id;
	browse_show(&s, d->method, path,
		    strcmp(d->name, "delete") == 0 ? NULL : text, &answer);
	return written(&s, d, text, &answer);
}
