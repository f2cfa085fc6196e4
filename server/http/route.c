/* SPDX-License-Identifier: Apache-2.0
 *
 * From a path to a row of a route table. First the group: the longest prefix
 * that ends where a segment ends. Then the row: its pattern has as many
 * segments as the path, a literal one matches itself, ":name" matches any one.
 * Of several patterns that match, the one with a literal further to the left
 * wins, in whatever order the table lists them; the method is looked at only
 * among the rows of that pattern, so that "Allow" names what this very path can
 * do.
 *
 * One slash at the end is forgiven, an empty segment is not. Tables are small
 * (tens of rows): a walk over all of them is quicker than anything clever.
 */
#include "http/http_int.h"

#include <string.h>

const struct http_group *http_group_find(const struct http_config *c,
					 const char *path, size_t n)
{
	const struct http_group *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < c->group_count; i++) {
		const struct http_group *g = &c->group[i];
		size_t len = strlen(g->prefix);

		if (len > n || memcmp(path, g->prefix, len) != 0)
			continue;
		if (len > 0 && len < n && path[len] != '/')
			continue;
		if (!best || len > best_len) {
			best = g;
			best_len = len;
		}
	}
	return best;
}

struct segments {
	char *v[HTTP_SEGMENTS];
	size_t n;
};

static bool split(struct arena *a, const char *below, struct segments *out)
{
	size_t n = strlen(below);
	char *p, *next;

	out->n = 0;
	if (n > 0 && below[n - 1] == '/')
		n--;
	for (p = arena_strndup(a, below, n); *p == '/'; p = next) {
		*p++ = '\0';
		next = p + strcspn(p, "/");
		if (next == p || out->n == HTTP_SEGMENTS)
			return false;
		out->v[out->n++] = p;
	}
	return true;
}

/* Does the pattern match? *weight has a bit for each literal segment, the
 * leftmost the heaviest. */
static bool matches(const char *pattern, const struct segments *s,
		    unsigned *weight)
{
	size_t i = 0;

	*weight = 0;
	for (; pattern[0] == '/' && pattern[1] != '\0'; i++) {
		const char *have;

		if (i == s->n)
			return false;
		have = s->v[i];
		if (*++pattern == ':') {
			while (*pattern && *pattern != '/')
				pattern++;
			continue;
		}
		while (*have && *have == *pattern)
			have++, pattern++;
		if (*have || (*pattern && *pattern != '/'))
			return false;
		*weight |= 1u << (HTTP_SEGMENTS - 1 - i);
	}
	return i == s->n;
}

static void params(struct arena *a, const char *pattern,
		   const struct segments *s, struct http_match *out)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t n = strcspn(++pattern, "/");

		if (*pattern == ':')
			out->param[out->param_count++] = (struct http_pair){
			    arena_strndup(a, pattern + 1, n - 1), s->v[i]};
		pattern += n;
	}
}

/* The row of the best pattern that has the method, or NULL; *best is the
 * weight of that pattern, *any whether there is one. */
static const struct route *best_route(const struct http_group *g,
				      const struct segments *s,
				      const char *method, unsigned *best,
				      bool *any)
{
	const struct route *found = NULL;
	unsigned weight;

	*any = false;
	for (size_t i = 0; i < g->route_count; i++) {
		const struct route *r = &g->routes[i];

		if (!matches(r->path, s, &weight) || (*any && weight < *best))
			continue;
		if (!*any || weight > *best)
			found = NULL;
		*best = weight;
		*any = true;
		if (!found && strcmp(r->method, method) == 0)
			found = r;
	}
	return found;
}

static void allow_add(struct buf *b, const char *method)
{
	const char *at = strstr(b->p, method);

	/* no method's name is the end of another's */
	if (at && strchr(",", at[strlen(method)]))
		return;
	buf_printf(b, "%s%s", b->len > 0 ? ", " : "", method);
}

/* What the pattern of that weight can do, for the header Allow. */
static const char *allowed(struct arena *a, const struct http_group *g,
			   const struct segments *s, unsigned best)
{
	struct buf allow;
	unsigned weight;

	buf_init(&allow, a);
	for (size_t i = 0; i < g->route_count; i++) {
		const struct route *r = &g->routes[i];

		if (!matches(r->path, s, &weight) || weight != best)
			continue;
		allow_add(&allow, r->method);
		if (strcmp(r->method, "GET") == 0)
			allow_add(&allow, "HEAD");
	}
	allow_add(&allow, "OPTIONS");
	return allow.p;
}

enum http_found http_route_find(struct arena *a, const struct http_group *g,
				const char *method, const char *below,
				struct http_match *out)
{
	struct segments s;
	unsigned best = 0;
	bool any;

	out->route = NULL;
	out->param_count = 0;
	if (!split(a, below, &s))
		return FOUND_NOTHING;
	out->route = best_route(g, &s, method, &best, &any);
	if (!any)
		return FOUND_NOTHING;
	if (!out->route) {
		out->allow = allowed(a, g, &s, best);
		return FOUND_PATH;
	}
	params(a, out->route->path, &s, out);
	return FOUND_ROUTE;
}
