/* SPDX-License-Identifier: Apache-2.0
 *
 * What both sites have in common.
 *
 * Everything on them is a page, so their refusals are pages too; whoever does
 * not get further reads what to do about it there. Who may do what is decided
 * in the handlers by the browser's session and the token of each form: there
 * are no guards, since a token of an application opens nothing here.
 */
#include "web/web_int.h"

void web_refuse(struct rq *rq)
{
	site_refuse(rq, NULL, false);
}
