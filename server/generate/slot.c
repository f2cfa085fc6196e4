/* SPDX-License-Identifier: Apache-2.0
 *
 * slot: texts with slots, "{systolic}/{diastolic} mm[Hg]".
 *
 *	slot	= "{" name [ "." member ] [ ":" form ] [ ("+" | "-") n ] "}"
 *	name	= a value | time | start | end | date | uuid | patient | citizen
 *	form	= fi | sv | en			(of the four times)
 *
 * A text is cut into pieces once, when its plan is opened; what stands between
 * slots is escaped for JSON then, and so are words. A brace that begins no slot
 * is refused: nothing in the data needs one, and a slip would otherwise end up
 * in somebody's record.
 */
#include "generate/generate_int.h"

#define SHIFT_MAX 100

static const struct {
	const char *name;
	enum piece_kind kind;
	bool formed; /* can be written for people */
} fixed[] = {
    {"time", PIECE_TIME, true},	       {"start", PIECE_START, true},
    {"end", PIECE_END, true},	       {"date", PIECE_DATE, true},
    {"uuid", PIECE_UUID, false},       {"patient", PIECE_PATIENT, false},
    {"citizen", PIECE_CITIZEN, false},
};

static const char *const forms[] = {
    [FORM_FI] = "fi", [FORM_SV] = "sv", [FORM_EN] = "en"};

struct piece *gen_piece(struct arena *a, struct shape *s)
{
	if (s->piece_count == s->piece_room) {
		size_t room = s->piece_room ? 2 * s->piece_room : 16;
		struct piece *v = arena_alloc(a, room * sizeof(*v));

		if (s->piece)
			memcpy(v, s->piece, s->piece_count * sizeof(*v));
		s->piece = v;
		s->piece_room = room;
	}
	return &s->piece[s->piece_count++];
}

void gen_bytes(struct arena *a, struct shape *s, const char *bytes, size_t n)
{
	struct piece *last =
	    s->piece_count ? &s->piece[s->piece_count - 1] : NULL;

	if (n == 0)
		return;
	if (!last || last->kind != PIECE_BYTES) {
		last = gen_piece(a, s);
		*last = (struct piece){.kind = PIECE_BYTES};
		buf_init(&s->bytes, a);
	}
	buf_add(&s->bytes, bytes, n);
	last->bytes = (struct text_n){s->bytes.p, s->bytes.len};
}

/* What stands inside a JSON string. */
static struct text_n escaped(struct arena *a, const char *s, size_t n)
{
	struct buf b;

	buf_init(&b, a);
	json_quote(&b, s, n);
	return (struct text_n){b.p + 1, b.len - 2};
}

/* ---- one slot ------------------------------------------------------------ */

/* A slot that is being read: its text between the braces. */
struct slot {
	const struct reader *r;
	const struct plan *plan;
	const char *place;
	const char *s, *end;
};

static bool no_slot(const struct slot *in, const char *why)
{
	return gen_refuse(in->r, in->place, "%s", why);
}

static size_t take_letters(struct slot *in)
{
	const char *from = in->s;

	while (in->s < in->end && (ascii_letter(*in->s) || *in->s == '_'))
		in->s++;
	return (size_t)(in->s - from);
}

/* The member of each item of a list of words. */
static bool take_member(struct slot *in, struct piece *out)
{
	const struct value *v = &in->plan->value[out->value];
	struct arena *a = in->r->arena;
	const char *name = ++in->s;

	name = arena_strndup(a, name, take_letters(in));
	out->word = arena_alloc(a, v->item_count * sizeof(*out->word));
	for (size_t i = 0; i < v->item_count; i++) {
		const struct json *m = json_get(v->item[i].words, name);

		if (!m || !json_text(m))
			return gen_refuse(in->r, in->place,
					  "not every item of %s has \"%s\"",
					  v->name, name);
		out->word[i] = escaped(a, json_text(m), json_len(m));
	}
	return true;
}

static bool take_value(struct slot *in, const char *name, size_t n,
		       struct piece *out)
{
	const int i = gen_value_find(in->plan, name, n);
	const bool member = in->s < in->end && *in->s == '.';

	if (i < 0)
		return gen_refuse(in->r, in->place,
				  "{%.*s} is no value of this plan", (int)n,
				  name);
	out->value = (size_t)i;
	out->kind = in->plan->value[i].item_count ? PIECE_WORD : PIECE_NUMBER;
	if (member != (out->kind == PIECE_WORD))
		return no_slot(in, "words need a member, numbers have none");
	return !member || take_member(in, out);
}

static bool take_form(struct slot *in, struct piece *out)
{
	const char *name;
	size_t n;

	if (in->s == in->end || *in->s != ':')
		return true;
	name = ++in->s;
	n = take_letters(in);
	for (size_t i = FORM_FI; i < LEN(forms); i++)
		if (n == 2 && memcmp(forms[i], name, 2) == 0)
			out->form = (enum piece_form)i;
	return out->form != FORM_FHIR ||
	       no_slot(in, "the form of a time is fi, sv or en");
}

static bool take_name(struct slot *in, struct piece *out)
{
	const char *name = in->s;
	const size_t n = take_letters(in);

	for (size_t i = 0; i < LEN(fixed); i++) {
		if (strlen(fixed[i].name) != n ||
		    memcmp(fixed[i].name, name, n) != 0)
			continue;
		out->kind = fixed[i].kind;
		return !fixed[i].formed || take_form(in, out);
	}
	return take_value(in, name, n, out);
}

static bool take_shift(struct slot *in, struct piece *out)
{
	const int sign = in->s < in->end && *in->s == '-' ? -1 : 1;

	if (in->s == in->end)
		return true;
	if (*in->s != '+' && *in->s != '-')
		return no_slot(in, "only letters, a member, a form and a "
				   "number make a slot");
	for (in->s++; in->s < in->end && ascii_digit(*in->s); in->s++)
		out->shift = out->shift * 10 + (*in->s - '0');
	if (in->s < in->end || out->shift == 0 || out->shift > SHIFT_MAX)
		return no_slot(in,
			       "a slot ends with +1 to +100, or -1 to -100");
	out->shift *= sign;
	return true;
}

/* ---- a text -------------------------------------------------------------- */

bool gen_text_compile(const struct reader *r, const struct plan *p,
		      struct shape *s, const char *place, const char *text,
		      bool raw)
{
	struct arena *a = r->arena;

	if (raw && (*text != '{' || text[strcspn(text, "}")] == '\0' ||
		    text[strcspn(text, "}") + 1] != '\0'))
		return gen_refuse(r, place,
				  "stands for a number, so it is one slot");
	if (!raw)
		gen_bytes(a, s, "\"", 1);
	while (*text) {
		const size_t n = strcspn(text, "{}");
		const struct text_n plain = escaped(a, text, n);
		const char *end = strchr(text + n, '}');
		struct slot in = {r, p, place, text + n + 1, end};
		struct piece out = {.kind = PIECE_BYTES};

		gen_bytes(a, s, plain.s, plain.n);
		text += n;
		if (!*text)
			break;
		if (*text == '}' || !end)
			return no_slot(&in, "a brace that belongs to no slot");
		if (!take_name(&in, &out) || !take_shift(&in, &out))
			return false;
		*gen_piece(a, s) = out;
		text = end + 1;
	}
	if (!raw)
		gen_bytes(a, s, "\"", 1);
	return true;
}
