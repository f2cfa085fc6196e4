/* SPDX-License-Identifier: Apache-2.0
 *
 * What a configuration's texts must be for the server to work as its user
 * means it. An empty database name would be a temporary file, an empty token
 * one that everybody knows, a path below another one that no request reaches,
 * a host name that no Host header can spell one that is never believed: all
 * of them start a server that is broken in a way that nobody sees, so they
 * are refused before it starts.
 *
 * Values that are words out of a list are config.c's; addresses to listen on
 * and files are refused where they are opened.
 *
 * contracts.md section 1.
 */
#include "cli/cli_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ADMIN_PATH "/__admin"

static bool wrong(struct err *e, const char *option, const char *text)
{
	return err_set(e, ERR_INVALID, NULL, option, "%s", text);
}

static bool db_ok(const struct config *c, struct err *e)
{
	return !c->db || *c->db ||
	       wrong(e, "db", "must name a file, or be :memory:");
}

/* What no Authorization header can carry, nobody could show. */
static bool admin_token_ok(const struct config *c, struct err *e)
{
	const char *s = c->admin_token;

	if (!s)
		return true;
	while (*s > ' ' && *s <= '~')
		s++;
	return (s > c->admin_token && !*s) ||
	       wrong(e, "admin-token",
		     "must be one or more visible ASCII characters");
}

static bool auto_approve_ok(const struct config *c, struct err *e)
{
	struct err why = {.kind = ERR_NONE};

	/* "" is the first citizen of the fixtures */
	if (!c->auto_approve || !*c->auto_approve ||
	    hetu_check(c->auto_approve, &why))
		return true;
	return wrong(e, "auto-approve", why.text);
}

static bool hosts_ok(const struct config *c, struct err *e)
{
	for (size_t i = 0; i < c->allowed_host_count; i++)
		if (!http_host_name_ok(c->allowed_host[i]))
			return err_set(e, ERR_INVALID, NULL, "allowed-host",
				       "\"%s\" is no host name (letters, "
				       "digits, '-', '_' and dots; no port)",
				       c->allowed_host[i]);
	return true;
}

/* What can stand in a server's certificate. */
static bool hostnames_ok(const struct config *c, struct err *e)
{
	unsigned char address[sizeof(struct in6_addr)];

	for (size_t i = 0; i < c->hostname_count; i++)
		if (!http_host_name_ok(c->hostname[i]) &&
		    inet_pton(AF_INET6, c->hostname[i], address) != 1)
			return err_set(e, ERR_INVALID, NULL, "hostname",
				       "\"%s\" is no host name or address",
				       c->hostname[i]);
	return true;
}

static bool public_url_ok(const struct config *c, struct err *e)
{
	return !c->public_url || http_base_url_ok(c->public_url) ||
	       wrong(e, "public-url",
		     "must be a URL that begins with http:// or https://, with "
		     "a host and no query");
}

static bool clock_ok(const struct config *c, struct err *e)
{
	struct clock clock;

	/* it names "clock" itself */
	return clock_parse(&clock, c->clock, e) &&
	       admin_clock_check(clock_now_ms(&clock), "clock", e);
}

/* ---- paths -------------------------------------------------------------- */

/* A request's path is compared as it is decoded, so only characters that
 * nobody escapes; and clients drop segments that are dots. */
static bool path_ok(const char *option, const char *p, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~/";
	const size_t n = strlen(p);

	if (*p == '/' && n > 1 && p[n - 1] != '/' && !strstr(p, "//") &&
	    !strstr(p, "/.") && strspn(p, allowed) == n)
		return true;
	return wrong(e, option,
		     "must begin with a slash and not end with one; its "
		     "segments are letters, digits, '-', '_', '~' and, not "
		     "first, '.'");
}

/* Is b a, or below it? */
static bool covers(const char *a, const char *b)
{
	const size_t n = strlen(a);

	return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '/');
}

static bool apart(const char *option, const char *path, const char *other,
		  struct err *e)
{
	if (!covers(path, other) && !covers(other, path))
		return true;
	return err_set(e, ERR_INVALID, NULL, option,
		       "%s and %s must differ, and neither may be below the "
		       "other",
		       path, other);
}

static bool paths_ok(const struct config *c, struct err *e)
{
	return path_ok("auth-path", c->auth_path, e) &&
	       path_ok("fhir-path", c->fhir_path, e) &&
	       apart("auth-path", c->auth_path, ADMIN_PATH, e) &&
	       apart("fhir-path", c->fhir_path, ADMIN_PATH, e) &&
	       apart("auth-path", c->auth_path, c->fhir_path, e);
}

/* A whole number from lo to hi; text NULL: the usual one. */
bool cli_whole(const char *option, const char *text, uint64_t usual,
	       uint64_t lo, uint64_t hi, uint64_t *out, struct err *e)
{
	char *end;

	*out = usual;
	if (!text)
		return true;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return (ascii_digit(*text) && !*end && errno == 0 && *out >= lo &&
		*out <= hi) ||
	       err_set(e, ERR_INVALID, NULL, option,
		       "must be a number from %llu to %llu",
		       (unsigned long long)lo, (unsigned long long)hi);
}

static bool journal_ok(const struct config *c, struct err *e)
{
	uint64_t n;

	return cli_whole("journal", c->journal, 1, 1, JOURNAL_ENTRIES_MAX, &n,
			 e);
}

static bool shadow_ok(const struct config *c, struct err *e)
{
	struct shadows ignored;

	return shadow_read(c->shadow, &ignored, e);
}

/* A header that nobody may send is a proxy that was forgotten. */
static bool proxy_ok(const struct config *c, struct err *e)
{
	return !c->client_certificate_header || c->trusted_proxy_count > 0 ||
	       err_set(e, ERR_INVALID, NULL, "client-certificate-header",
		       "is of no use, as no proxy is trusted: add "
		       "--trusted-proxy with the address of yours");
}

/* Of serve alone: generate complains itself, as of its other numbers. */
bool cli_seed_ok(const struct config *c, struct err *e)
{
	uint64_t n;

	return cli_whole("--seed", c->seed, 0, 0, UINT64_MAX, &n, e);
}

bool config_sound(const struct config *c, struct err *e)
{
	static bool (*const checks[])(const struct config *, struct err *) = {
	    db_ok,	  admin_token_ok, auto_approve_ok, hosts_ok,
	    hostnames_ok, public_url_ok,  clock_ok,	   paths_ok,
	    journal_ok,	  shadow_ok,	  proxy_ok,
	};

	for (size_t i = 0; i < LEN(checks); i++)
		if (!checks[i](c, e))
			return false;
	return true;
}
