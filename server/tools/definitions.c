/* SPDX-License-Identifier: Apache-2.0
 *
 * definitions.c: a program of the build: the official definitions of one FHIR
 * version, an npm package of JSON files, to one image; or the national ones, on
 * top of that image, to a layer (server/profile/image.c).
 *
 *	definitions stu3|r4 PACKAGE_DIR OUT
 *	definitions stu3|r4 IMAGE OUT FILE...
 *
 * Reads the files Type-id.json of the four kinds that are compiled, in the
 * order of their names, so that the image is the same on every machine. Some
 * files of STU3 begin with a byte order mark; definitions of other origin than
 * http://hl7.org/fhir/ (examples among them) are passed over. Of a layer all
 * files that are named are taken; one that does not compile ends the build,
 * with file, JSON path and reason.
 */
#include "profile/profile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OFFICIAL "http://hl7.org/fhir/"

static bool wanted(const char *name)
{
	static const char *const kinds[] = {"StructureDefinition-", "ValueSet-",
					    "CodeSystem-", "SearchParameter-"};
	for (size_t i = 0; i < LEN(kinds); i++) {
		if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
			return true;
	}
	return false;
}

/* Published profiles that do not fit their own base, neither the differential
 * nor the snapshot: they were written for an earlier Contract and an earlier
 * DiagnosticReport. */
static bool defective(const char *url)
{
	static const char *const list[] = {
	    OFFICIAL "StructureDefinition/consentdirective",
	    OFFICIAL "StructureDefinition/example",
	};
	for (size_t i = 0; i < LEN(list); i++) {
		if (strcmp(url, list[i]) == 0)
			return true;
	}
	return false;
}

static char *read_file(struct arena *a, const char *path, size_t *n)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	char *text = arena_alloc(a, (size_t)st.st_size + 1);
	*n = 0;
	while (*n < (size_t)st.st_size) {
		ssize_t got = read(fd, text + *n, (size_t)st.st_size - *n);
		if (got <= 0)
			break;
		*n += (size_t)got;
	}
	close(fd);
	return *n == (size_t)st.st_size ? text : NULL;
}

/* NULL with e set: it cannot be read, or is no JSON. */
static const struct json *read_json(struct arena *a, const char *path,
				    struct err *e)
{
	size_t n;
	char *text = read_file(a, path, &n);
	if (!text) {
		(void)err_set(e, ERR_INTERNAL, "exception", path, "%s",
			      strerror(errno));
		return NULL;
	}
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	return json_parse(a, text, n, e);
}

static bool add_file(struct profiles *p, struct arena *a, const char *path,
		     const char *source, struct err *e)
{
	const struct json *r = read_json(a, path, e);
	if (!r)
		return false;
	const char *url = json_get_text(r, "url");
	const char *type = json_get_text(r, "resourceType");
	if (type && strcmp(type, "StructureDefinition") == 0 &&
	    (!url || strncmp(url, OFFICIAL, strlen(OFFICIAL)) != 0 ||
	     defective(url)))
		return true;
	return profile_add(p, r, source, e);
}

/* "hl7.fhir.r4.examples@4.0.1" */
static const char *package_name(struct arena *a, const char *dir, struct err *e)
{
	size_t n;
	const char *path = arena_printf(a, "%s/package.json", dir);
	const char *text = read_file(a, path, &n);
	const struct json *j = text ? json_parse(a, text, n, e) : NULL;
	const char *name = json_get_text(j, "name");
	const char *version = json_get_text(j, "version");
	return arena_printf(a, "%s@%s", name ? name : dir,
			    version ? version : "?");
}

static int by_name(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name);
}

static bool add_package(struct profiles *p, struct arena *a, const char *dir,
			struct err *e)
{
	struct dirent **v;
	int n = scandir(dir, &v, NULL, by_name);
	if (n < 0)
		return err_set(e, ERR_INTERNAL, "exception", dir, "%s",
			       strerror(errno));
	const char *source = package_name(a, dir, e);
	bool ok = true;
	for (int i = 0; i < n; i++) {
		const char *path = arena_printf(a, "%s/%s", dir, v[i]->d_name);
		if (ok && wanted(v[i]->d_name) &&
		    !add_file(p, a, path, source, e)) {
			fprintf(stderr, "definitions: %s\n", path);
			ok = false;
		}
		free(v[i]);
	}
	free(v);
	return ok;
}

static bool write_file(const char *path, const struct buf *b, struct err *e)
{
	FILE *f = fopen(path, "wb");
	if (!f)
		return err_set(e, ERR_INTERNAL, "exception", path, "%s",
			       strerror(errno));
	bool ok = fwrite(b->p, 1, b->len, f) == b->len;
	ok = fclose(f) == 0 && ok;
	if (!ok)
		return err_set(e, ERR_INTERNAL, "exception", path,
			       "could not be written");
	return true;
}

static bool make_image(struct arena *a, enum fhir_version v, const char *dir,
		       struct buf *out, struct err *e)
{
	struct profiles *p = profile_new(a, v);

	return add_package(p, a, dir, e) && profile_compile(p, e) &&
	       profile_write_image(p, out, e);
}

static bool make_layer(struct arena *a, enum fhir_version v, const char *image,
		       char **file, struct buf *out, struct err *e)
{
	size_t n;
	const char *bytes = read_file(a, image, &n);
	struct profiles *p = NULL;

	if (bytes)
		p = profile_open(a, v, bytes, n, e);
	if (!p)
		return bytes ? false
			     : err_set(e, ERR_INTERNAL, "exception", image,
				       "%s", strerror(errno));
	for (; *file; file++) {
		const struct json *r = read_json(a, *file, e);

		if (!r)
			fprintf(stderr, "definitions: %s\n", *file);
		if (!r || !profile_add(p, r, *file, e))
			return false;
	}
	return profile_compile(p, e) && profile_write_layer(p, out, e);
}

int main(int argc, char **argv)
{
	struct err e = {0};
	bool r4 = argc > 3 && strcmp(argv[1], "r4") == 0;
	enum fhir_version v = r4 ? FHIR_R4 : FHIR_STU3;
	bool ok;

	if (argc < 4 || (!r4 && strcmp(argv[1], "stu3") != 0)) {
		fprintf(stderr,
			"usage: definitions stu3|r4 PACKAGE_DIR OUT\n"
			"       definitions stu3|r4 IMAGE OUT FILE...\n");
		return 2;
	}
	struct arena *a = arena_new((size_t)4 << 20);
	struct buf out;
	buf_init(&out, a);
	ok = argc == 4 ? make_image(a, v, argv[2], &out, &e)
		       : make_layer(a, v, argv[2], argv + 4, &out, &e);
	ok = ok && write_file(argv[3], &out, &e);
	if (!ok)
		fprintf(stderr, "definitions: %s: %s\n", e.where, e.text);
	arena_free(a);
	return ok ? 0 : 1;
}
