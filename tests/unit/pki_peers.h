/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of pki: what a certificate says, and distinguished names.
 */
#ifndef PKI_PEERS_H
#define PKI_PEERS_H

#include "pki_world.h"

/* ---- subjects ---------------------------------------------------------- */

struct part {
	const char *type; /* OpenSSL's short name, or an OID */
	int kind;	  /* 0: UTF8String */
	const char *value;
	int n;	    /* 0: strlen */
	bool joins; /* the part before */
};

#define OID "1.2.246.10.1234567.10.0"

static const struct part app_subject[] = {
    {.type = "C", .kind = V_ASN1_PRINTABLESTRING, .value = "FI"},
    {.type = "O", .value = "Testi \xc3\x84ly Oy"},
    {.type = "serialNumber", .kind = V_ASN1_PRINTABLESTRING, .value = OID},
    {.type = "CN", .value = "app.example.fi"},
};

static const struct part odd_subject[] = {
    {.type = "DC", .kind = V_ASN1_IA5STRING, .value = "fi"},
    {.type = "O", .value = "A, B + \"C\" <d>; e\\f=#g"},
    {.type = "OU", .value = "one"},
    {.type = "L", .value = "Oulu", .joins = true},
    {.type = "businessCategory", .value = "Private  Organization"},
    {.type = "emailAddress", .kind = V_ASN1_IA5STRING, .value = "a@b.fi"},
    {.type = "1.2.3.4.5", .value = "own"},
    {.type = "CN", .value = " #x "},
};

static void put_parts(X509_NAME *name, const struct part *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int bytes = v[i].n ? v[i].n : (int)strlen(v[i].value);
		ASN1_OBJECT *type = OBJ_txt2obj(v[i].type, 0);

		assert_int_equal(X509_NAME_add_entry_by_OBJ(
				     name, type,
				     v[i].kind ? v[i].kind : V_ASN1_UTF8STRING,
				     (const unsigned char *)v[i].value, bytes,
				     -1, v[i].joins ? -1 : 0),
				 1);
		ASN1_OBJECT_free(type);
	}
}

/* A peer with this subject; by the issuing CA. */
static struct pki_peer *peer_named(struct world *w, const struct part *v,
				   size_t n)
{
	const struct form f = {"", .eku = "clientAuth"};
	X509 *x = begin_cert(w, w->keys[EC256], &f);
	struct pki_peer *peer;

	put_parts(X509_get_subject_name(x), v, n);
	end_cert(x, &f, &w->ca[ICA]);
	peer = present(w, x, 0);
	X509_free(x);
	return peer;
}

/* ---- comparing names ------------------------------------------------------
 */

enum said { SAME, OTHER, NONE };

struct dn_row {
	const char *dn;
	enum said app, odd; /* NONE for both: it is no name at all */
};

#define APP_REST ",O=Testi \xc3\x84ly Oy,C=FI"
#define ODD_CN	 "CN=\\ #x\\ "
#define ODD_MID	 "1.2.3.4.5=own,emailAddress=a@b.fi,"
#define ODD_BC	 "businessCategory=Private Organization,"
#define ODD_OU	 "OU=one+L=Oulu,"
#define ODD_O	 "O=A\\, B \\+ \\\"C\\\" \\<d\\>\\; e\\\\f=#g"
#define ODD	 ODD_CN "," ODD_MID ODD_BC ODD_OU ODD_O ",DC=fi"

static const struct dn_row dn_rows[] = {
    /* the same, in all its spellings */
    {"CN=app.example.fi,serialNumber=" OID APP_REST, SAME, OTHER},
    {"CN=app.example.fi, serialNumber=" OID ", O=Testi \xc3\x84ly Oy, C=FI",
     SAME, OTHER},
    {"  CN = app.example.fi , serialNumber = " OID " ,O=Testi \xc3\x84ly Oy,"
     "C=FI  ",
     SAME, OTHER},
    {"cn=app.example.fi,SERIALNUMBER=" OID ",o=Testi \xc3\x84ly Oy,c=FI", SAME,
     OTHER},
    {"commonName=app.example.fi,serialnumber=" OID
     ",organizationName=Testi \xc3\x84ly Oy,countryName=FI",
     SAME, OTHER},
    {"2.5.4.3=app.example.fi,2.5.4.5=" OID ",2.5.4.10=Testi \xc3\x84ly Oy,"
     "2.5.4.6=FI",
     SAME, OTHER},
    {"OID.2.5.4.3=app.example.fi,oid.2.5.4.5=" OID APP_REST, SAME, OTHER},
    {"CN=app.example.fi,serialNumber=" OID ",O=Testi \\C3\\84ly Oy,C=FI", SAME,
     OTHER},
    {"CN=app.example.fi,serialNumber=" OID ",O=Testi \\c3\\84ly\\ Oy,C=FI",
     SAME, OTHER},
    {"CN=APP.Example.FI,serialNumber=" OID ",O=TESTI \xc3\x84LY OY,C=fi", SAME,
     OTHER},
    {"CN=app.example.fi,serialNumber=" OID ",O=Testi   \xc3\x84ly   Oy,C=FI",
     SAME, OTHER},
    {"CN=\"app.example.fi\",serialNumber=\"" OID "\"" APP_REST, SAME, OTHER},
    {"CN=app.example.fi;serialNumber=" OID ";O=Testi \xc3\x84ly Oy;C=FI", SAME,
     OTHER},
    {"CN=#0C0E6170702E6578616D706C652E6669,serialNumber=" OID APP_REST, SAME,
     OTHER},
    {"CN=#130e6170702e6578616d706c652e6669,serialNumber=" OID APP_REST, SAME,
     OTHER},
    {"CN=#0C0E6170702E6578616D706C652E6669 ,serialNumber=" OID APP_REST, SAME,
     OTHER},
    {"CN=\\61pp.example\\2Efi,serialNumber=" OID APP_REST, SAME, OTHER},
    {ODD, OTHER, SAME},
    {ODD_CN "," ODD_MID ODD_BC "L=Oulu+OU=one," ODD_O ",DC=fi", OTHER, SAME},
    {ODD_CN "," ODD_MID ODD_BC "L=Oulu + OU=one," ODD_O ",DC=fi", OTHER, SAME},
    {ODD_CN "," ODD_MID "BUSINESSCATEGORY=private   organization," ODD_OU ODD_O
	    ",dc=FI",
     OTHER, SAME},
    {ODD_CN "," ODD_MID "2.5.4.15=Private Organization," ODD_OU ODD_O ",DC=fi",
     OTHER, SAME},
    {ODD_CN ",1.2.3.4.5=own,E=a@b.fi," ODD_BC ODD_OU ODD_O ",DC=fi", OTHER,
     SAME},
    {ODD_CN "," ODD_MID ODD_BC ODD_OU
	    "O=\"A, B + \\\"C\\\" <d>; e\\\\f=#g\",DC=fi",
     OTHER, SAME},
    {"CN=\\20\\23x\\20," ODD_MID ODD_BC ODD_OU ODD_O ",DC=fi", OTHER, SAME},
    {"CN=\\#x," ODD_MID ODD_BC ODD_OU ODD_O ",DC=fi", OTHER, SAME},
    /* others */
    {"C=FI,O=Testi \xc3\x84ly Oy,serialNumber=" OID ",CN=app.example.fi", OTHER,
     OTHER},
    {"CN=app.example.fi,O=Testi \xc3\x84ly Oy,serialNumber=" OID ",C=FI", OTHER,
     OTHER},
    {"CN=app.example.fi,serialNumber=" OID ",O=Testi \xc3\x84ly Oy", OTHER,
     OTHER},
    {"CN=app.example.fi,serialNumber=" OID APP_REST ",DC=fi", OTHER, OTHER},
    {"CN=app.example.fi+serialNumber=" OID APP_REST, OTHER, OTHER},
    {"CN=app.example.fi,serialNumber=" OID "0" APP_REST, OTHER, OTHER},
    {"CN=app.example.f\xc3\xad,serialNumber=" OID APP_REST, OTHER, OTHER},
    {"CN=app.example.fi\\00,serialNumber=" OID APP_REST, OTHER, OTHER},
    {"CN=app.example.fi,SN=" OID APP_REST, OTHER, OTHER},
    {"CN=app.example.fi", OTHER, OTHER},
    {"CN=", OTHER, OTHER},
    {"UID=x+CN=\\+\\,", OTHER, OTHER},
    {"CN=a\\\\", OTHER, OTHER},
    /* no names */
    {"", NONE, NONE},
    {" ", NONE, NONE},
    {",", NONE, NONE},
    {"app.example.fi", NONE, NONE},
    {"CN", NONE, NONE},
    {"=x", NONE, NONE},
    {"CN=a,", NONE, NONE},
    {"CN=a,,O=b", NONE, NONE},
    {"CN=a+", NONE, NONE},
    {",CN=a", NONE, NONE},
    {"CN=a\\", NONE, NONE},
    {"CN=a\\c", NONE, NONE},
    {"CN=a\\cz", NONE, NONE},
    {"CN=a\\xyz", NONE, NONE},
    {"CN=\\C3", NONE, NONE},
    {"CN=\xc3", NONE, NONE},
    {"CN=\\ED\\A0\\80", NONE, NONE},
    {"CN=\"a", NONE, NONE},
    {"CN=\"a\"b", NONE, NONE},
    {"CN=a\"b\"", NONE, NONE},
    {"CN=a<b", NONE, NONE},
    {"CN=#", NONE, NONE},
    {"CN=#0", NONE, NONE},
    {"CN=#0C", NONE, NONE},
    {"CN=#0C02", NONE, NONE},
    {"CN=#0C0161FF", NONE, NONE},
    {"CN=#0C01C3", NONE, NONE},
    {"CN=#1E0161", NONE, NONE},
    {"CN=#0201FF", NONE, NONE},
    {"CN=#3000", NONE, NONE},
    {"CN=#0C0161zz", NONE, NONE},
    {"CN=#0C0161 61", NONE, NONE},
    {"noSuchType=x", NONE, NONE},
    {"CN x=y", NONE, NONE},
    {"C\\N=y", NONE, NONE},
    {"1=x", NONE, NONE},
    {"1.=x", NONE, NONE},
    {".1.2=x", NONE, NONE},
    {"1.2.x=x", NONE, NONE},
    {"OID.=x", NONE, NONE},
    {"OID.CN=x", NONE, NONE},
    {"9.9.9=x", NONE, NONE},
    {"/C=FI/CN=a", NONE, NONE},
};

static void names_are_compared_as_names(void **state)
{
	struct world *w = *state;
	struct pki_peer *app = peer_named(w, app_subject, LEN(app_subject));
	struct pki_peer *odd = peer_named(w, odd_subject, LEN(odd_subject));

	for (size_t i = 0; i < LEN(dn_rows); i++) {
		const struct dn_row *r = &dn_rows[i];

		if (pki_dn_ok(r->dn) != (r->app != NONE) ||
		    pki_peer_subject_is(app, r->dn) != (r->app == SAME) ||
		    pki_peer_subject_is(odd, r->dn) != (r->odd == SAME))
			fail_msg("\"%s\": %d %d %d", r->dn, pki_dn_ok(r->dn),
				 pki_peer_subject_is(app, r->dn),
				 pki_peer_subject_is(odd, r->dn));
	}
	pki_peer_free(app);
	pki_peer_free(odd);
}

/* What is printed can be registered. */
static void printed_names_read_as_themselves(void **state)
{
	struct world *w = *state;
	struct pki_peer *app = peer_named(w, app_subject, LEN(app_subject));
	struct pki_peer *odd = peer_named(w, odd_subject, LEN(odd_subject));
	const char *text = pki_peer_info(app)->subject;

	assert_string_equal(text,
			    "CN=app.example.fi,serialNumber=" OID APP_REST);
	assert_true(pki_peer_subject_is(app, text));
	text = pki_peer_info(odd)->subject;
	assert_true(pki_peer_subject_is(odd, text));
	assert_false(pki_peer_subject_is(app, text));
	text = pki_peer_info(app)->issuer;
	assert_string_equal(
	    text, "CN=MOCK Service Certificates - G1,O=Mock Kanta,C=FI");
	assert_true(pki_dn_ok(text));
	pki_peer_free(app);
	pki_peer_free(odd);
}

static void long_names_are_refused_not_read(void **state)
{
	struct world *w = *state;
	struct buf text;

	buf_init(&text, w->arena);
	buf_puts(&text, "CN=a");
	for (int i = 1; i < 64; i++)
		buf_puts(&text, ",OU=a");
	assert_true(pki_dn_ok(text.p));
	buf_puts(&text, ",OU=a");
	assert_false(pki_dn_ok(text.p));
	buf_init(&text, w->arena);
	buf_puts(&text, "CN=");
	while (text.len < 4096)
		buf_putc(&text, 'a');
	assert_true(pki_dn_ok(text.p));
	buf_putc(&text, 'a');
	assert_false(pki_dn_ok(text.p));
}

/* ---- what a leaf says -------------------------------------------------------
 */

static void a_leaf_says_what_it_is(void **state)
{
	struct world *w = *state;
	const struct form f = {
	    "app.example.fi",
	    EC256,
	    -3,
	    30,
	    .eku = "clientAuth",
	    .san = "DNS:app.example.fi,DNS:*.example.fi,URI:https://a.fi/x,"
		   "IP:127.0.0.1,IP:2001:db8::1,email:a@b.fi,RID:1.2.3.4",
	};
	X509 *x = leaf_of(w, &f, ICA);
	struct pki_peer *peer = present(w, x, BIT(ICA));
	const struct pki_info *info = pki_peer_info(peer);

	assert_string_equal(info->subject,
			    "CN=app.example.fi,O=Mock Kanta,C=FI");
	assert_null(info->subject_serial_number);
	assert_int_equal(info->subject_serial_numbers, 0);
	assert_string_equal(info->key, "EC P-256");
	assert_int_equal(info->class, PKI_WELLBEING);
	assert_int_equal(info->not_before_ms, DAY0 - 3 * DAY_MS);
	assert_int_equal(info->not_after_ms, DAY0 + 30 * DAY_MS);
	assert_int_equal(strtol(info->number, NULL, 16), w->next_number);
	assert_int_equal(info->dns.n, 2);
	assert_string_equal(info->dns.v[0], "app.example.fi");
	assert_string_equal(info->dns.v[1], "*.example.fi");
	assert_int_equal(info->uri.n, 1);
	assert_string_equal(info->uri.v[0], "https://a.fi/x");
	assert_int_equal(info->ip.n, 2);
	assert_string_equal(info->ip.v[0], "127.0.0.1");
	assert_string_equal(info->ip.v[1], "2001:db8::1");
	assert_int_equal(info->email.n, 1);
	assert_string_equal(info->email.v[0], "a@b.fi");
	pki_peer_free(peer);
	X509_free(x);
}

/* x5t#S256 as OpenSSL's command line and coreutils make it. */
static void the_thumbprint_is_that_of_the_der(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = "clientAuth"};
	X509 *x = leaf_of(w, &f, ICA);
	struct octets der = der_of(w->arena, x);
	struct pki_peer *peer = pki_peer_new(&der, 1, &w->err);
	struct pki_peer *pem = pki_peer_read(pem_of(w->arena, x), &w->err);
	unsigned char digest[32], text[64];
	char *p;

	EVP_Digest(der.p, der.n, digest, NULL, EVP_sha256(), NULL);
	assert_int_equal(EVP_EncodeBlock(text, digest, 32), 44);
	text[43] = '\0'; /* one "=" */
	for (p = (char *)text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	assert_string_equal(pki_peer_info(peer)->thumbprint, (char *)text);
	assert_string_equal(pki_peer_info(pem)->thumbprint, (char *)text);
	pki_peer_free(peer);
	pki_peer_free(pem);
	X509_free(x);
}

static void keys_have_names(void **state)
{
	static const char *const names[KEYS] = {
	    "EC P-256", "EC P-192", "RSA 2048", "RSA 1024", "Ed25519"};
	struct world *w = *state;

	for (int i = 0; i < KEYS; i++) {
		const struct form f = {.cn = "a", .key = (enum test_key)i};
		X509 *x = leaf_of(w, &f, SOTE);
		struct pki_peer *peer = present(w, x, 0);

		assert_string_equal(pki_peer_info(peer)->key, names[i]);
		assert_int_equal(pki_peer_info(peer)->class, PKI_SOTE);
		pki_peer_free(peer);
		X509_free(x);
	}
}

/* Exactly one Subject serialNumber links to an application. */
static void one_serial_number_counts(void **state)
{
	static const struct part two[] = {
	    {.type = "serialNumber", .value = OID},
	    {.type = "CN", .value = "a"},
	    {.type = "serialNumber", .value = OID},
	};
	struct world *w = *state;

	for (size_t n = 1; n <= LEN(two); n++) {
		struct pki_peer *peer = peer_named(w, two, n);
		const struct pki_info *info = pki_peer_info(peer);

		assert_int_equal(info->subject_serial_numbers, n == 3 ? 2 : 1);
		if (n == 3)
			assert_null(info->subject_serial_number);
		else
			assert_string_equal(info->subject_serial_number, OID);
		pki_peer_free(peer);
	}
}

/* ---- hostile texts
 * ------------------------------------------------------------ */

/* No control character gets through, nothing is cut short, all is UTF-8. */
static void check_clean(const char *s)
{
	for (size_t n = strlen(s), step; n > 0; s += step, n -= step) {
		step = utf8_char(s, n);
		assert_true(step > 0);
		assert_true((unsigned char)*s >= 0x20 && *s != 0x7f);
		assert_false(step == 2 && (unsigned char)s[0] == 0xc2 &&
			     (unsigned char)s[1] < 0xa0);
	}
}

static void texts_are_whole_and_clean(void **state)
{
	static const struct part rows[][2] = {
	    {{"CN", .value = "app\0.evil.fi", .n = 12},
	     {"serialNumber", .value = "1.2\0.3", .n = 6}},
	    {{"CN", .value = "a\r\nforged line\x1b[2J\x7f"},
	     {"serialNumber", .value = "1.2\n3"}},
	    {{"CN", .value = "\xc2\x9b"
			     "31m\xc2\x85"},
	     {"serialNumber", .value = "1\xc2\x80"
				       "2"}},
	    {{.type = "CN", V_ASN1_T61STRING, "caf\xe9\x80", 0},
	     {.type = "serialNumber", V_ASN1_T61STRING, "\x81", 0}},
	    {{.type = "CN", V_ASN1_BMPSTRING, "\0a\0\0\x20\x2e", 6},
	     {.type = "serialNumber", V_ASN1_BMPSTRING, "\0\n", 2}},
	};
	static const char *const numbers[] = {
	    "1.2\\00.3", "1.2\\0A3", "1\\C2\\802", "\\C2\\81", "\\0A",
	};
	struct world *w = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct pki_peer *peer = peer_named(w, rows[i], 2);
		const struct pki_info *info = pki_peer_info(peer);

		check_clean(info->subject);
		assert_non_null(strstr(info->subject, "CN="));
		assert_string_equal(info->subject_serial_number, numbers[i]);
		pki_peer_free(peer);
	}
}

static void nul_cuts_no_name_short(void **state)
{
	static const struct part nul[] = {
	    {"CN", .value = "app\0.evil.fi", .n = 12},
	};
	struct world *w = *state;
	struct pki_peer *peer = peer_named(w, nul, 1);

	assert_string_equal(pki_peer_info(peer)->subject, "CN=app\\00.evil.fi");
	assert_false(pki_peer_subject_is(peer, "CN=app"));
	assert_true(pki_peer_subject_is(peer, "CN=app\\00.evil.fi"));
	pki_peer_free(peer);
}

/* An alternative name of any bytes. */
static void put_alternative(GENERAL_NAMES *all, int kind, const char *bytes,
			    int n)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s = ASN1_STRING_type_new(
	    kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

	ASN1_STRING_set(s, bytes, n);
	GENERAL_NAME_set0_value(g, kind, s);
	sk_GENERAL_NAME_push(all, g);
}

static void alternatives_are_whole_and_clean(void **state)
{
	const struct form f = {"a", .eku = "clientAuth"};
	struct world *w = *state;
	X509 *x = begin_cert(w, w->keys[EC256], &f);
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	struct pki_peer *peer;
	const struct pki_info *info;

	put_alternative(all, GEN_DNS, "app\0.evil.fi", 12);
	put_alternative(all, GEN_DNS, "a\\00b", 5);
	put_alternative(all, GEN_DNS, "", 0);
	put_alternative(all, GEN_DNS, "\xff\n", 2);
	put_alternative(all, GEN_IPADD, "\x7f\0\0\1\xff\xff\xff\xff", 8);
	put_alternative(all, GEN_IPADD, "\x7f\0\0\1", 4);
	put_alternative(all, GEN_IPADD, "", 0);
	put_alternative(all, GEN_URI, "https://a\x1b.fi", 13);
	X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0);
	put_name(X509_get_subject_name(x), f.cn);
	end_cert(x, &f, &w->ca[ICA]);
	peer = present(w, x, 0);
	info = pki_peer_info(peer);
	assert_int_equal(info->dns.n, 4);
	assert_string_equal(info->dns.v[0], "app\\00.evil.fi");
	assert_string_equal(info->dns.v[1], "a\\5C00b");
	assert_string_equal(info->dns.v[2], "");
	check_clean(info->dns.v[3]);
	assert_int_equal(info->ip.n, 1);
	assert_string_equal(info->ip.v[0], "127.0.0.1");
	assert_string_equal(info->uri.v[0], "https://a\\1B.fi");
	pki_peer_free(peer);
	GENERAL_NAMES_free(all);
	X509_free(x);
}

/* ---- what is no chain
 * ------------------------------------------------------------ */

static void what_is_no_certificate_is_refused(void **state)
{
	struct world *w = *state;
	const struct form f = {.cn = "a"};
	X509 *x = leaf_of(w, &f, ICA);
	struct octets good = der_of(w->arena, x), bad;
	static const char *const no_pem[] = {
	    "",
	    "x",
	    "-----BEGIN CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
	};

	assert_null(pki_peer_new(NULL, 0, &w->err));
	assert_int_equal(w->err.kind, ERR_INVALID);
	for (size_t n = 0; n < good.n; n++) { /* cut short anywhere */
		bad = (struct octets){good.p, n};
		assert_null(pki_peer_new(&bad, 1, &w->err));
	}
	bad.p = (unsigned char *)arena_strndup(w->arena, (char *)good.p,
					       good.n); /* and its NUL */
	bad.n = good.n + 1;
	assert_null(pki_peer_new(&bad, 1, &w->err));
	for (size_t i = 0; i < LEN(no_pem); i++) {
		w->err.kind = ERR_NONE;
		assert_null(pki_peer_read(no_pem[i], &w->err));
		assert_int_equal(w->err.kind, ERR_INVALID);
	}
	X509_free(x);
}

/* Any bit may be another one: it is read or it is not, and never believed. */
static void changed_certificates_do_no_harm(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = "clientAuth", .san = "DNS:a.fi"};
	X509 *x = leaf_of(w, &f, ICA);
	struct pki *p = trusting(w, BIT(ROOT) | BIT(ICA), NULL);
	struct octets good = der_of(w->arena, x);
	unsigned char *byte = (unsigned char *)good.p;
	size_t read = 0;

	for (size_t bit = 0; bit < 8 * good.n; bit += 3) {
		struct pki_peer *peer;

		byte[bit / 8] ^= (unsigned char)(1 << bit % 8);
		peer = pki_peer_new(&good, 1, &w->err);
		if (peer) {
			read++;
			check_clean(pki_peer_info(peer)->subject);
			assert_int_not_equal(
			    pki_verify(p, peer, DAY0, false).error, 0);
		}
		pki_peer_free(peer);
		byte[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_true(read > 100);
	pki_free(p);
	X509_free(x);
}

/* What comes behind the leaf and is no certificate is not there. */
static void garbage_behind_the_leaf_is_left_out(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = "clientAuth"};
	X509 *x = leaf_of(w, &f, ICA);
	struct pki *p = trusting(w, BIT(ROOT), NULL);
	struct octets chain[] = {
	    der_of(w->arena, x),
	    {(const unsigned char *)"garbage", 7},
	    {NULL, 0},
	    der_of(w->arena, w->ca[ICA].cert),
	};
	struct pki_peer *peer = pki_peer_new(chain, LEN(chain), &w->err);

	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 0);
	pki_peer_free(peer);
	chain[1] = der_of(w->arena, x); /* two leafs: the first is meant */
	peer = pki_peer_new(chain, LEN(chain), &w->err);
	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 0);
	pki_peer_free(peer);
	pki_free(p);
	X509_free(x);
}

/* The same chain is the same peer, and lives while somebody holds it. */
static void a_chain_that_comes_again_is_known(void **state)
{
	struct world *w = *state;
	const struct form f = {"a", .eku = "clientAuth"};
	X509 *x = leaf_of(w, &f, ICA);
	struct pki *p = trusting(w, BIT(ROOT), NULL);
	struct octets chain[] = {
	    der_of(w->arena, x),
	    der_of(w->arena, w->ca[ICA].cert),
	};
	struct pki_peer *one = pki_peer_again(p, chain, 2, &w->err);
	struct pki_peer *same = pki_peer_again(p, chain, 2, &w->err);
	struct pki_peer *bare = pki_peer_again(p, chain, 1, &w->err);

	assert_ptr_equal(one, same);
	assert_ptr_not_equal(one, bare);
	assert_int_equal(pki_verify(p, one, DAY0, false).error, 0);
	assert_int_equal(pki_verify(p, bare, DAY0, false).error, 20);
	pki_peer_free(one);
	assert_string_equal(pki_peer_info(same)->key, "EC P-256");
	assert_null(pki_peer_again(p, chain, 0, &w->err));
	chain[0].n--;
	assert_null(pki_peer_again(p, chain, 2, &w->err));
	chain[0].n++;
	for (int i = 0; i < 300; i++) { /* more than are kept */
		X509 *other = leaf_of(w, &f, ICA);
		struct octets der = der_of(w->arena, other);

		pki_peer_free(pki_peer_again(p, &der, 1, &w->err));
		X509_free(other);
	}
	pki_free(p);
	assert_string_equal(pki_peer_info(same)->key, "EC P-256");
	assert_true(pki_peer_subject_is(bare, "CN=a,O=Mock Kanta,C=FI"));
	pki_peer_free(same);
	pki_peer_free(bare);
	X509_free(x);
}

/* 64 KiB: what would be more is left out, or is no leaf. */
static void chains_have_a_size(void **state)
{
	struct world *w = *state;
	char *big = arena_alloc(w->arena, 70000);
	struct form f = {"a", .eku = "clientAuth"};
	struct pki *p = trusting(w, BIT(ROOT), NULL);
	X509 *x = leaf_of(w, &f, ICA), *huge;
	struct octets chain[3] = {
	    der_of(w->arena, x),
	    {(unsigned char *)big, 70000},
	    der_of(w->arena, w->ca[ICA].cert),
	};
	struct pki_peer *peer = pki_peer_new(chain, 3, &w->err);

	assert_int_equal(pki_verify(p, peer, DAY0, false).error, 20);
	pki_peer_free(peer);
	memset(big, 'a', 69999);
	f.cn = big;
	huge = leaf_of(w, &f, ICA);
	chain[0] = der_of(w->arena, huge);
	assert_null(pki_peer_new(chain, 1, &w->err));
	X509_free(huge);
	X509_free(x);
	pki_free(p);
}

#endif
