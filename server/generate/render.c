/* SPDX-License-Identifier: Apache-2.0
 *
 * render: the resource of an event, piece by piece.
 *
 * Almost all of it is copied bytes; a slot costs a few numbers and some digits,
 * written here because printf would be half of the time. A value is computed
 * once for a resource, whichever slots show it, so a narrative says what the
 * members say.
 *
 * Times are written with the offset of Finland at that time. For people they
 * have the form of the national guide's narratives: 9.3.2026 7.10 in Finnish
 * and Swedish, 9.3.2026 7:10 in English.
 */
#include "generate/generate_int.h"

#include <stdio.h>

enum { KEY_UUID = 4, KEY_SHAPE };
enum { KEY_SAMPLE = 2000 };

#define HOUR_MS INT64_C(3600000)
#define DIGITS	24
#define KEPT	64 /* values of a resource that are kept; VALUES in model.c */

/* The resource at hand. */
struct resource {
	const struct event *e;
	const struct shape *shape;
	struct buf *b;
	const char *uuid;
	int64_t number[KEPT];
	uint64_t known; /* bits of number */
};

/* ---- digits ------------------------------------------------------------- */

/* With at least width digits. */
static void put_digits(struct buf *b, uint64_t n, int width)
{
	char text[DIGITS];
	char *p = text + DIGITS;

	for (; n > 0 || width > 0; n /= 10, width--)
		*--p = (char)('0' + n % 10);
	if (p == text + DIGITS)
		*--p = '0';
	buf_add(b, p, (size_t)(text + DIGITS - p));
}

static void put_int(struct buf *b, int n, int width)
{
	put_digits(b, n < 0 ? 0 : (unsigned)n, width);
}

/* A number in millionths that was rounded to those digits. */
static void put_number(struct buf *b, int64_t n, unsigned digits)
{
	uint64_t size = n < 0 ? (uint64_t)-n : (uint64_t)n, unit = MILLION;

	if (n < 0)
		buf_putc(b, '-');
	put_digits(b, size / MILLION, 1);
	if (digits == 0)
		return;
	for (unsigned i = 0; i < digits; i++)
		unit /= 10;
	buf_putc(b, '.');
	put_digits(b, size % MILLION / unit, (int)digits);
}

/* ---- times -------------------------------------------------------------- */

static void put_fhir_date(struct buf *b, const struct local *t)
{
	put_int(b, t->date.year, 4);
	buf_putc(b, '-');
	put_int(b, t->date.month, 2);
	buf_putc(b, '-');
	put_int(b, t->date.day, 2);
}

static void put_fhir_time(struct buf *b, const struct local *t)
{
	put_fhir_date(b, t);
	buf_putc(b, 'T');
	put_int(b, t->hour, 2);
	buf_putc(b, ':');
	put_int(b, t->minute, 2);
	buf_putc(b, ':');
	put_int(b, t->second, 2);
	buf_putc(b, '+');
	put_int(b, t->zone_h, 2);
	buf_add(b, ":00", 3);
}

static void put_date(struct buf *b, const struct local *t)
{
	put_int(b, t->date.day, 1);
	buf_putc(b, '.');
	put_int(b, t->date.month, 1);
	buf_putc(b, '.');
	put_int(b, t->date.year, 1);
}

static void put_time(struct buf *b, int64_t ms, const struct piece *p)
{
	const struct local t = gen_local(ms);
	const bool date = p->kind == PIECE_DATE;

	if (p->form == FORM_FHIR) {
		if (date)
			put_fhir_date(b, &t);
		else
			put_fhir_time(b, &t);
		return;
	}
	put_date(b, &t);
	if (date)
		return;
	buf_putc(b, ' ');
	put_int(b, t.hour, 1);
	buf_putc(b, p->form == FORM_EN ? ':' : '.');
	put_int(b, t.minute, 2);
}

static int64_t start_ms(const struct shape *s, const struct event *e)
{
	const struct length *l =
	    s->length.period ? &s->length : &e->plan->length;
	const struct local t = gen_local(e->time_ms);

	switch (l->period) {
	case PERIOD_DAY: return gen_instant(t.day, 0);
	case PERIOD_WEEK: return gen_instant(t.day - t.weekday, 0);
	case PERIOD_MINUTES:
		return e->time_ms -
		       gen_operand(e, &l->minutes) * 60000 / MILLION;
	default: return e->time_ms - HOUR_MS;
	}
}

/* ---- pieces ------------------------------------------------------------- */

static int64_t number_of(struct resource *r, const struct event *e, size_t i)
{
	if (e != r->e)
		return gen_value(e, i);
	if (!(r->known >> i & 1)) {
		r->number[i] = gen_value(e, i);
		r->known |= UINT64_C(1) << i;
	}
	return r->number[i];
}

static void put_uuid(struct resource *r, const struct event *e, unsigned nth)
{
	char other[UUID_TEXT];

	if (nth == 0 && e == r->e) {
		buf_add(r->b, r->uuid, UUID_TEXT - 1);
		return;
	}
	gen_uuid(other, gen_key(gen_key(e->key, KEY_UUID), nth));
	buf_add(r->b, other, UUID_TEXT - 1);
}

static void put_slot(struct resource *r, const struct piece *p,
		     const struct event *e)
{
	const struct text_n *word;

	switch (p->kind) {
	case PIECE_NUMBER:
		put_number(r->b, number_of(r, e, p->value),
			   e->plan->value[p->value].digits);
		break;
	case PIECE_WORD:
		word = &p->word[gen_word(e, p->value)];
		buf_add(r->b, word->s, word->n);
		break;
	case PIECE_START: put_time(r->b, start_ms(r->shape, e), p); break;
	case PIECE_UUID: put_uuid(r, e, p->nth); break;
	case PIECE_PATIENT: buf_puts(r->b, e->citizen->patient_id); break;
	case PIECE_CITIZEN:
		put_digits(r->b,
			   gen_key_text(0, e->citizen->hetu) % 9000 + 1000, 4);
		break;
	default: put_time(r->b, e->time_ms, p); break;
	}
}

static void put_piece(struct resource *r, const struct piece *p)
{
	struct event other;

	if (p->kind == PIECE_BYTES) {
		buf_add(r->b, p->bytes.s, p->bytes.n);
	} else if (p->shift == 0) {
		put_slot(r, p, r->e);
	} else {
		other = gen_neighbour(r->e, p->shift);
		put_slot(r, p, &other);
	}
}

static const struct shape *drawn_shape(const struct event *e)
{
	const struct occasion *o = &e->plan->when[e->place];
	const struct shape *s = &e->plan->shape[o->shape];
	int64_t x;

	if (o->shape_count == 1)
		return s;
	x = gen_between(gen_key(e->key, KEY_SHAPE), 0, o->weights - 1);
	while (x >= s->weight)
		x -= s++->weight;
	return s;
}

void generate_uuid(char out[UUID_TEXT], const char *name)
{
	gen_uuid(out, gen_key_text(0, name));
}

void gen_render(const struct event *e, const struct shape *shape,
		struct buf *text, char uuid[UUID_TEXT])
{
	struct resource r = {.e = e, .b = text, .uuid = uuid};

	if (!shape)
		shape = drawn_shape(e);
	r.shape = shape;
	/* a Patient's identifier is its pseudonym */
	if (text_is(e->plan->about.type, "Patient"))
		snprintf(uuid, UUID_TEXT, "%s", e->citizen->patient_id);
	else
		gen_uuid(uuid, gen_key(gen_key(e->key, KEY_UUID), 0));
	for (size_t i = 0; i < shape->piece_count; i++)
		put_piece(&r, &shape->piece[i]);
	if (!shape->has_uuid)
		*uuid = '\0';
}

void gen_sample(const struct generator *g, const struct plan *p,
		const struct shape *shape, const struct generate_citizen *c,
		uint64_t n, struct buf *text, char uuid[UUID_TEXT])
{
	const uint64_t key = gen_citizen_key(g->o->seed, p, c);
	const struct event e = {
	    .plan = p,
	    .citizen = c,
	    .citizen_key = key,
	    .key = gen_key(gen_key(key, KEY_SAMPLE), n),
	    .day = g->last,
	    .time_ms = gen_instant(g->last, p->when[0].at_s),
	};

	gen_render(&e, shape, text, uuid);
}
