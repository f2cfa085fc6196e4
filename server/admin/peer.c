/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: what the journal tells of clients' certificates, and the handshakes
 * that were refused for one.
 *
 * "Nothing arrived" and "it was refused before HTTP began" look the same to who
 * runs an application's tests. So a refused handshake is an entry like a
 * request, of the kind "tls", and a line of the log, with the reason that the
 * alert is too short for.
 *
 * A certificate is told by its names, both of its serial numbers (people take
 * the one for the other: number is the certificate's, oid the Subject's), its
 * validity, its thumbprint, what pki thinks of it now, and whose it is. None of
 * that is secret; the certificate itself is not kept.
 *
 * Facts: mtls-libmicrohttpd.md 14, stand-in.md 5.
 */
#include "admin/admin_int.h"

/* ---- certificates ----------------------------------------------------- */

static void write_time(struct jw *w, const char *name, int64_t ms)
{
	char when[TIME_TEXT];

	time_finnish(when, ms);
	jw_str(w, name, when);
}

static void write_verdict(struct jw *w, struct record *r,
			  const struct pki_peer *peer)
{
	struct pki_verdict v = {.text = NULL};

	if (r->pki != NULL)
		v = record_certificate_verdict(r, &r->settings, peer);
	jw_int(w, "error", v.error);
	if (v.error != 0)
		jw_str(w, "text", v.text);
}

void journal_peer(struct record *r, struct arena *a,
		  const struct pki_peer *peer, struct journal_peer *out)
{
	const struct pki_info *i;
	struct buf b;
	struct jw w = {.b = &b};

	*out = (struct journal_peer){"", "", ""};
	if (peer == NULL)
		return;
	i = pki_peer_info(peer);
	buf_init(&b, a);
	jw_open(&w, NULL, '{');
	jw_str(&w, "subject", i->subject);
	jw_str(&w, "issuer", i->issuer);
	jw_str(&w, "oid", i->subject_serial_number);
	jw_str(&w, "number", i->number);
	jw_str(&w, "thumbprint", i->thumbprint);
	write_time(&w, "not_before", i->not_before_ms);
	write_time(&w, "not_after", i->not_after_ms);
	write_verdict(&w, r, peer);
	jw_str(&w, "client_id", record_certificate_client(r, a, peer));
	jw_close(&w);
	*out = (struct journal_peer){
	    .json = b.p,
	    .thumbprint = i->thumbprint,
	    .oid = text_or_empty(i->subject_serial_number),
	};
}

void journal_log_refused(const struct record *r, const struct rq *rq)
{
	if (rq->certificate != NULL && r->log != NULL)
		log_line(r->log, "certificate", "%s refused: %s", rq->id,
			 rq->certificate);
}

/* ---- handshakes ------------------------------------------------------- */

static const struct {
	int alert;
	const char *name; /* RFC 8446 6.2 */
} names[] = {
    {40, "handshake_failure"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {80, "internal_error"},
    {116, "certificate_required"},
};

const char *journal_alert(int alert)
{
	for (size_t i = 0; i < LEN(names); i++)
		if (names[i].alert == alert)
			return names[i].name;
	return "unknown";
}

int journal_alert_number(const char *name)
{
	for (size_t i = 0; i < LEN(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].alert;
	return 0;
}

/* RFC 8446 6.2 */
enum { ALERT_FAILURE = 40, ALERT_REQUIRED = 116 };

/* An alert that a fault wants. */
static int alert_by_fault(struct admin *a, const struct pki_peer *peer,
			  struct err *e)
{
	const struct pki_info *i = peer ? pki_peer_info(peer) : NULL;
	const struct seen s = {
	    .seq = journal_last(a->journal) + 1,
	    .at_ms = record_now_ms(a->record),
	    .id = "",
	    .kind = "tls",
	    .thumbprint = i ? i->thumbprint : "",
	    .oid = i ? text_or_empty(i->subject_serial_number) : "",
	};
	const char *id = "";
	const int alert = faults_alert(a, &s, &id);

	if (alert != 0)
		err_set(e, ERR_FORBIDDEN, "fault", NULL,
			"the fault %s was armed (POST /__admin/faults)", id);
	return alert;
}

int admin_judge(struct admin *a, const struct pki_peer *peer, const char *from,
		bool tls12)
{
	struct record *r = a->record;
	struct arena *arena = arena_new(0);
	struct journal_handshake h = {.from = from};
	struct err e = {.kind = ERR_NONE};

	h.alert = alert_by_fault(a, peer, &e);
	if (h.alert == 0)
		h.alert = record_certificate_alert(r, arena, peer, &e);
	/* which RFC 5246 7.2.2 has not */
	if (h.alert == ALERT_REQUIRED && tls12)
		h.alert = ALERT_FAILURE;
	if (h.alert != 0) {
		h.at_ms = record_now_ms(r);
		h.code = e.code;
		h.reason = e.text;
		journal_peer(r, arena, peer, &h.peer);
		if (r->log != NULL)
			log_line(r->log, "tls",
				 "handshake of %s refused, alert %d %s: %s",
				 from, h.alert, journal_alert(h.alert), e.text);
		journal_refused(a->journal, &h);
	}
	arena_free(arena);
	return h.alert;
}
