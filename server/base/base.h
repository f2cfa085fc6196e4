/* SPDX-License-Identifier: Apache-2.0
 *
 * base: what everything stands on. Memory with a lifetime (arena), text that
 * grows (buf), a refusal (err), gzip, log lines, the one clock, and uuids.
 *
 * Nothing here knows of HTTP, JSON or FHIR. Running out of memory aborts the
 * process: every input is capped, so a client cannot steer it there.
 */
#ifndef BASE_H
#define BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LEN(a)		  (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, v) __attribute__((format(printf, f, v)))

/* ---- arena: everything that ends together ---------------------------- */

/* Bytes of somebody else's: where they are, how many. */
struct octets {
	const unsigned char *p;
	size_t n;
};

struct arena;

/* A new arena; it grows by blocks of at least block_bytes (0: 16 KiB).
 * Owned by the caller, ended by arena_free(). */
struct arena *arena_new(size_t block_bytes);

/* Ends every allocation made in the arena. NULL is allowed. */
void arena_free(struct arena *a);

/* Ends every allocation too, but keeps one block for those to come. */
void arena_clear(struct arena *a);

/* n zeroed bytes, aligned for any type, living as long as the arena. Never
 * NULL, also for n = 0. Slack between allocations is poisoned under
 * AddressSanitizer, so that an overrun is still seen. */
void *arena_alloc(struct arena *a, size_t n);

/* A NUL-terminated copy of the first n bytes of s (which may hold NULs). */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);

/* The texts one behind the other; the last argument is NULL. */
char *arena_cat(struct arena *a, const char *first, ...)
    __attribute__((sentinel));

/* printf into the arena. */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Bytes handed out so far; for tests and the benchmark. */
size_t arena_used(const struct arena *a);

/* For work that is done again and again: what was allocated since the mark ends
 * at the rewind. Marks nest: an earlier one takes the later ones with it. */
struct arena_mark {
	void *block, *next;
	size_t used, next_bytes, handed_out;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, const struct arena_mark *m);

/* ---- buf: text that grows ------------------------------------------- */

/* p is always NUL-terminated (after buf_init it is ""); len does not count
 * the NUL. The memory belongs to the arena. Appending never fails: a buf is
 * an accumulator that is tested, if at all, once at the end. */
struct buf {
	struct arena *arena;
	char *p;
	size_t len;
	size_t cap;
};

void buf_init(struct buf *b, struct arena *a);
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text of XML 1.0 (2.2): markup escaped, and what is no character of it
 * replaced or left out. */
void buf_xml(struct buf *b, const char *s);

/* ---- utf8 ------------------------------------------------------------ */

/* Bytes of the character that the n bytes at s begin with; 0 when they begin
 * with none: n is 0, or they are not well-formed UTF-8 (RFC 3629). */
size_t utf8_char(const char *s, size_t n);

/* Appends a character: at most 0x10ffff, and no surrogate, which the caller
 * knows. */
void buf_put_char(struct buf *b, uint32_t c);

/* ---- err: a refusal ------------------------------------------------- */

/* The kinds of refusal, by what the caller did wrong; http maps each to one
 * status. ERR_INTERNAL is for the environment (disk, SQLite) alone and is
 * the only kind that no input may cause. */
enum err_kind {
	ERR_NONE = 0,
	ERR_INVALID,	    /* the request cannot be understood: 400 */
	ERR_UNAUTHORIZED,   /* who are you: 401 */
	ERR_FORBIDDEN,	    /* not you: 403 */
	ERR_NOT_FOUND,	    /* 404 */
	ERR_METHOD,	    /* 405 */
	ERR_NOT_ACCEPTABLE, /* 406 */
	ERR_MEDIA_TYPE,	    /* 415 */
	ERR_TIMEOUT,	    /* 408 */
	ERR_CONFLICT,	    /* 409 */
	ERR_GONE,	    /* 410 */
	ERR_PRECONDITION,   /* 412 */
	ERR_TOO_LARGE,	    /* 413 */
	ERR_UNPROCESSABLE,  /* understood, and not acceptable: 422 */
	ERR_INTERNAL,	    /* 500 */
	ERR_NOT_IMPLEMENTED /* 501 */
};

/* Filled where a refusal is detected; read where it is answered. Holds no
 * pointer into an arena. */
struct err {
	enum err_kind kind;
	char code[48];	 /* field's own word: "invalid_grant", "not-found" */
	char where[256]; /* file, JSON path, parameter; "" when unknown */
	unsigned line, column; /* in the text that was read; 0: unknown */
	char text[768];	       /* one sentence for a person */
	unsigned secret_at;    /* what text has from here on is for the one who
				* asked, and no note keeps it; 0: all may */
};

/* Fills e and returns false, so that a refusal is one return statement.
 * code and where may be NULL. Too long texts are cut at a whole character. */
bool err_set(struct err *e, enum err_kind kind, const char *code,
	     const char *where, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* ---- gzip: what was packed, piece by piece ------------------------------ */

/* Reads n packed bytes, which must live as long as the arena. At most max bytes
 * may come out in all, and not hundreds of times more than went in: a bomb is
 * refused. Nothing needs closing. */
struct gunzip;
struct gunzip *gunzip_open(struct arena *a, const void *packed, size_t n,
			   size_t max);

/* The next n bytes; *got is less than n at the end alone, where checksum and
 * length have been compared. False with e set (code "gzip"): no gzip, cut
 * short, damaged, or too large (ERR_TOO_LARGE). */
bool gunzip_read(struct gunzip *g, void *out, size_t n, size_t *got,
		 struct err *e);

/* Appends n bytes (below 2 GB), packed. */
void gzip_pack(struct buf *out, const void *p, size_t n);

/* ---- small questions about texts -------------------------------------- */

/* Is there a text, and is it this one? */
static inline bool text_is(const char *s, const char *want)
{
	return s && want && strcmp(s, want) == 0;
}

/* Does a text begin with another one? */
static inline bool text_begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Two texts that are equal, or both not there. */
static inline bool text_same(const char *x, const char *y)
{
	return x == y || (x && y && strcmp(x, y) == 0);
}

static inline const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

/* Classes of ASCII, whatever the locale. */
static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* FNV-1a over n bytes, going on from h; it begins with HASH_START. */
#define HASH_START 14695981039346656037ULL
static inline uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	for (const unsigned char *s = p; n > 0; n--, s++)
		h = (h ^ *s) * 1099511628211ULL;
	return h;
}
/* For tables whose size is a power of two. */
static inline uint32_t hash_textn(const char *s, size_t n)
{
	uint64_t h = hash_bytes(HASH_START, s, n);
	return (uint32_t)(h ^ h >> 32);
}
static inline uint32_t hash_text(const char *s)
{
	return hash_textn(s, strlen(s));
}

/* ---- the nearest word, for "did you mean" ----------------------------- */

/*	struct nearest n = {.word = typed};
 *	for (...) nearest_try(&n, known[i]);
 * best is then the known word with the fewest edits (one letter more, less or
 * other), or NULL when none is near: at most a third of the letters, plus one,
 * may be wrong. It points at the candidate as it was given. */
#define NEAREST_KNOWN 32
struct nearest {
	const char *word;
	const char *best;
	size_t edits; /* of best */
	const char *known[NEAREST_KNOWN];
	size_t tried;
};
void nearest_try(struct nearest *n, const char *candidate);
/* The end of a sentence that refuses the word: `; did you mean "x"?`, and where
 * that is doubtful ` Known are "x", "y" and "z".` as well, unless they are more
 * than NEAREST_KNOWN. Every candidate must live as long as n. */
const char *nearest_hint(const struct nearest *n, struct arena *a);

/* ---- log: one line for each thing worth telling ---------------------- */

enum log_format { LOG_OFF, LOG_TEXT, LOG_JSON };

struct log {
	enum log_format format;
	int fd; /* 2: stderr */
};

/* Writes one line with the wall clock's time, an event name ("request",
 * "storage", ...) and a message, in one write(2). Never log a token, code,
 * secret or whole hetu (facts: OAuth security checklist 14). */
void log_line(const struct log *l, const char *event, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The text with the ends of what may be personal identity codes starred out,
 * "010190-****", wherever they stand: itself, or a copy in the arena. */
const char *mask_hetu(struct arena *a, const char *text);
/* The same for n bytes, which may hold anything. */
const char *mask_hetu_in(struct arena *a, const char *text, size_t n);

/* ---- clock: one time for tokens, lastUpdated, Date ------------------- */

enum clock_mode { CLOCK_REAL, CLOCK_OFFSET, CLOCK_FROZEN };

struct clock {
	enum clock_mode mode;
	int64_t offset_ms; /* CLOCK_OFFSET: added to the wall clock */
	int64_t frozen_ms; /* CLOCK_FROZEN: the time itself */
	int64_t tick_ms;   /* CLOCK_FROZEN: by how much clock_tick() moves it */
};

/* Milliseconds since 1970-01-01T00:00:00Z by this clock. */
int64_t clock_now_ms(const struct clock *c);

/* Microseconds of a steady clock without a date, for durations. */
int64_t clock_steady_us(void);

/* A request has been answered: a frozen clock that ticks moves on. */
void clock_tick(struct clock *c);

/* Moves the clock forward by ms (back, if it is negative); a real clock becomes
 * an offset one. */
void clock_advance(struct clock *c, int64_t ms);

/* "real", "+PT1H" (offset by an ISO 8601 duration of D, H, M, S parts) or an
 * instant with zone (frozen). False with e set for anything else. */
bool clock_parse(struct clock *c, const char *text, struct err *e);

/* "PT1H", "P1DT2H30M", "PT0.5S" to milliseconds; false for other texts, for
 * years and months (they have no fixed length) and for overflow. */
bool duration_parse(const char *text, int64_t *ms);

/* The proleptic Gregorian calendar, years 0 to 10000. */
struct date {
	int year, month, day; /* from 1 */
};
/* Days since 1970-01-01. */
int64_t date_days(int year, int month, int day);
struct date date_of_days(int64_t days);
/* Of a month from 1 to 12. */
int date_month_days(int year, int month);
/* Is there such a month and day? */
bool date_exists(struct date d);

/* A FHIR date, dateTime or instant (R4 2.24.0.1: YYYY, YYYY-MM, YYYY-MM-DD or
 * with Thh:mm:ss[.fff] and zone; the seconds may be missing for searches) as
 * the half-open span [lo, hi) of its precision, in milliseconds. A text
 * without zone is read as Finnish time. */
enum time_precision {
	TIME_YEAR,
	TIME_MONTH,
	TIME_DAY,
	TIME_MINUTE,
	TIME_SECOND,
	TIME_FRACTION
};
struct time_span {
	int64_t lo_ms;
	int64_t hi_ms;
	enum time_precision precision;
	bool has_zone;
};

/* False when s (n bytes, all of it) is not such a text or names a day that
 * the calendar does not have. */
bool time_parse(const char *s, size_t n, struct time_span *out);

/* 2023-01-05T00:05:47.614+02:00, in Finnish time (EU daylight saving rules);
 * the form that the real service writes into meta.lastUpdated. */
#define TIME_TEXT 32
void time_finnish(char out[TIME_TEXT], int64_t ms);
/* The same in UTC: +00:00. */
void time_greenwich(char out[TIME_TEXT], int64_t ms);

/* How far Finnish clocks are ahead at an instant, and the instant at which they
 * show local_ms (counted as if they were UTC). Of an hour that happens twice
 * the first; one that a change skips is read as winter time. */
int64_t time_finnish_zone_ms(int64_t utc_ms);
int64_t time_of_finnish_ms(int64_t local_ms);

/* Thu, 05 Jan 2023 00:05:47 GMT: Date and Last-Modified (RFC 9110 5.6.7). */
void time_http(char out[TIME_TEXT], int64_t ms);

/* ---- uuid ------------------------------------------------------------ */

#define UUID_TEXT 37
/* A random (version 4) uuid in lower case. */
void uuid_make(char out[UUID_TEXT]);

/* The same, but beginning with a time (ms since 1970): those that are made one
 * after another stand together in an index (74 bits are random). */
void uuid_make_at(char out[UUID_TEXT], int64_t ms);

/* One of these bytes, but for the bits of variant and version. */
#define UUID_BYTES 16
void uuid_from(const unsigned char bytes[UUID_BYTES], char out[UUID_TEXT]);

/* The same for who makes very many: the randomness is got for a hundred of them
 * at a time. Begins zeroed. */
struct uuid_pool {
	unsigned char bytes[100][16];
	size_t left;
};
void uuid_take(struct uuid_pool *p, char out[UUID_TEXT]);

/* Is s a uuid of any version, 36 characters, in either case? */
bool uuid_ok(const char *s);

#endif
