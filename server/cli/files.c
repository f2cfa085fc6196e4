/* SPDX-License-Identifier: Apache-2.0
 *
 * Files: read whole, found by name, written at once.
 *
 * Folders are walked in name order so that every run sees the same. A byte
 * order mark before a JSON text is passed over: some editors write one. A file
 * larger than FILE_BYTES is refused rather than read, links that lead in a
 * circle end at FILE_DEPTH.
 */
#include "cli/cli_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (64u << 20)
#define FILE_DEPTH 32

static bool refuse(struct err *e, const char *path, const char *why)
{
	return err_set(e, ERR_INVALID, "file", NULL, "%s: %s", path, why);
}

char *file_read(struct arena *a, const char *path, size_t *n, struct err *e)
{
	const bool in = strcmp(path, "-") == 0;
	const int fd = in ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	char part[16384];
	ssize_t got = -1;
	struct buf b;

	buf_init(&b, a);
	if (fd >= 0) {
		while ((got = read(fd, part, sizeof(part))) > 0 &&
		       b.len + (size_t)got <= FILE_BYTES)
			buf_add(&b, part, (size_t)got);
	}
	if (got != 0)
		(void)refuse(e, path, got > 0 ? "too large" : strerror(errno));
	if (fd > 0)
		close(fd);
	*n = b.len;
	return got == 0 ? b.p : NULL;
}

const char *skip_bom(const char *text, size_t *n)
{
	if (*n < 3 || memcmp(text, "\xEF\xBB\xBF", 3) != 0)
		return text;
	*n -= 3;
	return text + 3;
}

int cli_complain(int code, const struct err *e)
{
	const bool lines = strchr(e->text, '\n') != NULL;

	fprintf(stderr, "mock-kanta-phr: %s%s%s\n", e->where,
		!*e->where ? ""
		: lines	   ? ":\n"
			   : ": ",
		e->text);
	return code;
}

const struct json *file_json(struct arena *a, const char *path, struct err *e)
{
	struct err bad = {.kind = ERR_NONE};
	const struct json *v;
	size_t n;
	const char *text = file_read(a, path, &n, e);

	if (!text)
		return NULL;
	text = skip_bom(text, &n);
	v = json_parse(a, text, n, &bad);
	if (!v)
		(void)err_set(e, ERR_INVALID, "json", NULL, "%s, %s: %s", path,
			      bad.where, bad.text);
	return v;
}

/* ---- folders ------------------------------------------------------------- */

static void list_add(struct file_list *l, const char *path)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 32;
		const char **v = arena_alloc(l->arena, cap * sizeof(*v));

		if (l->n > 0)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = path;
}

static bool wanted(const char *name)
{
	const size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool walk(struct file_list *out, const char *path, bool deep, int depth,
		 struct err *e)
{
	struct dirent **entry;
	struct stat st;
	const size_t length = strlen(path);
	const char *slash = length && path[length - 1] == '/' ? "" : "/";
	int n = scandir(path, &entry, visible, alphasort);
	bool ok = true;

	if (n < 0)
		return refuse(e, path, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = entry[i]->d_name;
		const char *full =
		    arena_printf(out->arena, "%s%s%s", path, slash, name);

		if (!ok || stat(full, &st) != 0)
			;
		else if (S_ISREG(st.st_mode) && wanted(name))
			list_add(out, full);
		else if (S_ISDIR(st.st_mode) && deep && depth < FILE_DEPTH)
			ok = walk(out, full, deep, depth + 1, e);
		free(entry[i]);
	}
	free(entry);
	return ok;
}

bool file_find(struct file_list *out, const char *path, bool deep,
	       struct err *e)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		list_add(out, path);
		return true;
	}
	if (stat(path, &st) != 0)
		return refuse(e, path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return walk(out, path, deep, 0, e);
	list_add(out, path);
	return true;
}

bool file_write(const char *path, const struct octets *bytes, unsigned mode,
		struct err *e)
{
	char part[4096];
	bool ok;
	int fd;

	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return refuse(e, path, "the name is too long");
	unlink(part); /* of a run that was cut off; its mode may be another */
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return refuse(e, path, strerror(errno));
	ok = write(fd, bytes->p, bytes->n) == (ssize_t)bytes->n;
	close(fd);
	if (ok && rename(part, path) == 0)
		return true;
	(void)refuse(e, path, strerror(errno));
	unlink(part);
	return false;
}

bool cli_write_file(const char *path, const char *text, struct err *e)
{
	const struct octets bytes = {(const unsigned char *)text, strlen(text)};

	return file_write(path, &bytes, 0644, e);
}
