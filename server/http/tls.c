/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes a connection's TLS session ours: the certificate that is shown,
 * whether one is asked for, and who decides whether it will do.
 *
 * libmicrohttpd makes the session and drives the handshake; before it begins,
 * its hook lets us put on the session what we want (facts:
 * mtls-libmicrohttpd.md 3). So the certificate is not the daemon's: key, chain
 * and the names of the CAs are parsed once into credentials, which each new
 * connection takes and keeps until it ends. When identity() has another
 * generation the next connection gets new ones, the old ones go with their last
 * connection, and nothing is dropped, stopped or opened anew. An identity
 * that cannot be used changes nothing and is logged once.
 *
 * mtls:// asks (REQUEST, never REQUIRE: GnuTLS would end a handshake without a
 * word), https:// does not. The verify function runs within the handshake, also
 * when no certificate was presented; it sends the alert itself, as
 * libmicrohttpd never does. The session is not touched after that: when the
 * connection ends it is gone before we are told.
 *
 * TLS 1.2 and 1.3 (RFC 5246, RFC 8446); no tickets and no cache, as a resumed
 * session would keep its old certificate unseen by the verify function.
 */
#include "http/http_int.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define CHAIN	   8 /* certificates of a client that are looked at */

struct http_credentials {
	gnutls_certificate_credentials_t gnutls;
	uint64_t generation;
	size_t users; /* connections, and the server itself */
};

/* ---- our own certificate ------------------------------------------------ */

static bool fail(struct err *e, const char *what, int code)
{
	return err_set(e, ERR_INVALID, NULL, NULL, "%s: %s", what,
		       gnutls_strerror(code));
}

static gnutls_datum_t datum(const char *text)
{
	return (gnutls_datum_t){
	    .data = (unsigned char *)(uintptr_t)text,
	    .size = (unsigned)strlen(text),
	};
}

static bool fill(gnutls_certificate_credentials_t c,
		 const struct http_identity *id, struct err *e)
{
	const gnutls_datum_t cert = datum(id->cert), key = datum(id->key);
	gnutls_datum_t ca;
	int code = gnutls_certificate_set_x509_key_mem2(
	    c, &cert, &key, GNUTLS_X509_FMT_PEM, NULL, 0);

	if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return err_set(e, ERR_INVALID, NULL, NULL,
			       "the server's key is not that of its "
			       "certificate, which must be the first one");
	if (code < 0)
		return fail(e, "the server's certificate and key", code);
	if (!id->ca || !*id->ca)
		return true;
	ca = datum(id->ca);
	code =
	    gnutls_certificate_set_x509_trust_mem(c, &ca, GNUTLS_X509_FMT_PEM);
	if (code == 0)
		code = GNUTLS_E_NO_CERTIFICATE_FOUND;
	return code > 0 || fail(e, "the clients' CA certificates", code);
}

static struct http_credentials *credentials_new(const struct http_identity *id,
						struct err *e)
{
	/* ends with the last of its connections, so no arena */
	struct http_credentials *c = calloc(1, sizeof(*c));

	if (!c || gnutls_certificate_allocate_credentials(&c->gnutls) < 0)
		abort();
	c->generation = id->generation;
	c->users = 1;
	if (fill(c->gnutls, id, e))
		return c;
	gnutls_certificate_free_credentials(c->gnutls);
	free(c);
	return NULL;
}

static void credentials_release(struct http_credentials *c)
{
	if (!c || --c->users > 0)
		return;
	gnutls_certificate_free_credentials(c->gnutls);
	free(c);
}

bool http_identity_ok(const struct http_identity *id, struct err *e)
{
	struct http_credentials *c = credentials_new(id, e);

	credentials_release(c);
	return c != NULL;
}

/* Those of today. False with e set: they cannot be made, and there were none.
 */
static bool renew(struct http *h, struct err *e)
{
	const struct http_tls *tls = h->config->tls;
	struct http_identity id = {.generation = 0};
	struct http_credentials *made;

	tls->identity(tls->ctx, &id);
	if (h->credentials && h->credentials->generation == id.generation)
		return true;
	made = credentials_new(&id, e);
	if (made) {
		credentials_release(h->credentials);
		h->credentials = made;
		return true;
	}
	if (!h->credentials)
		return false;
	log_line(h->config->log, "tls",
		 "%s; the server keeps the certificate that it has", e->text);
	h->credentials->generation = id.generation; /* say it once */
	return true;
}

bool http_tls_open(struct http *h, const char *url, struct err *e)
{
	if (!h->config->tls)
		return err_set(e, ERR_INVALID, NULL, url,
			       "there is no certificate for this listener");
	return renew(h, e);
}

void http_tls_close(struct http *h)
{
	credentials_release(h->credentials);
	h->credentials = NULL;
}

/* ---- the client's certificate ------------------------------------------- */

void http_peer_name(const struct sockaddr *sa, char out[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *four = (const struct sockaddr_in *)sa;

	out[0] = '\0';
	if (sa && sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, out, INET6_ADDRSTRLEN);
	else if (sa && sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, out, INET6_ADDRSTRLEN);
}

/* What was presented becomes k->peer; false: something that cannot be read. */
static bool read_peer(gnutls_session_t s, const struct http_tls *tls,
		      struct conn *k)
{
	unsigned n = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(s, &n);
	struct octets chain[CHAIN];

	if (!der || n == 0)
		return true;
	if (n > CHAIN)
		n = CHAIN;
	for (unsigned i = 0; i < n; i++)
		chain[i] = (struct octets){der[i].data, der[i].size};
	if (k->peer)
		tls->peer_free(k->peer);
	k->peer = tls->peer_new(tls->ctx, chain, n);
	return k->peer != NULL;
}

/* The alert, and what makes sure that it arrives: on TLS 1.3 a client has
 * finished before it is judged and sends its first request at once; closing
 * with that unread would be a reset, which overtakes what was sent before.
 * Always negative, for GnuTLS. */
static int refuse(gnutls_session_t s, struct conn *k, int alert)
{
	k->refused = true;
	gnutls_alert_send(s, GNUTLS_AL_FATAL,
			  (gnutls_alert_description_t)alert);
	shutdown(k->fd, SHUT_WR);
	http_linger_start(k->listener->http, k->fd);
	return -1;
}

static int judge(gnutls_session_t s, struct conn *k)
{
	const struct http_tls *tls = k->listener->http->config->tls;
	char from[INET6_ADDRSTRLEN];

	if (!read_peer(s, tls, k))
		return GNUTLS_A_BAD_CERTIFICATE;
	http_peer_name(http_conn_address(k->connection), from);
	return tls->judge(tls->ctx, k->peer, from,
			  gnutls_protocol_get_version(s) != GNUTLS_TLS1_3);
}

/* 0 lets the handshake go on. */
static int verify(gnutls_session_t s)
{
	struct conn *k = gnutls_session_get_ptr(s);
	const int alert = judge(s, k);

	return alert == 0 ? 0 : refuse(s, k, alert);
}

/* May the client's key sign at all (RFC 5280 4.2.1.3)? */
static bool may_sign(gnutls_session_t s)
{
	unsigned n = 0, usage = 0, critical;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(s, &n);
	gnutls_x509_crt_t crt;
	int code;

	if (!der || n == 0 || gnutls_x509_crt_init(&crt) < 0)
		return true;
	code = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER);
	if (code >= 0)
		code = gnutls_x509_crt_get_key_usage(crt, &usage, &critical);
	gnutls_x509_crt_deinit(crt);
	return code < 0 || (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) != 0;
}

/* The client is about to prove that it has the key. GnuTLS would end the
 * handshake without a word, and on TLS 1.3 without asking us, if that key is
 * not for signing: the one certificate that no policy lets pass. */
static int refuse_unsigned(gnutls_session_t s, struct conn *k)
{
	char from[INET6_ADDRSTRLEN];
	int alert;

	if (may_sign(s))
		return 0;
	alert = judge(s, k);
	if (alert != 0)
		return refuse(s, k, alert);
	http_peer_name(http_conn_address(k->connection), from);
	log_line(k->listener->http->config->log, "tls",
		 "%s presented a certificate whose keyUsage has no "
		 "digitalSignature, as that of a CA: no handshake can be made "
		 "with it",
		 from);
	return refuse(s, k, GNUTLS_A_UNSUPPORTED_CERTIFICATE);
}

/* How far the handshake has come. */
static int passed(gnutls_session_t s, unsigned type, unsigned when,
		  unsigned incoming, const gnutls_datum_t *message)
{
	struct conn *k = gnutls_session_get_ptr(s);

	(void)when;
	(void)message;
	k->greeted = k->greeted || !incoming;
	if (incoming && type == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY)
		return refuse_unsigned(s, k);
	if (incoming && type == GNUTLS_HANDSHAKE_FINISHED)
		k->secured = true;
	return 0;
}

/* ---- a new connection --------------------------------------------------- */

void http_tls_started(struct conn *k)
{
	struct http *h = k->listener->http;
	struct err e = {.kind = ERR_NONE};
	gnutls_session_t s =
	    MHD_get_connection_info(k->connection,
				    MHD_CONNECTION_INFO_GNUTLS_SESSION)
		->tls_session;

	renew(h, &e);
	k->credentials = h->credentials;
	k->credentials->users++;
	gnutls_session_set_ptr(s, k);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE,
			       k->credentials->gnutls);
	gnutls_handshake_set_hook_function(s, GNUTLS_HANDSHAKE_ANY,
					   GNUTLS_HOOK_POST, passed);
	if (k->listener->kind != HTTP_MTLS) {
		gnutls_certificate_server_set_request(s, GNUTLS_CERT_IGNORE);
		return;
	}
	gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
	gnutls_session_set_verify_function(s, verify);
}

void http_tls_closed(struct conn *k)
{
	const struct http_tls *tls = k->listener->http->config->tls;

	if (k->peer)
		tls->peer_free(k->peer);
	credentials_release(k->credentials);
}

/* ---- the daemon --------------------------------------------------------- */

/* libmicrohttpd wants a certificate or somebody to ask for one; as every
 * session has credentials of ours, nobody is ever asked. */
static int never_asked(gnutls_session_t s, const gnutls_datum_t *ca, int n_ca,
		       const gnutls_pk_algorithm_t *algorithms,
		       int n_algorithms, gnutls_pcert_st **certs,
		       unsigned *n_certs, gnutls_privkey_t *key)
{
	(void)s;
	(void)ca;
	(void)n_ca;
	(void)algorithms;
	(void)n_algorithms;
	(void)certs;
	(void)n_certs;
	(void)key;
	return -1;
}

void http_tls_options(struct MHD_OptionItem out[HTTP_TLS_OPTIONS])
{
	out[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
					 (void *)(uintptr_t)PRIORITIES};
	out[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
					 (void *)(uintptr_t)never_asked};
	out[2] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}
