/* SPDX-License-Identifier: Apache-2.0
 *
 * plan: what the built-in files say of how a profile's resources are made.
 *
 * Every file below fixtures/generate/ is a plan, but for those that begin with
 * "elements-" (material for mutants). All of them are looked at, for a profile
 * may be asked for by its URL; what a plan says, and the examples it names, are
 * read only when it is wanted. The form of the files: fixtures/README.md.
 *
 * A plan is named after the last segment of its profile's URL, and so are its
 * examples; whatever is not as it should be is refused by name and place.
 */
#include "generate/generate_int.h"
#include "page/page.h"

#include <stdlib.h>

#define OCCASIONS  64
#define EVERY_MAX  3660
#define PERIOD_MAX 129600 /* 90 days */

/* ---- what there is ------------------------------------------------------- */

static const char *name_of(struct arena *a, const char *file)
{
	const char *name = strrchr(file, '/');

	name = name ? name + 1 : file;
	return arena_strndup(a, name, strcspn(name, "."));
}

static bool version_of(const struct reader *r, const struct json *doc,
		       enum fhir_version *out)
{
	const char *fhir = json_get_text(doc, "fhir");

	if (!text_is(fhir, "stu3") && !text_is(fhir, "r4"))
		return gen_refuse(r, "fhir", "must be \"stu3\" or \"r4\"");
	*out = text_is(fhir, "r4") ? FHIR_R4 : FHIR_STU3;
	return true;
}

static bool head_read(const struct reader *r, struct plan *p)
{
	const char *url = json_get_text(p->doc, "profile");
	const char *last = url ? strrchr(url, '/') : NULL;

	if (!last || strcmp(last + 1, p->name) != 0)
		return gen_refuse(r, "profile",
				  "must be a URL whose last segment is the "
				  "name of the file");
	if (!version_of(r, p->doc, &p->about.fhir))
		return false;
	p->about.profile = url;
	p->hash =
	    gen_key(hash_bytes(HASH_START, url, strlen(url)), p->about.fhir);
	return true;
}

bool gen_plan_read(struct arena *a, const char *file, const char *text,
		   size_t n, struct plan *out, struct err *e)
{
	const struct reader r = {a, file, e};
	struct err bad = {.kind = ERR_NONE};

	*out = (struct plan){.file = file, .name = name_of(a, file)};
	out->doc = json_parse(a, text, n, &bad);
	if (!out->doc)
		return gen_refuse(&r, bad.where, "%s", bad.text);
	return head_read(&r, out);
}

static int by_url(const void *x, const void *y)
{
	const struct plan *p = x, *q = y;

	if (p->about.fhir != q->about.fhir)
		return p->about.fhir < q->about.fhir ? -1 : 1;
	return strcmp(p->about.profile, q->about.profile);
}

static bool is_plan(const char *file)
{
	const size_t n = strlen(file);

	return n > 5 && strcmp(file + n - 5, ".json") == 0 &&
	       !text_begins(file, PLANS "elements-");
}

struct plan *gen_plans(struct arena *a, size_t *n, struct err *e)
{
	const struct page_asset *asset;
	struct plan *plans;
	size_t all = 0;

	while (page_asset_below(PLANS, all))
		all++;
	plans = arena_alloc(a, (all + 1) * sizeof(*plans));
	*n = 0;
	for (size_t i = 0; (asset = page_asset_below(PLANS, i)); i++) {
		if (!is_plan(asset->name))
			continue;
		if (!gen_plan_read(a, asset->name, (const char *)asset->bytes,
				   asset->n, &plans[*n], e))
			return NULL;
		*n += 1;
	}
	qsort(plans, *n, sizeof(*plans), by_url);
	return plans;
}

/* ---- when ---------------------------------------------------------------- */

static bool times_read(const struct reader *r, const struct json *v,
		       const char *place, struct occasion *o)
{
	const char *at = json_get_text(v, "at");
	int64_t spread = 0, every = MILLION;

	o->at_s = INT64_C(12) * 3600;
	if ((json_get(v, "at") || !o->once) &&
	    (!at || !gen_clock(at, &o->at_s)))
		return gen_refuse(r, arena_printf(r->arena, "%s.at", place),
				  "must be a time such as \"07:15\"");
	if (!gen_number(r, v, place, "spread_min", &spread) ||
	    !gen_number(r, v, place, "every_days", &every))
		return false;
	if (spread < 0 || spread > 1440 * MILLION)
		return gen_refuse(r, place, "spread_min is 0 to 1440");
	if (every < MILLION || every > EVERY_MAX * MILLION || every % MILLION)
		return gen_refuse(r, place, "every_days is 1 to %d, whole",
				  EVERY_MAX);
	o->spread_s = spread * 60 / MILLION;
	o->every_days = (unsigned)(every / MILLION);
	return true;
}

static bool chance_read(const struct reader *r, const struct json *v,
			const char *place, struct occasion *o)
{
	o->chance = MILLION;
	for (size_t i = 0; i < 7; i++)
		o->weekday[i] = MILLION;
	if (!gen_number(r, v, place, "chance", &o->chance) ||
	    !gen_numbers(r, v, place, "weekdays", o->weekday, 7))
		return false;
	if (o->chance < 0 || o->chance > MILLION)
		return gen_refuse(r, place, "chance is 0 to 1");
	for (size_t i = 0; i < 7; i++)
		if (o->weekday[i] < 0 || o->weekday[i] > 1000 * MILLION)
			return gen_refuse(r, place, "weekdays are 0 or more");
	return true;
}

static bool truth_read(const struct reader *r, const struct json *v,
		       const char *place, const char *name, bool *out)
{
	const struct json *m = json_get(v, name);

	if (m && json_kind(m) != JSON_TRUE && json_kind(m) != JSON_FALSE)
		return gen_refuse(r, place, "%s is true or false", name);
	*out = m && json_kind(m) == JSON_TRUE;
	return true;
}

static bool occasion_read(const struct reader *r, const struct json *v,
			  const char *place, struct occasion *o)
{
	static const char *const names[] = {"at",	"spread_min", "chance",
					    "weekdays", "every_days", "once",
					    "shapes",	NULL};

	return gen_only(r, v, place, names) &&
	       truth_read(r, v, place, "once", &o->once) &&
	       times_read(r, v, place, o) && chance_read(r, v, place, o);
}

static bool when_read(const struct reader *r, struct plan *p)
{
	const struct json *v = json_get(p->doc, "when");
	size_t i = 0;

	if (!gen_is_list(r, v, "when"))
		return false;
	p->when_count = json_count(v);
	if (p->when_count > OCCASIONS)
		return gen_refuse(r, "when", "has more than %d", OCCASIONS);
	p->when = arena_alloc(r->arena, p->when_count * sizeof(*p->when));
	for (v = json_first(v); v; v = json_next(v), i++)
		if (!occasion_read(r, v, arena_printf(r->arena, "when[%zu]", i),
				   &p->when[i]))
			return false;
	return true;
}

/* ---- period -------------------------------------------------------------- */

/* Of the plan, or of one of its shapes. */
static bool length_read(const struct reader *r, const struct json *v,
			const char *place, const struct plan *p,
			struct length *out)
{
	const struct json *period = json_get(v, "period");

	*out = (struct length){.minutes = {.value = -1}};
	if (period && text_is(json_text(period), "day"))
		out->period = PERIOD_DAY;
	else if (period && text_is(json_text(period), "week"))
		out->period = PERIOD_WEEK;
	else if (period)
		return gen_refuse(r, place,
				  "period must be \"day\" or \"week\"");
	if (!json_get(v, "period_min"))
		return true;
	out->period = PERIOD_MINUTES;
	if (!gen_operand_read(r, v, place, "period_min", p, &out->minutes))
		return false;
	return (out->minutes.number >= 0 &&
		out->minutes.number <= PERIOD_MAX * MILLION) ||
	       gen_refuse(r, place, "period_min must be 0 to %d minutes",
			  PERIOD_MAX);
}

/* ---- shapes -------------------------------------------------------------- */

static bool is_paths(const struct reader *r, const struct json *v,
		     const char *place)
{
	if (!gen_is_list(r, v, place))
		return false;
	for (v = json_first(v); v; v = json_next(v))
		if (json_kind(v) != JSON_STRING)
			return gen_refuse(r, place, "must be a list of paths");
	return true;
}

static bool shape_members(const struct reader *r, const struct json *v,
			  const char *place, const struct plan *p,
			  struct shape *s)
{
	static const char *const names[] = {
	    "example", "weight", "set", "remove", "period_min", "period", NULL};

	if (!gen_only(r, v, place, names))
		return false;
	s->example = json_get_text(v, "example");
	s->set = json_get(v, "set");
	s->remove = json_get(v, "remove");
	s->weight = MILLION;
	if (!s->example)
		return gen_refuse(r, place, "must name its example");
	if ((s->remove &&
	     !is_paths(r, s->remove,
		       arena_printf(r->arena, "%s.remove", place))) ||
	    !gen_number(r, v, place, "weight", &s->weight))
		return false;
	if (s->weight < 0 || s->weight > 1000000 * MILLION)
		return gen_refuse(r, place, "weight is 0 to 1000000");
	return length_read(r, v, place, p, &s->length);
}

static bool shape_read(const struct reader *r, const struct json *v,
		       const char *place, struct plan *p, struct shape *s)
{
	const char *type;

	if (!shape_members(r, v, place, p, s))
		return false;
	s->place = place;
	s->tree = gen_asset(
	    r->arena, arena_printf(r->arena, EXAMPLES "%s.json", s->example),
	    r->e);
	if (!s->tree)
		return false;
	type = json_get_text(s->tree, "resourceType");
	if (!type || (p->about.type && strcmp(type, p->about.type) != 0))
		return gen_refuse(r, place, "%s is not of the plan's type",
				  s->example);
	p->about.type = type;
	return true;
}

/* A list of shapes behind those that have been read. */
static bool list_read(const struct reader *r, const struct json *v,
		      const char *place, struct plan *p, size_t *first,
		      size_t *n, int64_t *weights)
{
	if (!gen_is_list(r, v, place))
		return false;
	*first = p->shape_count;
	*n = json_count(v);
	*weights = 0;
	for (v = json_first(v); v; v = json_next(v)) {
		struct shape *s = &p->shape[p->shape_count];

		if (!shape_read(r, v,
				arena_printf(r->arena, "%s[%zu]", place,
					     p->shape_count - *first),
				p, s))
			return false;
		*weights += s->weight;
		p->shape_count++;
	}
	return *weights > 0 || gen_refuse(r, place, "must have some weight");
}

/* Those of the plan, then those of the occasions that have their own. */
static bool shapes_read(const struct reader *r, struct plan *p)
{
	const struct json *all = json_get(p->doc, "shapes");
	const struct json *when = json_first(json_get(p->doc, "when"));
	size_t n = json_count(all), own = 0;
	int64_t weights = 0;

	for (const struct json *w = when; w; w = json_next(w))
		n += json_count(json_get(w, "shapes"));
	p->shape = arena_alloc(r->arena, (n + 1) * sizeof(*p->shape));
	if (all && !list_read(r, all, "shapes", p, &n, &own, &weights))
		return false;
	for (size_t i = 0; i < p->when_count; i++, when = json_next(when)) {
		struct occasion *o = &p->when[i];
		const struct json *v = json_get(when, "shapes");
		const char *place =
		    arena_printf(r->arena, "when[%zu].shapes", i);

		o->shape_count = own;
		o->weights = weights;
		if ((v || !all) && !list_read(r, v, place, p, &o->shape,
					      &o->shape_count, &o->weights))
			return false;
	}
	return true;
}

bool gen_plan_open(struct arena *a, struct plan *p, struct err *e)
{
	static const char *const names[] = {
	    "profile", "fhir",	     "shapes", "when",	 "values", "set",
	    "mutants", "period_min", "period", "shared", NULL};
	const struct reader r = {a, p->file, e};

	return gen_only(&r, p->doc, "the plan", names) &&
	       truth_read(&r, p->doc, "the plan", "shared", &p->shared) &&
	       when_read(&r, p) && gen_values_read(&r, p) &&
	       length_read(&r, p->doc, "the plan", p, &p->length) &&
	       shapes_read(&r, p) && gen_shapes_compile(&r, p);
}
