/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of cli share: the table of options, words that are near to
 * one another, and files.
 */
#ifndef CLI_INT_H
#define CLI_INT_H

#include "cli/cli.h"
#include "generate/generate.h"

/* ---- options.c: the table ----------------------------------------------- */

enum option_kind {
	OPT_STRING,   /* const char *: the last one counts */
	OPT_LIST,     /* const char *[LIST_MAX], its count behind it */
	OPT_FLAG,     /* bool: present, or true/false in a file */
	OPT_OPTIONAL, /* const char *: "" without =VALUE */
	OPT_SETTING,  /* a switch with an option of its own */
	OPT_SET,      /* NAME=VALUE of any switch */
	OPT_CONFIG    /* the file of options */
};

#define FOR(command) (1u << (command))

struct option {
	const char *name;  /* "public-url" */
	const char *value; /* "URL" in help; NULL for a flag */
	size_t at;	   /* in struct config */
	const char *other; /* OPT_SETTING: the switch's name */
	enum option_kind kind;
	unsigned commands;   /* bits FOR(command) */
	const char *initial; /* in words, for help; NULL: none */
	const char *what;
};

/* By index; NULL behind the last. */
const struct option *option_at(size_t i);
size_t option_count(void);

/* The option of that name (n bytes), or NULL. */
const struct option *option_find(const char *name, size_t n);

struct command_row {
	const char *name;
	const char *operands; /* in the usage line */
	const char *what;
	const char *examples; /* lines */
};
const struct command_row *command_row(enum command c);
bool command_find(const char *name, enum command *out);

/* Nearest option of the command; nearest command. */
const char *option_nearest(const char *name, enum command c);
const char *command_nearest(const char *name);

/* MOCK_PHR_PUBLIC_URL for "public-url". */
const char *option_env(struct arena *a, const struct option *o);

/* What an option means to a command, and its default in words (NULL: none). */
const char *option_what(enum command c, const struct option *o,
			const char **initial);

/* How many commands there are. */
size_t command_count(void);

/* Help of one command; of the program. To stdout. */
void help_command(struct arena *a, enum command c);
void help_program(void);

/* ---- words.c ------------------------------------------------------------- */

/* What an option may be, to whichever command, where that is a set of words; a
 * format, by the command. Ended by NULL; NULL: any text, or no such option. */
const char *const *words_of(const char *option);
const char *const *words_of_format(enum command c);

/* The same as a command takes it, for completion: the values of a switch too.
 * Lives in the arena. */
const char *const *words_to(struct arena *a, enum command c,
			    const struct option *o);

/* The environments and behaviours that are known. */
const char *const *words_environments(struct arena *a);

/* The values of a switch from its description "on | off"; NULL: a range. */
const char *const *words_allowed(struct arena *a, const char *allowed);

/* ---- sound.c ------------------------------------------------------------ */

/* Would a server (or another command) with these values do what it is told?
 * False: e->where is the option's name, e->text what is wrong with it. */
bool config_sound(const struct config *c, struct err *e);

/* A number of an option, from lo to hi; text NULL: the usual one. False: e as
 * above. */
bool cli_whole(const char *option, const char *text, uint64_t usual,
	       uint64_t lo, uint64_t hi, uint64_t *out, struct err *e);

/* ---- package.c ----------------------------------------------------------- */

/* Gives the packages that are configured to the sets. What they depend on and
 * is not there is told to the log, or to stderr without one. The arena must
 * live until profile_compile(). False with e set. */
bool packages_add(struct arena *a, const struct config *c,
		  struct profiles *const set[FHIR_VERSIONS],
		  const struct log *log, struct err *e);

/* ---- rule.c -------------------------------------------------------------- */

/* Prints what the rule of that id is about; the exit code. */
int rule_explain(const char *id);

/* ---- report.c ----------------------------------------------------------- */

/* One resource that was judged. */
struct verdict {
	const char *file;
	unsigned line; /* in a stream of resources; 0: the whole file */
	bool valid;
	const struct issues *issues; /* of the level that is wanted */
};

/* All of them: sums, and how they are printed. */
struct verdicts {
	const struct config *config;
	size_t format;
	enum issue_severity worst; /* that is still printed */
	size_t n, invalid, errors, warnings;
	bool streams;	  /* some were lines, not files */
	struct buf cases; /* of junit */
};
void verdicts_start(struct verdicts *r, struct arena *a,
		    const struct config *c);
/* a is for what is only needed now. */
void verdicts_add(struct verdicts *r, struct arena *a, const char *file,
		  unsigned line, const struct issues *issues);
/* The exit code. */
int verdicts_end(struct verdicts *r);

/* ---- files.c ------------------------------------------------------------- */

/* The whole file ("-": standard input), NUL behind it. NULL with e set. */
char *file_read(struct arena *a, const char *path, size_t *n, struct err *e);

/* Behind a byte order mark, if there is one. */
const char *skip_bom(const char *text, size_t *n);

/* The *.json files below path in name order, of its folders too when deep; path
 * itself when it is no folder. Grows out. False with e set. */
struct file_list {
	struct arena *arena;
	const char **v;
	size_t n, cap;
};
bool file_find(struct file_list *out, const char *path, bool deep,
	       struct err *e);

/* The same, read as JSON. */
const struct json *file_json(struct arena *a, const char *path, struct err *e);

/* Writes the bytes to the file, all or nothing, whatever stood there; its mode
 * is reduced by the umask. False with e set. */
bool file_write(const char *path, const struct octets *bytes, unsigned mode,
		struct err *e);

/* ---- folder.c ------------------------------------------------------------ */

#define PKI_PASSWORD "mock" /* of the PKCS #12 files */

/* A PKI as files. What is in it lives in the arena. */
struct pki_entry {
	const char *name, *what;
	const struct pki_kind *kind; /* NULL: of a CA, or the server's */
	struct pki_issued issued;
};
struct pki_folder {
	const char *dir;
	const char *oid; /* of the application; NULL: the fixtures' */
	struct pki_entry entry[32];
	size_t n;
};

/* Does a PKI stand there already, or a part of one? */
bool folder_used(struct arena *a, const char *dir);

/* Is there nothing in it, or no such folder? */
bool folder_empty(const char *dir);

/* Makes a PKI and writes all its files, over whatever stands there; the folder
 * is made. f: dir and oid say what is wanted. False with e set. */
bool folder_make(struct arena *a, struct pki_folder *f,
		 const struct pki_own *own, struct err *e);

/* ---- generate_people.c -------------------------------------------------- */

/* The citizens that are told, with the Patient ids of the fixtures for those
 * who stand there. Lives in the arena. False with e set. */
bool citizens_read(struct arena *a, const struct config *c,
		   const struct fixture *f, size_t fixtures, uint64_t seed,
		   struct generate_citizen **out, size_t *n, struct err *e);

/* ---- generate_out.c ----------------------------------------------------- */

/* Standard output, in the form that is told. */
struct sink {
	struct buf b;
	const char *format; /* "ndjson", "json", "bundle" */
	size_t n;
	int error; /* errno of the write that failed */
};
void sink_start(struct sink *s, struct arena *a, const char *format);
/* False: nothing more can be written. */
bool sink_add(struct sink *s, const struct generated *g);
bool sink_end(struct sink *s);

/* ---- generate_db.c ------------------------------------------------------ */

/* A database file that is being filled. */
struct filling;

/* Opens or makes it; a new one gets the fixtures. Returns -1 to go on, else the
 * exit code, and has said why. */
int filling_open(struct arena *a, const struct config *c,
		 struct profiles *const profiles[FHIR_VERSIONS],
		 const struct fixture *f, size_t fixtures,
		 struct filling **out);
/* Makes the citizens, and gives them the Patient ids that they have there. */
int filling_citizens(struct filling *f, struct generate_citizen *c, size_t n);
int filling_add(struct filling *f, const struct generated *g);
/* Commits the rest, and says on stderr what was left out. */
int filling_end(struct filling *f);
size_t filling_stored(const struct filling *f);
void filling_close(struct filling *f);

/* ---- progress.c --------------------------------------------------------- */

/* How far a long run is, on stderr when that is a terminal. */
struct progress {
	bool shown;
	size_t all, done;
	int64_t started_us, next_us;
};
void progress_start(struct progress *p, bool shown, size_t all);
void progress_step(struct progress *p);
/* Takes the line away again. */
void progress_end(struct progress *p);

#endif
