/* SPDX-License-Identifier: Apache-2.0
 *
 * redact: takes out of texts what would let somebody in, before the journal
 * keeps them (oauth.md 18.14).
 *
 * A secret is told by the name that it stands under: the member of a JSON
 * object, the parameter of a form or a query, "client_secret: x" in a text. Of
 * codes and tokens six digits of their SHA-256 stay ("sha256:ab12cd"), by which
 * one that was issued is known again where it is used; of other secrets
 * nothing, as they may be short. Of a personal code the date of birth stays.
 *
 * A text that looks like JSON is read string by string, so that a name that is
 * written with escapes is known; strings are looked into as well, since they
 * hold URLs, and JSON within JSON. Everything else is searched for "=" and ":"
 * (or what stands for them in a URL within a URL) behind such a name. Neither
 * refuses anything: what is broken or cut off is read as far as it goes, and a
 * secret that is cut off goes to the end.
 *
 * A signed token is known by its form wherever it stands.
 *
 * In FHIR "code" and "token" are data, not secrets. All the names that are left
 * there have an underscore in them, and nearly no body has one of those: it is
 * looked for first, and then the body is kept as it is.
 */
#include "admin/admin_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "jose/jose.h"

#define NAME_MAX_BYTES 40
#define PERSON_BYTES   20 /* a personal code, not much more */
#define GONE	       "***"

enum worth { NOTHING, SECRET, TOKEN, PERSON };

/* fhir: also where a name of FHIR would mean something else. */
#define NAME(s) s, sizeof(s) - 1
static const struct {
	const char *name;
	size_t n;
	enum worth worth;
	bool fhir;
} names[] = {
    {NAME("access_token"), TOKEN, true},
    {NAME("refresh_token"), TOKEN, true},
    {NAME("id_token"), TOKEN, true},
    {NAME("id_token_hint"), TOKEN, true},
    {NAME("registration_access_token"), TOKEN, true},
    {NAME("subject_token"), TOKEN, true},
    {NAME("client_secret"), SECRET, true},
    {NAME("client_assertion"), SECRET, true},
    {NAME("code_verifier"), SECRET, true},
    {NAME("login_hint"), PERSON, true},
    {NAME("patient_hetu"), PERSON, true},
    {NAME("admin_token"), SECRET, true},
    {NAME("authorization"), SECRET, false},
    {NAME("cookie"), SECRET, false},
    {NAME("set-cookie"), SECRET, false},
    {NAME("code"), TOKEN, false},
    {NAME("token"), TOKEN, false},
    {NAME("bearer"), TOKEN, false},
    {NAME("assertion"), SECRET, false},
    {NAME("username"), PERSON, false},
    {NAME("password"), SECRET, false},
    {NAME("_csrf"), SECRET, false},
    {NAME("csrf"), SECRET, false},
    {NAME("hetu"), PERSON, false},
};
#undef NAME

static enum worth worth_of(const char *name, size_t n, bool fhir)
{
	for (size_t i = 0; i < LEN(names); i++)
		if (names[i].n == n && (names[i].fhir || !fhir) &&
		    strncasecmp(name, names[i].name, n) == 0)
			return names[i].worth;
	return NOTHING;
}

const char *redact_token(struct arena *a, const char *token, size_t n)
{
	char digest[JOSE_DIGEST];

	if (n == 0)
		return "";
	jose_digest(digest, token, n);
	return arena_printf(a, "sha256:%.6s", digest);
}

/* What was put there before. */
static bool is_mark(const char *s, size_t n)
{
	if (n == strlen(GONE))
		return memcmp(s, GONE, n) == 0;
	if (n == 11 && memcmp(s + 7, "****", 4) == 0)
		return true;
	if (n != 13 || memcmp(s, "sha256:", 7) != 0)
		return false;
	for (size_t i = 7; i < n; i++)
		if (!strchr("0123456789abcdef", s[i]))
			return false;
	return true;
}

static void put_instead(struct buf *out, enum worth worth, const char *value,
			size_t n)
{
	const char *masked = GONE;

	if (n == 0)
		return;
	if (is_mark(value, n)) {
		buf_add(out, value, n);
		return;
	}
	if (worth == TOKEN)
		masked = redact_token(out->arena, value, n);
	if (worth == PERSON && n <= PERSON_BYTES) {
		masked = mask_hetu_in(out->arena, value, n);
		if (masked == value)
			masked = GONE;
	}
	buf_puts(out, masked);
}

/* ---- names and values in any text -------------------------------------- */

static int hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int percent(const char *s, size_t n)
{
	if (n < 3 || s[0] != '%' || hex(s[1]) < 0 || hex(s[2]) < 0)
		return -1;
	return hex(s[1]) * 16 + hex(s[2]);
}

static bool word_char(int c)
{
	return isalnum(c) || c == '_' || c == '-';
}

/* What the name that ends before at is worth; "\"name\"" and "name " too. */
static enum worth name_before(const char *s, size_t at, bool fhir)
{
	char name[NAME_MAX_BYTES], *to = name + sizeof(name);
	size_t i = at;

	while (i > 0 && strchr(" \t\"'\\", s[i - 1]))
		i--;
	while (i > 0 && to > name) {
		int c = i >= 3 ? percent(s + i - 3, 3) : -1;

		if (c < 0 && !word_char((unsigned char)s[i - 1]))
			break;
		if (c >= 0 && !word_char(c))
			break;
		*--to = c >= 0 ? (char)c : s[i - 1];
		i -= c >= 0 ? 3 : 1;
	}
	return worth_of(to, (size_t)(name + sizeof(name) - to), fhir);
}

/* How long the sign between name and value is that s begins with: 0: none. */
static size_t sign_length(const char *s, size_t n, bool *escaped)
{
	const int c = percent(s, n);

	*escaped = c == '=' || c == ':';
	if (*escaped)
		return 3;
	return n > 0 && (*s == '=' || *s == ':');
}

/* What a text is read as. */
struct kind {
	bool fhir;
	bool form; /* or a query: a value ends at the next & alone */
};

/* Where the value that stands from at on has its end. */
static size_t value_end(const char *s, size_t n, size_t at, bool escaped,
			const struct kind *k)
{
	const char *ends = k->form ? "&" : "& \t\r\n\"<>";

	while (at < n && !strchr(ends, s[at])) {
		if (escaped && percent(s + at, n - at) == '&')
			break;
		if (s[at] == '\\' && at + 1 < n && s[at + 1] == '"')
			break;
		at++;
	}
	return at;
}

static size_t quoted_end(const char *s, size_t n, size_t at, char quote,
			 bool inner)
{
	for (; at < n; at++) {
		if (s[at] == quote)
			return inner && at > 0 && s[at - 1] == '\\' ? at - 1
								    : at;
		if (s[at] == '\\' && !inner)
			at++;
	}
	return n;
}

/* From the sign on: where the value begins, and its end. */
static size_t value_at(const char *s, size_t n, size_t at, bool escaped,
		       const struct kind *k, size_t *end)
{
	bool inner = false;

	if (!k->form)
		while (at < n && (s[at] == ' ' || s[at] == '\t'))
			at++;
	if (at + 1 < n && s[at] == '\\' && s[at + 1] == '"') {
		inner = true;
		at++;
	}
	if (!k->form && at < n && (s[at] == '"' || s[at] == '\'')) {
		*end = quoted_end(s, n, at + 1, s[at], inner);
		return at + 1;
	}
	*end = value_end(s, n, at, escaped, k);
	return at;
}

static void words(struct buf *out, const char *s, size_t n,
		  const struct kind *k)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		bool escaped;

		if (s[i] != ':' && s[i] != '=' && s[i] != '%')
			continue;
		const size_t sign = sign_length(s + i, n - i, &escaped);
		enum worth worth = NOTHING;
		size_t from, end;

		if (sign > 0)
			worth = name_before(s, i, k->fhir);
		if (worth == NOTHING)
			continue;
		from = value_at(s, n, i + sign, escaped, k, &end);
		if (from < done)
			continue;
		buf_add(out, s + done, from - done);
		put_instead(out, worth, s + from, end - from);
		done = end;
		i = end > i ? end - 1 : i;
	}
	buf_add(out, s + done, n - done);
}

/* ---- JSON ---------------------------------------------------------------- */

/* s[at] is a quote; the place behind the string's end. */
static size_t string_end(const char *s, size_t n, size_t at)
{
	for (at++; at < n && s[at] != '"'; at++)
		if (s[at] == '\\')
			at++;
	return at < n ? at + 1 : n;
}

static size_t space(const char *s, size_t n, size_t at)
{
	while (at < n && ascii_space(s[at]))
		at++;
	return at;
}

/* A name as it is meant; what is beyond ASCII is no name of ours. */
static size_t plain_name(const char *s, size_t n, char out[NAME_MAX_BYTES])
{
	size_t len = 0;

	for (size_t i = 0; i < n && len < NAME_MAX_BYTES; i++) {
		char c = s[i];

		if (c == '\\' && i + 5 < n && s[i + 1] == 'u' &&
		    s[i + 2] == '0' && s[i + 3] == '0' && hex(s[i + 4]) >= 0 &&
		    hex(s[i + 5]) >= 0) {
			c = (char)(hex(s[i + 4]) * 16 + hex(s[i + 5]));
			i += 5;
		}
		out[len++] = c;
	}
	return len;
}

/* The end of the value at at, a container with all that is in it. */
static size_t json_end(const char *s, size_t n, size_t at)
{
	size_t depth = 0;

	while (at < n) {
		const char c = s[at];

		if (c == '"') {
			at = string_end(s, n, at);
		} else {
			if (depth == 0 && strchr(",}] \t\r\n", c))
				return at;
			depth += c == '{' || c == '[';
			depth -= c == '}' || c == ']';
			at++;
		}
		if (depth == 0 && (c == '"' || c == '}' || c == ']'))
			return at;
	}
	return n;
}

/* The member whose name is the string from..to, if it is one and a secret: the
 * end of its value, which is written differently. 0: none. */
static size_t secret_member(struct buf *out, const char *s, size_t n,
			    size_t from, size_t to, bool fhir)
{
	size_t colon = space(s, n, to), value, end;
	char name[NAME_MAX_BYTES];
	enum worth worth;

	if (colon >= n || s[colon] != ':' || to - from < 2)
		return 0;
	worth =
	    worth_of(name, plain_name(s + from + 1, to - from - 2, name), fhir);
	if (worth == NOTHING)
		return 0;
	value = space(s, n, colon + 1);
	end = json_end(s, n, value);
	buf_add(out, s + from, value - from);
	buf_putc(out, '"');
	if (value < n && s[value] == '"')
		put_instead(out, worth, s + value + 1,
			    end - value - 1 -
				(end > value + 1 && s[end - 1] == '"'));
	else
		buf_puts(out, GONE);
	buf_putc(out, '"');
	return end;
}

static void json_words(struct buf *out, const char *s, size_t n,
		       const struct kind *k)
{
	for (size_t i = 0; i < n;) {
		size_t end, past;

		if (s[i] != '"') {
			const char *quote = memchr(s + i, '"', n - i);

			end = quote ? (size_t)(quote - s) : n;
			buf_add(out, s + i, end - i);
			i = end;
			continue;
		}
		end = string_end(s, n, i);
		past = secret_member(out, s, n, i, end, k->fhir);
		if (past == 0)
			buf_add(out, s + i, end - i);
		i = past ? past : end;
	}
}

/* ---- all of it ----------------------------------------------------------- */

static bool begins(const char *s, size_t n, const char *with)
{
	const size_t len = strlen(with);

	return n >= len && strncasecmp(s, with, len) == 0;
}

/* Is what stands behind an underscore the rest of a name that is secret? */
static bool rest_of_name(const char *s, size_t n)
{
	if (n == 0)
		return false;
	switch (*s | 0x20) {
	case 'a': return begins(s, n, "access_to") || begins(s, n, "asserti");
	case 'h': return begins(s, n, "hint") || begins(s, n, "hetu");
	case 's': return begins(s, n, "secret");
	case 't': return begins(s, n, "token");
	case 'v': return begins(s, n, "verifier");
	default: return false;
	}
}

/* An underscore may be written as \u005f, or in a URL as %5F. */
static bool escaped_underscore(const char *s, size_t n)
{
	const char *end = s + n;

	for (const char *p = s; (p = memchr(p, '%', (size_t)(end - p))); p++)
		if (end - p > 1 && p[1] == '5')
			return true;
	for (const char *p = s; (p = memchr(p, '\\', (size_t)(end - p))); p++)
		if (end - p > 4 && p[1] == 'u' && p[4] == '5')
			return true;
	return false;
}

/* May the n bytes hold one of the names that are secret in FHIR, too? */
static bool may_hold_name(const char *s, size_t n)
{
	const char *end = s + n;

	for (const char *p = s; (p = memchr(p, '_', (size_t)(end - p))); p++)
		if (rest_of_name(p + 1, (size_t)(end - p) - 1))
			return true;
	return escaped_underscore(s, n);
}

/* Names that are written with escapes first, then everything, strings too. */
static const char *without_secrets(struct arena *a, const char *s, size_t *n,
				   const struct kind *k)
{
	const size_t first = space(s, *n, 0);
	struct buf out, once;

	buf_init(&once, a);
	buf_init(&out, a);
	if (!k->form && first < *n && strchr("{[\"", s[first])) {
		json_words(&once, s, *n, k);
		s = once.p;
		*n = once.len;
	}
	words(&out, s, *n, k);
	*n = out.len;
	return out.p;
}

/* ---- tokens by their form ------------------------------------------------ */

#define JWT_HEAD "eyJ" /* {" */

static size_t base64url(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && word_char((unsigned char)s[i]))
		i++;
	return i;
}

/* How long the signed token is that s begins with: two objects and what signs
 * them, with dots between (RFC 7515 3.1). 0: it is none. */
static size_t jwt_length(const char *s, size_t n)
{
	size_t at = base64url(s, n);

	if (at + 1 + strlen(JWT_HEAD) > n || s[at] != '.' ||
	    memcmp(s + at + 1, JWT_HEAD, strlen(JWT_HEAD)) != 0)
		return 0;
	at++;
	at += base64url(s + at, n - at);
	if (at < n && s[at] == '.')
		at++;
	return at + base64url(s + at, n - at);
}

/* A token under a name that is none of ours: in a path, in an application's own
 * parameter, in a member that a fault has moved it to. */
static const char *without_jwt(struct arena *a, const char *s, size_t *n)
{
	const char *end = s + *n, *at = s, *done = s;
	struct buf out;

	while (
	    (at = memmem(at, (size_t)(end - at), JWT_HEAD, strlen(JWT_HEAD)))) {
		const size_t len = jwt_length(at, (size_t)(end - at));

		if (len == 0) {
			at += base64url(at, (size_t)(end - at));
			continue;
		}
		if (done == s)
			buf_init(&out, a);
		buf_add(&out, done, (size_t)(at - done));
		buf_puts(&out, redact_token(a, at, len));
		done = at += len;
	}
	if (done == s)
		return s;
	buf_add(&out, done, (size_t)(end - done));
	*n = out.len;
	return out.p;
}

static const char *redacted(struct arena *a, const char *s, size_t *n,
			    const struct kind *k)
{
	if (*n == 0)
		return s;
	if (!k->fhir || may_hold_name(s, *n))
		s = without_secrets(a, s, n, k);
	s = without_jwt(a, s, n);
	return mask_hetu_in(a, s, *n);
}

const char *redact(struct arena *a, const char *s, size_t *n, bool fhir)
{
	return redacted(a, s, n, &(struct kind){.fhir = fhir});
}

const char *redact_form(struct arena *a, const char *s, size_t *n, bool fhir)
{
	return redacted(a, s, n, &(struct kind){.fhir = fhir, .form = true});
}

const char *redact_query(struct arena *a, const char *s, bool fhir)
{
	size_t n = strlen(s);

	return redact_form(a, s, &n, fhir);
}

const char *redact_text(struct arena *a, const char *s, bool fhir)
{
	size_t n = strlen(s);

	return redact(a, s, &n, fhir);
}

static size_t replace(struct buf *out, const char *s, size_t n,
		      const char *value, size_t len, const char *with)
{
	const char *end = s + n, *at;
	size_t count = 0;

	while (len > 0 && (at = memmem(s, (size_t)(end - s), value, len))) {
		buf_add(out, s, (size_t)(at - s));
		buf_puts(out, with);
		s = at + len;
		count++;
	}
	buf_add(out, s, (size_t)(end - s));
	return count;
}

const char *redact_value(struct arena *a, const char *s, size_t *n,
			 const char *value)
{
	const char *with = redact_token(a, value, strlen(value));
	struct buf quoted, once, out;
	size_t count;

	buf_init(&quoted, a);
	buf_init(&once, a);
	buf_init(&out, a);
	json_quote(&quoted, value, strlen(value));
	count = replace(&once, s, *n, quoted.p + 1, quoted.len - 2, with);
	count += replace(&out, once.p, once.len, value, strlen(value), with);
	*n = out.len;
	return count > 0 ? out.p : NULL;
}

const char *journal_message(struct arena *a, const struct err *e)
{
	const char *secret = e->text + e->secret_at;
	char digest[JOSE_DIGEST];

	if (e->secret_at == 0) {
		size_t n = strlen(e->text);

		return mask_hetu(a, without_jwt(a, e->text, &n));
	}
	jose_digest(digest, secret, strlen(secret));
	return arena_printf(a, "%.*s(SHA-256 %.6s...)", (int)e->secret_at,
			    e->text, digest);
}

/* ---- headers ------------------------------------------------------------- */

static const char *scheme_alone(struct arena *a, const char *value)
{
	const size_t n = strcspn(value, " ");
	const char *token = value + n + strspn(value + n, " ");

	if (*token == '\0')
		return GONE;
	if (n == 6 && strncasecmp(value, "Bearer", n) == 0)
		return arena_cat(a, "Bearer ",
				 redact_token(a, token, strlen(token)), NULL);
	return arena_printf(a, "%.*s " GONE, n > 16 ? 0 : (int)n, value);
}

/* What follows the name of the first cookie, and all of the others. */
static const char *cookie_name(struct arena *a, const char *value)
{
	return arena_printf(a, "%.*s=" GONE, (int)strcspn(value, "=; "), value);
}

static bool holds(const char *name, const char *part)
{
	const size_t n = strlen(part);

	for (; *name != '\0'; name++)
		if ((*name | 0x20) == *part && strncasecmp(name, part, n) == 0)
			return true;
	return false;
}

/* Headers that everybody sends, and whose names say that they are none. */
static bool harmless(const char *name)
{
#define NAME(s)                                                                \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}
	static const struct {
		const char *name;
		size_t n;
	} known[] = {
	    NAME("host"),
	    NAME("accept"),
	    NAME("accept-encoding"),
	    NAME("accept-language"),
	    NAME("cache-control"),
	    NAME("connection"),
	    NAME("content-length"),
	    NAME("content-location"),
	    NAME("content-security-policy"),
	    NAME("content-type"),
	    NAME("etag"),
	    NAME("if-match"),
	    NAME("if-none-match"),
	    NAME("last-modified"),
	    NAME("prefer"),
	    NAME("referrer-policy"),
	    NAME("user-agent"),
	    NAME("x-content-type-options"),
	    NAME("x-frame-options"),
	    NAME("x-powered-by"),
	};
#undef NAME
	const size_t n = strlen(name);

	for (size_t i = 0; i < LEN(known); i++)
		if (n == known[i].n && (*name | 0x20) == *known[i].name &&
		    strcasecmp(name, known[i].name) == 0)
			return true;
	return false;
}

const char *redact_header(struct arena *a, const struct http_pair *h, bool fhir)
{
	static const char *const secret[] = {"token",	"secret", "password",
					     "api-key", "apikey", "csrf"};

	if (harmless(h->name))
		return mask_hetu(a, h->value);
	if (holds(h->name, "authorization"))
		return scheme_alone(a, h->value);
	if (holds(h->name, "cookie"))
		return cookie_name(a, h->value);
	for (size_t i = 0; i < LEN(secret); i++)
		if (holds(h->name, secret[i]))
			return GONE;
	if (strcasecmp(h->name, "Location") == 0 ||
	    strcasecmp(h->name, "Referer") == 0)
		return redact_query(a, h->value, false);
	return redact_text(a, h->value, fhir);
}
