/* SPDX-License-Identifier: Apache-2.0
 *
 * http: the door to the network, and the only place that knows libmicrohttpd.
 *
 * One thread, one loop. A request is read whole, found in a route table, put
 * past the guards of its group and handed to one handler, which either replies
 * or says in rq->err why not. http knows nothing of FHIR, OAuth or SQL: the
 * groups bring guards and error pages, main brings the transaction.
 * Facts: mtls-libmicrohttpd.md sections 6, 8, 9, 10.
 */
#ifndef HTTP_H
#define HTTP_H

#include "base/base.h"

#define HTTP_FHIR_BODY_BYTES (8u << 20)
#define HTTP_FORM_BODY_BYTES (64u << 10)
#define HTTP_HEADER_BYTES    (32u << 10)
#define HTTP_URL_BYTES	     (8u << 10)
#define HTTP_CONNECTIONS     4096
#define HTTP_IDLE_S	     60
#define HTTP_REQUEST_S	     30
#define HTTP_STOP_MS	     2000
#define HTTP_PARAMETERS	     50 /* in one form or query */
#define HTTP_PASSED	     12 /* checks that a request is told to have passed */
#define HTTP_WAITS	     256 /* requests that wait for something, at once */
#define HTTP_STREAMS	     64	 /* answers that go on and on, at once */

struct grant;	     /* put on the request by a guard; see store/store.h */
struct record_twist; /* by a fault that is armed; see record/record.h */
struct pki_peer;     /* a client's certificate; see pki/pki.h */
struct http;
struct rq;

struct http_pair {
	const char *name;
	const char *value;
};

/* ---- what becomes of an answer on its way ------------------------------ */

/* How the connection ends instead of with the answer. Facts:
 * mtls-libmicrohttpd.md 11. */
enum http_drop {
	HTTP_DROP_NONE,
	HTTP_DROP_EMPTY,   /* closed before the first byte */
	HTTP_DROP_RESET,   /* reset before the first byte */
	HTTP_DROP_GARBAGE, /* bytes that are no HTTP, then closed */
	HTTP_DROP_HEADERS, /* closed behind the headers */
	HTTP_DROP_DURING,  /* closed in the middle of the body */
	HTTP_DROP_CHUNK,   /* chunked, closed in the middle of a chunk */
};

/* What somebody wants to become of an answer, so that a client can be tried
 * with it; zeroed: nothing. The loop goes on meanwhile: whoever waits is
 * suspended. Deadlines of the connection do not run. It begins when the answer
 * stands, is committed, logged and told (http_config.answered), and lasts no
 * longer than the server runs or the client has not ended its side. The body is
 * what is sent, perhaps packed. */
struct http_effect {
	int64_t delay_ms; /* before the first byte leaves */
	enum http_drop drop;
	bool cut;	  /* the connection is closed behind so many bytes */
	size_t cut_bytes; /* of the body; its Content-Length stays true */
	bool stall;	  /* nothing comes behind so many bytes of the body */
	size_t stall_bytes;
	int64_t stall_ms;	 /* for so long; 0: until the client gives up */
	size_t bytes_per_second; /* of the body; 0: as fast as it goes */
};

/* ---- a request ------------------------------------------------------- */

struct rq {
	struct arena *arena; /* ends when the answer has been sent */
	struct err err;	     /* a handler that returns false filled this */
	char id[UUID_TEXT];  /* names the request in the log and in a 500 */

	/* What came in. All texts are NUL-terminated valid UTF-8 without NUL.
	 */
	const char *method; /* HEAD arrives as GET with head set */
	const char *path;   /* percent-decoded; %2F stays as it was sent */
	const char *query;  /* as sent, without '?'; "" when absent */
	const char *body;   /* whole, body_len bytes, NUL behind it */
	size_t body_len;
	bool head;
	bool loopback; /* the peer is on this machine */
	/* The client's certificate, whatever it is worth; NULL: none was
	 * presented. asked: one could have been, the listener is mtls:// or a
	 * trusted proxy asks in our place. */
	const struct pki_peer *peer;
	bool asked;
	const char *origin; /* "http://host:port" for links to ourselves;
			     * contracts.md --public-url, --allowed-host */
	bool foreign;	    /* sent under a Host that is not ours (by
			     * --allowed-host), or by a page of another
			     * origin: not to be trusted for coming from this
			     * machine */
	const struct route *route;
	void *ctx;	/* of the route's group */
	int64_t now_ms; /* the server's clock when it arrived */

	/* What guards found out. */
	const struct grant *grant;
	const void *within; /* of a nested request: what the outer one says */

	/* What a fault wants (http_config.fault, amend); NULL: nothing. */
	const struct record_twist *twist; /* of the handler */
	const struct http_effect *effect; /* of the way of the answer; lasts
					   * as long as the request */

	/* For the journal alone; NULL: nothing. */
	const char *passed[HTTP_PASSED]; /* rq_passed(); ended by NULL if
					  * there are fewer */
	const char *fault;     /* the id of the fault that was applied */
	const char *client_id; /* of whom the request speaks, without a grant */
	const char *hetu,
	    *patient;		 /* likewise: the citizen; either is enough */
	const char *token;	 /* the digest of the one that was shown */
	const char *why;	 /* what a refusal keeps from who asked; it has
				  * no secret in it */
	const char *certificate; /* why the client's was refused, in full */
	const char *shadow;	 /* what would be refused elsewhere: JSON */

	/* What goes out: body in out, then one of the rq_reply functions. */
	struct buf out;
	int status; /* 0: nothing replied yet */
	bool keep;  /* what the request wrote stays, though it is refused */
	bool undo;  /* what it wrote goes, though it is answered */

	struct rq_private *private; /* http's own */
};

/* A path parameter by its name in the route (":id" is "id"). Never NULL. */
const char *rq_param(const struct rq *rq, const char *name);

/* A request header by its name, in any case; NULL when absent. When repeated,
 * the first; rq_header_count tells how many. */
const char *rq_header_in(const struct rq *rq, const char *name);
size_t rq_header_count(const struct rq *rq, const char *name);

/* A cookie by its name; NULL when absent. */
const char *rq_cookie(const struct rq *rq, const char *name);

/* Adds a response header; also to refusals, when called before refusing.
 * Control characters and non-ASCII in the value are dropped. name is a literal;
 * the value is copied. */
void rq_header(struct rq *rq, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void rq_header_text(struct rq *rq, const char *name, const char *text);

/* The handler's answer: the body is rq->out. content_type NULL: no body and no
 * such header. Always true, so that a handler ends with return rq_reply(...).
 */
bool rq_reply(struct rq *rq, int status, const char *content_type);

/* Forgets the answer so far, status, headers and body, so that another can be
 * given; what the request wrote is not touched. For http_config.amend. */
void rq_reply_again(struct rq *rq);

/* For a reset: asks change about each request whose answer stands and is late
 * (rq->effect). True: it has replaced the answer
 * (rq_reply_again), or not, and it leaves at once, with no further effect. The
 * journal is told of each answer once, and not of this one. */
void http_flush_delayed(struct rq *rq,
			bool (*change)(struct rq *delayed, void *ctx),
			void *ctx);

/* Notes a check that the request passed: a literal such as "token", "scope",
 * "profile". Those that are too many are left out. */
void rq_passed(struct rq *rq, const char *check);

/* The group whose route it has; NULL: none was found. */
const struct http_group *rq_group(const struct rq *rq);

/* The i-th header of the request, or of the answer so far, in order; false
 * behind the last. */
bool rq_header_in_at(const struct rq *rq, size_t i, struct http_pair *out);
bool rq_header_out_at(const struct rq *rq, size_t i, struct http_pair *out);
/* The answer's Content-Type; NULL: none. */
const char *rq_content_type(const struct rq *rq);

/* A handler that cannot answer yet, and has written nothing, ends with return
 * rq_wait(...). again is asked at the end of every turn of the loop in which a
 * request was answered, this one included, with late when the time is over, the
 * server stops or the client has ended its side of the connection: it replies
 * (or fills rq->err) and returns true, or returns false to wait on, which it
 * may not when it is late. It runs outside of any savepoint and may only read
 * the database. When HTTP_WAITS wait already, within another request
 * (http_inner) or without time it is asked at once, as if late. */
typedef bool (*rq_again)(struct rq *rq, bool late, void *state);
bool rq_wait(struct rq *rq, int64_t timeout_ms, rq_again again, void *state);

/* A handler's answer that goes on until the client leaves or the server stops
 * (200, never kept, not packed). more is asked at once, at the end of every
 * turn in which a request was answered, and each pulse_ms (0: never), but only
 * when what it gave last has been taken: it appends what is new to out, which
 * is empty, or nothing. What it allocates in scrap lasts until it returns; in
 * rq->arena it would last as long as the stream. As rq_again it may only read.
 * Refused (ERR_CONFLICT) when there are HTTP_STREAMS already. */
typedef void (*rq_more)(struct rq *rq, struct arena *scrap, struct buf *out,
			void *state);
bool rq_stream(struct rq *rq, const char *content_type, int64_t pulse_ms,
	       rq_more more, void *state);

/* 303 See Other, or another status, with a Location. */
bool rq_redirect(struct rq *rq, int status, const char *location);

/* A response header that was added, or NULL. */
const char *rq_header_out(const struct rq *rq, const char *name);

/* A request within a request (an entry of a batch): found in the group's routes
 * and answered by the same guards and handlers as if it had come alone, but for
 * the group's first guard: who asks is known. */
struct http_nested {
	const char *method;
	const char *url; /* below the group's prefix: "Observation?code=x" */
	const struct http_pair *header;
	size_t header_count;
	const char *body; /* NUL behind it; or NULL */
	size_t body_len;
	const void *within;
	struct arena *arena;	   /* what it lives in; NULL: the outer one's */
	const struct err *refused; /* it is refused for that, whatever it is */
};
/* Runs it in a savepoint of its own. The answer's status, headers and body
 * (rq->out) are those of the request that is returned. */
struct rq *http_nested(struct rq *outer, const struct http_nested *n);

/* A request to any group, asked from within another one: n->url is a whole path
 * and query ("/__admin/requests?limit=20"). All guards of the group are asked;
 * it comes from where the outer one came from (loopback, foreign, peer) and has
 * no headers but those of n: a token is passed on by naming it. It has the
 * outer request's id; no fault meets it, and the journal does not hear of it.
 * Runs in a savepoint of its own; asked by an rq_again or rq_more, it keeps
 * nothing. A handler that would wait (rq_wait) is late at once; one that would
 * stream is refused. It may be asked from within a nested one, and nest. */
struct rq *http_inner(struct rq *outer, const struct http_nested *n);

/* What would be answered. */
struct http_rehearsed {
	int status;   /* 0: it cannot be told, as storage failed */
	bool refused; /* also by a redirect with error= */
	struct err err;
};
/* Answers the request, guards and all, and takes back what that did; rq is as
 * it was. Asked before the request is answered (http_config.before), any number
 * of times. Everything is made in the arena. */
void http_rehearse(const struct rq *rq, struct arena *a,
		   struct http_rehearsed *out);

/* Answers rq->err as JSON that names the known paths: how a path is refused
 * that belongs to no group. For a group with the empty prefix. */
void http_refuse_plain(struct rq *rq);

/* The status that belongs to a kind of refusal, and its reason phrase. */
int http_status(enum err_kind kind);
const char *http_reason(int status);

/* Splits an application/x-www-form-urlencoded text (a form body or a query) in
 * order; '+' is a space. Refused (ERR_INVALID, code "invalid_request"): broken
 * escapes, NUL, bytes that are not UTF-8, control characters other than TAB LF
 * CR, more than HTTP_PARAMETERS pairs. Names and values live in the arena. */
bool http_form(struct arena *a, const char *text, size_t n,
	       struct http_pair **pairs, size_t *count, struct err *e);

/* The first pair of that name: its value, or NULL. */
const char *http_form_get(const struct http_pair *pairs, size_t count,
			  const char *name);

/* Percent-encodes everything but unreserved characters (RFC 3986 2.3). */
void http_escape(struct buf *b, const char *text);

/* Can it be a Host header's name, without port and brackets? */
bool http_host_name_ok(const char *name);

/* An http:// or https:// URL that a path can be put behind: host, perhaps port
 * and path, neither query nor characters that would have to be escaped. */
bool http_base_url_ok(const char *url);

/* ---- route tables ---------------------------------------------------- */

/* true: replied; false: rq->err says why not. */
typedef bool (*rq_handler)(struct rq *rq);

/* What a route asks of its caller; the guards of the group enforce it. */
enum route_access { ACCESS_OPEN, ACCESS_READ, ACCESS_WRITE, ACCESS_ADMIN };

struct route {
	const char *method;
	const char *path; /* below the prefix: "/:type/:id"; ":x" matches one
			   * segment; a literal segment wins over a parameter */
	rq_handler handler;
	enum route_access access;
	size_t body_max;  /* bytes; 0: the route takes no body and ignores it
			   * up to HTTP_FORM_BODY_BYTES */
	const char *what; /* one line for documentation */
	const char *name; /* what the journal and faults call it: the
			   * interaction of FHIR ("search-type"), the endpoint
			   * ("token"), the operation ("reset"); unique in its
			   * table for a method, but for FHIR's */
};

struct http_guard {
	bool (*check)(struct rq *rq, void *ctx); /* false: rq->err is filled */
	void *ctx;
};

#define HTTP_GUARDS 4
struct http_group {
	const char *prefix; /* "/phr-resourceserver/baseR4"; "" for the root */
	const struct route *routes;
	size_t route_count;
	void *ctx;			      /* becomes rq->ctx */
	struct http_guard guard[HTTP_GUARDS]; /* in order; check NULL: end */
	void (*refuse)(struct rq *rq); /* answers rq->err (rq->status is 0;
					* the body goes to rq->out) */
	bool cors;		       /* Access-Control-* as kanta.md 2.3 */
	bool rehearsed;		       /* http_config.before is told */
	bool faults;	     /* http_config.fault and amend are asked */
	bool unseen;	     /* who looks (GET) at its routes is no news to the
			      * journal */
	const char *kind;    /* "fhir", "oauth", "page", "control" */
	const char *version; /* of FHIR: "stu3", "r4"; NULL: none */
};

/* ---- the server ------------------------------------------------------ */

/* The transaction around requests, brought by main. Every request that is not
 * refused keeps what it wrote; a turn's answers leave after commit(), which
 * ends every turn, also one in which nothing was written. */
struct http_turn {
	void (*enter)(void *ctx);	     /* a handler is about to run */
	bool (*leave)(void *ctx, bool keep); /* false: could not be kept: 500 */
	bool (*pending)(void *ctx);	     /* written, not yet committed? */
	bool (*commit)(void *ctx);   /* false: held answers become 500 */
	void (*rehearse)(void *ctx); /* enter, for what leave will not keep */
	void (*nest)(void *ctx);     /* a savepoint within the request's */
	bool (*unnest)(void *ctx, bool keep);
	void *ctx;
};

/* What https:// and mtls:// listeners need; brought by main, as http knows no
 * more of certificates than that they are bytes. Facts: mtls-libmicrohttpd.md
 * 3, 4, 7. */
struct http_identity {
	const char *cert; /* PEM, leaf first */
	const char *key;  /* PEM */
	const char *ca;	  /* PEM: whose names clients are told, to choose a
			   * certificate by */
	uint64_t generation;
};
struct http_tls {
	/* Asked for each new connection: other texts have another generation.
	 * They must last until the next call. */
	void (*identity)(void *ctx, struct http_identity *out);
	/* A chain was presented, leaf first: what stands in rq->peer, until
	 * peer_free. NULL: it cannot be read. */
	struct pki_peer *(*peer_new)(void *ctx, const struct octets *chain,
				     size_t n);
	void (*peer_free)(struct pki_peer *peer);
	/* Before a handshake of an mtls:// listener ends; peer NULL: no
	 * certificate was presented. The TLS alert (RFC 8446 6.2) that it is
	 * refused with, or 0. from: the client's address; tls12: not every
	 * alert of TLS 1.3 is one there (RFC 5246 7.2.2). */
	int (*judge)(void *ctx, const struct pki_peer *peer, const char *from,
		     bool tls12);
	/* SIGHUP; or NULL. */
	void (*reload)(void *ctx);
	void *ctx;
};

/* Do certificate and key serve for a listener? False: e (ERR_INVALID). */
bool http_identity_ok(const struct http_identity *id, struct err *e);

enum http_kind { HTTP_PLAIN, HTTP_TLS, HTTP_MTLS };

struct http_config {
	const char *const *listen; /* "http://127.0.0.1:8080"; port 0: any */
	size_t listen_count;
	const char *public_url; /* NULL: from the Host header, if allowed */
	const char *const *allowed_host;
	size_t allowed_host_count;
	const struct clock *clock;
	const struct log *log;
	const struct http_group *group; /* the longest matching prefix wins */
	size_t group_count;
	struct http_turn turn;
	/* Told of each request that will be answered, of the groups that say
	 * so; or NULL. It may add headers to the answer. */
	void (*before)(struct rq *rq, void *ctx);
	void *before_ctx;
	/* Faults, of the groups that have them; or NULL. fault: asked when the
	 * guards have been asked and before the handler runs; let: they let it
	 * pass (else rq->err says why not). True: it has replied in the
	 * handler's place. amend: asked when the answer stands, the group's
	 * refusal too (also when no route was found: rq->route may be NULL),
	 * and before it leaves: it may replace or change it (rq_reply_again)
	 * and set rq->effect. What the request wrote stays as the real answer
	 * has it. Neither is asked of OPTIONS that http answers itself, of
	 * requests within others, or of rehearsals. */
	bool (*fault)(struct rq *rq, bool let, void *ctx);
	void (*amend)(struct rq *rq, void *ctx);
	void *fault_ctx;
	/* Told of each answer when it leaves, with what it took; or NULL. */
	void (*answered)(const struct rq *rq, int64_t us, void *ctx);
	void *answered_ctx;
	/* The path of the page that tells why a request was refused, without
	 * its id; or NULL. The answer names it (X-Mock-Explain), in groups that
	 * have faults. */
	const char *explain;
	bool stop_on_stdin_eof;
	const struct http_tls *tls; /* NULL: plain listeners alone */
	/* "10.0.0.0/8", "::1": whose forwarding headers count */
	const char *const *trusted_proxy;
	size_t trusted_proxy_count;
	/* in which header they hand on the client's certificate; NULL:
	 * Client-Cert (RFC 9440) */
	const char *client_certificate_header;
};

/* Opens every listener; nothing is answered before http_run. NULL with e set:
 * ERR_INVALID for a listener that cannot be read, ERR_CONFLICT when its address
 * is in use. The config and what it points to must outlive the server. */
struct http *http_open(const struct http_config *config, struct err *e);

/* The listeners' own URLs, with real ports ("https://..." for the last two
 * kinds); owned by the server. */
size_t http_listener_count(const struct http *h);
const char *http_listener_url(const struct http *h, size_t i);
enum http_kind http_listener_kind(const struct http *h, size_t i);
/* The header in which a trusted proxy hands on the client's certificate; NULL:
 * no proxy is trusted. */
const char *http_proxy_header(const struct http *h);

/* The kind of listener that a --listen URL asks for; false for other schemes.
 */
bool http_listen_kind(const char *url, enum http_kind *out);

/* Answers requests until SIGTERM or SIGINT (or the end of stdin, if asked):
 * then stops accepting, finishes what is under way within HTTP_STOP_MS and
 * returns 0; a second signal returns at once. */
int http_run(struct http *h);
void http_close(struct http *h);

/* GET url (http:// or https://, where nothing is verified) with a time limit;
 * the status, or -1 with e set. What the healthcheck command is made of. */
int http_probe(const char *url, int timeout_ms, struct err *e);

#endif
