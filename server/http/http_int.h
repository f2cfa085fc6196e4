/* SPDX-License-Identifier: Apache-2.0
 *
 * http_int.h: what the files of http share with each other (and with the
 * module's own unit test), nobody else.
 */
#ifndef HTTP_INT_H
#define HTTP_INT_H

#include "http/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#define HTTP_SEGMENTS 16 /* in a path below its prefix */
/* libmicrohttpd's, of each connection: room for the longest URL and headers
 * and for the answer's, and no more, as it is zeroed after every request. */
#define HTTP_POOL_BYTES	   (48u << 10)
#define HTTP_DISCARD_BYTES (64ull << 20) /* of a body nobody wants */
#define HTTP_LINGERS	   64
#define HTTP_SPARES	   64 /* arenas kept for the next requests */
#define HTTP_LINGER_MS	   2000

struct http;
struct rq_private;

/* ---- texts (text.c) --------------------------------------------------- */

/* How many of the n bytes at s, from the first on, are printable ASCII: what
 * nearly all text is made of. May stop up to 7 bytes early. */
size_t http_plain(const char *s, size_t n);

/* Is s, n bytes, UTF-8 as RFC 3629 has it (shortest form, no surrogates)? */
bool http_utf8_ok(const char *s, size_t n);

/* The value of two hexadecimal digits, or -1. */
int http_hex2(const char *s);

/* ---- the request target (target.c) ------------------------------------ */

struct http_target {
	const char *path;  /* decoded; %2F as it was sent */
	const char *query; /* as sent, without '?'; "" when absent */
};

/* The target without the scheme and authority of the absolute form. May
 * begin with '?' when the absolute form had no path. */
const char *http_target_local(const char *raw);

/* The authority of the absolute form, which may be ""; NULL for other forms. */
const char *http_target_authority(struct arena *a, const char *raw);

/* False for anything but a sound origin or absolute form. */
bool http_target_decode(struct arena *a, const char *raw,
			struct http_target *out);

/* ---- who we are to a client (origin.c) --------------------------------- */

/* May links repeat this Host header? The rule of contracts.md --public-url. */
bool http_host_allowed(const struct http_config *c, const char *host);

/* What links to ourselves begin with. own: the listener's URL. host: the Host
 * header or NULL; allowed: the verdict on it. The text lives in the arena or is
 * one of the arguments. */
const char *http_origin(struct arena *a, const struct http_config *c,
			const char *own, const char *host, bool allowed);

/* The verdict rq->foreign; rq->origin and the headers are set. own, host and
 * allowed as above. */
bool http_foreign(const struct rq *rq, const char *own, const char *host,
		  bool allowed);

/* ---- routing (route.c) ------------------------------------------------ */

/* The group whose prefix is the longest that path (n bytes) begins with at a
 * segment's end, or NULL. */
const struct http_group *http_group_find(const struct http_config *c,
					 const char *path, size_t n);

enum http_found { FOUND_ROUTE, FOUND_PATH, FOUND_NOTHING };
struct http_match {
	const struct route *route; /* FOUND_ROUTE */
	const char *allow;	   /* FOUND_PATH: "GET, HEAD, ..." */
	struct http_pair param[HTTP_SEGMENTS];
	size_t param_count;
};

/* below: the path behind the group's prefix. */
enum http_found http_route_find(struct arena *a, const struct http_group *g,
				const char *method, const char *below,
				struct http_match *out);

/* ---- proxies (proxy.c, client_cert.c) ---------------------------------- */

#define HTTP_ADDRESS 16 /* bytes of an address, IPv4 as ::ffff:a.b.c.d */
#define HTTP_CHAIN   16 /* certificates in headers */

struct http_cidr {
	unsigned char address[HTTP_ADDRESS];
	unsigned bits; /* of it that count */
};

/* What is known of proxies in general. */
struct http_proxy {
	struct http_cidr *trusted; /* as many as the config has */
	const char *certificate;   /* the names of the two headers */
	const char *chain;
};

/* What a trusted one says of a request. */
struct http_forwarded {
	bool passed_on;	    /* it did not make the request itself */
	const char *host;   /* in place of the Host header; NULL: as it is */
	const char *scheme; /* "http" or "https"; NULL: as the listener has it
			     */
};

/* False: text is no numeric address. */
bool http_address(const char *text, unsigned char out[HTTP_ADDRESS]);

/* An address or a network; false: text is neither. */
bool http_cidr(const char *text, struct http_cidr *out);
bool http_cidr_has(const struct http_cidr *c, const unsigned char *address);

/* Reads what the config says of proxies. False: e (ERR_INVALID, where names the
 * option). */
bool http_proxy_open(struct http *h, struct err *e);

/* Sets rq.loopback, and what a trusted proxy says of the request. */
void http_proxy_read(struct rq_private *p);

/* The origin in the client's eyes. allowed: it has a host that we believe. */
const char *http_proxy_origin(const struct rq_private *p, const char *origin,
			      bool allowed);

/* DER certificates, leaf first, in the arena. */
struct http_chain {
	struct arena *arena;
	struct octets v[HTTP_CHAIN];
	size_t n;
};

/* Adds what a header's value has: one byte sequence, a list of them (perhaps
 * empty), PEM with or without escapes. False: it is not that. */
bool http_cert_item(struct http_chain *c, const char *s);
bool http_cert_list(struct http_chain *c, const char *s);
bool http_cert_pem(struct http_chain *c, const char *s);

/* The certificate that a trusted proxy handed on becomes rq.peer; false: rq.err
 * is filled. Its memory is the request's. */
bool http_check_certificate(struct rq_private *p);
void http_certificate_free(struct rq_private *p);

/* ---- connections (conn.c) --------------------------------------------- */

/* One TCP connection: how long it may go on with what it is doing; and of a TLS
 * one, how far its handshake is and what was learned in it. */
struct conn {
	struct conn *prev;
	struct conn *next;
	struct MHD_Connection *connection;
	struct http_listener *listener;
	int fd;
	bool waiting;		   /* for a further request */
	bool half;		   /* the peer has sent all it ever will */
	bool ended;		   /* the same, and for good */
	struct rq_private *parked; /* its request that is put aside */
	int64_t deadline_us;	   /* 0: none */

	bool shaking;	     /* the handshake is not done */
	bool asleep;	     /* and libmicrohttpd does not know of it */
	bool spoke;	     /* the client has sent something */
	bool greeted;	     /* and was answered */
	bool secured;	     /* and the handshake is done */
	bool asked;	     /* and a request has come */
	bool refused;	     /* not done, and why is logged */
	bool late;	     /* it took too long */
	struct conn **awake; /* list of those that shake and do not sleep */
	struct conn *next_awake;
	struct http_credentials *credentials; /* shown to it */
	struct pki_peer *peer;		      /* what it presented, or NULL */
};

/* A socket that libmicrohttpd has closed, but whose peer still sends: it is
 * read empty, so that no reset overtakes the answer. */
struct linger_fd {
	int fd; /* -1: free */
	int64_t until_us;
	uint64_t left_bytes;
};

void http_conn_notify(void *cls, struct MHD_Connection *c, void **context,
		      enum MHD_ConnectionNotificationCode what);
void http_conn_began(struct http *h, struct MHD_Connection *c);
void http_conn_complete(struct http *h, struct MHD_Connection *c);
void http_conn_answered(struct http *h, struct MHD_Connection *c);
int http_conn_fd(struct MHD_Connection *c);
struct conn *http_conn_of(struct MHD_Connection *c);
const struct sockaddr *http_conn_address(struct MHD_Connection *c);

/* An address without its port, as text. */
void http_peer_name(const struct sockaddr *sa, char out[INET6_ADDRSTRLEN]);

/* An event of EVENT_CONN: the peer's end of the stream has arrived. After the
 * daemons ran, http_conn_wake_half makes sure that they come to see it. */
void http_conn_half(struct http *h, struct conn *k);
void http_conn_wake_half(struct http *h);

/* Shuts connections that are past their deadline and ends lingering ones;
 * returns when to come again (steady microseconds), or 0 for never. */
int64_t http_conn_expire(struct http *h, int64_t now_us);

void http_linger_init(struct http *h);
void http_linger_start(struct http *h, int fd);
void http_linger_read(struct http *h, size_t i);
void http_linger_fini(struct http *h);

/* ---- TLS (tls.c) ------------------------------------------------------ */

/* Certificate and key, parsed, with the names of the clients' CAs. */
struct http_credentials;

/* Before the first TLS listener's daemon starts. False: e says why not. */
bool http_tls_open(struct http *h, const char *url, struct err *e);
void http_tls_close(struct http *h);

/* What libmicrohttpd is told beside, for MHD_OPTION_ARRAY. */
#define HTTP_TLS_OPTIONS 3
void http_tls_options(struct MHD_OptionItem out[HTTP_TLS_OPTIONS]);

/* A connection of a TLS listener, before its handshake; and at its end. */
void http_tls_started(struct conn *k);
void http_tls_closed(struct conn *k);

/* ---- handshakes (handshake.c) ----------------------------------------- */

void http_shake_begin(struct http *h, struct conn *k);
void http_shake_closed(struct http *h, struct conn *k);

/* An event of EVENT_CONN of a connection that is shaking. */
void http_shake_event(struct http *h, struct conn *k);

/* After the daemons ran: those that have nothing to do are put aside. */
void http_shake_rest(struct http *h);

/* Before the daemons stop, which must not know any suspended one. */
void http_shake_wake_all(struct http *h);

/* ---- the client's end (probe.c, probe_tls.c) --------------------------- */

/* Waits for the socket; false when the time is over. */
bool http_probe_ready(int fd, short what, int64_t until_us);

/* TLS on a connected socket, without verifying anything; NULL with e set. */
struct http_dial;
struct http_dial *http_dial_new(int fd, const char *url, int64_t until_us,
				struct err *e);
void http_dial_free(struct http_dial *d); /* NULL: nothing */
/* As send(2) and recv(2), negative at an error. */
ssize_t http_dial_send(struct http_dial *d, const void *bytes, size_t n);
ssize_t http_dial_recv(struct http_dial *d, void *bytes, size_t n);
/* Was it a TLS alert that ended it? Then e says which. */
bool http_dial_refused(const struct http_dial *d, const char *url,
		       struct err *e);

/* ---- requests that are put aside (park.c) ------------------------------ */

enum http_wake {
	WAKE_NEWS, /* something was answered in this turn */
	WAKE_TIME, /* its time has come */
	WAKE_LEFT, /* the client has ended its side of the connection */
	WAKE_STOP, /* the server stops */
};
/* Does it go on? Else it stays, until park.wake_us. Runs between the turns'
 * transactions. */
typedef bool (*http_waker)(struct rq_private *p, enum http_wake why);

struct http_park {
	struct rq_private *next;
	struct rq_private **at; /* NULL: it is not put aside */
	struct conn *conn;
	http_waker wake;
	int64_t wake_us; /* 0: its time never comes */
};

/* From the handler or a reader of libmicrohttpd, which says nothing then. */
void http_park(struct rq_private *p, bool news, int64_t wake_us,
	       http_waker wake);

/* The connection's client has ended its side. */
void http_park_left(struct conn *k);

/* At the end of a turn, when there are any. */
void http_park_turn(struct http *h);

/* Before the daemons stop, which must not know any suspended one. */
void http_park_wake_all(struct http *h);

/* The handler has asked for it (rq_wait); wait.c. It is over: it is answered,
 * or never will be. */
struct http_wait;
void http_wait_begin(struct rq_private *p);
void http_wait_over(struct rq_private *p);

/* The same of rq_stream; stream.c. */
struct http_stream;
struct MHD_Response *http_stream_response(struct rq_private *p);
void http_stream_over(struct rq_private *p);

/* Makes it due: it is woken in this turn. */
void http_park_due(struct rq_private *p);

/* ---- what becomes of an answer (effect.c) ------------------------------ */

/* Sends the answer, or not, as rq.effect says; called again when what it put
 * aside goes on. MHD_NO: the connection is closed. */
enum MHD_Result http_effect_send(struct rq_private *p);

/* What the log says of it: ", reset", in the arena. */
const char *http_effect_text(const struct rq_private *p);

/* ---- a request on its way (request.c) --------------------------------- */

struct http_header {
	struct http_header *next;
	const char *name;
	const char *value;
};

struct rq_private {
	struct rq rq;
	struct http *http;
	struct http_listener *listener;
	struct MHD_Connection *connection;
	const struct http_group *group;
	const char *target; /* raw */
	bool target_ok;	    /* rq.path and rq.query are set */
	const char *verb;   /* the method as it was sent */
	const char *request_id;
	int64_t started_us;
	struct http_forwarded forwarded;
	struct pki_peer *proxied; /* a header's, freed with the request */

	struct http_pair *header;
	size_t header_count;
	size_t header_bytes; /* as sent */
	struct http_match match;
	bool http10;
	bool begun;    /* the headers have been looked at */
	bool refused;  /* and rq.err says what is wrong with them */
	bool options;  /* to be answered by http itself */
	bool aside;    /* within another request, or its rehearsal: no fault,
			* no waiting */
	bool replied;  /* the handler did; else rq.err says why not */
	bool answered; /* rq.status and rq.out are final */
	bool sent;     /* and were handed to libmicrohttpd */

	char *body;
	size_t body_cap;
	size_t body_max;
	uint64_t declared; /* Content-Length; UINT64_MAX: not said */
	uint64_t received;

	/* the answer */
	struct http_header *first_header;
	struct http_header **last_header;
	const char *content_type;
	int forced_status; /* 414 and 431 have no kind of refusal */
	bool close;	   /* the connection cannot go on after this */
	struct rq_private *next_held;
	struct http_wait *wait;	    /* it is not answered yet; or NULL */
	struct http_stream *stream; /* its answer goes on; or NULL */
	struct http_way *way;	    /* of its body, by rq.effect; or NULL */
	bool delayed;		    /* it is late, or was */
	bool early;		    /* answered before it has been read */
	struct http_park park;
};

void *http_request_uri(void *cls, const char *uri, struct MHD_Connection *c);
enum MHD_Result http_request_handle(void *cls, struct MHD_Connection *c,
				    const char *url, const char *method,
				    const char *version, const char *data,
				    size_t *size, void **con_cls);
void http_request_completed(void *cls, struct MHD_Connection *c, void **con_cls,
			    enum MHD_RequestTerminationCode why);

/* Looks at everything but the body (check.c); false: rq.err is filled. */
bool http_check(struct rq_private *p);

/* Parts of it, for requests that come another way: is the decoded target sound?
 * Is there a row for method and path? Is that a header's value? */
bool http_check_target(struct rq_private *p);
bool http_check_route(struct rq_private *p);
bool http_value_ok(const char *s);

/* Is it a token, as names of headers are (RFC 9110 5.6.2)? */
bool http_token_ok(const char *s);

/* Is the body's content coding one that can be read (coding.c)? Unpacks it;
 * false: rq.err is filled. */
bool http_check_coding(struct rq_private *p);
bool http_unpack(struct rq_private *p);

/* The answer packed, with the headers that say so; false: as it is. */
bool http_pack(struct rq_private *p, struct buf *out);

/* Answers by guards and handler, inside a transaction (dispatch.c). */
void http_dispatch(struct rq_private *p);
void http_dispatch_nested(struct rq_private *p, size_t first_guard);
bool http_dispatch_rehearsal(struct rq_private *p); /* false: storage failed */
void http_options(struct rq_private *p);

/* The answer stands: what a fault makes of it. */
void http_amend(struct rq_private *p);

/* Lets the group word what rq.err says; the reply so far is dropped. */
void http_refuse(struct rq_private *p);

/* The line of the log; end is put behind it. */
void http_log_request(const struct rq_private *p, const char *end);

/* Hands the finished answer to libmicrohttpd (reply.c). */
enum MHD_Result http_reply_queue(struct rq_private *p);
/* The parts of it: the body as it is sent, which can be asked for once; the
 * answer's headers, put on r; r with its headers (NULL: that failed). */
struct buf http_reply_body(struct rq_private *p);
void http_reply_dress(struct rq_private *p, struct MHD_Response *r);
enum MHD_Result http_reply_send(struct rq_private *p, struct MHD_Response *r);
void http_reply_reset(struct rq_private *p);

/* ---- the server (listen.c, loop.c) ------------------------------------ */

/* The time limits; a test makes them short. */
struct http_limits {
	unsigned connections;
	int idle_ms;
	int request_ms;
	int stop_ms;
};

struct http_listener {
	struct http *http;
	struct MHD_Daemon *daemon;
	enum http_kind kind;
	char *url;
	bool any_address; /* bound to all of them */
};

/* The Host header that was judged last: most requests bring the same one. */
struct http_host_seen {
	char host[128];
	bool allowed;
};

/* How the loop avoids turning idly; see loop.c. */
struct http_backoff {
	unsigned idle_turns;
};

struct http {
	const struct http_config *config;
	struct http_limits limits;
	struct arena *arena;
	struct http_listener *listener;
	size_t listener_count;
	struct http_proxy proxy;
	sigset_t old_mask;

	int epoll;
	int signals;
	bool progress; /* something happened since the last turn began */
	struct http_backoff backoff;
	uint64_t turns;

	struct arena *spare[HTTP_SPARES];
	size_t spares;
	struct uuid_pool ids; /* of requests */
	struct http_host_seen host_seen;

	struct http_credentials *credentials; /* for new connections */
	struct conn *awake;		      /* see handshake.c */
	struct conn *conns;
	size_t halves;	   /* of them that are half closed */
	int64_t expire_us; /* when http_conn_expire has to be called */
	struct linger_fd linger[HTTP_LINGERS];
	struct rq_private *held;
	bool released;	  /* resumed ones wait for the daemons to run: without a
			   * thread of its own MHD_get_timeout does not tell */
	size_t under_way; /* requests begun and not completed */
	unsigned depth;	  /* handlers that are running, one within another */

	/* Requests that are put aside: those that want no news, and those that
	 * do. */
	struct rq_private *parked[2];
	int64_t wake_us;  /* when the first of their times comes; 0: never */
	uint64_t answers; /* that have left, and what the parked know of it */
	uint64_t answers_seen;
	size_t waits;
	size_t streams;

	unsigned stop_signals;
	bool stopping;
	unsigned stop_turns;
	int64_t stop_until_us;
};

struct http *http_open_limited(const struct http_config *config,
			       const struct http_limits *limits, struct err *e);

/* Keeps the answer until the turn's commit. */
void http_hold(struct rq_private *p);

/* How long the next turn may wait for events, given what libmicrohttpd
 * asks for (-1: for ever). happened: did the last turn see anything? */
int http_backoff_ms(struct http_backoff *b, int wanted_ms, bool happened);

/* The parts of "scheme://host:port/rest". Host without brackets. */
struct http_url {
	char scheme[8];
	char host[256];
	bool ipv6;
	bool has_port;
	uint16_t port;
	const char *rest; /* "" or from '/' or '?' on */
};
bool http_url_split(const char *url, struct http_url *out);

/* "https://" or "http://": what url begins with. */
const char *http_url_scheme(const char *url);

/* The socket address of a numeric host or "localhost"; false for names. */
bool http_url_address(const struct http_url *u, struct sockaddr_storage *sa,
		      socklen_t *len);

/* What kinds of events the loop's epoll set knows. k is for EVENT_CONN, i for
 * EVENT_LINGER. */
enum http_event {
	EVENT_CONN, /* 0: the data is a pointer, whose low bits are 0 */
	EVENT_DAEMON,
	EVENT_SIGNAL,
	EVENT_STDIN,
	EVENT_LINGER
};
#define EVENT_BITS 3
bool http_event_add(struct http *h, int fd, enum http_event kind, size_t i);
/* op: EPOLL_CTL_ADD, or _MOD when its handshake is done. */
bool http_event_conn(struct http *h, struct conn *k, int op);

#endif
