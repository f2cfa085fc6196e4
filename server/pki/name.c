/* SPDX-License-Identifier: Apache-2.0
 *
 * name: distinguished names, from text and to text.
 *
 * Names are compared as names (X509_NAME_cmp: types by their numbers, values
 * without regard to case, white space and kind of string), never as texts: two
 * programs write the same name differently. So a registered text is parsed into
 * a name, in the form of RFC 4514, section 3, with what its forerunner had
 * (RFC 2253, section 4: quoted values, ";", "OID.", spaces around separators).
 * That form begins with the last part of a name, so the order is turned round.
 *
 * A value is bytes that are UTF-8 at the end, whatever was escaped; it becomes
 * an UTF8String without the limits that OpenSSL's own table has for
 * certificates to be made, as others' certificates do not keep to them. "#" and
 * hexadecimal digits are the value's own encoding, of a text of any kind.
 *
 * To text: RFC 2253 as OpenSSL writes it, letters beyond ASCII as they are.
 * Control characters are escaped, and so is what could not be UTF-8: what
 * stands in a certificate is a stranger's, and goes to logs and pages.
 */
#include "pki/pki_int.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <strings.h>

#define DN_BYTES 4096
#define DN_PARTS 64
#define OID_TEXT 128

/* ---- to text ------------------------------------------------------- */

/* Control characters: C0, DEL, and C1 in its two bytes. */
static bool is_control(const unsigned char *p, size_t n)
{
	return *p < 0x20 || *p == 0x7f ||
	       (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

static char *escaped(struct arena *a, const unsigned char *p, size_t n,
		     bool backslash)
{
	struct buf out;

	buf_init(&out, a);
	while (n > 0) {
		size_t one = utf8_char((const char *)p, n);
		size_t step = one ? one : 1;

		if (one && !is_control(p, one) && (*p != '\\' || !backslash))
			buf_add(&out, p, one);
		else
			for (size_t i = 0; i < step; i++)
				buf_printf(&out, "\\%02X", p[i]);
		p += step;
		n -= step;
	}
	return out.p;
}

char *pki_clean_text(struct arena *a, const unsigned char *p, size_t n)
{
	return escaped(a, p, n, true);
}

/* What cannot be converted is written as its encoding. */
static bool print_name(BIO *b, const X509_NAME *name)
{
	const unsigned long flags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;

	if (X509_NAME_print_ex(b, name, 0, flags) >= 0)
		return true;
	(void)BIO_reset(b);
	return X509_NAME_print_ex(b, name, 0, flags | ASN1_STRFLGS_DUMP_ALL) >=
	       0;
}

char *pki_name_text(struct arena *a, const X509_NAME *name)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *bytes, *out;
	long n;

	if (!b)
		pki_broken("BIO_new");
	if (!print_name(b, name))
		(void)BIO_reset(b);
	n = BIO_get_mem_data(b, &bytes);
	out = escaped(a, (unsigned char *)bytes, n > 0 ? (size_t)n : 0, false);
	BIO_free(b);
	ERR_clear_error();
	return out;
}

/* ---- from text ----------------------------------------------------- */

/* One type and value; first: it begins another part. */
struct ava {
	ASN1_OBJECT *type;
	int kind; /* V_ASN1_… */
	unsigned char *value;
	int bytes;
	bool first;
};

struct dn {
	struct arena *a;
	const char *p; /* what is left */
	struct ava v[DN_PARTS];
	size_t n;
};

/* Spellings beside OpenSSL's own (which are tried as they are): RFC 4514 takes
 * types in any case (section 2.3), and programs have their own short ones. */
static const struct {
	const char *name;
	int nid;
} type_names[] = {
    {"CN", NID_commonName},
    {"commonName", NID_commonName},
    {"C", NID_countryName},
    {"countryName", NID_countryName},
    {"O", NID_organizationName},
    {"organizationName", NID_organizationName},
    {"OU", NID_organizationalUnitName},
    {"organizationalUnitName", NID_organizationalUnitName},
    {"L", NID_localityName},
    {"localityName", NID_localityName},
    {"ST", NID_stateOrProvinceName},
    {"S", NID_stateOrProvinceName},
    {"SP", NID_stateOrProvinceName},
    {"stateOrProvinceName", NID_stateOrProvinceName},
    {"STREET", NID_streetAddress},
    {"streetAddress", NID_streetAddress},
    {"DC", NID_domainComponent},
    {"domainComponent", NID_domainComponent},
    {"UID", NID_userId},
    {"userId", NID_userId},
    {"SN", NID_surname},
    {"surname", NID_surname},
    {"GN", NID_givenName},
    {"G", NID_givenName},
    {"givenName", NID_givenName},
    {"T", NID_title},
    {"title", NID_title},
    {"serialNumber", NID_serialNumber},
    {"businessCategory", NID_businessCategory},
    {"organizationIdentifier", NID_organizationIdentifier},
    {"postalCode", NID_postalCode},
    {"telephoneNumber", NID_telephoneNumber},
    {"dnQualifier", NID_dnQualifier},
    {"dnq", NID_dnQualifier},
    {"name", NID_name},
    {"initials", NID_initials},
    {"pseudonym", NID_pseudonym},
    {"generationQualifier", NID_generationQualifier},
    {"description", NID_description},
    {"E", NID_pkcs9_emailAddress},
    {"EMAIL", NID_pkcs9_emailAddress},
    {"emailAddress", NID_pkcs9_emailAddress},
    {"unstructuredName", NID_pkcs9_unstructuredName},
    {"jurisdictionC", NID_jurisdictionCountryName},
    {"jurisdictionCountryName", NID_jurisdictionCountryName},
    {"jurisdictionST", NID_jurisdictionStateOrProvinceName},
    {"jurisdictionStateOrProvinceName", NID_jurisdictionStateOrProvinceName},
    {"jurisdictionL", NID_jurisdictionLocalityName},
    {"jurisdictionLocalityName", NID_jurisdictionLocalityName},
};

static void skip_spaces(struct dn *d)
{
	d->p += strspn(d->p, " ");
}

static ASN1_OBJECT *named_type(const char *name)
{
	if (!ascii_letter(name[0]))
		return NULL;
	for (size_t i = 0; i < LEN(type_names); i++)
		if (strcasecmp(name, type_names[i].name) == 0)
			return OBJ_nid2obj(type_names[i].nid);
	return OBJ_txt2obj(name, 0);
}

static ASN1_OBJECT *numbered_type(const char *oid)
{
	if (strspn(oid, "0123456789.") != strlen(oid))
		return NULL;
	return OBJ_txt2obj(oid, 1);
}

/* attributeType = descr / numericoid, and "=" */
static ASN1_OBJECT *read_type(struct dn *d)
{
	size_t n = strcspn(d->p, "= ,;+\\\"#<>");
	const char *from = d->p;
	char name[OID_TEXT];
	bool numeric;

	if (n == 0 || n >= sizeof(name))
		return NULL;
	d->p += n;
	skip_spaces(d);
	if (*d->p != '=')
		return NULL;
	d->p++;
	skip_spaces(d);
	numeric = ascii_digit(*from);
	if (n > 4 && strncasecmp(from, "OID.", 4) == 0) {
		numeric = true;
		from += 4;
		n -= 4;
	}
	memcpy(name, from, n);
	name[n] = '\0';
	return numeric ? numbered_type(name) : named_type(name);
}

static int hex_digit(char c)
{
	if (ascii_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* hexpair = HEX HEX */
static bool read_hex(struct dn *d, unsigned char *out)
{
	int high = hex_digit(d->p[0]);
	int low = high < 0 ? -1 : hex_digit(d->p[1]);

	if (low < 0)
		return false;
	*out = (unsigned char)(high << 4 | low);
	d->p += 2;
	return true;
}

/* The kinds of ASN.1 that are texts. */
static bool is_text(int kind)
{
	static const int texts[] = {
	    V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_T61STRING,
	    V_ASN1_IA5STRING,  V_ASN1_BMPSTRING,       V_ASN1_UNIVERSALSTRING,
	};

	for (size_t i = 0; i < LEN(texts); i++)
		if (kind == texts[i])
			return true;
	return false;
}

/* hexstring = "#" 1*hexpair: the value as it is encoded */
static bool read_encoded(struct dn *d, struct ava *out)
{
	struct buf bytes;
	const unsigned char *p;
	unsigned char c;
	ASN1_TYPE *t;
	bool ok;

	buf_init(&bytes, d->a);
	for (d->p++; read_hex(d, &c);)
		buf_add(&bytes, &c, 1);
	p = (unsigned char *)bytes.p;
	t = d2i_ASN1_TYPE(NULL, &p, (long)bytes.len);
	ok = t && p == (unsigned char *)bytes.p + bytes.len && is_text(t->type);
	if (ok) {
		const ASN1_STRING *s = t->value.asn1_string;

		out->kind = t->type;
		out->bytes = ASN1_STRING_length(s);
		out->value = (unsigned char *)arena_strndup(
		    d->a, (const char *)ASN1_STRING_get0_data(s),
		    (size_t)out->bytes);
	}
	ASN1_TYPE_free(t);
	return ok;
}

/* pair = ESC ( ESC / special / hexpair ) */
static bool read_pair(struct dn *d, struct buf *out)
{
	unsigned char c;

	d->p++;
	if (*d->p != '\0' && strchr(" \"#+,;<=>\\", *d->p)) {
		buf_putc(out, *d->p++);
		return true;
	}
	if (!read_hex(d, &c))
		return false;
	buf_add(out, &c, 1);
	return true;
}

/* quotation of RFC 1779 and 2253 */
static bool read_quoted(struct dn *d, struct buf *out)
{
	for (d->p++; *d->p != '"';) {
		if (*d->p == '\0')
			return false;
		if (*d->p != '\\')
			buf_putc(out, *d->p++);
		else if (!read_pair(d, out))
			return false;
	}
	d->p++;
	return true;
}

/* string = what needs no escape, and pairs; spaces at its end are not of it */
static bool read_string(struct dn *d, struct buf *out)
{
	size_t whole = 0; /* up to the last character that is no bare space */

	while (*d->p != '\0' && !strchr(",;+", *d->p)) {
		bool space = *d->p == ' ';

		if (strchr("\"<>", *d->p))
			return false;
		if (*d->p != '\\')
			buf_putc(out, *d->p++);
		else if (!read_pair(d, out))
			return false;
		if (!space)
			whole = out->len;
	}
	out->len = whole;
	return true;
}

static bool well_formed(const char *s, size_t n)
{
	for (size_t step; n > 0; s += step, n -= step) {
		step = utf8_char(s, n);
		if (step == 0)
			return false;
	}
	return true;
}

static bool read_value(struct dn *d, struct ava *out)
{
	struct buf text;

	if (*d->p == '#')
		return read_encoded(d, out);
	buf_init(&text, d->a);
	if (!(*d->p == '"' ? read_quoted(d, &text) : read_string(d, &text)) ||
	    !well_formed(text.p, text.len))
		return false;
	out->kind = V_ASN1_UTF8STRING;
	out->value = (unsigned char *)text.p;
	out->bytes = (int)text.len;
	return true;
}

/* distinguishedName = part *( ( "," / ";" ) part ), part = ava *( "+" ava ) */
static bool read_parts(struct dn *d)
{
	for (bool first = true;; d->p++) {
		struct ava *one = &d->v[d->n];

		if (d->n == DN_PARTS)
			return false;
		skip_spaces(d);
		one->first = first;
		one->type = read_type(d);
		if (!one->type)
			return false;
		d->n++;
		if (!read_value(d, one))
			return false;
		skip_spaces(d);
		if (*d->p == '\0')
			return true;
		if (!strchr(",;+", *d->p))
			return false;
		first = *d->p != '+';
	}
}

static bool add_ava(X509_NAME *name, const struct ava *v, int set)
{
	return X509_NAME_add_entry_by_OBJ(name, v->type, v->kind, v->value,
					  v->bytes, -1, set) == 1;
}

/* The parts from the last to the first; within a part as they stand. */
static X509_NAME *build_name(const struct dn *d)
{
	X509_NAME *name = X509_NAME_new();
	bool ok = name != NULL;

	for (size_t end = d->n; ok && end > 0;) {
		size_t begin = end - 1;

		while (!d->v[begin].first)
			begin--;
		for (size_t i = begin; ok && i < end; i++)
			ok = add_ava(name, &d->v[i], i == begin ? 0 : -1);
		end = begin;
	}
	if (ok && i2d_X509_NAME(name, NULL) > 0)
		return name;
	X509_NAME_free(name);
	return NULL;
}

X509_NAME *pki_name_parse(const char *dn)
{
	struct dn d = {.p = dn};
	X509_NAME *name = NULL;

	if (strlen(dn) > DN_BYTES)
		return NULL;
	d.a = arena_new(0);
	if (read_parts(&d))
		name = build_name(&d);
	for (size_t i = 0; i < d.n; i++)
		ASN1_OBJECT_free(d.v[i].type);
	arena_free(d.a);
	ERR_clear_error();
	return name;
}

bool pki_dn_ok(const char *dn)
{
	X509_NAME *name = pki_name_parse(dn);

	X509_NAME_free(name);
	return name != NULL;
}
