/* SPDX-License-Identifier: Apache-2.0
 *
 * pki: the command that writes a whole test PKI, and tells how each certificate
 * is used.
 *
 * The line for curl asks to revoke a token that nobody has: an endpoint that
 * demands a certificate, and answers 200 to the application whose certificate
 * it is. So the status tells the good ones from the others, and what a bad one
 * is told stands above it.
 *
 * Times are those of --clock, as the server will have them: an expired one has
 * expired there. The lines go to standard output; JSON is for programs.
 */
#include "cli/cli_int.h"

#include <stdio.h>
#include <stdlib.h>

#define PORT	  "8443"
#define CLIENT	  "demo-production"
#define PRO	  "demo-professional"
#define PRO_LOGIN PRO ":demo-professional-secret-not-for-production"

/* A word of a shell's line. */
static const char *quoted(struct arena *a, const char *word)
{
	struct buf b;

	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789_-./+:@%,")] == '\0')
		return word;
	buf_init(&b, a);
	buf_putc(&b, '\'');
	for (const char *p = word; *p; p++)
		buf_printf(&b, *p == '\'' ? "'\\''" : "%c", *p);
	buf_putc(&b, '\'');
	return b.p;
}

static const char *file_word(struct arena *a, const char *dir, const char *name,
			     const char *ending)
{
	return quoted(a, arena_cat(a, dir, "/", name, ending, (char *)NULL));
}

/* How an application with its own OID is called, nobody knows here. */
static const char *login_of(const struct pki_folder *f,
			    const struct pki_entry *x)
{
	if (f->oid)
		return "-d client_id=YOUR-CLIENT-ID";
	return strcmp(x->name, "sote") == 0 ? "-u " PRO_LOGIN
					    : "-d client_id=" CLIENT;
}

/* curl does not even load so weak a key; nor do others, if not told to. */
static const char *weak_use(struct arena *a, const char *ca, const char *cert,
			    const char *key)
{
	return arena_printf(a,
			    "openssl s_client -tls1_2 -brief -connect "
			    "localhost:" PORT " -CAfile %s -cert %s -key %s "
			    "-cipher DEFAULT@SECLEVEL=0 </dev/null",
			    ca, cert, key);
}

static const char *use_of(struct arena *a, const struct config *c,
			  const struct pki_folder *f, const struct pki_entry *x)
{
	const char *cert = file_word(a, f->dir, x->name, ".pem");
	const char *key = file_word(a, f->dir, x->name, ".key");
	const char *ca = file_word(a, f->dir, "ca", ".pem");

	if (strcmp(x->name, "weak-key") == 0)
		return weak_use(a, ca, cert, key);
	if (x->kind)
		return arena_printf(
		    a,
		    "curl -w '%%{http_code}\\n' --cacert %s --cert %s --key %s "
		    "https://localhost:" PORT "%s/revoke %s -d token=none",
		    ca, cert, key, c->auth_path, login_of(f, x));
	if (strcmp(x->name, "server") == 0)
		return arena_printf(a,
				    "mock-kanta-phr --listen https://"
				    "127.0.0.1:" PORT
				    " --tls-cert %s --tls-key %s",
				    cert, key);
	return arena_printf(a, "openssl x509 -in %s -noout -text", cert);
}

static const char *start_line(struct arena *a, const struct config *c,
			      const struct pki_folder *f)
{
	const bool real = strcmp(c->clock, "real") == 0;

	return arena_printf(a,
			    "mock-kanta-phr --listen http://127.0.0.1:8080 "
			    "--listen mtls://127.0.0.1:" PORT
			    " --client-certificate required --pki %s%s%s",
			    quoted(a, f->dir), real ? "" : " --clock ",
			    real ? "" : quoted(a, c->clock));
}

/* ---- printing -------------------------------------------------------------
 */

static void print_text(struct arena *a, const struct config *c,
		       const struct pki_folder *f)
{
	printf("%s: a PKI for tests. Nothing in it is secret, nobody else "
	       "trusts it.\n"
	       "ca.pem  whom to trust: root and issuing CAs\n"
	       "crl.pem what they revoked\n"
	       "NAME.pem certificate and chain, NAME.key its key, NAME.p12 "
	       "both (password: " PKI_PASSWORD ")\n\n",
	       f->dir);
	for (size_t i = 0; i < f->n; i++) {
		const struct pki_entry *x = &f->entry[i];

		printf("%-18s %s\n  %s\n", x->name, x->what,
		       use_of(a, c, f, x));
	}
	printf("\nStart the server with it (in the environments client-test "
	       "and production the\npath above is /phr-authserver/revoke):\n"
	       "  %s\n",
	       start_line(a, c, f));
	if (f->oid)
		printf("and register the application with "
		       "\"certificate_serial_number\": \"%s\"\n",
		       f->oid);
}

static void write_entry(struct arena *a, struct jw *w, const struct config *c,
			const struct pki_folder *f, const struct pki_entry *x)
{
	static const struct {
		const char *member, *ending;
	} files[] = {{"certificate", ".pem"}, {"key", ".key"}, {"p12", ".p12"}};

	jw_open(w, NULL, '{');
	jw_str(w, "name", x->name);
	jw_str(w, "what", x->what);
	for (size_t i = 0; i < LEN(files); i++)
		jw_str(w, files[i].member,
		       arena_cat(a, f->dir, "/", x->name, files[i].ending,
				 (char *)NULL));
	if (x->kind) {
		jw_str(w, "number", x->issued.number);
		jw_int(w, "error", x->kind->error);
	}
	jw_str(w, "use", use_of(a, c, f, x));
	jw_close(w);
}

static void print_json(struct arena *a, const struct config *c,
		       const struct pki_folder *f)
{
	struct buf b;
	struct jw w = {.b = &b};

	buf_init(&b, a);
	jw_open(&w, NULL, '{');
	jw_str(&w, "dir", f->dir);
	jw_str(&w, "ca", arena_printf(a, "%s/ca.pem", f->dir));
	jw_str(&w, "crl", arena_printf(a, "%s/crl.pem", f->dir));
	jw_str(&w, "password", PKI_PASSWORD);
	jw_str(&w, "oid", f->oid ? f->oid : PKI_OID);
	jw_open(&w, "certificates", '[');
	for (size_t i = 0; i < f->n; i++)
		write_entry(a, &w, c, f, &f->entry[i]);
	jw_close(&w);
	jw_str(&w, "serve", start_line(a, c, f));
	jw_close(&w);
	puts(b.p);
}

/* ---- the command ----------------------------------------------------------
 */

/* "pki/" and "pki" are the same, and named so. */
static const char *folder_name(struct arena *a, const char *text)
{
	size_t n = strlen(text);

	while (n > 1 && text[n - 1] == '/')
		n--;
	return arena_strndup(a, text, n);
}

int cli_pki(struct arena *boot, const struct config *c)
{
	const struct clock real = {.mode = CLOCK_REAL};
	struct pki_folder f = {.dir = folder_name(boot, c->operand[0]),
			       .oid = c->oid};
	struct pki_own own = {.real_ms = clock_now_ms(&real),
			      .host = c->hostname,
			      .host_count = c->hostname_count,
			      .rsa = strcmp(c->key, "rsa") == 0};
	struct err e = {.kind = ERR_NONE};
	struct clock clock;

	if (!clock_parse(&clock, c->clock, &e))
		return cli_complain(EXIT_CONFIGURATION, &e);
	own.now_ms = clock_now_ms(&clock);
	if (folder_used(boot, f.dir) && !c->force) {
		err_set(&e, ERR_CONFLICT, NULL, f.dir,
			"there is a PKI already; --force writes a new one over "
			"it, and what the old one issued is then worth "
			"nothing");
		return cli_complain(EXIT_FAILED, &e);
	}
	if (!folder_make(boot, &f, &own, &e))
		return cli_complain(strcmp(e.where, "oid") == 0
					? EXIT_CONFIGURATION
					: EXIT_FAILED,
				    &e);
	if (strcmp(c->format, "json") == 0)
		print_json(boot, c, &f);
	else
		print_text(boot, c, &f);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
