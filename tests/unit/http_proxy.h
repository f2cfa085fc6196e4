/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of what a proxy in front of the server may say: whom --trusted-proxy
 * names, the headers that hand on the client's certificate, and those that tell
 * who asked and how we were called.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include "http_live.h"

static void test_cidr(void **state)
{
	static const struct {
		const char *cidr;
		const char *in, *out; /* NULL: the cidr is refused */
	} cases[] = {
	    {"127.0.0.1", "127.0.0.1", "127.0.0.2"},
	    {"127.0.0.1", "::ffff:127.0.0.1", "::1"},
	    {"10.0.0.0/8", "10.255.0.1", "11.0.0.0"},
	    {"10.0.0.0/8", "::ffff:10.1.1.1", "::10.1.1.1"},
	    {"192.168.4.0/22", "192.168.7.255", "192.168.8.0"},
	    {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
	    {"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
	    {"0.0.0.0/0", "203.0.113.9", "2001:db8::1"},
	    {"::1", "::1", "::2"},
	    {"fd00::/8", "fdff::1", "fc00::1"},
	    {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
	    {"2001:db8::1/128", "2001:db8::1", "2001:db8::2"},
	    {"::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"},
	    {"::/0", "203.0.113.9", NULL},
	    {"", NULL, NULL},
	    {"/8", NULL, NULL},
	    {"10.0.0.0/", NULL, NULL},
	    {"10.0.0.0/33", NULL, NULL},
	    {"10.0.0.0/-1", NULL, NULL},
	    {"10.0.0.0/+8", NULL, NULL},
	    {"10.0.0.0/8/8", NULL, NULL},
	    {"10.0.0.0/0008", NULL, NULL},
	    {"10.0.0.1/8", NULL, NULL}, /* not the network's own address */
	    {"2001:db8::1/64", NULL, NULL},
	    {"fd00::/129", NULL, NULL},
	    {"10.0.0", NULL, NULL},
	    {"10.0.0.256", NULL, NULL},
	    {"010.0.0.1", NULL, NULL},
	    {"localhost", NULL, NULL},
	    {"[::1]", NULL, NULL},
	    {"::1%lo", NULL, NULL},
	    {" 10.0.0.0/8", NULL, NULL},
	    {"10.0.0.0/8,11.0.0.0/8", NULL, NULL},
	};
	unsigned char address[HTTP_ADDRESS];

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct http_cidr c;

		if (http_cidr(cases[i].cidr, &c) != (cases[i].in != NULL))
			fail_msg("%s", cases[i].cidr);
		if (!cases[i].in)
			continue;
		assert_true(http_address(cases[i].in, address));
		if (!http_cidr_has(&c, address))
			fail_msg("%s %s", cases[i].cidr, cases[i].in);
		if (!cases[i].out)
			continue;
		assert_true(http_address(cases[i].out, address));
		if (http_cidr_has(&c, address))
			fail_msg("%s %s", cases[i].cidr, cases[i].out);
	}
}

#define PEM_HEAD "-----BEGIN CERTIFICATE-----"
#define PEM_TAIL "-----END CERTIFICATE-----"
#define PEM_ONE	 PEM_HEAD "%0AMDAw%0AMDAw%0A" PEM_TAIL "%0A"

/* What each form is read as: the bytes, certificates apart by '|'. */
static void test_certificate_texts(void **state)
{
	static const struct {
		bool (*read)(struct http_chain *c, const char *s);
		const char *text;
		const char *expected; /* NULL: refused */
	} cases[] = {
	    {http_cert_item, ":MDAw:", "000|"},
	    {http_cert_item, " :MDAw:\t", "000|"},
	    {http_cert_item, ":MDA=:", "00|"},
	    {http_cert_item, ":MDA:", "00|"}, /* RFC 8941 4.2.7 */
	    {http_cert_item, ":MD4+:", "0>>|"},
	    {http_cert_item, "", NULL},
	    {http_cert_item, "MDAw", NULL},
	    {http_cert_item, ":MDAw", NULL},
	    {http_cert_item, "MDAw:", NULL},
	    {http_cert_item, "::", NULL},
	    {http_cert_item, ":", NULL},
	    {http_cert_item, ":M:", NULL},
	    {http_cert_item, ":MD Aw:", NULL},
	    {http_cert_item, ":MD_w:", NULL},
	    {http_cert_item, ":MDAw: x", NULL},
	    {http_cert_item, ":MDAw:;a=1", NULL},
	    {http_cert_item, ":MDAw:, :MDAw:", NULL},
	    {http_cert_item, "\"MDAw\"", NULL},
	    {http_cert_list, "", ""},
	    {http_cert_list, "  ", ""},
	    {http_cert_list, ":MDAw:", "000|"},
	    {http_cert_list, ":MDAw:,:MDEx:", "000|011|"},
	    {http_cert_list, ":MDAw: \t, :MDEx: ", "000|011|"},
	    {http_cert_list, ":MDAw:,", NULL},
	    {http_cert_list, ",:MDAw:", NULL},
	    {http_cert_list, ":MDAw::MDEx:", NULL},
	    {http_cert_list, ":MDAw: :MDEx:", NULL},
	    {http_cert_list, ":MDAw:;a=1", NULL},
	    {http_cert_pem, PEM_ONE, "000000|"},
	    {http_cert_pem, PEM_ONE PEM_ONE, "000000|000000|"},
	    {http_cert_pem, PEM_HEAD " MDAw MDAw " PEM_TAIL, "000000|"},
	    {http_cert_pem,
	     "-----BEGIN%20CERTIFICATE-----%0AMD4%2B%0A" PEM_TAIL, "0>>|"},
	    {http_cert_pem, "%0A" PEM_HEAD "%0D%0AMDAw%0D%0A" PEM_TAIL "%0D%0A",
	     "000|"},
	    {http_cert_pem, "", NULL},
	    {http_cert_pem, "MDAw", NULL},
	    {http_cert_pem, "%", NULL},
	    {http_cert_pem, PEM_HEAD, NULL},
	    {http_cert_pem, PEM_HEAD PEM_TAIL, NULL},
	    {http_cert_pem, PEM_HEAD "MDAw", NULL},
	    {http_cert_pem, PEM_HEAD "MDAw" PEM_TAIL "x", NULL},
	    {http_cert_pem, PEM_HEAD "MD*w" PEM_TAIL, NULL},
	    {http_cert_pem, PEM_HEAD "MDAw%00" PEM_TAIL, NULL},
	    {http_cert_pem, PEM_ONE PEM_HEAD "%0A", NULL},
	    {http_cert_pem, "x" PEM_ONE, NULL},
	    {http_cert_pem,
	     "-----BEGIN PRIVATE KEY-----MDAw-----END PRIVATE "
	     "KEY-----",
	     NULL},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct http_chain c = {.arena = arena_new(0)};
		bool ok = cases[i].read(&c, cases[i].text);
		struct buf b;

		buf_init(&b, c.arena);
		for (size_t k = 0; k < c.n; k++) {
			buf_add(&b, c.v[k].p, c.v[k].n);
			buf_putc(&b, '|');
		}
		if (ok != (cases[i].expected != NULL) ||
		    (ok && strcmp(b.p, cases[i].expected) != 0))
			fail_msg("%s: %d %s", cases[i].text, ok, b.p);
		arena_free(c.arena);
	}
}

static void open_refused(const char *proxy, const char *header,
			 const char *where)
{
	const char *url = "http://127.0.0.1:0";
	struct clock clock = {.mode = CLOCK_FROZEN};
	struct log log = {.format = LOG_OFF};
	struct http_config c = {
	    .listen = &url,
	    .listen_count = 1,
	    .clock = &clock,
	    .log = &log,
	    .trusted_proxy = &proxy,
	    .trusted_proxy_count = 1,
	    .client_certificate_header = header,
	};
	struct err e = {0};

	assert_null(http_open(&c, &e));
	assert_int_equal(e.kind, ERR_INVALID);
	assert_string_equal(e.where, where);
}

static void test_proxy_config(void **state)
{
	(void)state;
	open_refused("10.0.0.1/8", NULL, "--trusted-proxy");
	open_refused("proxy.example", NULL, "--trusted-proxy");
	open_refused("10.0.0.0/8", "", "--client-certificate-header");
	open_refused("10.0.0.0/8", "X Cert", "--client-certificate-header");
	open_refused("10.0.0.0/8", "X-Cert:", "--client-certificate-header");
}

/* Asks /base/peer or /base/x with those headers; the whole answer is want, or
 * begins so. */
static void expect(struct server *s, const char *path, const char *headers,
		   const char *want)
{
	static char request[64000];
	struct client c;

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n", path,
		 headers);
	ask(s, &c, request);
	if (!strstr(c.body, want))
		fail_msg("%s%d %s\nwanted: %s", request, c.status, c.body,
			 want);
	assert_int_equal(c.status,
			 text_begins(want, "refused invalid") ? 400 : 200);
}

static void test_certificate_header(void **state)
{
	static const struct {
		const char *headers, *want;
	} cases[] = {
	    {H, "asked=1 n=0 bytes=0 why=-"},
	    {H "Client-Cert: :MDAw:\r\n", "asked=1 n=1 bytes=3 why=-"},
	    {H "client-cert: :MDAw:\r\n", "asked=1 n=1 bytes=3 "},
	    {H "Client-Cert: :MDAw:\r\nClient-Cert-Chain: :MDA=:, :MA==:\r\n",
	     "n=3 bytes=6 "},
	    {H "Client-Cert: :MDAw:\r\nClient-Cert-Chain: :MDA=:\r\n"
	       "Client-Cert-Chain: :MDAx:\r\n",
	     "n=3 bytes=8 "},
	    {H "Client-Cert: :MDAw:\r\nClient-Cert-Chain:\r\n", "n=1 bytes=3 "},
	    {H "Client-Cert: " PEM_ONE PEM_ONE "\r\n", "n=2 bytes=12 "},
	    {H "Client-Cert:\r\n", "asked=1 n=0 bytes=0 why=-"},
	    {H "Client-Cert: (null)\r\n", "asked=1 n=0 bytes=0 why=-"},
	    {H "Client-Cert-Chain: :MDAw:\r\n", "asked=1 n=0 bytes=0 why=-"},
	    {H "Client-Cert: :MDAw:\r\nClient-Cert: :MDAw:\r\n",
	     "refused invalid_request Client-Cert: the header Client-Cert that "
	     "the trusted proxy sent is there more than once"},
	    {H "Client-Cert:\r\nClient-Cert: :MDAw:\r\n",
	     "refused invalid_request"},
	    {H "Client-Cert: MDAw\r\n",
	     "refused invalid_request Client-Cert: the header Client-Cert that "
	     "the trusted proxy sent is neither a byte sequence"},
	    {H "Client-Cert: :MDA\r\n", "refused invalid_request"},
	    {H "Client-Cert: :YWJj:\r\n",
	     "refused invalid_request Client-Cert: the header Client-Cert that "
	     "the trusted proxy sent holds no certificate"},
	    {H "Client-Cert: :MDAw:\r\nClient-Cert-Chain: x\r\n",
	     "refused invalid_request Client-Cert-Chain"},
	};
	struct server s;
	char many[600] = H "Client-Cert: :MDAw:\r\nClient-Cert-Chain: :MDAw:";

	(void)state;
	start(&s, (struct setup){.trusted_proxy = "127.0.0.0/8"});
	for (size_t i = 0; i < LEN(cases); i++)
		expect(&s, "/base/peer", cases[i].headers, cases[i].want);
	for (int i = 0; i < 40; i++)
		strcat(many, ", :MDAw:");
	strcat(many, "\r\n");
	expect(&s, "/base/peer", many, "n=16 bytes=48 ");
	stop(&s);
}

/* A certificate of many kilobytes is one; what does not fit is refused. */
static void test_huge_certificate(struct server *s)
{
	static char text[50000];
	struct client c;
	size_t n;

	for (int i = 0; i < 2; i++) {
		n = (size_t)snprintf(text, sizeof(text),
				     "GET /base/peer HTTP/1.1\r\n" H
				     "X-Cert: :");
		memset(text + n, 'M', i ? 40000 : 16000);
		n += i ? 40000 : 16000;
		snprintf(text + n, sizeof(text) - n, ":\r\n\r\n");
		ask(s, &c, text);
		assert_int_equal(c.status, i ? 431 : 200);
		assert_true(i || strstr(c.body, "n=1 bytes=12000 "));
	}
}

static void test_other_header(void **state)
{
	struct server s;

	(void)state;
	start(&s, (struct setup){.trusted_proxy = "127.0.0.1",
				 .certificate_header = "X-Cert"});
	expect(&s, "/base/peer", H "X-Cert: " PEM_ONE "\r\n", "n=1 bytes=6 ");
	expect(&s, "/base/peer", H "x-cert: :MDAw:\r\nX-Cert-Chain: :MDAw:\r\n",
	       "n=2 bytes=6 ");
	expect(&s, "/base/peer", H "Client-Cert: :MDAw:\r\n", "n=0 bytes=0 ");
	test_huge_certificate(&s);
	stop(&s);
}

static void test_stranger(void **state)
{
	static const char *const nobody[] = {NULL, "10.0.0.0/8", "::1"};
	struct server s;
	char *log;

	(void)state;
	for (size_t i = 0; i < LEN(nobody); i++) {
		start(&s, (struct setup){.trusted_proxy = nobody[i]});
		expect(&s, "/base/peer", H, "asked=0 n=0 bytes=0 why=-");
		expect(&s, "/base/peer",
		       H "Client-Cert: :MDAw:\r\nClient-Cert: x\r\n"
			 "X-Forwarded-For: 192.0.2.1\r\n",
		       "asked=0 n=0 bytes=0 why=Client-Cert counts for "
		       "nothing: it was sent by 127.0.0.1, which is no "
		       "--trusted-proxy");
		expect(&s, "/base/x",
		       H "X-Forwarded-For: 192.0.2.1\r\n"
			 "X-Forwarded-Host: phr\r\nX-Forwarded-Proto: https\r\n"
			 "Forwarded: for=192.0.2.1\r\n",
		       " o=http://localhost l=1 f=0");
		log = strstr(stop(&s), "counts for nothing");
		assert_non_null(log);
		assert_null(strstr(log + 1, "counts for nothing"));
	}
}

static void test_forwarded(void **state)
{
	static const struct {
		const char *headers, *want;
	} cases[] = {
	    {"", " o=http://localhost l=1 f=0"},
	    /* who asked */
	    {"X-Forwarded-For: 192.0.2.1\r\n", " l=0 "},
	    {"X-Forwarded-For: 10.0.0.1\r\n", " l=0 "},
	    {"X-Forwarded-For: ::1\r\n", " l=1 "},
	    {"X-Forwarded-For: [::1]:4711\r\n", " l=1 "},
	    {"X-Forwarded-For: 127.0.0.1:4711\r\n", " l=1 "},
	    {"X-Forwarded-For: 127.0.0.9\r\n", " l=1 "},
	    {"X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n", " l=0 "},
	    {"X-Forwarded-For: ::1, 192.0.2.1\r\n", " l=0 "},
	    {"X-Forwarded-For: ::1,127.0.0.1 ,127.0.0.2\r\n", " l=1 "},
	    {"X-Forwarded-For: ::1\r\nX-Forwarded-For: 192.0.2.1\r\n", " l=0 "},
	    {"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: ::1\r\n", " l=1 "},
	    {"X-Forwarded-For: unknown\r\n", " l=0 "},
	    {"X-Forwarded-For:\r\n", " l=0 "},
	    {"X-Forwarded-For: ,\r\n", " l=0 "},
	    {"X-Forwarded-For: [\r\n", " l=0 "},
	    {"X-Forwarded-Host: phr\r\n", " l=0 "},
	    {"X-Forwarded-Proto: https\r\n", " l=0 "},
	    {"Client-Cert: :MDAw:\r\n", " l=0 "},
	    {"Forwarded: for=127.0.0.1\r\n", " l=0 "},
	    {"Via: 1.1 proxy\r\n", " l=0 "},
	    /* how we were called */
	    {"X-Forwarded-Host: phr:8443\r\n", " o=http://phr:8443 l=0 f=0"},
	    {"X-Forwarded-Host: phr\r\nX-Forwarded-Proto: https\r\n",
	     " o=https://phr l=0 f=0"},
	    {"X-Forwarded-Proto: HTTPS\r\n", " o=https://localhost "},
	    {"X-Forwarded-Proto: https, http\r\n", " o=https://localhost "},
	    {"X-Forwarded-Proto: gopher\r\n", " o=http://localhost "},
	    {"X-Forwarded-Host: phr , other\r\n", " o=http://phr l"},
	    {"X-Forwarded-Host:\r\n", " o=http://localhost l"},
	    {"X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n",
	     " o=http://127.0.0.1:"},
	    {"X-Forwarded-Host: evil.example\r\n", " f=1"},
	    {"X-Forwarded-Host: phr\r\nX-Forwarded-Proto: https\r\n"
	     "Origin: https://phr\r\n",
	     " o=https://phr l=0 f=0"},
	};
	struct server s;
	char headers[300];

	(void)state;
	start(&s, (struct setup){.trusted_proxy = "127.0.0.0/8"});
	for (size_t i = 0; i < LEN(cases); i++) {
		snprintf(headers, sizeof(headers), H "%s", cases[i].headers);
		expect(&s, "/base/x", headers, cases[i].want);
	}
	stop(&s);
}

#endif
