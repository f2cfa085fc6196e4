/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields of the portal's forms: one table, read in both directions.
 *
 * A field is a member of the registration metadata and bears its name. To show
 * a form, its value is what was typed, else what is stored; to take one, the
 * fields of its parts replace their members and every other member of the
 * stored metadata goes along unchanged: what a form does not show it cannot
 * lose. A field that a form does not send at all keeps its value too.
 *
 * Whether a value will do is record/'s decision alone (but for what only a form
 * can get wrong: keys that are no JSON, no name, no scope). Its refusals are
 * English and name the member; here they get a sentence in the page's language
 * that says what the field wants, and stand beside it.
 */
#include "web/portal_int.h"

#include <string.h>

enum form { LINE, LINK, PARAGRAPH, LINES, KEYS, CHOICE };

static const struct field {
	const char *name;
	enum portal_part part;
	enum form form;
	bool required;
	const char *label, *hint, *wanted;
} fields[] = {
    {"client_name", PART_MAIN, LINE, true, SAY("Name"),
     SAY("What citizens see when they are asked for permission."),
     SAY("Give a name: one line of at most 2048 bytes.")},
    {"client_description", PART_MAIN, PARAGRAPH, false, SAY("Description"),
     SAY("One paragraph: what the application is for."),
     SAY("Give one paragraph of at most 2048 bytes.")},
    {"supplier", PART_MAIN, LINE, false, SAY("Supplier"),
     SAY("The company or organisation that makes it."),
     SAY("Give one line of at most 2048 bytes.")},
    {"redirect_uris", PART_MAIN, LINES, true, SAY("Redirect URIs"),
     SAY("One on each line, at most 20. After the decision the browser goes "
	 "back to exactly one of them, character for character."),
     SAY("Give absolute URIs such as https://app.example/callback, one on "
	 "each line, without #.")},
    {"client_uri", PART_MAIN, LINK, false, SAY("Home page"), NULL,
     SAY("Give an address that begins with https:// or http://.")},
    {"policy_uri", PART_MAIN, LINK, false, SAY("Privacy policy"), NULL,
     SAY("Give an address that begins with https:// or http://.")},
    {"tos_uri", PART_MAIN, LINK, false, SAY("Terms of use"), NULL,
     SAY("Give an address that begins with https:// or http://.")},
    {"logo_uri", PART_MAIN, LINK, false, SAY("Logo"),
     SAY("The address of a picture. It is kept, and never fetched."),
     SAY("Give an address that begins with https:// or http://.")},
    {"contacts", PART_MAIN, LINES, false, SAY("Contacts"),
     SAY("E-mail addresses or telephone numbers, one on each line. Everybody "
	 "can see them."),
     SAY("Give at most 20 lines of at most 2048 bytes.")},
    {"scope", PART_ACCESS, CHOICE, true, SAY("Access"), NULL,
     SAY("Choose what the application may access: at least one of these.")},
    {"token_endpoint_auth_method", PART_CREDENTIALS, CHOICE, true,
     SAY("Authentication method"), NULL,
     SAY("Choose one of the methods that this server takes.")},
    {"jwks", PART_CREDENTIALS, KEYS, false, SAY("Public keys (JWK Set)"),
     SAY("A JSON object whose member keys is a list of public keys (RFC 7517). "
	 "Needed for signed assertions."),
     SAY("Give a JSON object whose member keys is a list of public keys.")},
};

static const struct {
	const char *method, *text, *hint;
} methods[] = {
    {"client_secret_basic", SAY("Client secret in the Authorization header"),
     NULL},
    {"client_secret_post", SAY("Client secret in the form"), NULL},
    {"private_key_jwt", SAY("Signed assertion"),
     SAY("The application signs with its private key; its public keys stand "
	 "below.")},
    {"none", SAY("No secret"),
     SAY("For an application in a telephone or a browser, which can keep no "
	 "secret, and for one that has a client certificate.")},
};

static const struct field *field_find(const char *name)
{
	for (size_t i = 0; i < LEN(fields); i++)
		if (text_is(name, fields[i].name))
			return &fields[i];
	return NULL;
}

const char *portal_label(const char *member)
{
	const struct field *f = field_find(member);

	return f != NULL ? f->label : NULL;
}

/* ---- showing --------------------------------------------------------- */

/* Must the field say something? Where the browser goes back to, not of an
 * application that no citizen's browser comes to. */
static bool demanded(const struct portal_form *f, const struct field *field)
{
	const struct json *v = json_get(f->stored, "grant_types");

	if (field->form != LINES || f->client == NULL)
		return field->required;
	for (v = json_first(v); v != NULL; v = json_next(v))
		if (text_is(json_text(v), "authorization_code"))
			return field->required;
	return false;
}

static const char *lines_of(struct arena *a, const struct json *list)
{
	struct buf b;

	buf_init(&b, a);
	for (const struct json *v = json_first(list); v; v = json_next(v))
		buf_printf(&b, "%s%s", b.len > 0 ? "\n" : "",
			   text_or_empty(json_text(v)));
	return b.p;
}

static const char *stored_text(struct arena *a, const struct json *v)
{
	struct buf b;

	if (v == NULL || json_kind(v) == JSON_NULL)
		return "";
	if (json_kind(v) == JSON_ARRAY)
		return lines_of(a, v);
	if (json_kind(v) == JSON_STRING)
		return json_text(v);
	buf_init(&b, a);
	json_write(&b, v, true);
	return b.p;
}

static const char *value_of(struct rq *rq, const struct portal_form *f,
			    const char *name)
{
	const char *typed = f->post != NULL ? site_field(f->post, name) : NULL;

	return typed != NULL
		   ? typed
		   : stored_text(rq->arena, json_get(f->stored, name));
}

const char *portal_wrong(struct rq *rq, const struct portal_form *f,
			 const char *member, const char **detail)
{
	const struct field *field = field_find(member);

	*detail = NULL;
	if (f->refused == NULL || field == NULL ||
	    strcmp(f->refused->where, member) != 0)
		return NULL;
	if (strcmp(f->refused->text, field->wanted) != 0)
		*detail = f->refused->text;
	return site_word(rq, field->wanted);
}

static void field_row(struct rq *rq, const struct portal_form *f,
		      const struct field *field, struct page_values *out)
{
	const char *detail;
	const char *error = portal_wrong(rq, f, field->name, &detail);
	bool area = field->form >= PARAGRAPH;
	struct page_value v[] = {
	    {.name = "name", .text = field->name},
	    {.name = "label", .text = site_word(rq, field->label)},
	    {.name = "hint",
	     .text = field->hint != NULL ? site_word(rq, field->hint) : ""},
	    {.name = "value", .text = value_of(rq, f, field->name)},
	    {.name = "required", .text = demanded(f, field) ? "1" : ""},
	    {.name = "area", .text = area ? "1" : ""},
	    {.name = "code", .text = field->form == KEYS ? "1" : ""},
	    {.name = "type", .text = field->form == LINK ? "url" : "text"},
	    {.name = "error", .text = error},
	    {.name = "detail", .text = detail},
	};

	*out = page_row(rq->arena, v, LEN(v));
}

size_t portal_fields(struct rq *rq, const struct portal_form *f,
		     enum portal_part part, struct page_values **rows)
{
	size_t n = 0;

	*rows = arena_alloc(rq->arena, LEN(fields) * sizeof(**rows));
	for (size_t i = 0; i < LEN(fields); i++)
		if (fields[i].part == part && fields[i].form != CHOICE)
			field_row(rq, f, &fields[i], &(*rows)[n++]);
	return n;
}

static void method_row(struct rq *rq, const char *method, const char *text,
		       const char *hint, bool chosen, struct page_values *out)
{
	struct page_value v[] = {
	    {.name = "method", .text = method},
	    {.name = "text", .text = site_word(rq, text)},
	    {.name = "hint", .text = hint != NULL ? site_word(rq, hint) : ""},
	    {.name = "chosen", .text = chosen ? "1" : ""},
	};

	*out = page_row(rq->arena, v, LEN(v));
}

size_t portal_methods(struct rq *rq, const struct portal_form *f,
		      struct page_values **rows)
{
	static const char member[] = "token_endpoint_auth_method";
	const char *stored = json_get_text(f->stored, member);
	const char *now = value_of(rq, f, member);
	bool known = stored == NULL;
	size_t n = 0;

	if (now[0] == '\0')
		now = methods[0].method;
	*rows = arena_alloc(rq->arena, (LEN(methods) + 1) * sizeof(**rows));
	for (size_t i = 0; i < LEN(methods); i++) {
		known |= text_is(stored, methods[i].method);
		method_row(rq, methods[i].method, methods[i].text,
			   methods[i].hint, strcmp(now, methods[i].method) == 0,
			   &(*rows)[n++]);
	}
	if (!known) /* one that the portal does not offer may stay */
		method_row(rq, stored, stored, NULL, strcmp(now, stored) == 0,
			   &(*rows)[n++]);
	return n;
}

/* ---- taking ---------------------------------------------------------- */

/* Without white space around it, in the arena. */
static const char *trimmed(struct arena *a, const char *s, size_t n)
{
	while (n > 0 && ascii_space(s[n - 1]))
		n--;
	while (n > 0 && ascii_space(*s))
		s++, n--;
	return arena_strndup(a, s, n);
}

static const char *one_paragraph(struct arena *a, const char *s)
{
	struct buf b;

	buf_init(&b, a);
	for (; *(s += strspn(s, " \t\r\n")) != '\0';) {
		size_t n = strcspn(s, " \t\r\n");

		if (b.len > 0)
			buf_putc(&b, ' ');
		buf_add(&b, s, n);
		s += n;
	}
	return b.p;
}

static void put_lines(struct jw *w, const char *name, const char *s)
{
	jw_open(w, name, '[');
	while (*s != '\0') {
		size_t n = strcspn(s, "\r\n");
		const char *line = trimmed(w->b->arena, s, n);

		if (line[0] != '\0')
			jw_str(w, NULL, line);
		s += n + (s[n] != '\0');
	}
	jw_close(w);
}

static bool put_keys(struct jw *w, const struct field *field, const char *s,
		     struct err *e)
{
	const struct json *v;
	struct err why;

	if (s[strspn(s, " \t\r\n")] == '\0')
		return true;
	v = json_parse(w->b->arena, s, strlen(s), &why);
	if (v == NULL)
		return err_set(e, ERR_INVALID, "invalid_client_metadata",
			       field->name, "This is not JSON: %s (%s).",
			       why.text, why.where);
	jw_value(w, field->name, v);
	return true;
}

/* The member that the field says: nothing when it is empty. */
static bool put_field(struct rq *rq, const struct portal_form *f,
		      const struct field *field, struct jw *w, struct err *e)
{
	const char *said = text_is(field->name, "scope")
			       ? portal_scope(rq, f)
			       : value_of(rq, f, field->name);

	if (field->form == KEYS)
		return put_keys(w, field, said, e);
	if (field->form == PARAGRAPH)
		said = one_paragraph(rq->arena, said);
	else
		said = trimmed(rq->arena, said, strlen(said));
	if (said[0] == '\0' && demanded(f, field))
		return err_set(e, ERR_INVALID, "invalid_client_metadata",
			       field->name, "%s", field->wanted);
	if (field->form == LINES)
		put_lines(w, field->name, said);
	else if (said[0] != '\0')
		jw_str(w, field->name, said);
	return true;
}

/* Whether it may refresh follows from the scope whenever that changes in this
 * respect. Says nothing where nothing was said. */
static void put_grant_types(struct rq *rq, const struct portal_form *f,
			    struct jw *w)
{
	const struct json *types = json_get(f->stored, "grant_types");
	bool had = scope_has(text_or_empty(json_get_text(f->stored, "scope")),
			     "offline_access");
	bool has = scope_has(portal_scope(rq, f), "offline_access");
	bool there = false;

	if (types == NULL)
		return;
	jw_open(w, "grant_types", '[');
	for (const struct json *v = json_first(types); v; v = json_next(v)) {
		bool refresh = text_is(json_text(v), "refresh_token");

		there |= refresh;
		if (!refresh || has || !had)
			jw_str(w, NULL, json_text(v));
	}
	if (has && !had && !there)
		jw_str(w, NULL, "refresh_token");
	jw_close(w);
}

/* What of the stored metadata stays as it is. */
static bool stays(const struct portal_form *f, const char *name)
{
	const struct field *field = field_find(name);

	if (text_is(name, "grant_types"))
		return (f->parts & PART_ACCESS) == 0;
	return field == NULL || (f->parts & field->part) == 0;
}

const struct json *portal_metadata(struct rq *rq, const struct portal_form *f,
				   const char *secret, struct err *e)
{
	struct buf b;
	struct jw w = {.b = &b};
	const struct json *v;

	buf_init(&b, rq->arena);
	jw_open(&w, NULL, '{');
	for (v = json_first(f->stored); v != NULL; v = json_next(v))
		if (stays(f, json_name(v)))
			jw_value(&w, json_name(v), v);
	for (size_t i = 0; i < LEN(fields); i++)
		if ((f->parts & fields[i].part) != 0 &&
		    !put_field(rq, f, &fields[i], &w, e))
			return NULL;
	if ((f->parts & PART_ACCESS) != 0)
		put_grant_types(rq, f, &w);
	jw_str(&w, "client_secret", secret);
	jw_close(&w);
	return json_parse(rq->arena, b.p, b.len, e);
}
