/* SPDX-License-Identifier: Apache-2.0
 *
 * tls: the server's certificate, whom it trusts, and from where it has both.
 *
 * Three sources: files that are named one by one, a folder as the command pki
 * writes it (made when it is not there), or none, and then a CA is made in
 * memory. A file that is named wins over the folder's. All of it is read
 * into pki_texts and loaded at once, so what does not go together is refused
 * as a whole: at the start with the option that is to be changed, at a reload
 * (SIGHUP) by a line in the log while everything stays as it was.
 *
 * Nothing of this happens unless a listener speaks TLS or a proxy brings
 * certificates: the start of a plain server stays as fast as it was.
 *
 * contracts.md section 1; facts: mtls-libmicrohttpd.md section 7.
 */
#include "cli/cli_int.h"

#include <unistd.h>

/* The texts of a PKI: what pki_load calls them, the option and the file of the
 * folder that they come from. */
static const struct slot {
	const char *member, *option, *file;
	size_t at;	 /* in struct pki_texts */
	size_t given_at; /* in struct config; 0: no option */
	bool needed;	 /* in the folder */
} slots[] = {
#define TEXT(m)	 offsetof(struct pki_texts, m)
#define GIVEN(m) offsetof(struct config, m)
    {"server_cert", "tls-cert", "server.pem", TEXT(server_cert),
     GIVEN(tls_cert), true},
    {"server_key", "tls-key", "server.key", TEXT(server_key), GIVEN(tls_key),
     true},
    {"ca", "client-ca", "ca.pem", TEXT(ca), GIVEN(client_ca), true},
    {"crl", "client-crl", "crl.pem", TEXT(crl), GIVEN(client_crl), false},
    {"issuer[0]", NULL, "root.pem", TEXT(issuer[0]), 0, false},
    {"issuer[1]", NULL, "root.key", TEXT(issuer[1]), 0, false},
    {"issuer[2]", NULL, "ica.pem", TEXT(issuer[2]), 0, false},
    {"issuer[3]", NULL, "ica.key", TEXT(issuer[3]), 0, false},
    {"issuer[4]", NULL, "sote-ica.pem", TEXT(issuer[4]), 0, false},
    {"issuer[5]", NULL, "sote-ica.key", TEXT(issuer[5]), 0, false},
};

static const char *given(const struct config *c, const struct slot *s)
{
	return s->given_at
		   ? *(const char *const *)(const void *)((const char *)c +
							  s->given_at)
		   : NULL;
}

static bool any_given(const struct config *c)
{
	return c->tls_cert || c->tls_key || c->client_ca || c->client_crl;
}

/* ---- what is needed ------------------------------------------------------ */

static bool listens(const struct config *c, enum http_kind kind)
{
	enum http_kind k;

	for (size_t i = 0; i < c->listen_count; i++)
		if (http_listen_kind(c->listen[i], &k) && k == kind)
			return true;
	return false;
}

static bool serves(const struct config *c)
{
	return listens(c, HTTP_TLS) || listens(c, HTTP_MTLS);
}

/* Can a client's certificate get here at all? */
static bool sees_clients(const struct config *c)
{
	return listens(c, HTTP_MTLS) || c->trusted_proxy_count > 0;
}

static bool missing(struct err *e, const char *option, const char *why)
{
	return err_set(e, ERR_INVALID, NULL, "", "--%s is missing: %s", option,
		       why);
}

/* Without a folder the named files have to be all that is needed. */
static bool files_complete(const struct config *c, struct err *e)
{
	if (c->pki || !any_given(c))
		return true;
	if (!c->tls_cert && (serves(c) || c->tls_key))
		return missing(e, "tls-cert",
			       "the server's certificate; or give the folder "
			       "of the command pki by --pki, or none of these "
			       "options, and one is made in memory");
	if (!c->tls_key && c->tls_cert)
		return missing(e, "tls-key", "the key of --tls-cert");
	if (!c->client_ca && (sees_clients(c) || c->client_crl))
		return missing(e, "client-ca",
			       "whom clients' certificates may come from; or "
			       "give the folder of the command pki by --pki, "
			       "beside --tls-cert and --tls-key");
	return true;
}

/* Certificates that nobody can present are no rehearsal. */
static bool demand_possible(const struct config *c, struct err *e)
{
	if (c->settings.client_certificate == CERTIFICATE_OFF ||
	    sees_clients(c))
		return true;
	return err_set(e, ERR_INVALID, NULL, "",
		       "certificates are demanded of clients (environment "
		       "%s, client_certificate=%s), but no listener asks for "
		       "one: add --listen mtls://127.0.0.1:8443, or "
		       "--client-certificate off",
		       c->environment,
		       c->settings.client_certificate == CERTIFICATE_REQUIRED
			   ? "required"
			   : "optional");
}

/* Files without a listener that reads them are a listener that was forgotten.
 */
static bool of_no_use(const struct config *c, struct err *e)
{
	size_t i = 0;

	while (!given(c, &slots[i]))
		i++;
	return err_set(e, ERR_INVALID, NULL, "",
		       "--%s is of no use, as no listener speaks TLS: add "
		       "--listen https://127.0.0.1:8443, or mtls:// to ask "
		       "clients for a certificate",
		       slots[i].option);
}

/* ---- reading --------------------------------------------------------------
 */

/* A text of a folder's CA has no place beside another CA. */
static bool of_other_ca(const struct config *c, const struct slot *s)
{
	return c->client_ca && (!s->option || s->given_at == GIVEN(client_crl));
}

/* The file that a text comes from; NULL: it is left out. */
static const char *path_of(struct arena *a, const struct config *c,
			   const struct slot *s)
{
	const char *path = given(c, s);

	if (path || !c->pki || of_other_ca(c, s))
		return path;
	path = arena_printf(a, "%s/%s", c->pki, s->file);
	return s->needed || access(path, F_OK) == 0 ? path : NULL;
}

/* A folder from which something is gone. False. */
static bool incomplete(const struct config *c, struct err *e)
{
	const struct err was = *e;

	return err_set(e, ERR_INVALID, NULL, "",
		       "--pki %s is incomplete: %s; the command pki with "
		       "--force writes it anew",
		       c->pki, was.text);
}

/* A text ends at a NUL: what stands behind one, half a list of revoked
 * certificates, would be left out unseen. */
static const char *read_text(struct arena *a, const char *path, struct err *e)
{
	size_t n = 0;
	const char *text = file_read(a, path, &n, e);

	if (!text || strlen(text) == n)
		return text;
	err_set(e, ERR_INVALID, "file", NULL,
		"%s: it is no PEM text, as it has a NUL in it: is it DER or "
		"PKCS #12? Convert it by openssl x509 (or pkey, crl) -inform "
		"DER -in FILE, or openssl pkcs12 -nodes -in FILE",
		path);
	return NULL;
}

static bool read_texts(struct arena *a, const struct config *c,
		       struct pki_texts *t, struct err *e)
{
	*t = (struct pki_texts){0};
	for (size_t i = 0; i < LEN(slots); i++) {
		const char *path = path_of(a, c, &slots[i]);
		const char *text = path ? read_text(a, path, e) : NULL;

		if (path && !text)
			return !given(c, &slots[i]) && incomplete(c, e);
		memcpy((char *)t + slots[i].at, &text, sizeof(text));
	}
	return true;
}

/* Says by which file something is wrong. False. */
static bool name_file(struct arena *a, const struct config *c, struct err *e)
{
	for (size_t i = 0; i < LEN(slots); i++) {
		const char *option = slots[i].option, *path;
		const struct err was = *e;

		if (strcmp(slots[i].member, e->where) != 0)
			continue;
		path = path_of(a, c, &slots[i]);
		if (!path)
			path = arena_printf(a, "%s/%s", c->pki, slots[i].file);
		return err_set(e, ERR_INVALID, NULL, "", "--%s %s: %s",
			       given(c, &slots[i]) ? option : "pki", path,
			       was.text);
	}
	return false;
}

/* Would they do? pki says more clearly what is wrong, http says what its
 * library does not take. */
static bool sound(struct arena *a, const struct config *c,
		  const struct pki_texts *t, struct err *e)
{
	const struct http_identity id = {t->server_cert, t->server_key, t->ca,
					 0};
	struct pki *trial = pki_new();
	bool ok = pki_load(trial, t, e) || name_file(a, c, e);

	pki_free(trial);
	return ok && (!t->server_cert || http_identity_ok(&id, e));
}

/* Reads and loads what files say, all or nothing. */
static bool load(const struct config *c, struct pki *p, struct err *e)
{
	struct arena *a = arena_new(0);
	struct pki_texts t;
	bool ok =
	    read_texts(a, c, &t, e) && sound(a, c, &t, e) && pki_load(p, &t, e);

	arena_free(a);
	return ok;
}

/* ---- opening, reading again -----------------------------------------------
 */

static struct pki_own own_of(const struct config *c, const struct record *r)
{
	const struct clock real = {.mode = CLOCK_REAL};

	return (struct pki_own){
	    .now_ms = clock_now_ms(&r->clock),
	    .real_ms = clock_now_ms(&real),
	    .host = c->allowed_host,
	    .host_count = c->allowed_host_count,
	};
}

/* A folder that is not there yet is made first. */
static bool open_folder(struct arena *boot, const struct config *c,
			const struct record *r, struct err *e)
{
	const struct pki_own own = own_of(c, r);
	struct pki_folder f = {.dir = c->pki};

	if (folder_used(boot, c->pki))
		return true;
	if (!folder_empty(c->pki))
		return err_set(e, ERR_INVALID, NULL, "",
			       "--pki %s: the folder holds something, but no "
			       "PKI (ca.pem is missing): give one that the "
			       "command pki wrote, or an empty one",
			       c->pki);
	if (!folder_make(boot, &f, &own, e))
		return false;
	log_line(r->log, "pki", "%s was made: certificates of every kind",
		 c->pki);
	return true;
}

/* What is taken as it is, and will surprise. */
static void warn(const struct config *c, const struct record *r)
{
	const struct clock real = {.mode = CLOCK_REAL};
	const struct pki_texts *t = pki_texts(r->pki);
	struct err e = {.kind = ERR_NONE};
	struct pki_peer *own =
	    t->server_cert ? pki_peer_read(t->server_cert, &e) : NULL;
	char end[TIME_TEXT];

	if (own && pki_peer_info(own)->not_after_ms < clock_now_ms(&real)) {
		time_finnish(end, pki_peer_info(own)->not_after_ms);
		log_line(r->log, "tls",
			 "the server's certificate was valid until %s: clients "
			 "will refuse it; renew %s",
			 end, c->tls_cert ? "--tls-cert" : "--pki");
	}
	pki_peer_free(own);
	if (!t->crl && sees_clients(c))
		log_line(r->log, "tls",
			 "there is no CRL, so no client's certificate counts "
			 "as revoked; --client-crl names one");
}

bool cli_tls_open(struct arena *boot, const struct config *c, struct record *r,
		  struct err *e)
{
	struct pki_own own;

	if (!demand_possible(c, e))
		return false;
	if (!serves(c) && !sees_clients(c))
		return !any_given(c) || of_no_use(c, e);
	if (!files_complete(c, e))
		return false;
	r->pki = pki_new();
	if (c->pki && !open_folder(boot, c, r, e))
		return false;
	if (c->pki || any_given(c)) {
		if (!load(c, r->pki, e))
			return false;
		warn(c, r);
		return true;
	}
	own = own_of(c, r);
	pki_make(r->pki, &own);
	return true;
}

void cli_tls_reload(const struct config *c, const struct record *r)
{
	struct err e = {.kind = ERR_NONE};

	if (!r->pki)
		log_line(r->log, "reload", "there are no certificates to read");
	else if (!c->pki && !any_given(c))
		log_line(r->log, "reload",
			 "the certificates were made in memory: there are no "
			 "files to read");
	else if (load(c, r->pki, &e))
		log_line(r->log, "reload", "certificates were read again");
	else
		log_line(r->log, "reload",
			 "certificates stay as they were: %s%s%s", e.where,
			 *e.where ? ": " : "", e.text);
}

void cli_tls_identity(const struct record *r, struct http_identity *out)
{
	const struct pki_texts *t = pki_texts(r->pki);

	*out = (struct http_identity){
	    .cert = t->server_cert,
	    .key = t->server_key,
	    .ca = t->ca,
	    .generation = pki_generation(r->pki),
	};
}
