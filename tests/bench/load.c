/* SPDX-License-Identifier: Apache-2.0
 *
 * A client that asks as fast as it is answered, and says how often that was and
 * how long one took: over plain connections or over TLS with a certificate of
 * its own, over new connections or over the same ones again.
 *
 *	load [-v 12|13] [-i FOLDER -n COUNT] [-k] [-c CONNECTIONS] [-s SECONDS]
 *	     [-t TOKEN] PORT PATH
 *
 * -v: TLS of that version (else none); -i: the identities FOLDER/0.pem to
 * COUNT-1 (certificate, chain, key), another one for each connection in turn;
 * -k: connections are kept. Prints one JSON object: requests answered 200,
 * those that failed in any way, seconds, requests a second, and microseconds
 * within which half of them and 99 of 100 were answered, the connection and its
 * handshake included where it is a new one.
 *
 * One thread for each connection, each blocking. The TLS is OpenSSL's, with no
 * tickets taken and the server's chain not verified: a client that is much
 * quicker than the servers that it measures.
 */
#include <openssl/ssl.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES	 (1 << 20)
#define THREADS	 256
#define ANSWER	 (64 << 10)
#define IDENTITY 4096

struct identity {
	X509 *cert, *issuer;
	EVP_PKEY *key;
};

static struct {
	const char *folder, *token, *path;
	long version, count, connections, seconds, port;
	int keep;
	SSL_CTX *ctx;
	struct identity identity[IDENTITY];
	char request[4096];
	int64_t until_us;
	atomic_size_t turn, done, failed;
	uint32_t us[SAMPLES];
} o = {.connections = 1, .seconds = 1, .count = 1};

struct wire {
	int fd;
	SSL *ssl;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- identities -------------------------------------------------------- */

static void read_identity(struct identity *id, long i)
{
	char name[1024];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%ld.pem", o.folder, i);
	f = fopen(name, "r");
	if (f) {
		id->cert = PEM_read_X509(f, NULL, NULL, NULL);
		id->issuer = PEM_read_X509(f, NULL, NULL, NULL);
		rewind(f);
		id->key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
		fclose(f);
	}
	if (id->cert && id->issuer && id->key)
		return;
	fprintf(stderr, "load: %s: no certificate, issuer and key\n", name);
	exit(1);
}

static void open_tls(void)
{
	const int version = o.version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;

	o.ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(o.ctx, version);
	SSL_CTX_set_max_proto_version(o.ctx, version);
	SSL_CTX_set_options(o.ctx,
			    SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(o.ctx, SSL_SESS_CACHE_OFF);
	for (long i = 0; o.folder && i < o.count; i++)
		read_identity(&o.identity[i], i);
}

/* ---- a connection ------------------------------------------------------ */

static void hang_up(struct wire *w)
{
	if (w->ssl)
		SSL_free(w->ssl);
	if (w->fd >= 0)
		close(w->fd);
	*w = (struct wire){.fd = -1};
}

static int shake_hands(struct wire *w)
{
	size_t i = atomic_fetch_add(&o.turn, 1) % (size_t)o.count;
	const struct identity *id = &o.identity[i];

	w->ssl = SSL_new(o.ctx);
	if (id->cert && (SSL_use_certificate(w->ssl, id->cert) != 1 ||
			 SSL_use_PrivateKey(w->ssl, id->key) != 1 ||
			 SSL_add1_chain_cert(w->ssl, id->issuer) != 1))
		return 0;
	SSL_set_fd(w->ssl, w->fd);
	return SSL_connect(w->ssl) == 1;
}

static int call(struct wire *w)
{
	const struct timeval limit = {.tv_sec = 20};
	const struct sockaddr_in sa = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)o.port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int on = 1;

	w->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (w->fd < 0 ||
	    connect(w->fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0)
		return 0;
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return !o.ctx || shake_hands(w);
}

static int put(struct wire *w)
{
	const int n = (int)strlen(o.request);

	if (w->ssl)
		return SSL_write(w->ssl, o.request, n) == n;
	return send(w->fd, o.request, (size_t)n, 0) == n;
}

static ssize_t get(struct wire *w, char *p, size_t n)
{
	return w->ssl ? SSL_read(w->ssl, p, (int)n) : recv(w->fd, p, n, 0);
}

/* Is there a whole answer in text? */
static int whole(const char *text, size_t n)
{
	const char *body = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length:");

	if (!body || !length)
		return 0;
	return n >= (size_t)(body - text) + 4 + strtoul(length + 17, NULL, 10);
}

static int ask(struct wire *w, char *answer)
{
	size_t n = 0;

	answer[0] = '\0';
	if (!put(w))
		return 0;
	while (!whole(answer, n)) {
		ssize_t more = get(w, answer + n, ANSWER - 1 - n);

		if (more <= 0)
			return 0;
		n += (size_t)more;
		answer[n] = '\0';
	}
	return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static void *run(void *unused)
{
	struct wire w = {.fd = -1};
	char *answer = malloc(ANSWER);

	while (now_us() < o.until_us) {
		int64_t begin = now_us();
		int ok = (w.fd >= 0 || call(&w)) && ask(&w, answer);
		size_t i;

		if (!ok || !o.keep)
			hang_up(&w);
		if (!ok) {
			atomic_fetch_add(&o.failed, 1);
			usleep(10000);
			continue;
		}
		i = atomic_fetch_add(&o.done, 1);
		if (i < SAMPLES)
			o.us[i] = (uint32_t)(now_us() - begin);
	}
	hang_up(&w);
	free(answer);
	return unused;
}

/* ---- the run ----------------------------------------------------------- */

static int by_value(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static void report(double seconds)
{
	size_t n = o.done < SAMPLES ? o.done : SAMPLES;

	qsort(o.us, n, sizeof(o.us[0]), by_value);
	printf("{\"requests\":%zu,\"failed\":%zu,\"seconds\":%.3f,"
	       "\"per_second\":%.1f,\"p50_us\":%u,\"p99_us\":%u}\n",
	       o.done, o.failed, seconds, (double)o.done / seconds,
	       n ? o.us[n / 2] : 0, n ? o.us[n * 99 / 100] : 0);
}

static void read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "v:i:n:kc:s:t:")) != -1) {
		switch (c) {
		case 'v': o.version = strtol(optarg, NULL, 10); break;
		case 'i': o.folder = optarg; break;
		case 'n': o.count = strtol(optarg, NULL, 10); break;
		case 'k': o.keep = 1; break;
		case 'c': o.connections = strtol(optarg, NULL, 10); break;
		case 's': o.seconds = strtol(optarg, NULL, 10); break;
		case 't': o.token = optarg; break;
		default: exit(2);
		}
	}
	if (argc - optind == 2 && o.count >= 1 && o.count <= IDENTITY &&
	    o.connections >= 1 && o.connections <= THREADS) {
		o.port = strtol(argv[optind], NULL, 10);
		o.path = argv[optind + 1];
		return;
	}
	fputs("usage: load [-v 12|13] [-i FOLDER -n COUNT] [-k] "
	      "[-c CONNECTIONS] [-s SECONDS] [-t TOKEN] PORT PATH\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];
	int64_t begin;

	read_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	if (o.version)
		open_tls();
	snprintf(o.request, sizeof(o.request),
		 "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s%s\r\n", o.path,
		 o.token ? "Authorization: Bearer " : "",
		 o.token ? o.token : "", o.token ? "\r\n" : "",
		 o.keep ? "" : "Connection: close\r\n");
	begin = now_us();
	o.until_us = begin + o.seconds * 1000000;
	for (long i = 0; i < o.connections; i++)
		if (pthread_create(&thread[i], NULL, run, NULL) != 0)
			return 1;
	for (long i = 0; i < o.connections; i++)
		pthread_join(thread[i], NULL);
	report((double)(now_us() - begin) / 1e6);
	return 0;
}
