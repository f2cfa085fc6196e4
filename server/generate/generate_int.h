/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of generate/ share: plans as they are read, examples as they
 * are compiled, chance, time, values, and the door to the mutants.
 *
 * Numbers of a model are int64_t in millionths, and there is no floating point:
 * every machine makes the same bytes.
 */
#ifndef GENERATE_INT_H
#define GENERATE_INT_H

#include "generate/generate.h"
#include "json/json.h"

#define EXAMPLES "fixtures/examples/"
#define PLANS	 "fixtures/generate/"

/* ---- read.c: strict reading of our own files ---------------------------- */

/* A file that is being read, for refusals. */
struct reader {
	struct arena *arena;
	const char *file;
	struct err *e;
};

/* Refuses: where = "file: place". Always false. */
bool gen_refuse(const struct reader *r, const char *place, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* An object whose members are all among the names (ended by NULL)? */
bool gen_only(const struct reader *r, const struct json *v, const char *place,
	      const char *const *names);
/* A list of at least one? */
bool gen_is_list(const struct reader *r, const struct json *v,
		 const char *place);

/* The member of v as a number in millionths; missing: out stays as it is. */
#define MILLION	   INT64_C(1000000)
#define NUMBER_MAX (4 * MILLION * MILLION)
bool gen_number(const struct reader *r, const struct json *v, const char *place,
		const char *name, int64_t *out);
/* The same of a list of n numbers. */
bool gen_numbers(const struct reader *r, const struct json *v,
		 const char *place, const char *name, int64_t *out, size_t n);
/* "07:15", or hours alone, as seconds of the day. */
bool gen_clock(const char *text, int64_t *out);

/* A built-in file as JSON, in the arena. NULL with e set: no such file, or it
 * is no JSON. */
const struct json *gen_asset(struct arena *a, const char *file, struct err *e);

/* ---- plan.c: what there is, and a plan that is read ---------------------- */

struct shape; /* an example, compiled: shape.c */
struct value; /* a model: model.c */

/* A time of day at which a resource is made. */
struct occasion {
	int64_t at_s, spread_s; /* seconds of the local day */
	int64_t chance;		/* millionths */
	int64_t weekday[7];	/* factors of it, Monday first */
	unsigned every_days;	/* 1: every day */
	bool once;
	size_t shape, shape_count; /* of the plan's; see there */
	int64_t weights;	   /* of them, millionths */
};

/* A number, a value of the plan, or what the drawn item of a value says. */
struct operand {
	int64_t number;
	int value;     /* index; -1: none */
	int64_t *item; /* for each item; NULL: the value is a number */
};

enum period { PERIOD_NONE, PERIOD_MINUTES, PERIOD_DAY, PERIOD_WEEK };
struct length {
	enum period period;
	struct operand minutes;
};

struct plan {
	struct generate_plan about;
	const char *name;	/* "fiphr-sd-bodyweight" */
	const char *file;	/* "fixtures/generate/NAME.json" */
	const struct json *doc; /* all of it; "mutants" is in there */
	uint64_t hash;		/* of FHIR version and URL */
	/* the rest when it has been opened */
	struct shape *shape; /* the plan's, then those of its occasions */
	size_t shape_count;
	struct occasion *when;
	size_t when_count;
	struct value *value;
	size_t value_count;
	struct length length;
	bool shared; /* nobody's: made for the first citizen, for all */
};

/* All plans by FHIR version, then by URL; only about, name, file, doc, hash are
 * filled, and about.type is NULL. NULL with e set when one is broken. */
struct plan *gen_plans(struct arena *a, size_t *n, struct err *e);

/* A plan from a text, for tests: as gen_plans() fills it. */
bool gen_plan_read(struct arena *a, const char *file, const char *text,
		   size_t n, struct plan *out, struct err *e);

/* Reads the rest, with the examples it names. */
bool gen_plan_open(struct arena *a, struct plan *p, struct err *e);

/* ---- shape.c: an example becomes bytes and slots ------------------------ */

enum piece_kind {
	PIECE_BYTES,
	PIECE_NUMBER, /* a value */
	PIECE_WORD,   /* a member of a drawn item */
	PIECE_TIME,
	PIECE_START,
	PIECE_END,
	PIECE_DATE,
	PIECE_UUID,
	PIECE_PATIENT,
	PIECE_CITIZEN
};
enum piece_form { FORM_FHIR, FORM_FI, FORM_SV, FORM_EN };

struct text_n {
	const char *s;
	size_t n;
};

struct piece {
	enum piece_kind kind;
	enum piece_form form;
	int shift;	     /* of the n-th resource further on */
	struct text_n bytes; /* PIECE_BYTES */
	size_t value;	     /* index in the plan */
	struct text_n *word; /* PIECE_WORD: for each item, escaped */
	unsigned nth;	     /* PIECE_UUID: of the n-th identifier */
};

struct shape {
	const char *example;	   /* "fiphr-sd-bodyweight-min" */
	const char *place;	   /* in the plan, "shapes[0]" */
	const struct json *tree;   /* the example itself */
	const struct json *set;	   /* its own, or NULL */
	const struct json *remove; /* paths, or NULL */
	struct length length;	   /* PERIOD_NONE: the plan's */
	int64_t weight;		   /* millionths */
	struct piece *piece;
	size_t piece_count, piece_room;
	struct buf bytes; /* of the last piece, while it is made */
	bool has_uuid;	  /* an identifier that is a urn:uuid: */
};

/* What stands at a path below a value ("component[0].code"), or NULL. "" is the
 * value. */
const struct json *gen_find(const struct json *v, const char *path);

/* Compiles the examples of a plan with the members that are set. */
bool gen_shapes_compile(const struct reader *r, struct plan *p);

/* ---- slot.c: texts with slots ------------------------------------------- */

/* A place for one more piece. */
struct piece *gen_piece(struct arena *a, struct shape *s);
/* n bytes as they are. */
void gen_bytes(struct arena *a, struct shape *s, const char *bytes, size_t n);

/* A text with slots, as a JSON string, or when raw as a JSON number or boolean,
 * which must be one slot and nothing else. */
bool gen_text_compile(const struct reader *r, const struct plan *p,
		      struct shape *s, const char *place, const char *text,
		      bool raw);

/* ---- random.c: chance that depends on its key alone --------------------- */

/* a times b, all three in millionths. */
int64_t gen_times(int64_t a, int64_t b);
uint64_t gen_key(uint64_t key, uint64_t n);	    /* of the n-th below it */
uint64_t gen_key_text(uint64_t key, const char *s); /* of what is so named */
int64_t gen_uniform(uint64_t key);		    /* [0, 1) in millionths */
int64_t gen_between(uint64_t key, int64_t lo, int64_t hi);
int64_t gen_normal(uint64_t key, int64_t deviation);
void gen_uuid(char out[UUID_TEXT], uint64_t key);

/* ---- calendar.c: Finnish days, and what happens on them ----------------- */

/* One resource: of which plan, for whom, when. */
struct event {
	const struct plan *plan;
	const struct generate_citizen *citizen;
	uint64_t citizen_key; /* of seed, citizen and plan */
	uint64_t key;	      /* and of day and place */
	int64_t day;	      /* Finnish, since 1970-01-01 */
	int64_t time_ms;
	unsigned place; /* index of the occasion */
};

/* An instant as Finnish clocks show it. */
struct local {
	struct date date;
	int64_t day; /* since 1970-01-01 */
	int weekday; /* 0 Monday */
	int hour, minute, second;
	int zone_h;
};
struct local gen_local(int64_t utc_ms);
int64_t gen_day(int64_t utc_ms);		  /* the Finnish day of it */
int64_t gen_instant(int64_t day, int64_t second); /* back again */

/* What is drawn for a citizen and plan begins with this key. */
uint64_t gen_citizen_key(uint64_t seed, const struct plan *p,
			 const struct generate_citizen *c);

/* Does the plan's occasion happen for the citizen on that day? last is the last
 * day of the run, where what happens once is. key is that of day and place. */
bool gen_happens(const struct plan *p, uint64_t citizen_key, int64_t day,
		 int64_t last, unsigned place, uint64_t *key);
/* The same, with all there is to know of it. */
bool gen_event(const struct plan *p, const struct generate_citizen *c,
	       uint64_t citizen_key, int64_t day, int64_t last, unsigned place,
	       struct event *out);

/* The one n places further on in time of the same plan and citizen. */
struct event gen_neighbour(const struct event *e, int n);

/* ---- model.c: values ---------------------------------------------------- */

struct hour {
	int64_t at_s, adds;
};
struct item {
	const struct json *words;
	int64_t weight;
};
/* A number, or words when it has items. */
struct value {
	const char *name;
	uint64_t hash;
	bool made; /* of another value, not of a base */
	struct operand of, times, plus;
	int64_t base[2];
	int64_t wander, noise, min, max;
	int64_t weekday[7];
	struct hour *hour;
	size_t hour_count;
	int64_t *meal; /* seconds of the day */
	size_t meal_count;
	int64_t rise[2], peak_s, fall_s;
	unsigned digits;
	struct item *item;
	size_t item_count;
	int64_t weights;
	bool by_citizen;
};

/* The member of v as a number or the name of a value of the plan. */
bool gen_operand_read(const struct reader *r, const struct json *v,
		      const char *place, const char *name, const struct plan *p,
		      struct operand *out);
int64_t gen_operand(const struct event *e, const struct operand *o);

/* Reads the values of a plan into p->value. */
bool gen_values_read(const struct reader *r, struct plan *p);

/* Index of a value by name (n bytes), or -1. */
int gen_value_find(const struct plan *p, const char *name, size_t n);

/* The i-th value of the event's plan, in millionths; which of its items. */
int64_t gen_value(const struct event *e, size_t i);
size_t gen_word(const struct event *e, size_t i);

/* ---- render.c ----------------------------------------------------------- */

struct generator {
	struct arena *arena;
	const struct generate_options *o;
	struct plan *plan; /* that were asked for, opened */
	size_t plan_count;
	int64_t first, last; /* days */
	struct buf text;     /* the resource at hand */
	char uuid[UUID_TEXT];
	struct mutants *mutants; /* NULL: valid resources */
	struct run *run;	 /* generate.c */
};

/* Appends the resource of the event to text, one line; uuid is that of its
 * identifier, "" without one. shape NULL: the one that chance chooses. */
void gen_render(const struct event *e, const struct shape *shape,
		struct buf *text, char uuid[UUID_TEXT]);

/* A valid resource of the plan in that shape, of the citizen, on the last day;
 * n makes different ones of it. For mutants. */
void gen_sample(const struct generator *g, const struct plan *p,
		const struct shape *shape, const struct generate_citizen *c,
		uint64_t n, struct buf *text, char uuid[UUID_TEXT]);

/* ---- mutant.c ----------------------------------------------------------- */

struct mutants;

/* Looks for the mutations of g->plan that o->invalid asks for. NULL with e set
 * when there is none. */
struct mutants *mutants_open(struct generator *g, struct err *e);
size_t mutants_count(const struct mutants *m);
bool mutants_next(struct mutants *m, struct generated *out);

#endif
