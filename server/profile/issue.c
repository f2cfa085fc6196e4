/* SPDX-License-Identifier: Apache-2.0
 *
 * issue.c: an issue is put on the list, with its path, text and place.
 *
 * Nothing is formatted before there is something to report: the walk keeps its
 * place as a chain of frames on the stack. What a profile repeats of its base
 * (the same rule, at the same path, with the same expectation) is reported
 * once, by the one for whom it weighs most. A dry check stops at the first
 * error; a real one when the list is full of errors. Once it is full, errors
 * take the places of warnings, and beyond TEXTS_MAX bytes no more texts are
 * made: then the first error is the last. issue_cause.c puts the list into its
 * order.
 */
#include "profile_int.h"

#include <stdio.h>
#include <string.h>

#define TEXTS_MAX ((size_t)192 << 20) /* of the check's arena */

static uint64_t mix(uint64_t h, const char *s)
{
	s = text_or_empty(s);
	return hash_bytes(h, s, strlen(s) + 1);
}

static uint64_t path_hash(const struct at *at)
{
	if (!at)
		return HASH_START;
	uint64_t h = mix(path_hash(at->up), at->name);
	return hash_bytes(h, &at->index, sizeof(at->index));
}

static void path_write(struct buf *b, const struct at *at)
{
	if (at->up) {
		path_write(b, at->up);
		buf_putc(b, '.');
	}
	buf_puts(b, at->name);
	if (at->index >= 0)
		buf_printf(b, "[%ld]", at->index);
}

bool is_quiet(const struct check *c)
{
	return c->dry || c->stop ||
	       (c->out->n == PROFILE_ISSUES && arena_used(c->a) > TEXTS_MAX);
}

const char *path_text(struct check *c, const struct at *at)
{
	struct buf b;
	if (is_quiet(c))
		return "";
	buf_init(&b, c->a);
	path_write(&b, at);
	return b.p;
}

const char *say(struct check *c, const char *fmt, ...)
{
	va_list ap;
	struct buf b;
	char text[512];

	if (is_quiet(c))
		return "";
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&b, c->a);
	buf_puts(&b, text);
	return b.p;
}

const char *profile_url(const struct check *c)
{
	return c->sd ? text_at(c->p, c->sd->url) : "";
}

/* How sure is what is reported? */
static const char *sure(const struct check *c)
{
	unsigned k = c->confidence;

	if (!k && c->node)
		k = c->node->confidence;
	return confidence_text(k || !c->sd ? k : c->sd->confidence);
}

/* Who says it: of two that say the same, the one for whom it weighs more. */
static void attribute(struct check *c, struct issue *i,
		      enum issue_severity severity)
{
	i->severity = severity;
	i->profile = c->sd ? text_at(c->p, c->sd->url) : NULL;
	i->confidence = sure(c);
}

/* What a base has said already. A profile may know better what to do. */
static bool is_known(struct check *c, enum issue_severity severity,
		     enum rule rule, uint64_t hash, const char *hint)
{
	for (size_t i = 0; i < c->out->n; i++) {
		struct issue *old = &c->out->v[i];
		if (c->keys[i].rule != rule || c->keys[i].hash != hash)
			continue;
		if (hint && (!old->hint || strlen(old->hint) < strlen(hint)))
			old->hint = hint;
		if (severity < old->severity) {
			c->out->errors += severity <= ISSUE_ERROR &&
					  old->severity > ISSUE_ERROR;
			attribute(c, old, severity);
		}
		return true;
	}
	return false;
}

static void drop(struct check *c, size_t i)
{
	struct issues *out = c->out;
	const size_t after = --out->n - i;

	memmove(&out->v[i], &out->v[i + 1], after * sizeof(*out->v));
	memmove(&c->keys[i], &c->keys[i + 1], after * sizeof(*c->keys));
}

/* Takes the last of what does not refuse off the list; there is one. */
static void drop_last_warning(struct check *c)
{
	size_t i = c->out->n - 1;

	while (c->out->v[i].severity <= ISSUE_ERROR)
		i--;
	drop(c, i);
}

void withdraw_warning(struct check *c, enum rule rule, const struct at *at)
{
	const char *path = NULL;

	for (size_t i = 0; i < c->out->n; i++) {
		const struct issue *v = &c->out->v[i];
		if (c->keys[i].rule != rule || v->severity <= ISSUE_ERROR)
			continue;
		if (!path)
			path = path_text(c, at);
		if (strcmp(v->path, path) == 0)
			drop(c, i--);
	}
}

/* When the list is full, an error takes the place of the last that does not
 * refuse: how much is told is limited, never the verdict. */
static struct issue *next_issue(struct check *c, enum rule rule, uint64_t hash)
{
	struct issues *out = c->out;
	if (!out->v) {
		out->v = arena_alloc(c->a, PROFILE_ISSUES * sizeof(*out->v));
		c->keys = arena_alloc(c->a, PROFILE_ISSUES * sizeof(*c->keys));
	}
	if (out->n == PROFILE_ISSUES)
		drop_last_warning(c);
	c->keys[out->n] = (struct issue_key){rule, hash, false};
	return &out->v[out->n++];
}

/* The list is full of errors; or of anything, and no text is made any more. */
static bool is_enough(const struct check *c)
{
	return c->out->n == PROFILE_ISSUES && c->out->errors > 0 &&
	       (c->out->errors == PROFILE_ISSUES ||
		arena_used(c->a) > TEXTS_MAX);
}

static void put(struct check *c, enum issue_severity severity, enum rule rule,
		const struct at *at, const struct json *where,
		const char *expected, const char *hint, const char *fmt,
		va_list ap) __attribute__((format(printf, 8, 0)));
static void put(struct check *c, enum issue_severity severity, enum rule rule,
		const struct at *at, const struct json *where,
		const char *expected, const char *hint, const char *fmt,
		va_list ap)
{
	char text[1024];

	if (c->stop || severity == ISSUE_NONE)
		return;
	if (c->dry) {
		c->stop = severity <= ISSUE_ERROR;
		return;
	}
	if (c->out->n == PROFILE_ISSUES &&
	    (severity > ISSUE_ERROR || c->out->errors == c->out->n)) {
		c->stop = is_enough(c);
		return;
	}
	uint64_t hash = mix(path_hash(at), expected);
	if (c->out->n > 0 && is_known(c, severity, rule, hash, hint))
		return;
	const char *path = path_text(c, at);
	vsnprintf(text, sizeof(text), fmt, ap);
	struct issue *i = next_issue(c, rule, hash);
	attribute(c, i, severity);
	i->code = rule_table[rule].code;
	i->rule = rule_table[rule].id;
	i->path = path;
	if (c->rules == RULES_CURRENT) {
		const struct at *place = at;
		i->code = today_code(rule, &place);
		i->place = place == at ? NULL : path_text(c, place);
	}
	i->text = arena_strdup(c->a, text);
	i->expected = expected;
	i->hint = hint;
	i->key = c->key;
	if (where)
		json_position(where, &i->line, &i->column);
	if (severity <= ISSUE_ERROR)
		c->out->errors++;
	c->stop = is_enough(c);
}

enum issue_severity said(const struct check *c, enum profile_say say,
			 enum rule rule)
{
	switch (say) {
	case SAY_OFF: return ISSUE_NONE;
	case SAY_WARNING: return ISSUE_WARNING;
	case SAY_ERROR: return ISSUE_ERROR;
	default: return rule_table[rule].severity[c->rules];
	}
}

const char *profile_doubt(const struct issue *i)
{
	static const char *const doubts[][2] = {
	    {"client", "this rule is known from what clients of the service "
		       "send: the service may accept it"},
	    {"stock", "this rule is that of the software the service was built "
		      "on: the service may accept it"},
	    {"inferred", "this rule is inferred: the service may accept it"},
	    {"unknown", "it is not known whether the service has this rule: it "
			"may accept it"},
	};

	for (size_t k = 0; i->severity <= ISSUE_ERROR && k < LEN(doubts); k++)
		if (text_is(i->confidence, doubts[k][0]))
			return doubts[k][1];
	return NULL;
}

enum issue_severity weigh_by(const struct check *c, unsigned by,
			     enum issue_severity stated)
{
	switch ((enum profile_weight)c->o->weight[by]) {
	case WEIGHT_SILENT: return ISSUE_NONE;
	case WEIGHT_WARNING:
		return stated < ISSUE_WARNING ? ISSUE_WARNING : stated;
	default: return stated;
	}
}

void report(struct check *c, enum rule rule, const struct at *at,
	    const struct json *where, const char *expected, const char *hint,
	    const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	put(c, rule_table[rule].severity[c->rules], rule, at, where, expected,
	    hint, fmt, ap);
	va_end(ap);
}

void report_as(struct check *c, enum issue_severity severity, enum rule rule,
	       const struct at *at, const struct json *where,
	       const char *expected, const char *hint, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	put(c, severity, rule, at, where, expected, hint, fmt, ap);
	va_end(ap);
}
