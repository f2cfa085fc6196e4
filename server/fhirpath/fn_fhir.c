/* SPDX-License-Identifier: Apache-2.0
 *
 * fn_fhir: the functions that FHIR adds.
 *
 * What needs the world outside (a resource that is referred to, a value set, a
 * profile, a code system, the narrative's rules) is asked of the host; what it
 * cannot tell, and everything when there is no host, is empty. References into
 * the data at hand are followed when the host finds nothing: #id to what the
 * root resource contains, and the fullUrl of the entries of a Bundle, which of
 * a relative reference need only have the end.
 *
 * FHIR R4 2.9.1.5 (additional functions).
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

#define HTML_STEP    16	 /* bytes of a narrative */
#define SUBSUME_STEP 512 /* a search in a hierarchy */

/* ---- values and extensions --------------------------------------- */

static bool is_value(const struct fp_item *x)
{
	return x->kind != FP_NODE ||
	       (x->u.node.value && json_kind(x->u.node.value) != JSON_OBJECT);
}

static bool fn_has_value(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	(void)c;
	push_boolean(v, out, focus->n == 1 && is_value(&focus->v[0]));
	return true;
}

static bool fn_get_value(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	(void)c;
	if (focus->n == 1 && is_value(&focus->v[0]))
		push(v, out, system_value(v, &focus->v[0]));
	return true;
}

static bool has_url(const struct fp_item *x, const char *url, size_t n)
{
	const struct json *u =
	    x->u.node.value ? json_get(x->u.node.value, "url") : NULL;

	return u && json_kind(u) == JSON_STRING && json_len(u) == n &&
	       memcmp(json_text(u), url, n) == 0;
}

static bool fn_extension(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	const char *url;
	size_t n;
	bool some;

	if (!arg_string(v, c, 0, &url, &n, &some))
		return false;
	for (size_t i = 0; some && i < focus->n; i++) {
		LIST(found);

		push_element(v, &focus->v[i], "extension", &found);
		for (size_t j = 0; j < found.n; j++)
			if (has_url(&found.v[j], url, n))
				push(v, out, found.v[j]);
	}
	return true;
}

/* ---- references -------------------------------------------------- */

static const char *reference_of(struct eval *v, const struct fp_item *x)
{
	const struct json *j = x->kind == FP_NODE ? x->u.node.value : NULL;
	const char *p;
	size_t n;

	if (item_text(v->env, x, &p, &n))
		return p;
	return j ? json_get_text(j, "reference") : NULL;
}

static const struct json *root_of(const struct fp_env *env)
{
	const struct fp_item *x =
	    env->root.u.node.value ? &env->root : &env->resource;

	return x->kind == FP_NODE ? x->u.node.value : NULL;
}

static const struct json *find_contained(struct eval *v, const char *id)
{
	const struct json *i =
	    json_first(json_get(root_of(v->env), "contained"));

	for (; i && v->steps > 0; i = json_next(i), v->steps--) {
		const char *text = json_get_text(i, "id");

		if (text && strcmp(text, id) == 0)
			return i;
	}
	return NULL;
}

static bool ends_alike(const char *url, const char *reference)
{
	const size_t n = strlen(url), m = strlen(reference);

	return n >= m && strcmp(url + n - m, reference) == 0 &&
	       (n == m || url[n - m - 1] == '/');
}

static const struct json *find_entry(struct eval *v, const char *reference)
{
	const struct json *i = json_first(json_get(root_of(v->env), "entry"));

	for (; i && v->steps > 0; i = json_next(i), v->steps--) {
		const char *url = json_get_text(i, "fullUrl");

		if (url && ends_alike(url, reference))
			return json_get(i, "resource");
	}
	return NULL;
}

static void resolve(struct eval *v, const char *reference, struct list *out)
{
	const struct fp_host *host = v->env->host;
	const struct json *found = NULL;
	struct fp_item x;

	charge(v, strlen(reference) / TEXT_STEP);
	if (host && host->resolve &&
	    host->resolve(v->env->ctx, reference, &x)) {
		push(v, out, x);
		return;
	}
	if (*reference == '#')
		found = reference[1] ? find_contained(v, reference + 1)
				     : root_of(v->env);
	else if (*reference)
		found = find_entry(v, reference);
	if (found)
		push(v, out, fp_resource(v->env, found));
}

static bool fn_resolve(struct eval *v, const struct call *c,
		       const struct fp_list *focus, struct list *out)
{
	for (size_t i = 0; i < focus->n && v->steps > 0; i++) {
		const char *reference = reference_of(v, &focus->v[i]);

		if (reference)
			resolve(v, reference, out);
	}
	return spend(v, 0, c->offset);
}

/* ---- questions for the host -------------------------------------- */

static void push_answer(struct eval *v, int answer, struct list *out)
{
	if (answer >= 0)
		push_boolean(v, out, answer == 1);
}

/* What the host may look at: all codings of a concept, a text. */
static size_t cost_of(const struct fp_item *x)
{
	const struct json *v = x->kind == FP_NODE ? x->u.node.value : NULL;

	if (x->kind == FP_STRING)
		return x->u.string.n / TEXT_STEP;
	return 4 * json_count(json_get(v, "coding")) +
	       (v ? json_len(v) / TEXT_STEP : 0);
}

typedef int ask_fn(void *ctx, const struct fp_item *x, const char *text);

static bool ask(struct eval *v, const struct call *c,
		const struct fp_list *focus, ask_fn *fn, struct list *out)
{
	const char *text;
	size_t n;
	bool some;
	int answer;

	if (!arg_string(v, c, 0, &text, &n, &some))
		return false;
	if (focus->n > 1)
		return fail(v, c, "%s(): one item is wanted, not %zu", c->name,
			    focus->n);
	if (!fn || !some || focus->n == 0)
		return true;
	charge(v, cost_of(&focus->v[0]));
	if (!spend(v, n / TEXT_STEP, c->offset))
		return false;
	answer = fn(v->env->ctx, &focus->v[0], text);
	if (answer < 0 && v->env->flags & FP_STRICT)
		return fail(v, c, "%s(): %s is not known", c->name, text);
	push_answer(v, answer, out);
	return true;
}

static bool fn_member_of(struct eval *v, const struct call *c,
			 const struct fp_list *focus, struct list *out)
{
	const struct fp_host *h = v->env->host;

	return ask(v, c, focus, h ? h->member_of : NULL, out);
}

static bool fn_conforms_to(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	const struct fp_host *h = v->env->host;

	return ask(v, c, focus, h ? h->conforms_to : NULL, out);
}

static bool subsumption(struct eval *v, const struct call *c,
			const struct fp_list *focus, bool by, struct list *out)
{
	const struct fp_host *h = v->env->host;
	const struct fp_item *x, *y;
	struct fp_list other;

	if (!arg_list(v, c, 0, &other))
		return false;
	if (focus->n > 1 || other.n > 1)
		return fail(v, c, "%s(): one code is wanted on each side",
			    c->name);
	if (!h || !h->subsumes || focus->n == 0 || other.n == 0)
		return true;
	if (!spend(v, SUBSUME_STEP, c->offset))
		return false;
	x = &focus->v[0];
	y = &other.v[0];
	push_answer(v, h->subsumes(v->env->ctx, by ? y : x, by ? x : y), out);
	return true;
}

static bool fn_subsumes(struct eval *v, const struct call *c,
			const struct fp_list *focus, struct list *out)
{
	return subsumption(v, c, focus, false, out);
}

static bool fn_subsumed_by(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	return subsumption(v, c, focus, true, out);
}

static bool fn_html_checks(struct eval *v, const struct call *c,
			   const struct fp_list *focus, struct list *out)
{
	const struct fp_host *h = v->env->host;

	if (focus->n > 1)
		return fail(v, c, "%s(): one narrative is wanted", c->name);
	if (!h || !h->html_ok || focus->n == 0)
		return true;
	if (focus->v[0].kind == FP_NODE && focus->v[0].u.node.value &&
	    !spend(v, json_len(focus->v[0].u.node.value) / HTML_STEP,
		   c->offset))
		return false;
	push_answer(v, h->html_ok(v->env->ctx, &focus->v[0]), out);
	return true;
}

/* ---- modifiers ----------------------------------------------------- */

/* Is the extension's url one of the arguments? */
static bool expected(struct eval *v, const struct call *c,
		     const struct fp_item *extension, bool *out)
{
	const char *url;
	size_t n;
	bool some;

	*out = false;
	for (unsigned i = 0; i < c->n && !*out; i++) {
		if (!arg_string(v, c, i, &url, &n, &some))
			return false;
		*out = some && has_url(extension, url, n);
	}
	return true;
}

static bool fn_check_modifiers(struct eval *v, const struct call *c,
			       const struct fp_list *focus, struct list *out)
{
	for (size_t i = 0; i < focus->n; i++) {
		LIST(found);
		bool ok;

		push_element(v, &focus->v[i], "modifierExtension", &found);
		for (size_t j = 0; j < found.n; j++) {
			if (!expected(v, c, &found.v[j], &ok))
				return false;
			if (!ok)
				return fail(v, c,
					    "%s(): there is another modifier "
					    "extension",
					    c->name);
		}
	}
	push_all(v, out, focus);
	return true;
}

const struct function fn_fhir[] = {
    {"hasValue", 0, 0, fn_has_value},
    {"getValue", 0, 0, fn_get_value},
    {"extension", 1, 1, fn_extension},
    {"resolve", 0, 0, fn_resolve},
    {"memberOf", 1, 1, fn_member_of},
    {"conformsTo", 1, 1, fn_conforms_to},
    {"subsumes", 1, 1, fn_subsumes},
    {"subsumedBy", 1, 1, fn_subsumed_by},
    {"htmlChecks", 0, 0, fn_html_checks},
    {"htmlchecks", 0, 0, fn_html_checks},
    {"htmlChecks2", 0, 0, fn_html_checks},
    {"checkModifiers", 1, 64, fn_check_modifiers},
    {NULL, 0, 0, NULL},
};
