/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.c: reading compiled element trees.
 *
 * A node that has a list of its own (backbone elements, and whatever a profile
 * constrains) is followed there, if the item is of the type the list was made
 * for; a contentReference leads to the node it names; all others have the
 * children that their type's definition gives.
 */
#include "form_int.h"

#include <string.h>

const struct name *list_find(const struct profiles *p, const struct list *l,
			     const char *name)
{
	const struct name *names = rec_at(p, l->names);
	unsigned lo = 0, hi = l->n_names;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		const char *s = text_at(p, names[mid].text);
		int d = (unsigned char)s[0] - (unsigned char)name[0];
		if (d == 0)
			d = strcmp(s, name);
		if (d == 0)
			return &names[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct list *node_list(const struct profiles *p, const struct node *n,
			     unsigned type)
{
	if (!n->list && n->content)
		n = node_at(p, n->content);
	if (n->list && (n->of_type == NO_TYPE || n->of_type == type))
		return list_at(p, n->list);
	if (type >= p->n_types || !p->types[type].root)
		return NULL;
	const struct node *root = node_at(p, p->types[type].root);
	return root->list ? list_at(p, root->list) : NULL;
}

const struct use *node_use(const struct profiles *p, const struct node *n,
			   unsigned type)
{
	const struct use *u = rec_at(p, n->types);
	for (unsigned i = 0; i < n->n_types; i++) {
		if (u[i].type == type)
			return &u[i];
	}
	return NULL;
}

/* A definition that was not known when the one that names it was compiled may
 * have come later. */
ref target_ref(const struct profiles *p, const struct target *t)
{
	return t->sd ? t->sd : find_sd(p, text_at(p, t->url));
}

const struct sd *target_sd(const struct profiles *p, const struct target *t)
{
	ref r = target_ref(p, t);
	return r ? rec_at(p, r) : NULL;
}

const struct json *choice_of(const struct json *object, const char *stem,
			     const char **type)
{
	size_t n = strlen(stem);

	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		const char *name = json_name(m);
		if (strncmp(name, stem, n) != 0 || name[n] < 'A' ||
		    name[n] > 'Z')
			continue;
		*type = name + n;
		return m;
	}
	return NULL;
}
