/* SPDX-License-Identifier: Apache-2.0
 *
 * Content codings (RFC 9110 8.4, 12.5.3): a body that came packed with gzip, an
 * answer that is sent so.
 *
 * What a client sends packed is unpacked before anybody looks at it, within the
 * limit that the route has for a body, and not hundreds of times larger than it
 * came. An answer is packed when the client takes gzip and it is large enough
 * to be worth it; every answer of a size that might have been says so (Vary),
 * so that caches between tell them apart. Entity tags are weak: they stay true
 * of both forms.
 *
 * Facts: fhir-rest.md 1.2.
 */
#include "http/http_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORTH_BYTES 1024 /* fewer fit into one packet anyway */

/* ---- what came -------------------------------------------------------- */

static bool is_gzip(const char *coding)
{
	return strcasecmp(coding, "gzip") == 0 ||
	       strcasecmp(coding, "x-gzip") == 0;
}

bool http_check_coding(struct rq_private *p)
{
	const char *coding = rq_header_in(&p->rq, "Content-Encoding");

	if (!coding || strcasecmp(coding, "identity") == 0 || is_gzip(coding))
		return true;
	return err_set(&p->rq.err, ERR_MEDIA_TYPE, "not-supported",
		       "Content-Encoding",
		       "Content-Encoding %.40s is not supported: send the body "
		       "as it is, or packed with gzip",
		       coding);
}

bool http_unpack(struct rq_private *p)
{
	struct rq *rq = &p->rq;
	const char *coding = rq_header_in(rq, "Content-Encoding");
	struct gunzip *g;
	struct buf out;
	char part[16384];
	size_t got = sizeof(part);

	if (!coding || !is_gzip(coding) || rq->body_len == 0)
		return true;
	g = gunzip_open(rq->arena, rq->body, rq->body_len, p->body_max);
	buf_init(&out, rq->arena);
	while (got == sizeof(part)) {
		if (!gunzip_read(g, part, sizeof(part), &got, &rq->err))
			return false;
		buf_add(&out, part, got);
	}
	rq->body = out.p;
	rq->body_len = out.len;
	return true;
}

/* ---- what goes -------------------------------------------------------- */

/* A coding's weight behind its name: "gzip;q=0" takes it away. */
static bool refused_by_weight(const char *s, size_t n)
{
	const char *q = memchr(s, '=', n);

	return q && strtod(q + 1, NULL) <= 0;
}

static bool takes_gzip(const char *accept)
{
	while (accept && *accept) {
		size_t all = strcspn(accept, ","), name;

		while (all > 0 && (*accept == ' ' || *accept == '\t'))
			accept++, all--;
		name = strcspn(accept, ",; \t");
		if ((name == 4 && strncasecmp(accept, "gzip", 4) == 0) ||
		    (name == 6 && strncasecmp(accept, "x-gzip", 6) == 0))
			return !refused_by_weight(accept + name, all - name);
		accept += all + (accept[all] == ',');
	}
	return false;
}

bool http_pack(struct rq_private *p, struct buf *out)
{
	struct rq *rq = &p->rq;

	if (rq->out.len < WORTH_BYTES)
		return false;
	rq_header(rq, "Vary", "Accept-Encoding");
	if (!takes_gzip(rq_header_in(rq, "Accept-Encoding")))
		return false;
	buf_init(out, rq->arena);
	gzip_pack(out, rq->out.p, rq->out.len);
	rq_header(rq, "Content-Encoding", "gzip");
	return true;
}
