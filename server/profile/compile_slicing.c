/* SPDX-License-Identifier: Apache-2.0
 *
 * compile_slicing.c: what definitions say about slices: an element's slicing
 * with its discriminators, and the slices themselves.
 *
 * A slice begins as a copy of the element that it slices. "a/b" slices slice
 * "a" again: it begins as a copy of that, and hangs below it when "a" has a
 * slicing of its own, else beside it. Extensions are sliced by url and choices
 * by type without being told. Slicings are copied on write like nodes: one that
 * is not owned by its node is the base's. FHIR R4 profiling 5.1.0.5-7,
 * ElementDefinition.slicing.
 */
#include "compile_int.h"

#include <string.h>
#include <strings.h>

/* ---- discriminators --------------------------------------------------- */

/* A call: its one argument without quotes, if it has one. */
static bool parse_call(const char *open, enum step_op op, const char **s,
		       size_t *n, struct path_step *out)
{
	size_t k = strlen(open);
	if (*n <= k || strncmp(*s, open, k) != 0 || (*s)[*n - 1] != ')')
		return false;
	out->op = op;
	*s += k;
	*n -= k + 1;
	if (*n >= 2 && ((*s)[0] == '\'' || (*s)[0] == '"') &&
	    (*s)[*n - 1] == (*s)[0]) {
		*s += 1;
		*n -= 2;
	}
	return true;
}

static bool is_name(const char *s, size_t n)
{
	if (n > 3 && strncmp(s + n - 3, "[x]", 3) == 0)
		n -= 3;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		if (!(ascii_letter(c) || c == '_' || (i > 0 && ascii_digit(c))))
			return false;
	}
	return n > 0;
}

static bool parse_step(struct build *b, const char *s, size_t n,
		       struct path_step *out)
{
	static const struct {
		const char *open;
		enum step_op op;
	} calls[] = {{"extension(", STEP_EXTENSION},
		     {"ofType(", STEP_OFTYPE},
		     {"as(", STEP_OFTYPE},
		     {"resolve(", STEP_RESOLVE}};

	for (size_t i = 0; i < LEN(calls); i++) {
		if (!parse_call(calls[i].open, calls[i].op, &s, &n, out))
			continue;
		out->name = build_textn(b, s, n);
		return (n == 0) == (out->op == STEP_RESOLVE);
	}
	if (!is_name(s, n))
		return false;
	if (s[n - 1] == ']')
		n -= 3;
	out->op = STEP_CHILD;
	out->name = build_textn(b, s, n);
	return true;
}

/* One segment: up to a dot that is not inside of parentheses. */
static size_t segment(const char *s)
{
	int depth = 0;
	size_t n = 0;
	for (; s[n] && (s[n] != '.' || depth > 0); n++)
		depth += (s[n] == '(') - (s[n] == ')');
	return n;
}

static bool parse_path(struct build *b, const char *s, struct discriminator *d)
{
	struct path_step v[STEPS_MAX];
	size_t n = 0;

	d->path = build_text(b, s);
	if (strncmp(s, "$this", 5) == 0 && (s[5] == '.' || !s[5]))
		s += s[5] == '.' ? 6 : 5;
	while (*s) {
		size_t k = segment(s);
		if (n == STEPS_MAX || !parse_step(b, s, k, &v[n++]))
			return build_fail(b, "invalid",
					  "discriminator \"%s\" is no path",
					  text_at(b->p, d->path));
		s += k;
		if (*s == '.')
			s++;
	}
	d->n_steps = (uint16_t)n;
	if (n == 0)
		return true;
	d->steps = heap_alloc(b->p, n * sizeof(*v));
	memcpy(heap_at(b->p, d->steps), v, n * sizeof(*v));
	return true;
}

static bool discriminator_kind(struct build *b, const char *s, uint16_t *out)
{
	static const struct {
		const char *name;
		enum discriminator_kind kind;
	} kinds[] = {{"value", BY_VALUE},
		     {"pattern", BY_VALUE},
		     {"exists", BY_EXISTS},
		     {"type", BY_TYPE},
		     {"profile", BY_PROFILE}};

	*out = BY_VALUE;
	if (!s)
		return true;
	for (size_t i = 0; i < LEN(kinds); i++) {
		if (strcmp(s, kinds[i].name) == 0) {
			*out = kinds[i].kind;
			return true;
		}
	}
	return build_fail(b, "invalid", "unknown type of discriminator \"%s\"",
			  s);
}

static bool parse_discriminators(struct build *b, struct slicing *s,
				 const struct json *list)
{
	size_t n = json_count(list);
	if (n > DISCRIMINATORS_MAX)
		return build_fail(b, "too-long", "too many discriminators");
	s->disc = heap_alloc(b->p, n * sizeof(struct discriminator));
	s->n_disc = (uint16_t)n;
	s->criteria = 0;
	struct discriminator *d = heap_at(b->p, s->disc);
	for (const struct json *j = json_first(list); j;
	     j = json_next(j), d++) {
		const char *path = json_get_text(j, "path");
		const char *kind = json_get_text(j, "type");
		if (!discriminator_kind(b, kind, &d->kind))
			return false;
		if (!path)
			return build_fail(b, "required",
					  "discriminator without path");
		if (!parse_path(b, path, d))
			return false;
	}
	return true;
}

static bool implicit_slicing(struct build *b, struct slicing *s, bool by_type)
{
	s->disc = heap_alloc(b->p, sizeof(struct discriminator));
	s->n_disc = 1;
	struct discriminator *d = heap_at(b->p, s->disc);
	d->kind = by_type ? BY_TYPE : BY_VALUE;
	return parse_path(b, by_type ? "$this" : "url", d);
}

/* ---- the slicing of an element ---------------------------------------- */

static ref own_slicing(struct build *b, ref node)
{
	struct node *n = heap_at(b->p, node);
	if (n->slicing) {
		const struct slicing *have = rec_at(b->p, n->slicing);
		if (have->owner == node)
			return n->slicing;
	}
	ref r = heap_alloc(b->p, sizeof(struct slicing));
	struct slicing *s = heap_at(b->p, r);
	if (n->slicing) {
		*s = *(const struct slicing *)rec_at(b->p, n->slicing);
		s->cap = 0; /* the array is another's */
		s->criteria = 0;
	}
	s->owner = node;
	n->slicing = r;
	return r;
}

bool merge_slicing(struct build *b, ref node, const struct json *j)
{
	static const char *const rules[] = {"open", "openAtEnd", "closed"};
	struct slicing *s = heap_at(b->p, own_slicing(b, node));
	const char *rule = json_get_text(j, "rules");
	const struct json *ordered = json_get(j, "ordered");

	for (uint8_t i = 0; rule && i < LEN(rules); i++) {
		/* what the base closed stays closed */
		if (strcmp(rule, rules[i]) == 0 && i > s->rules)
			s->rules = i;
	}
	if (ordered && json_kind(ordered) == JSON_TRUE)
		s->ordered = true;
	if (json_get(j, "discriminator"))
		return parse_discriminators(b, s, json_get(j, "discriminator"));
	return true;
}

/* ---- slices ----------------------------------------------------------- */

/* Room for one more slice in an array of its own. */
static bool own_slices(struct build *b, struct slicing *s)
{
	if (s->cap > 0 && s->n < s->cap)
		return true;
	if (s->n >= SLICES_MAX)
		return build_fail(b, "too-long",
				  "more than %d slices of one element",
				  SLICES_MAX);
	uint16_t cap = s->n < 7 ? 8 : SLICES_MAX;
	ref r = heap_alloc(b->p, cap * sizeof(ref));
	if (s->n > 0)
		memcpy(heap_at(b->p, r), rec_at(b->p, s->slices),
		       s->n * sizeof(ref));
	s->slices = r;
	s->cap = cap;
	return true;
}

/* The type that a slice's name stands for: valueQuantity of value[x]. */
static unsigned slice_type(const struct profiles *p, const struct node *n,
			   const char *slice, size_t len)
{
	const char *stem = text_at(p, n->name);
	size_t k = strlen(stem);
	const struct use *u = rec_at(p, n->types);

	if (len <= k || strncmp(slice, stem, k) != 0)
		return NO_TYPE;
	for (unsigned i = 0; i < n->n_types; i++) {
		const char *type = text_at(p, p->types[u[i].type].name);
		if (strlen(type) == len - k &&
		    strncasecmp(type, slice + k, len - k) == 0)
			return u[i].type;
	}
	return NO_TYPE;
}

static void only_type(struct build *b, struct node *n, unsigned type)
{
	const struct use *u = node_use(b->p, n, type);
	if (!u)
		return;
	ref r = heap_alloc(b->p, sizeof(*u));
	memcpy(heap_at(b->p, r), u, sizeof(*u));
	n->types = r;
	n->n_types = 1;
}

static int slice_index(const struct profiles *p, const struct slicing *s,
		       const char *name, size_t n)
{
	const ref *v = rec_at(p, s->slices);
	for (int i = 0; i < s->n; i++) {
		const char *have = text_at(p, node_at(p, v[i])->slice);
		/* ids of STU3 write slice names in lower case */
		if (strncasecmp(have, name, n) == 0 && have[n] == '\0')
			return i;
	}
	return -1;
}

/* "a/b" of "a/b/c"; 0: it is no slice of a slice. */
static size_t outer_len(const char *name, size_t len)
{
	while (len > 0 && name[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

static ref new_slice(struct build *b, ref node, const struct slicing *s,
		     const char *name, size_t len, unsigned type)
{
	size_t outer = outer_len(name, len);
	int i = outer > 0 ? slice_index(b->p, s, name, outer) : -1;
	const ref *v = rec_at(b->p, s->slices);
	ref r = copy_node(b, i >= 0 ? v[i] : node, node);
	struct node *n = heap_at(b->p, r);

	n->slice = build_textn(b, name, len);
	n->slicing = 0;
	n->min = 0;
	n->flags &= (uint16_t) ~(NODE_OWN_TYPES | NODE_OWN_BINDING);
	if (!(n->flags & NODE_CHOICE))
		return r;
	if (type == NO_TYPE)
		type = slice_type(b->p, n, name, len);
	if (type != NO_TYPE)
		only_type(b, n, type);
	return r;
}

static bool is_extension(const struct profiles *p, const struct node *n)
{
	const char *name = text_at(p, n->name);
	return strcmp(name, "extension") == 0 ||
	       strcmp(name, "modifierExtension") == 0;
}

/* The slice "a" under which "a/b" goes; 0 when that has no slicing. */
static ref outer_slice(struct build *b, ref node, const char *name, size_t len)
{
	size_t outer = outer_len(name, len);
	if (outer == 0)
		return 0;
	ref home = outer_slice(b, node, name, outer);
	if (!home)
		home = node;
	const struct node *n = node_at(b->p, home);
	if (!n->slicing)
		return 0;
	const struct slicing *s = rec_at(b->p, n->slicing);
	int i = slice_index(b->p, s, name, outer);
	const ref *v = rec_at(b->p, s->slices);
	if (i < 0 || !node_at(b->p, v[i])->slicing)
		return 0;
	return own_slice(b, home, name, outer, NO_TYPE);
}

ref own_slice(struct build *b, ref node, const char *name, size_t len,
	      unsigned type)
{
	ref outer = outer_slice(b, node, name, len);
	if (outer)
		node = outer;
	struct node *n = heap_at(b->p, node);
	bool extension = is_extension(b->p, n);

	if (!n->slicing && !extension && !(n->flags & NODE_CHOICE)) {
		/* a name for the only one there is; an official profile names
		 * the items of a list so (familymemberhistory-genetic) */
		if (!(n->flags & NODE_LIST) || b->p->image_bytes == 0)
			return node;
		build_fail(b, "invalid",
			   "slice \"%.*s\" of an element without slicing",
			   (int)len, name);
		return 0;
	}
	struct slicing *s = heap_at(b->p, own_slicing(b, node));
	if (s->n_disc == 0 && (extension || (n->flags & NODE_CHOICE)) &&
	    !implicit_slicing(b, s, !extension))
		return 0;
	int i = slice_index(b->p, s, name, len);
	const ref *have = rec_at(b->p, s->slices);
	if (i >= 0 && node_at(b->p, have[i])->owner == node)
		return have[i];
	ref r = i >= 0 ? copy_node(b, have[i], node)
		       : new_slice(b, node, s, name, len, type);
	if (!own_slices(b, s))
		return 0;
	ref *v = heap_at(b->p, s->slices);
	v[i >= 0 ? i : s->n++] = r;
	s->criteria = 0;
	return r;
}
