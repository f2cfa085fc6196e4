/* SPDX-License-Identifier: Apache-2.0
 *
 * value_fixed.c: an element against the fixed[x] and pattern[x] of its
 * definition. constant.c compares; here the first member that differs is told:
 * which one is missing, not wanted, or has another value. A fixed value that
 * has no extensions allows none. FHIR R4 ElementDefinition.fixed[x],
 * pattern[x]; texts of the HL7 validator.
 */
#include "profile_int.h"

#include <string.h>

static const char *printed(struct check *c, const struct constant *k)
{
	struct buf b;
	const char *text = k ? text_at(c->p, k->text) : NULL;
	if (!k || text)
		return text ? text : "";
	buf_init(&b, c->a);
	constant_print(c->p, &b, k);
	return b.p;
}

/* "system" of "coding[0].system" */
static const char *last_name(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot ? dot + 1 : path;
}

static void tell_absent(struct check *c, enum rule rule, const struct spot *s,
			const char *whole, const struct miss *m)
{
	report(c, rule, s->at, s->value, whole,
	       say(c, "add \"%.100s\": %.300s", m->path.p, printed(c, m->want)),
	       "Missing element '%.200s'", last_name(m->path.p));
}

static void tell_surplus(struct check *c, enum rule rule, const struct spot *s,
			 const char *whole, const struct miss *m)
{
	const char *name = last_name(m->path.p);
	const char *hint = say(c, "remove \"%.200s\"", m->path.p);
	if (strcmp(name, "extension") == 0)
		report(c, rule, s->at, m->is, whole, hint,
		       "No extensions allowed, as the specified fixed value "
		       "doesn't contain any extensions");
	else
		report(c, rule, s->at, m->is, whole, hint,
		       "Unexpected element %.200s", name);
}

static void tell_value(struct check *c, enum rule rule, const struct spot *s,
		       const char *whole, const struct miss *m)
{
	const char *want = printed(c, m->want);
	const char *is = m->is ? json_text(m->is) : NULL;
	const char *path = m->path.len > 0 ? m->path.p : NULL;

	if (is)
		report(c, rule, s->at, m->is, whole,
		       path ? say(c, "use \"%.200s\" as %.200s", want, path)
			    : say(c, "use \"%.300s\"", want),
		       "Value is '%.200s' but must be '%.300s'", is, want);
	else
		report(c, rule, s->at, s->value, whole,
		       say(c, "%.100s must contain %.300s", path ? path : "it",
			   want),
		       "Expected %.300s not found", want);
}

static void tell(struct check *c, const struct spot *s, ref r, bool pattern)
{
	struct miss m;

	if (is_quiet(c)) {
		report(c, RULE_FIXED, s->at, s->value, NULL, NULL, "%s", "");
		return;
	}
	if (!constant_miss(c->p, c->a, r, s->value, pattern, &m))
		return;
	const char *whole = constant_text(c->p, c->a, r);
	enum rule rule = pattern	       ? RULE_PATTERN
			 : json_text(s->value) ? RULE_FIXED
					       : RULE_FIXED_COMPLEX;
	if (m.kind == MISS_ABSENT)
		tell_absent(c, rule, s, whole, &m);
	else if (m.kind == MISS_SURPLUS)
		tell_surplus(c, rule, s, whole, &m);
	else
		tell_value(c, rule, s, whole, &m);
}

/* A primitive with the right value, and more than that. */
static void check_extensions(struct check *c, const struct spot *s)
{
	const struct json *k = s->companion;
	if (!k || json_kind(k) != JSON_OBJECT || !json_get(k, "extension"))
		return;
	report(c, RULE_FIXED_EXTENSION, s->at, k, "no extensions",
	       say(c, "remove the extension of \"%s\"", s->at->name),
	       "No extensions allowed, as the specified fixed value doesn't "
	       "contain any extensions");
}

/* A code that a profile demands is no mistake of the sender, even if its system
 * has no such code ("beats/min"): what the base pass said of it goes. */
static void excuse(struct check *c, const struct spot *s)
{
	if (c->out->n > 0 && !c->dry && !c->base && json_text(s->value))
		withdraw_warning(c, RULE_GRAMMAR_CODE, s->at);
}

void check_constants(struct check *c, const struct spot *s)
{
	const struct node *n = s->node;

	/* why there is no value an extension tells: that is no other value */
	if (!s->value || json_kind(s->value) == JSON_NULL)
		return;
	if (n->fixed && !constant_equal(c->p, n->fixed, s->value))
		tell(c, s, n->fixed, false);
	else if (n->fixed) {
		check_extensions(c, s);
		excuse(c, s);
	}
	if (n->pattern && !constant_within(c->p, n->pattern, s->value))
		tell(c, s, n->pattern, true);
}
