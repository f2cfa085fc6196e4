/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests within a request; to come.
 */
#include "http/http_int.h"

#include <assert.h>

struct rq *http_nested(struct rq *outer, const struct http_nested *n)
{
	(void)outer, (void)n;
	assert(!"not there yet");
	return NULL;
}
