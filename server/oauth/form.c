/* SPDX-License-Identifier: Apache-2.0
 *
 * What an application sends to the endpoints it authenticates itself at: a form
 * (RFC 6749 3.2, appendix B; oauth.md 2.2).
 *
 * By the switch credentials_in_query the parameters of the query count beside
 * those of the body, as the stock software has it, or not: then they are passed
 * over, but for credentials, which are refused so that somebody notices that
 * they stand in every log on the way. By the switch duplicate_parameters the
 * first of several values counts, or there must not be several. A value that is
 * empty is as good as none.
 *
 * This comes before anybody is known, so the server's own settings decide.
 */
#include "oauth/oauth_int.h"

#include <string.h>
#include <strings.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

static bool is_form(struct rq *rq)
{
	const char *type = rq_header_in(rq, "Content-Type");
	size_t n = strlen(FORM_TYPE);

	return rq->body_len == 0 ||
	       (type != NULL && strncasecmp(type, FORM_TYPE, n) == 0 &&
		strchr("; \t", type[n]) != NULL);
}

/* The i-th parameter that counts, NULL behind the last. */
static const struct http_pair *at(const struct oauth_form *f, size_t i)
{
	size_t of_query = f->query_counts ? f->query_n : 0;

	if (i < of_query)
		return &f->query[i];
	return i - of_query < f->body_n ? &f->body[i - of_query] : NULL;
}

/* A name that stands there twice, or NULL. */
static const char *duplicate(const struct oauth_form *f)
{
	const struct http_pair *x, *y;

	for (size_t i = 0; (x = at(f, i)) != NULL; i++)
		for (size_t k = 0; k < i && (y = at(f, k)) != NULL; k++)
			if (strcmp(x->name, y->name) == 0)
				return x->name;
	return NULL;
}

static bool credentials_in_query(const struct oauth_form *f)
{
	static const char *const names[] = {"client_secret",
					    "client_assertion"};

	for (size_t i = 0; i < LEN(names); i++)
		if (http_form_get(f->query, f->query_n, names[i]) != NULL)
			return true;
	return false;
}

bool oauth_form_read(struct rq *rq, struct oauth_form *f)
{
	const struct settings *s = &oauth_of(rq)->site.record->settings;

	if (!is_form(rq))
		return oauth_refusal(rq, REFUSE_CONTENT_TYPE, NULL);
	f->query_counts = s->credentials_in_query != 0;
	if (!http_form(rq->arena, rq->query, strlen(rq->query), &f->query,
		       &f->query_n, &rq->err) ||
	    !http_form(rq->arena, rq->body, rq->body_len, &f->body, &f->body_n,
		       &rq->err))
		return false;
	if (!f->query_counts && credentials_in_query(f))
		return oauth_refusal(rq, REFUSE_SECRET_IN_QUERY, NULL);
	const char *twice = s->duplicate_parameters ? duplicate(f) : NULL;
	return twice == NULL || oauth_refusal(rq, REFUSE_DUPLICATE, twice);
}

const char *oauth_form_get(const struct oauth_form *f, const char *name)
{
	const struct http_pair *x;

	for (size_t i = 0; (x = at(f, i)) != NULL; i++)
		if (strcmp(x->name, name) == 0)
			return x->value[0] != '\0' ? x->value : NULL;
	return NULL;
}
