/* SPDX-License-Identifier: Apache-2.0
 *
 * write: results for people and for tests.
 *
 * Types are spelled as the FHIRPath test suite does: those of the language in
 * lower case ("string", "dateTime"), those of FHIR as they are. Numbers keep
 * the digits they were read with or calculated to; a System quantity is the
 * text of its literal, an element that is no value its JSON.
 */
#include "fhirpath/fhirpath_int.h"

#include <string.h>

static const char *type_name(const struct fp_env *env, const struct fp_item *v)
{
	static const char *const system[] = {
	    [FP_NODE] = "Element",	[FP_BOOLEAN] = "boolean",
	    [FP_INTEGER] = "integer",	[FP_LONG] = "long",
	    [FP_DECIMAL] = "decimal",	[FP_STRING] = "string",
	    [FP_DATE] = "date",		[FP_DATETIME] = "dateTime",
	    [FP_TIME] = "time",		[FP_QUANTITY] = "Quantity",
	    [FP_TYPE_INFO] = "TypeInfo"};
	const struct fp_item info = item_type_info(env, v);

	if (strcmp(info.u.info.space, "FHIR") == 0)
		return info.u.info.name;
	return system[v->kind == FP_NODE ? item_system(env, v).kind : v->kind];
}

const char *fp_value_text(const struct fp_env *env, const struct fp_item *v)
{
	struct buf b;

	if (v->kind == FP_STRING)
		return v->u.string.p;
	if (v->kind == FP_BOOLEAN)
		return v->u.boolean ? "true" : "false";
	if (v->kind == FP_NODE)
		return v->u.node.value ? json_text(v->u.node.value) : NULL;
	if (v->kind == FP_TYPE_INFO)
		return arena_printf(env->arena, "%s.%s", v->u.info.space,
				    v->u.info.name);
	buf_init(&b, env->arena);
	switch (v->kind) {
	case FP_INTEGER:
	case FP_LONG: buf_printf(&b, "%lld", (long long)v->u.integer); break;
	case FP_DECIMAL: decimal_write(&b, *v->u.decimal); break;
	case FP_QUANTITY: quantity_write(&b, v->u.quantity); break;
	default: time_write(&b, v->u.time, v->kind); break;
	}
	return b.p;
}

static bool is_bare(const struct fp_item *v)
{
	return v->kind == FP_INTEGER || v->kind == FP_LONG ||
	       v->kind == FP_DECIMAL;
}

static void write_value(struct jw *w, const struct fp_env *env,
			const char *name, const struct fp_item *v)
{
	const char *text;

	if (v->kind == FP_NODE && v->u.node.value) {
		jw_value(w, name, v->u.node.value);
		return;
	}
	text = fp_value_text(env, v);
	if (!text)
		jw_null(w, name);
	else if (v->kind == FP_BOOLEAN)
		jw_bool(w, name, v->u.boolean);
	else if (is_bare(v))
		jw_raw(w, name, text, strlen(text));
	else
		jw_str(w, name, text);
}

void fp_write(struct jw *w, const struct fp_env *env,
	      const struct fp_list *list, bool typed)
{
	jw_open(w, NULL, '[');
	for (size_t i = 0; i < list->n; i++) {
		const struct fp_item *v = &list->v[i];

		if (!typed) {
			write_value(w, env, NULL, v);
			continue;
		}
		jw_open(w, NULL, '{');
		jw_str(w, "type", type_name(env, v));
		write_value(w, env, "value", v);
		jw_close(w);
	}
	jw_close(w);
}
