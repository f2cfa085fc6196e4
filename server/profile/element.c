/* SPDX-License-Identifier: Apache-2.0
 *
 * element.c: what a type's own definition says of its elements, for who writes
 * a part of a resource (_summary, _elements): which are mandatory, modify the
 * meaning, or belong to a summary.
 *
 * Elements are named by their JSON names joined by dots. Only elements of the
 * resource itself and of its backbone elements are told apart; what is of a
 * data type goes in or out as a whole. FHIR R4 3.1.1.6.5, 3.1.1.6.6.
 */
#include "form_int.h"

#include <string.h>

static const struct node *child(const struct profiles *p, const struct list *l,
				const char *name, size_t n)
{
	char text[64];
	const struct name *found;

	if (!l || n >= sizeof(text))
		return NULL;
	memcpy(text, name, n);
	text[n] = '\0';
	found = list_find(p, l, text);
	return found ? node_at(p, l->child[found->child]) : NULL;
}

/* Has it children of its own, or those of another backbone element? */
static bool is_backbone(const struct profiles *p, const struct node *n)
{
	const struct use *u = n->n_types ? rec_at(p, n->types) : NULL;

	if (n->content)
		return true;
	return u && n->list &&
	       (text_is(text_at(p, p->types[u->type].name),
			"BackboneElement") ||
		text_is(text_at(p, p->types[u->type].name), "Element"));
}

static unsigned told(const struct profiles *p, const struct node *n)
{
	unsigned out = PROFILE_ELEMENT_KNOWN;

	if (n->min > 0)
		out |= PROFILE_ELEMENT_MANDATORY;
	if (n->flags & NODE_MODIFIER)
		out |= PROFILE_ELEMENT_MODIFIER;
	if (n->flags & NODE_SUMMARY)
		out |= PROFILE_ELEMENT_SUMMARY;
	if (is_backbone(p, n))
		out |= PROFILE_ELEMENT_BACKBONE;
	return out;
}

unsigned profile_element(const struct profiles *p, const char *type,
			 const char *path)
{
	const unsigned t = find_type(p, type, strlen(type));
	const struct node *n;
	const struct list *l;

	if (t == NO_TYPE || !p->types[t].root)
		return 0;
	n = node_at(p, p->types[t].root);
	l = n->list ? list_at(p, n->list) : NULL;
	for (;;) {
		const size_t k = strcspn(path, ".");

		n = child(p, l, path, k);
		if (!n)
			return 0;
		if (!path[k])
			return told(p, n);
		l = node_list(p, n, NO_TYPE);
		path += k + 1;
	}
}
