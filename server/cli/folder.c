/* SPDX-License-Identifier: Apache-2.0
 *
 * folder: a PKI as files: what the command pki writes and serve --pki reads.
 *
 * ca.pem is what a client trusts the server by and the server its clients;
 * crl.pem the lists of both issuing CAs; NAME.pem (leaf, then its issuing CA as
 * the kind has it), NAME.key and NAME.p12 for each certificate. The CAs' keys
 * are there too, so that a server can issue and revoke with them: it is a PKI
 * for tests, which guards nothing. Keys can be read by their owner alone, since
 * programs refuse others.
 *
 * Each file is written whole or not at all, a folder that holds one of them is
 * left alone unless told otherwise, and ca.pem comes last: where it is, all is.
 */
#include "cli/cli_int.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(struct arena *a, const char *dir, const char *name,
			   const char *ending)
{
	return arena_cat(a, dir, "/", name, ending, (char *)NULL);
}

bool folder_used(struct arena *a, const char *dir)
{
	return access(path_of(a, dir, "ca", ".pem"), F_OK) == 0 ||
	       access(path_of(a, dir, "root", ".key"), F_OK) == 0 ||
	       access(path_of(a, dir, "server", ".key"), F_OK) == 0;
}

bool folder_empty(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *x;
	bool empty = true;

	while (d && empty && (x = readdir(d)))
		empty = x->d_name[0] == '.';
	if (d)
		closedir(d);
	return empty;
}

/* With the folders above it. */
static bool make_dir(struct arena *a, const char *dir, struct err *e)
{
	char *path = arena_strdup(a, dir);
	struct stat st;
	int why;

	for (char *p = path + 1; *path && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0777);
		*p = '/';
	}
	if (mkdir(path, 0777) == 0)
		return true;
	why = errno; /* which stat() may change */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	return err_set(e, ERR_INVALID, "file", NULL, "%s: %s", dir,
		       why == EEXIST ? "is a file, no folder" : strerror(why));
}

/* ---- what is in it --------------------------------------------------------
 */

static void add(struct pki_folder *f, const char *name, const char *what,
		const struct pki_issued *c)
{
	f->entry[f->n++] = (struct pki_entry){
	    .name = name,
	    .what = what,
	    .issued = *c,
	};
}

/* What the server itself is made of. */
static void add_own(struct arena *a, struct pki_folder *f,
		    const struct pki_texts *t)
{
	static const struct {
		const char *name, *what;
	} own[] = {
	    {"root", "the root CA"},
	    {"ica", "issues to wellbeing applications and the server"},
	    {"sote-ica", "issues to social welfare and health care"},
	};
	struct pki_issued c = {.number = ""};

	for (size_t i = 0; i < LEN(own); i++) {
		c.cert = arena_strdup(a, t->issuer[2 * i]);
		c.key = arena_strdup(a, t->issuer[2 * i + 1]);
		add(f, own[i].name, own[i].what, &c);
	}
	c.cert = arena_strdup(a, t->server_cert);
	c.key = arena_strdup(a, t->server_key);
	add(f, "server", "the server's own", &c);
}

static bool add_kinds(struct arena *a, struct pki_folder *f, struct pki *p,
		      int64_t now_ms, struct err *e)
{
	struct pki_order o = {.oid = f->oid, .now_ms = now_ms};
	struct pki_issued c;

	for (size_t i = 0; (o.kind = pki_kind_at(i)); i++) {
		if (!pki_issue(p, a, &o, &c, e))
			return false;
		add(f, o.kind->name, o.kind->what, &c);
		f->entry[f->n - 1].kind = o.kind;
	}
	return true;
}

/* ---- writing --------------------------------------------------------------
 */

static bool write_text(struct arena *a, const char *dir, const char *name,
		       const char *ending, const char *text, unsigned mode,
		       struct err *e)
{
	const struct octets o = {(const unsigned char *)text, strlen(text)};

	return file_write(path_of(a, dir, name, ending), &o, mode, e);
}

static bool write_entry(struct arena *a, const char *dir,
			const struct pki_entry *x, struct err *e)
{
	const struct octets p12 = pki_p12(a, &x->issued, PKI_PASSWORD);

	return write_text(a, dir, x->name, ".pem", x->issued.cert, 0644, e) &&
	       write_text(a, dir, x->name, ".key", x->issued.key, 0600, e) &&
	       file_write(path_of(a, dir, x->name, ".p12"), &p12, 0600, e);
}

static bool write_all(struct arena *a, const struct pki_folder *f,
		      const struct pki_texts *t, struct err *e)
{
	if (!make_dir(a, f->dir, e))
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (!write_entry(a, f->dir, &f->entry[i], e))
			return false;
	return write_text(a, f->dir, "crl", ".pem", t->crl, 0644, e) &&
	       write_text(a, f->dir, "ca", ".pem", t->ca, 0644, e);
}

bool folder_make(struct arena *a, struct pki_folder *f,
		 const struct pki_own *own, struct err *e)
{
	struct pki *p = pki_new();
	bool ok;

	pki_make(p, own);
	f->n = 0;
	add_own(a, f, pki_texts(p));
	ok = add_kinds(a, f, p, own->now_ms, e) &&
	     write_all(a, f, pki_texts(p), e);
	pki_free(p);
	return ok;
}
