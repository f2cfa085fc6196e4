/* SPDX-License-Identifier: Apache-2.0
 *
 * kind_coding_display.c: the display of a coding is one that its code system
 * gives to the code: the display, a designation in any language, or one of a
 * supplement. Capital letters, dots and white space are not compared. A code
 * whose concept has no display at all may have any. The rules of 2018 warn; for
 * today's validator a wrong display is an error. FHIR R4 4.8.2, Coding.display.
 */
#include "term_int.h"

#include <string.h>

#define SHOWN_DISPLAYS 8

static char lower(char ch)
{
	return ch >= 'A' && ch <= 'Z' ? (char)(ch | 32) : ch;
}

/* Behind white space; a no-break space is one too. */
static const char *skip_space(const char *s)
{
	for (;; s++) {
		if (s[0] == '\xc2' && s[1] == '\xa0')
			s++;
		else if (!ascii_space(*s))
			return s;
	}
}

/* Capital letters beyond ASCII: those of Latin-1 are folded (U+00C0..DE). */
static bool same_letter(const char **x, const char **y)
{
	const char *a = *x, *b = *y;
	if (lower(*a) != lower(*b))
		return false;
	if (*a == '\xc3' && a[1] && b[1]) {
		unsigned char u = (unsigned char)a[1], v = (unsigned char)b[1];
		bool letters = u != 0x97 && u != 0xb7 && v != 0x97 && v != 0xb7;
		if (u != v && (!letters || (u | 0x20) != (v | 0x20)))
			return false;
		*x += 1;
		*y += 1;
	}
	*x += 1;
	*y += 1;
	return true;
}

static bool same_text(const char *x, const char *y)
{
	x = skip_space(x);
	y = skip_space(y);
	while (*x && *y) {
		const char *a = skip_space(x), *b = skip_space(y);
		if (!*a || !*b || (a > x) != (b > y))
			return !*a && !*b;
		x = a;
		y = b;
		if (!same_letter(&x, &y))
			return false;
	}
	return !*skip_space(x) && !*skip_space(y);
}

/* ---- the displays of a concept ---------------------------------------- */

struct displays {
	struct check *c;
	const char *wanted; /* is it among them? */
	struct buf *text;   /* NULL: only that; else they are listed */
	size_t n;
	bool found;
};

static void visit(struct displays *d, const char *value, const char *language)
{
	if (!value || !*value)
		return;
	d->n++;
	d->found = d->found || same_text(value, d->wanted);
	if (!d->text || d->n > SHOWN_DISPLAYS)
		return;
	buf_printf(d->text, "%s'%.120s'", d->n > 1 ? ", " : "", value);
	if (language)
		buf_printf(d->text, " (%.20s)", language);
}

static void visit_concept(struct displays *d, const struct code_system *cs,
			  const struct concept *k)
{
	const struct profiles *p = d->c->p;
	const struct concept *v = rec_at(p, cs->concepts);
	uint32_t n;

	visit(d, text_at(p, k->display), NULL);
	const struct fact *f =
	    facts_of(p, cs->words, cs->n_words, (uint32_t)(k - v), &n);
	for (uint32_t i = 0; i < n; i++)
		visit(d, text_at(p, f[i].value), text_at(p, f[i].name));
}

static void visit_supplements(struct displays *d, const struct table *t,
			      const struct code_system *cs, const char *code)
{
	const struct profiles *p = d->c->p;
	for (size_t i = 0; i < t->n; i++) {
		const struct code_system *s = rec_at(p, t->v[i]);
		if (!s->supplements || strcmp(text_at(p, s->supplements),
					      text_at(p, cs->url)) != 0)
			continue;
		const struct concept *k = concept_find(p, s, code);
		if (k)
			visit_concept(d, s, k);
	}
}

static void visit_all(struct displays *d, const struct code_system *cs,
		      const struct concept *k)
{
	const struct profiles *p = d->c->p;
	visit_concept(d, cs, k);
	if (d->found)
		return;
	/* rare: looked for only when the display is none of these */
	visit_supplements(d, &p->cs, cs, text_at(p, k->code));
	visit_supplements(d, &p->image_cs, cs, text_at(p, k->code));
}

/* ---- the check -------------------------------------------------------- */

void check_display(struct check *c, const struct spot *s,
		   const struct code_system *cs, const struct concept *k)
{
	const struct at here = {s->at, "display", -1};
	const struct json *where = json_get(s->value, "display");
	const char *display = where ? json_text(where) : NULL;
	const enum issue_severity severity =
	    said(c, c->o->display, RULE_DISPLAY);
	struct displays d = {.c = c, .wanted = display};
	struct buf text;

	if (!display || !*display || c->dry || severity == ISSUE_NONE)
		return;
	visit_all(&d, cs, k);
	if (d.found || d.n == 0)
		return;
	buf_init(&text, c->a);
	d = (struct displays){.c = c, .wanted = display, .text = &text};
	visit_all(&d, cs, k);
	report_as(c, severity, RULE_DISPLAY, &here, where, text.p,
		  "use this display, or leave it out",
		  d.n == 1 ? "Display should be %s"
			   : "Display should be one of %s",
		  text.p);
}
