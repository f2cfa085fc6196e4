/* SPDX-License-Identifier: Apache-2.0
 *
 * quest.c: a questionnaire made ready for look-ups, and where it is found.
 *
 * Its items become one array in document order, so that "everything inside of
 * an item" is a span of it, with two hash tables over the linkIds: one for the
 * whole questionnaire, one for the children of each item. So a response of any
 * size is checked in time linear to it. Of two items of one linkId the first
 * counts (que-2 refuses the second). A questionnaire is opened once in a check,
 * however many responses of a Bundle name it; what is noted of a response while
 * it is checked stands in the items and is told apart by stamps.
 *
 * It is found among the contained resources, the Bundle's entries (not by
 * today's rules), the definitions that were loaded, and at last by the caller's
 * fetch(). STU3 names it by a Reference: then by its id, too (nor that). FHIR
 * R4 QuestionnaireResponse .questionnaire; STU3 the same.
 */
#include "quest_int.h"

#include <string.h>

/* ---- members ---------------------------------------------------------- */

const struct json *q_list(const struct json *holder, const char *name)
{
	const struct json *v = json_get(holder, name);
	return v && json_kind(v) == JSON_ARRAY ? v : NULL;
}

bool q_is_true(const struct json *holder, const char *name)
{
	const struct json *v = json_get(holder, name);
	return v && json_kind(v) == JSON_TRUE;
}

const char *q_text(const struct json *holder, const char *name)
{
	const struct json *v = json_get(holder, name);
	return v ? json_text(v) : NULL;
}

static const struct {
	const char *suffix, *name;
} kinds[Q_KINDS] = {
    [QK_NONE] = {"", ""},
    [QK_BOOLEAN] = {"Boolean", "boolean"},
    [QK_DECIMAL] = {"Decimal", "decimal"},
    [QK_INTEGER] = {"Integer", "integer"},
    [QK_DATE] = {"Date", "date"},
    [QK_DATETIME] = {"DateTime", "dateTime"},
    [QK_TIME] = {"Time", "time"},
    [QK_STRING] = {"String", "string"},
    [QK_URI] = {"Uri", "uri"},
    [QK_ATTACHMENT] = {"Attachment", "Attachment"},
    [QK_CODING] = {"Coding", "Coding"},
    [QK_QUANTITY] = {"Quantity", "Quantity"},
    [QK_REFERENCE] = {"Reference", "Reference"},
};

const char *q_kind_name(enum q_kind kind)
{
	return kinds[kind].name;
}

static enum q_kind kind_of(const char *suffix)
{
	for (unsigned i = 1; i < Q_KINDS; i++) {
		if (strcmp(kinds[i].suffix, suffix) == 0)
			return (enum q_kind)i;
	}
	return QK_NONE;
}

bool q_value_of(const struct json *holder, const char *stem,
		struct q_value *out)
{
	const bool object = holder && json_kind(holder) == JSON_OBJECT;
	const char *type;
	const struct json *m = object ? choice_of(holder, stem, &type) : NULL;

	if (m)
		*out = (struct q_value){m, kind_of(type)};
	return m != NULL;
}

const struct json *q_extension(const struct json *holder,
			       const struct json *prev, const char *url)
{
	const struct json *e =
	    prev ? json_next(prev) : json_first(q_list(holder, "extension"));

	for (; e; e = json_next(e)) {
		const char *have = json_get_text(e, "url");
		if (have && strcmp(have, url) == 0)
			return e;
	}
	return NULL;
}

/* ---- types of questions ----------------------------------------------- */

#define BIT(kind) (1u << (kind))
#define CHOSEN                                                                 \
	(BIT(QK_CODING) | BIT(QK_DATE) | BIT(QK_TIME) | BIT(QK_INTEGER) |      \
	 BIT(QK_STRING))

static const struct {
	const char *name;
	unsigned kinds;
} types[Q_TYPES] = {
    [Q_UNKNOWN] = {"", ~0u},
    [Q_GROUP] = {"group", 0},
    [Q_DISPLAY] = {"display", 0},
    [Q_QUESTION] = {"question", ~0u},
    [Q_BOOLEAN] = {"boolean", BIT(QK_BOOLEAN)},
    [Q_DECIMAL] = {"decimal", BIT(QK_DECIMAL)},
    [Q_INTEGER] = {"integer", BIT(QK_INTEGER)},
    [Q_DATE] = {"date", BIT(QK_DATE)},
    [Q_DATETIME] = {"dateTime", BIT(QK_DATETIME)},
    [Q_TIME] = {"time", BIT(QK_TIME)},
    [Q_STRING] = {"string", BIT(QK_STRING)},
    [Q_TEXT] = {"text", BIT(QK_STRING)},
    [Q_URL] = {"url", BIT(QK_URI)},
    [Q_CHOICE] = {"choice", CHOSEN},
    [Q_OPEN_CHOICE] = {"open-choice", CHOSEN},
    [Q_ATTACHMENT] = {"attachment", BIT(QK_ATTACHMENT)},
    [Q_REFERENCE] = {"reference", BIT(QK_REFERENCE)},
    [Q_QUANTITY] = {"quantity", BIT(QK_QUANTITY)},
};

const char *q_type_name(enum q_type type)
{
	return types[type].name;
}

unsigned q_type_kinds(enum q_type type)
{
	return types[type].kinds;
}

static enum q_type type_of(const struct json *item)
{
	const char *name = json_get_text(item, "type");

	for (unsigned i = 1; name && i < Q_TYPES; i++) {
		if (strcmp(types[i].name, name) == 0)
			return (enum q_type)i;
	}
	return Q_UNKNOWN;
}

/* ---- the index -------------------------------------------------------- */

static uint32_t count_items(const struct json *holder)
{
	const struct json *i = json_first(q_list(holder, "item"));
	uint32_t n = 0;
	for (; i; i = json_next(i))
		n += 1 + count_items(i);
	return n;
}

static uint32_t hash_of(uint32_t up, const char *s)
{
	return hash_text(s) ^ up * 2654435761u;
}

/* The slot of the item that has the linkId (within up, unless it is NULL), or
 * the free one. */
static uint32_t *slot_of(const struct quest *q, uint32_t *table,
			 const uint32_t *up, const char *link)
{
	uint32_t i = hash_of(up ? *up : UINT32_MAX, link) & q->mask;

	while (table[i]) {
		const struct q_item *have = &q->v[table[i]];
		if ((!up || have->up == *up) && strcmp(have->link, link) == 0)
			break;
		i = (i + 1) & q->mask;
	}
	return &table[i];
}

uint32_t quest_find(const struct quest *q, const char *link)
{
	return *slot_of(q, q->link, NULL, link);
}

uint32_t quest_child(const struct quest *q, uint32_t up, const char *link)
{
	return *slot_of(q, q->place, &up, link);
}

static void note_link(struct quest *q, uint32_t i)
{
	const char *link = q->v[i].link;
	uint32_t *slot;

	if (!link)
		return;
	slot = slot_of(q, q->link, NULL, link);
	if (!*slot)
		*slot = i;
	slot = slot_of(q, q->place, &q->v[i].up, link);
	if (!*slot)
		*slot = i;
}

static bool is_conditional(const struct json *item)
{
	const struct json *e = json_first(q_list(item, "extension"));

	if (json_first(q_list(item, "enableWhen")))
		return true;
	for (; e; e = json_next(e)) {
		const char *url = json_get_text(e, "url");
		if (url &&
		    (strstr(url, "enablewhen") || strstr(url, "enableWhen")))
			return true;
	}
	return false;
}

/* Adds what is in the item up, which is the last one so far. */
static void add_items(struct quest *q, uint32_t up)
{
	const struct json *list = q_list(q->v[up].json, "item");
	uint32_t order = 0, *must = &q->v[up].must;

	for (const struct json *j = json_first(list); j; j = json_next(j)) {
		uint32_t i = q->n++;
		struct q_item *item = &q->v[i];
		*item = (struct q_item){.json = j,
					.link = json_get_text(j, "linkId"),
					.up = up,
					.order = order++,
					.type = (uint8_t)type_of(j),
					.required = q_is_true(j, "required"),
					.repeats = q_is_true(j, "repeats"),
					.conditional = is_conditional(j),
					.holds = 2};
		q->conditional |= item->conditional;
		if (item->required && item->link) {
			*must = i;
			must = &item->also;
		}
		note_link(q, i);
		add_items(q, i);
	}
	q->v[up].end = q->n;
}

struct quest *quest_open(struct check *c, const struct json *questionnaire,
			 const struct json *container)
{
	struct quest *q = c->quests;
	uint32_t n = 1 + count_items(questionnaire);

	for (; q; q = q->next) {
		if (q->json == questionnaire)
			return q;
	}
	q = arena_alloc(c->a, sizeof(*q));
	q->json = questionnaire;
	q->container = container;
	q->v = arena_alloc(c->a, n * sizeof(*q->v));
	for (q->mask = 15; q->mask < 2 * n; q->mask = 2 * q->mask + 1)
		;
	q->link = arena_alloc(c->a, (q->mask + 1) * sizeof(*q->link));
	q->place = arena_alloc(c->a, (q->mask + 1) * sizeof(*q->place));
	q->v[0] = (struct q_item){.json = questionnaire, .type = Q_GROUP};
	q->n = 1;
	add_items(q, 0);
	q->next = c->quests;
	c->quests = q;
	return q;
}

/* ---- where it is ------------------------------------------------------ */

static bool is_version(const char *have, const char *want)
{
	return !want[0] || (have && strcmp(have, want) == 0);
}

static bool is_named(const char *have, const char *want, size_t n)
{
	return have && strncmp(have, want, n) == 0 && !have[n];
}

/* STU3 may name a loaded one as it would a stored one; today's validator does
 * not look for it by that. */
static const struct json *loaded(const struct check *c, const char *canonical)
{
	const struct profiles *p = c->p;
	const struct json *r = find_questionnaire(p, canonical);
	const struct item *it = p->questionnaires;

	if (r || c->rules == RULES_CURRENT ||
	    strncmp(canonical, "Questionnaire/", 14) != 0)
		return r;
	for (; it; it = it->next) {
		const char *id = json_get_text(it->json, "id");
		if (id && strcmp(id, canonical + 14) == 0)
			return it->json;
	}
	return NULL;
}

/* Today's validator looks for it among what is loaded alone. */
static const struct json *in_bundle(const struct check *c,
				    const char *canonical, size_t n,
				    const char *version)
{
	const struct json *e = json_first(q_list(c->bundle, "entry"));

	if (c->rules == RULES_CURRENT)
		return NULL;
	for (; e; e = json_next(e)) {
		const struct json *r = json_get(e, "resource");
		const char *type = json_get_text(r, "resourceType");
		if (!type || strcmp(type, "Questionnaire") != 0)
			continue;
		if ((is_named(json_get_text(r, "url"), canonical, n) &&
		     is_version(json_get_text(r, "version"), version)) ||
		    is_named(json_get_text(e, "fullUrl"), canonical, n))
			return r;
	}
	return NULL;
}

const struct json *quest_locate(struct check *c, const char *canonical,
				const struct json **container)
{
	size_t n = canonical_len(canonical);
	const char *version = canonical + n + (canonical[n] == '|');
	const struct json *r;
	unsigned type;

	if (canonical[0] == '#') {
		*container = c->root;
		return canonical[1] ? resolve(c, canonical, &type) : NULL;
	}
	r = in_bundle(c, canonical, n, version);
	if (!r)
		r = loaded(c, canonical);
	if (!r && c->o->fetch)
		r = c->o->fetch(c->o->fetch_ctx, canonical);
	*container = r;
	return r;
}
