/* SPDX-License-Identifier: Apache-2.0
 *
 * shadow: what another environment, or strict, would have refused.
 *
 * Before a request is answered as configured, it is rehearsed (http_rehearse)
 * under the switches in force with the rows of the other environment's preset
 * put over them. If that is refused and the same rehearsal under the switches
 * in force is not, there is a finding. Which rows decide, each one alone tells,
 * put over the switches in force; if none of them does alone, those without
 * which the whole preset would not refuse. A row whose mark is [I] or [?] is
 * nobody's knowledge: where no other decides, it is said that the environment
 * "might" refuse.
 *
 * A finding stands in the journal's entry and in a header of the answer, an
 * item of a list as RFC 8941 has it:
 *
 *   X-Mock-Shadow: production;would=401;because="client_auth=certificate";
 *     mark="[C]"
 *
 * All rehearsals are before the answer, in savepoints that are rolled back, so
 * the answer, and all that is stored, is what it would be without a shadow.
 *
 * Limits: each request is judged in the state that the switches in force have
 * brought about (a refresh token that strict would have replaced is still
 * good); what an answer of status 200 says of its parts (the entries of a
 * batch) is not looked into, and neither are options of the command line such
 * as the paths; a shadow costs a run of each request, and some twenty of one
 * that it has something to say about; for a large one no rows are sought.
 * Facts: stand-in.md 9.2, oauth.md 1.
 */
#include "admin/admin_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DECIDERS 8
#define ROWS	 128
#define SOUGHT	 (256u << 10) /* bytes of a body: then no rows are sought */

/* ---- the option ---------------------------------------------------------- */

static bool unknown(const char *word, struct err *e)
{
	struct nearest near = {.word = word};
	const char *name;

	for (size_t i = 0; (name = environment_name(i)); i++)
		nearest_try(&near, name);
	return err_set(e, ERR_INVALID, "invalid_value", "shadow",
		       "there is no \"%s\"%s%s%s", word,
		       near.best ? "; did you mean " : "",
		       near.best ? near.best
				 : "; it may be an environment (sandbox-open, "
				   "sandbox, client-test, production), kanta "
				   "or strict, "
				   "or several with commas",
		       near.best ? "?" : "");
}

static const char *known(const char *word)
{
	const char *name = NULL;

	for (size_t i = 0; (name = environment_name(i)); i++)
		if (strcmp(name, word) == 0)
			break;
	return name;
}

static bool is_there(const struct shadows *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->of[i].name, name) == 0)
			return true;
	return false;
}

bool shadow_read(const char *list, struct shadows *out, struct err *e)
{
	char word[40];

	*out = (struct shadows){.n = 0};
	for (const char *at = list; at != NULL;) {
		const size_t n = strcspn(at, ",");
		const char *name;

		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		name = known(word);
		if (name == NULL)
			return unknown(word, e);
		if (!is_there(out, name)) {
			assert(out->n < LEN(out->of));
			out->of[out->n++].name = name;
		}
		at = at[n] == ',' ? at + n + 1 : NULL;
	}
	return true;
}

/* ---- rehearsing ---------------------------------------------------------- */

/* What is asked of one request. */
struct trial {
	struct record *record;
	struct rq *rq;
	struct arena *arena; /* of the rehearsal under way */
	struct settings in_force;
	enum { NOT_ASKED, ANSWERED, REFUSED } real;
};

struct finding {
	const struct shadow *shadow;
	struct http_rehearsed verdict;
	struct preset by[DECIDERS];
	size_t n;
	bool together; /* none of them decides alone */
};

/* Nothing of it is for the log: the request itself is not refused. */
static bool refused(struct trial *t, const struct settings *s,
		    struct http_rehearsed *out)
{
	static const struct log silent = {.format = LOG_OFF};
	struct record *r = t->record;
	const struct log *log = r->log;

	arena_clear(t->arena);
	r->settings = *s;
	r->log = &silent;
	http_rehearse(t->rq, t->arena, out);
	r->log = log;
	r->settings = t->in_force;
	return out->refused;
}

static bool really_refused(struct trial *t)
{
	struct http_rehearsed ignored;

	if (t->real == NOT_ASKED)
		t->real =
		    refused(t, &t->in_force, &ignored) ? REFUSED : ANSWERED;
	return t->real == REFUSED;
}

static void put_row(struct settings *s, const struct preset *p)
{
	struct err e;
	bool ok = settings_set(s, p->name, p->value, &e);

	assert(ok);
	(void)ok;
}

static bool same(const struct settings *x, const struct settings *y)
{
	return memcmp(x, y, sizeof(*x)) == 0;
}

/* The rows that change what is in force, *n of them; all: with them. */
static struct preset *differing(const struct trial *t, const char *name,
				struct settings *all, size_t *n)
{
	struct preset *rows =
	    arena_alloc(t->rq->arena, ROWS * sizeof(struct preset));
	struct preset p;

	*all = t->in_force;
	*n = 0;
	for (size_t i = 0; environment_preset(name, i, &p); i++) {
		struct settings one = t->in_force;

		put_row(&one, &p);
		if (same(&one, &t->in_force))
			continue;
		assert(*n < ROWS);
		rows[(*n)++] = p;
		put_row(all, &p);
	}
	return rows;
}

static void blame(struct finding *f, const struct preset *p)
{
	if (f->n < DECIDERS)
		f->by[f->n++] = *p;
}

static void each_alone(struct trial *t, struct finding *f,
		       const struct preset *rows, size_t n)
{
	struct http_rehearsed ignored;

	for (size_t i = 0; i < n; i++) {
		struct settings s = t->in_force;

		put_row(&s, &rows[i]);
		if (refused(t, &s, &ignored))
			blame(f, &rows[i]);
	}
}

static void all_but_each(struct trial *t, struct finding *f,
			 const struct preset *rows, size_t n)
{
	struct http_rehearsed ignored;

	f->together = true;
	for (size_t i = 0; i < n; i++) {
		struct settings s = t->in_force;

		for (size_t k = 0; k < n; k++)
			if (k != i)
				put_row(&s, &rows[k]);
		if (!refused(t, &s, &ignored))
			blame(f, &rows[i]);
	}
}

static bool judge(struct trial *t, const struct shadow *shadow,
		  struct finding *f)
{
	struct settings all;
	size_t n;
	const struct preset *rows = differing(t, shadow->name, &all, &n);

	*f = (struct finding){.shadow = shadow};
	if (n == 0 || !refused(t, &all, &f->verdict) || really_refused(t))
		return false;
	if (t->rq->body_len > SOUGHT)
		return true;
	each_alone(t, f, rows, n);
	if (f->n == 0)
		all_but_each(t, f, rows, n);
	return true;
}

/* ---- telling ------------------------------------------------------------- */

static bool guessed(const struct preset *p)
{
	return strcmp(p->mark, "[I]") == 0 || strcmp(p->mark, "[?]") == 0;
}

/* Is it nobody's knowledge? One that is known decides for itself; of those that
 * must come together all must be known. */
static bool uncertain(const struct finding *f)
{
	size_t guesses = 0;

	for (size_t i = 0; i < f->n; i++)
		guesses += guessed(&f->by[i]);
	return f->together ? guesses > 0 : f->n > 0 && guesses == f->n;
}

static const char *verb(const struct finding *f)
{
	return uncertain(f) ? "might" : "would";
}

/* Neither names nor values nor marks have quotes or backslashes in them. */
static void tell_answer(struct rq *rq, const struct finding *f)
{
	struct buf why, mark;

	buf_init(&why, rq->arena);
	buf_init(&mark, rq->arena);
	for (size_t i = 0; i < f->n; i++) {
		const char *comma = i > 0 ? ", " : "";

		buf_printf(&why, "%s%s=%s", comma, f->by[i].name,
			   f->by[i].value);
		buf_printf(&mark, "%s%s", comma, f->by[i].mark);
	}
	if (f->n == 0)
		rq_header(rq, "X-Mock-Shadow", "%s;%s=%d", f->shadow->name,
			  verb(f), f->verdict.status);
	else
		rq_header(
		    rq, "X-Mock-Shadow", "%s;%s=%d;because=\"%s\";mark=\"%s\"",
		    f->shadow->name, verb(f), f->verdict.status, why.p, mark.p);
}

static void write_finding(struct jw *w, struct arena *a,
			  const struct finding *f)
{
	jw_open(w, NULL, '{');
	jw_str(w, "environment", f->shadow->name);
	jw_str(w, "verdict", verb(f));
	jw_int(w, "status", f->verdict.status);
	if (f->verdict.err.code[0] != '\0')
		jw_str(w, "code", f->verdict.err.code);
	if (f->verdict.err.text[0] != '\0')
		jw_str(w, "message", journal_message(a, &f->verdict.err));
	jw_open(w, "because", '[');
	for (size_t i = 0; i < f->n; i++) {
		jw_open(w, NULL, '{');
		jw_str(w, "switch", f->by[i].name);
		jw_str(w, "value", f->by[i].value);
		jw_str(w, "mark", f->by[i].mark);
		jw_str(w, "means", f->by[i].means);
		jw_close(w);
	}
	jw_close(w);
	jw_close(w);
}

/* What is told once, when it is compiled, is told where it is heard. */
static void compile_definitions(struct record *r)
{
	for (int v = 0; v < FHIR_VERSIONS; v++)
		(void)record_profiles(r, (enum fhir_version)v);
}

void admin_shadow(struct rq *rq, void *ctx)
{
	struct admin *a = ctx;
	struct trial t = {
	    .record = a->record, .rq = rq, .in_force = a->record->settings};
	struct finding f;
	struct buf told;
	struct jw w = {.b = &told};
	bool any = false;

	compile_definitions(a->record);
	t.arena = arena_new((size_t)64 << 10);
	buf_init(&told, rq->arena);
	jw_open(&w, NULL, '[');
	for (size_t i = 0; i < a->shadows.n; i++) {
		struct shadow *s = &a->shadows.of[i];

		if (!judge(&t, s, &f))
			continue;
		s->found++;
		any = true;
		tell_answer(rq, &f);
		write_finding(&w, rq->arena, &f);
	}
	jw_close(&w);
	if (any)
		rq->shadow = told.p;
	arena_free(t.arena);
}

void shadow_write(struct jw *w, const struct shadows *all)
{
	if (all->n == 0)
		return;
	jw_open(w, "shadow", '{');
	for (size_t i = 0; i < all->n; i++)
		jw_int(w, all->of[i].name, (int64_t)all->of[i].found);
	jw_close(w);
}

void shadow_clear(struct shadows *all)
{
	for (size_t i = 0; i < all->n; i++)
		all->of[i].found = 0;
}
