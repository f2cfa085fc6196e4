/* SPDX-License-Identifier: Apache-2.0
 *
 * findings: what of an application's habits shows in one request, for whoever
 * looks at that one. Those that show in several requests alone (nothing waited
 * for, a token for every call) are the joint-testing report's
 * (report_habits.c), which has the same names for them.
 *
 * Facts: stand-in.md 5, 11.
 */
#include "admin/report_int.h"

void findings_write(struct jw *w, const struct journal *j, const struct seen *s)
{
	bool any = false;
	const char *id;

	(void)j;
	for (size_t i = 0; (id = report_habit_shown(s, i)); i++) {
		if (*id == '\0')
			continue;
		if (!any)
			jw_open(w, "findings", '[');
		any = true;
		jw_str(w, NULL, id);
	}
	if (any)
		jw_close(w);
}
