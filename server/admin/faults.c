/* SPDX-License-Identifier: Apache-2.0
 *
 * faults: what the server does wrong because somebody asked for it.
 *
 * Facts: stand-in.md 4.4; contracts.md section 3.
 */
#include "admin/admin_int.h"

#include <stdlib.h>

struct faults {
	size_t n;
};

struct faults *faults_new(void)
{
	struct faults *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	return f;
}

void faults_free(struct faults *f)
{
	free(f);
}

void faults_clear(struct faults *f, const char *patient)
{
	(void)patient;
	f->n = 0;
}

bool admin_fault(struct rq *rq, bool let, void *ctx)
{
	(void)rq;
	(void)let;
	(void)ctx;
	return false;
}

void admin_amend(struct rq *rq, void *ctx)
{
	(void)rq;
	(void)ctx;
}
