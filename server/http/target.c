/* SPDX-License-Identifier: Apache-2.0
 *
 * The request target (RFC 9112 3.2), read from the untouched text and not from
 * libmicrohttpd's decoded one: that has turned %2F into a slash and %00 into
 * the end of the string, so "/Patient%00x" would have become "/Patient" and
 * a guard might have judged another path than the handler serves.
 *
 * Origin form and absolute form are understood; the authority of the latter
 * counts instead of the Host header (3.2.2), which must be there all the same.
 * A path is decoded once. %2F stays as it was sent, so a decoded path splits at
 * the slashes that were slashes. Refused: broken escapes, control characters
 * and NUL, spaces, fragments, and what is not UTF-8 after decoding. The query
 * is handed on as it is: http_form() or the search grammar decodes it.
 */
#include "http/http_int.h"

#include <string.h>
#include <strings.h>

const char *http_target_local(const char *raw)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < LEN(schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (strncasecmp(raw, schemes[i], n) == 0)
			return raw + n + strcspn(raw + n, "/?#");
	}
	return raw;
}

const char *http_target_authority(struct arena *a, const char *raw)
{
	const char *local = http_target_local(raw);
	const char *name;

	if (local == raw)
		return NULL;
	name = strstr(raw, "://") + 3;
	return arena_strndup(a, name, (size_t)(local - name));
}

/* Bytes that no target may hold, escaped or not. */
static bool forbidden(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static const char *decode_path(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			c = n - i > 2 ? http_hex2(s + i + 1) : -1;
			if (c < 0 || forbidden((unsigned char)c))
				return NULL;
			if (c == '/') {
				out[len++] = '%';
				continue; /* 2F follows as plain text */
			}
			i += 2;
		}
		out[len++] = (char)c;
	}
	out[len] = '\0';
	return http_utf8_ok(out, len) ? out : NULL;
}

bool http_target_decode(struct arena *a, const char *raw,
			struct http_target *out)
{
	const char *s = http_target_local(raw);
	size_t n = strcspn(s, "?");
	size_t all = strlen(raw);

	for (size_t i = http_plain(raw, all); i < all; i++) {
		if (forbidden((unsigned char)raw[i]))
			return false;
	}
	if (strpbrk(raw, " #"))
		return false;
	if (!http_utf8_ok(raw, all) || (s == raw && *s != '/'))
		return false;
	out->path = n == 0 ? "/" : decode_path(a, s, n);
	out->query = arena_strdup(a, s[n] == '?' ? s + n + 1 : "");
	return out->path != NULL;
}
