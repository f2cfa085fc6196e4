/* SPDX-License-Identifier: Apache-2.0
 *
 * match: is it this request? One answer for faults, which ask before a request
 * is answered, and for the journal, which asks afterwards.
 *
 * A match is an object of members (match_known.c); a request matches when it
 * does in all of them, so the empty one is about every request. It is read into
 * a list of criteria, one for each member, and for each header, parameter and
 * place of the body that is named. They are asked in the order of the table,
 * the cheap ones first, up to the first that does not hold; how nearly a
 * request matched is how many of them hold. A criterion whose expression cost
 * too much with several texts is not asked any more and holds for none, as
 * thousands of entries are looked at in one go.
 *
 * A citizen is known by the whole personal code before the answer, and by the
 * Patient id in the journal, which keeps no whole code. So a hetu is turned
 * into a patient as soon as there is such a citizen (match_again), and until
 * then compared as a text.
 *
 * Facts: contracts.md section 3, stand-in.md 4.4, 5.
 */
#include "admin/match_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CRITERIA_MAX 40
#define SHOWN_BYTES  200
#define COSTLY_MAX   8 /* times that a criterion was given up */

struct match {
	struct criterion *c;
	size_t n;
	unsigned wants;
};

/* ---- reading -------------------------------------------------------- */

static bool listed(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static const struct known *find(struct rq *rq, const struct json *v,
				const char *where, const char *const *others)
{
	struct nearest near = {.word = json_name(v)};
	const struct known *k;

	for (size_t i = 0; (k = match_known(i)); i++) {
		if (strcmp(k->name, near.word) == 0)
			return k;
		nearest_try(&near, k->name);
	}
	for (; others && *others; others++)
		nearest_try(&near, *others);
	admin_unknown(rq, &near,
		      json_pointer_step(rq->arena, where, near.word));
	return NULL;
}

static const char *shown(struct arena *a, const struct json *v)
{
	struct buf b;

	if (json_kind(v) < JSON_ARRAY)
		return arena_strndup(a, json_text(v),
				     json_len(v) < SHOWN_BYTES ? json_len(v)
							       : SHOWN_BYTES);
	buf_init(&b, a);
	json_write(&b, v, false);
	if (b.len > SHOWN_BYTES)
		b.p[SHOWN_BYTES] = '\0';
	return b.p;
}

static bool add(struct rq *rq, struct arena *a, struct match *m,
		const struct criterion *like, const struct json *v,
		const char *where)
{
	struct criterion *c = &m->c[m->n];
	struct reading in = {rq, a, where, c};

	if (m->n == CRITERIA_MAX)
		return err_set(&rq->err, ERR_INVALID, "too_many", where,
			       "A match has at most %d members.", CRITERIA_MAX);
	*c = *like;
	c->how = c->known->how;
	c->costly = arena_alloc(a, sizeof(*c->costly));
	c->shown = shown(a, v);
	m->wants |= c->known->wants;
	m->n++;
	return c->known->read(&in, v);
}

static bool add_keyed(struct rq *rq, struct arena *a, struct match *m,
		      const struct known *k, const struct json *v,
		      const char *where)
{
	if (json_kind(v) != JSON_OBJECT)
		return err_set(&rq->err, ERR_INVALID, "wrong_type", where,
			       "\"%s\" must be an object.", k->name);
	for (const struct json *x = json_first(v); x; x = json_next(x)) {
		const struct criterion c = {
		    .known = k,
		    .field = arena_cat(a, k->name, ".", json_name(x), NULL),
		    .key = arena_strdup(a, json_name(x)),
		};

		if (!add(rq, a, m, &c, x,
			 json_pointer_step(rq->arena, where, json_name(x))))
			return false;
	}
	return true;
}

static int by_cost(const void *x, const void *y)
{
	const struct criterion *a = x, *b = y;

	if (a->known != b->known)
		return a->known < b->known ? -1 : 1;
	return strcmp(a->field, b->field);
}

static bool read_members(struct rq *rq, struct arena *a, struct match *m,
			 const struct json *v, const char *where,
			 const char *const *others)
{
	for (const struct json *x = json_first(v); x; x = json_next(x)) {
		const struct known *k;
		const char *at =
		    json_pointer_step(rq->arena, where, json_name(x));

		if (listed(others, json_name(x)))
			continue;
		k = find(rq, x, where, others);
		if (!k)
			return false;
		if (json_kind(x) == JSON_NULL)
			continue;
		const struct criterion c = {.known = k, .field = k->name};
		if (!(k->keyed ? add_keyed(rq, a, m, k, x, at)
			       : add(rq, a, m, &c, x, at)))
			return false;
	}
	return true;
}

struct match *match_read_but(struct rq *rq, struct arena *a,
			     const struct json *v, const char *where,
			     const char *const *others)
{
	struct match *m = arena_alloc(a, sizeof(*m));

	m->c = arena_alloc(a, CRITERIA_MAX * sizeof(*m->c));
	if (!v || json_kind(v) == JSON_NULL)
		return m;
	if (json_kind(v) != JSON_OBJECT) {
		err_set(&rq->err, ERR_INVALID, "wrong_type", where,
			"A match must be an object.");
		return NULL;
	}
	if (!read_members(rq, a, m, v, where, others))
		return NULL;
	qsort(m->c, m->n, sizeof(*m->c), by_cost);
	match_again(m, store_of(rq), a);
	return m;
}

struct match *match_read(struct rq *rq, struct arena *a, const struct json *v,
			 const char *where)
{
	return match_read_but(rq, a, v, where, NULL);
}

void match_again(struct match *m, struct store *s, struct arena *a)
{
	struct store_citizen citizen;

	for (size_t i = 0; i < m->n; i++) {
		struct criterion *c = &m->c[i];

		if (strcmp(c->known->name, "hetu") != 0 || c->patient)
			continue;
		if (store_citizen_find(s, a, c->word[0], NULL, &citizen))
			c->patient = citizen.patient;
	}
}

unsigned match_wants(const struct match *m)
{
	return m->wants;
}

bool match_gave_up(const struct match *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (*m->c[i].costly >= COSTLY_MAX)
			return true;
	return false;
}

bool match_within(const struct match *m, const char *const *names)
{
	for (size_t i = 0; i < m->n; i++)
		if (!listed(names, m->c[i].known->name))
			return false;
	return true;
}

bool match_about(const struct match *m, const char *patient)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct criterion *c = &m->c[i];

		if (text_same(c->patient, patient))
			return true;
		if (strcmp(c->known->name, "patient") == 0 && c->words == 1 &&
		    strcmp(c->word[0], patient) == 0)
			return true;
	}
	return false;
}

bool match_member(size_t i, struct member_told *out)
{
	const struct known *k = match_known(i);

	if (!k)
		return false;
	*out = (struct member_told){k->name, k->type, k->what};
	return true;
}

/* ---- asking --------------------------------------------------------- */

static int equal(const char *word, const char *text)
{
	return strcmp(word, text) == 0;
}

static int stem(const char *word, const char *text)
{
	const size_t n = strlen(word);

	return strncmp(word, text, n) == 0 &&
	       (text[n] == '\0' || text[n] == '-');
}

static int folded(const char *word, const char *text)
{
	return strcasecmp(word, text) == 0;
}

/* One of several with spaces between; of a URL, what is behind the last slash
 * will do, and no version counts unless it is asked for. */
static int part(const char *word, const char *text)
{
	const size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p++) {
		const char before = p > text ? p[-1] : ' ', after = p[n];

		if ((before == ' ' || before == '/') &&
		    (after == '\0' || after == ' ' || after == '|'))
			return true;
	}
	return false;
}

/* The beginning, or /an expression/. */
static int prefix(const char *word, const char *text)
{
	const size_t n = strlen(word);
	char pattern[1024];

	if (n < 3 || word[n - 1] != '/' || n - 1 > sizeof(pattern))
		return text_begins(text, word);
	memcpy(pattern, word + 1, n - 2);
	pattern[n - 2] = '\0';
	return match_pattern(pattern, text);
}

static int status(const char *word, const char *text)
{
	return word[1] == 'x' ? word[0] == text[0] : strcmp(word, text) == 0;
}

/* 1: it fits, 0: it does not, -1: to find out costs too much. */
static int (*const comparing[])(const char *word, const char *text) = {
    [HOW_EQUAL] = equal,     [HOW_STEM] = stem,		  [HOW_FOLDED] = folded,
    [HOW_PART] = part,	     [HOW_PREFIX] = prefix,	  [HOW_STATUS] = status,
    [HOW_GLOB] = match_glob, [HOW_REGEX] = match_pattern,
};

static bool value_holds(const struct criterion *c, struct look *l)
{
	const struct json *v = match_body(l, c->key);
	const char *text;

	if (v)
		return json_equal(v, c->value);
	text = l->doc || *c->key == '\0' ? NULL : match_form(l, c->key + 1);
	return text && json_kind(c->value) < JSON_ARRAY &&
	       strcmp(text, json_text(c->value)) == 0;
}

static bool words_hold(const struct criterion *c, struct look *l)
{
	const char *text = c->known->actual(c, l);

	if (c->how == HOW_ABSENT || !text)
		return c->how == HOW_ABSENT && !text;
	for (size_t i = 0; i < c->words && *c->costly < COSTLY_MAX; i++) {
		const int fits = comparing[c->how](c->word[i], text);

		if (fits > 0)
			return true;
		*c->costly += fits < 0;
	}
	return false;
}

static bool holds(const struct criterion *c, struct look *l)
{
	const struct seen *s = l->s;

	if (c->patient && *text_or_empty(s->patient) != '\0' &&
	    strcmp(c->patient, s->patient) == 0)
		return true; /* else the citizen may have come anew */
	switch (c->how) {
	case HOW_VALUE: return value_holds(c, l);
	case HOW_SINCE:
		return c->words > 0 ? s->at_ms >= c->number
				    : s->seq > c->number;
	case HOW_TRUTH:
		return (c->known->actual(c, l)[0] == 't') == (c->number != 0);
	default: return words_hold(c, l);
	}
}

bool match_is(const struct match *m, const struct seen *s)
{
	struct look l = {.s = s};
	bool all = true;

	for (size_t i = 0; i < m->n && all; i++)
		all = holds(&m->c[i], &l);
	if (l.arena)
		arena_free(l.arena);
	return all;
}

size_t match_score(const struct match *m, const struct seen *s, struct arena *a,
		   size_t *of, struct match_difference **differences, size_t *n)
{
	struct look l = {.s = s, .arena = a};
	size_t score = 0;

	*of = m->n;
	*n = 0;
	*differences = arena_alloc(a, m->n * sizeof(**differences));
	for (size_t i = 0; i < m->n; i++) {
		const struct criterion *c = &m->c[i];

		if (holds(c, &l)) {
			score++;
			continue;
		}
		const char *actual = c->known->actual(c, &l);
		(*differences)[(*n)++] = (struct match_difference){
		    c->field, c->shown, actual ? arena_strdup(a, actual) : ""};
	}
	return score;
}
