/* SPDX-License-Identifier: Apache-2.0
 *
 * The client's end of TLS, for probing. Nothing is verified and no certificate
 * is shown: the question is whether the server on this machine answers, and it
 * is asked before anybody could know the CA that the server made for itself. So
 * nothing that matters may ever be sent this way.
 *
 * The socket does not block; each function waits for it as GnuTLS says, until
 * the one time limit.
 */
#include "http/http_int.h"

#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdlib.h>

struct http_dial {
	gnutls_session_t session;
	gnutls_certificate_credentials_t nothing;
	int fd;
	int64_t until_us;
	bool alerted; /* the other end said why it goes */
};

/* May a call that ended with code be made again? */
static bool again(struct http_dial *d, ssize_t code)
{
	d->alerted = code == GNUTLS_E_FATAL_ALERT_RECEIVED;
	if (code != GNUTLS_E_AGAIN && code != GNUTLS_E_INTERRUPTED)
		return code < 0 && !gnutls_error_is_fatal((int)code);
	return http_probe_ready(
	    d->fd, gnutls_record_get_direction(d->session) ? POLLOUT : POLLIN,
	    d->until_us);
}

bool http_dial_refused(const struct http_dial *d, const char *url,
		       struct err *e)
{
	const gnutls_alert_description_t alert = gnutls_alert_get(d->session);
	const bool certificate = alert == GNUTLS_A_CERTIFICATE_REQUIRED;

	if (!d->alerted)
		return false;
	err_set(e, ERR_INTERNAL, NULL, url,
		"the server ended the TLS handshake: %s%s",
		gnutls_alert_get_name(alert),
		certificate ? ". An mtls:// listener demands a certificate, "
			      "which healthcheck has none of: give it the "
			      "address of an http:// or https:// one"
			    : "");
	return true;
}

static void say_why(const struct http_dial *d, const char *url, int code,
		    struct err *e)
{
	if (!http_dial_refused(d, url, e))
		err_set(e, ERR_INTERNAL, NULL, url, "no TLS handshake: %s",
			gnutls_strerror(code));
}

struct http_dial *http_dial_new(int fd, const char *url, int64_t until_us,
				struct err *e)
{
	struct http_dial *d = calloc(1, sizeof(*d));
	int code;

	if (!d || gnutls_certificate_allocate_credentials(&d->nothing) < 0 ||
	    gnutls_init(&d->session,
			GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
		abort();
	d->fd = fd;
	d->until_us = until_us;
	gnutls_set_default_priority(d->session);
	gnutls_credentials_set(d->session, GNUTLS_CRD_CERTIFICATE, d->nothing);
	gnutls_transport_set_int(d->session, fd);
	do {
		code = gnutls_handshake(d->session);
	} while (again(d, code));
	if (code == GNUTLS_E_SUCCESS)
		return d;
	say_why(d, url, code, e);
	http_dial_free(d);
	return NULL;
}

void http_dial_free(struct http_dial *d)
{
	if (!d)
		return;
	gnutls_deinit(d->session);
	gnutls_certificate_free_credentials(d->nothing);
	free(d);
}

ssize_t http_dial_send(struct http_dial *d, const void *bytes, size_t n)
{
	ssize_t done;

	do {
		done = gnutls_record_send(d->session, bytes, n);
	} while (again(d, done));
	return done;
}

ssize_t http_dial_recv(struct http_dial *d, void *bytes, size_t n)
{
	ssize_t done;

	do {
		done = gnutls_record_recv(d->session, bytes, n);
	} while (again(d, done));
	return done;
}
