/* SPDX-License-Identifier: Apache-2.0
 *
 * findings: what of an application's habits shows in one request.
 *
 * Facts: stand-in.md 11.
 */
#include "admin/admin_int.h"

void findings_write(struct jw *w, const struct journal *j, const struct seen *s)
{
	(void)w;
	(void)j;
	(void)s;
}
