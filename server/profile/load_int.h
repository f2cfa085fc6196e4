/* SPDX-License-Identifier: Apache-2.0
 *
 * load_int.h: archives of packages; for load_package.c and load_tar.c alone.
 */
#ifndef LOAD_INT_H
#define LOAD_INT_H

#include "form_int.h"

/* load_tar.c: an archive, entry by entry */
#define TAR_NAME    1024
#define TAR_ENTRIES 20000U
#define TAR_FILE    (64U << 20)

struct tar {
	struct gunzip *in;
	struct arena *arena; /* of text */
	char *text;	     /* the last extended header */
	size_t left;	     /* of the entry's content */
	unsigned entries;
	char name[TAR_NAME];
};
struct tar_entry {
	const char *name; /* without "./"; until the next; NULL: the end */
	size_t size;
	bool file; /* not a folder */
};
void tar_open(struct tar *t, struct arena *a, struct gunzip *in);
/* False with e set: not an archive, damaged, or with what has no place in a
 * package. At the end out->name is NULL, and all has been verified. */
bool tar_next(struct tar *t, struct tar_entry *out, struct err *e);
/* The content of the entry, size bytes; once. */
bool tar_content(struct tar *t, char *out, struct err *e);

#endif
