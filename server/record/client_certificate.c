/* SPDX-License-Identifier: Apache-2.0
 *
 * client_certificate: how a registration names the certificate that an
 * application will have (RFC 8705 2.1.2).
 *
 * Kela links a certificate to its application by the OID in the certificate's
 * Subject: certificate_serial_number, the mock's own member. Beside it stand
 * the members of the RFC, of which a registration may have one: two would leave
 * open which of them counts. What no certificate could ever have is refused
 * here, where the typing error is, and not at the first request for tokens.
 */
#include "record/client_int.h"

#include <arpa/inet.h>
#include <string.h>

static bool dn_ok(const char *text)
{
	return pki_dn_ok(text);
}

static bool dns_ok(const char *text)
{
	return *text != '\0' && strpbrk(text, " /:@*") == NULL;
}

static bool uri_ok(const char *text)
{
	return client_uri_scheme(text) > 0;
}

static bool ip_ok(const char *text)
{
	unsigned char address[16];

	return inet_pton(AF_INET, text, address) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

static bool email_ok(const char *text)
{
	const char *at = strrchr(text, '@');

	return at != NULL && at != text && dns_ok(at + 1);
}

static const struct {
	const char *member;
	bool (*ok)(const char *text);
	const char *what;
} rules[] = {
    {"tls_client_auth_subject_dn", dn_ok,
     "a distinguished name as RFC 4514 writes it, like "
     "CN=app.example.fi,O=Example Oy,C=FI"},
    {"tls_client_auth_san_dns", dns_ok,
     "one host name, like app.example.fi; a wildcard is none"},
    {"tls_client_auth_san_uri", uri_ok, "a URI, like https://app.example.fi/"},
    {"tls_client_auth_san_ip", ip_ok,
     "an address, like 192.0.2.1 or 2001:db8::1"},
    {"tls_client_auth_san_email", email_ok, "an address, like app@example.fi"},
};

const char *client_certificate_rule(const struct registration *g)
{
	for (size_t i = 0; i < LEN(rules); i++)
		if (client_sent(g, rules[i].member) != NULL)
			return rules[i].member;
	return NULL;
}

bool client_check_certificate(struct registration *g)
{
	const char *first = client_certificate_rule(g);

	for (size_t i = 0; i < LEN(rules); i++) {
		const char *name = rules[i].member;
		const struct json *v = client_sent(g, name);

		if (v == NULL)
			continue;
		if (strcmp(name, first) != 0)
			return err_set(g->e, ERR_INVALID, BAD_METADATA, name,
				       "%s and %s: a registration may have one "
				       "of them (RFC 8705 2.1.2)",
				       first, name);
		if (!rules[i].ok(json_text(v)))
			return err_set(g->e, ERR_INVALID, BAD_METADATA, name,
				       "%s must be %s", name, rules[i].what);
	}
	return true;
}
