/* SPDX-License-Identifier: Apache-2.0
 *
 * uuid: names for what is created (RFC 4122). The door to libuuid.
 *
 * Ids are random (version 4), in lower case, as the real service writes them.
 * Checking accepts every version and both cases, since clients bring their own.
 */
#include "base/base.h"

#include <ctype.h>
#include <uuid/uuid.h>

void uuid_make(char out[UUID_TEXT])
{
	uuid_t id;

	uuid_generate_random(id);
	uuid_unparse_lower(id, out);
}

bool uuid_ok(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i]; i++) {
		bool ok = form[i] == '-' ? s[i] == '-'
					 : isxdigit((unsigned char)s[i]) != 0;
		if (!ok)
			return false;
	}
	return s[i] == '\0';
}
