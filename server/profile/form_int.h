/* SPDX-License-Identifier: Apache-2.0
 *
 * form_int.h: the compiled form of the definitions, and how it is read.
 *
 * Everything compiled is made of fixed-size records that point at each other by
 * ref: a byte offset in one address space. Below image_bytes lies the mapped
 * image, which is never written; above it the heap, which grows in chunks that
 * never move. The definition compiler starts with no image and writes its heap
 * out as the image: so there is one form, one compiler, and nothing to parse or
 * to relocate at start.
 */
#ifndef FORM_INT_H
#define FORM_INT_H

#include "fhirpath/fhirpath.h"
#include "profile.h"

typedef uint32_t ref; /* 0: none */

#define UNBOUNDED	   UINT32_MAX
#define NO_TYPE		   0xffffU
#define CHUNK_BYTES	   65536U
#define CHILDREN_MAX	   96 /* of one element; the core needs 55 */
#define SLICES_MAX	   64 /* of one element */
#define DISCRIMINATORS_MAX 8
#define TALLY_HEAD	   2
#define TALLY_SLOTS	   256 /* counters for an element's slices */
#define STEPS_MAX	   40  /* segments of an element's path */
#define IMAGE_HEAD	   128

/* ---- records ---------------------------------------------------------- */

enum type_kind { KIND_PRIMITIVE, KIND_COMPLEX, KIND_RESOURCE };

/* The primitive formats that are coded natively. */
enum prim {
	PRIM_NONE,
	PRIM_BASE64,
	PRIM_BOOLEAN,
	PRIM_CANONICAL,
	PRIM_CODE,
	PRIM_DATE,
	PRIM_DATETIME,
	PRIM_DECIMAL,
	PRIM_ID,
	PRIM_INSTANT,
	PRIM_INTEGER,
	PRIM_MARKDOWN,
	PRIM_OID,
	PRIM_POSITIVEINT,
	PRIM_STRING,
	PRIM_TIME,
	PRIM_UNSIGNEDINT,
	PRIM_URI,
	PRIM_URL,
	PRIM_UUID,
	PRIM_XHTML
};

/* A data or resource type. The types are one array sorted by name; they are
 * named by their index. */
struct type {
	ref name;
	ref root; /* node */
	ref sd;
	uint16_t parent; /* type or NO_TYPE */
	uint8_t kind;
	uint8_t prim;
	uint8_t abstract;
	uint8_t known; /* 1 + enum known_type, its own or inherited; 0: none */
	uint8_t pad[2];
};

/* A profile or target profile as it was named, and its definition if known. */
struct target {
	ref url;
	ref sd;
};

/* How a reference may lead to its target, and whether to a version of it. */
enum reference_mode {
	MODE_CONTAINED = 1,
	MODE_REFERENCED = 2,
	MODE_BUNDLED = 4,
	MODE_ANY_PLACE = 7,
	MODE_INDEPENDENT = 8,
	MODE_SPECIFIC = 16
};

/* One type that an element may have. */
struct use {
	uint16_t type;
	uint16_t n_profiles;
	uint16_t n_targets;
	uint16_t modes; /* of reference_mode; 0: all */
	ref profiles;	/* struct target[] */
	ref targets;
};

enum node_flag {
	NODE_CHOICE = 1,      /* name is "value" of value[x] */
	NODE_LIST = 2,	      /* a JSON array, whatever a profile's maximum */
	NODE_MODIFIER = 4,    /* isModifier */
	NODE_CONSTRAINED = 8, /* a profile says something here or below */
	NODE_OWN_BINDING = 16,
	NODE_OWN_TYPES = 32,
	NODE_RECURS = 64,  /* content leads to what a profile made of it */
	NODE_DONE = 128,   /* its slices are worked out */
	NODE_SUMMARY = 256 /* isSummary */
};

/* How sure a statement is; compile_mark.c. */
enum sure {
	SURE_NONE,
	SURE_OFFICIAL,
	SURE_CLIENT,
	SURE_STOCK,
	SURE_INFERRED,
	SURE_UNKNOWN,
	SURES
};

/* An element definition. */
struct node {
	ref name;
	ref slice;	 /* its slice name */
	ref owner;	 /* node in whose list or slicing it may be changed */
	ref list;	 /* struct list: children of its own; 0: the type's */
	ref content;	 /* node that a contentReference names */
	ref types;	 /* struct use[] */
	ref binding;	 /* struct binding */
	ref fixed;	 /* struct constant */
	ref pattern;	 /* struct constant */
	ref limits;	 /* struct limits */
	ref slicing;	 /* struct slicing */
	ref constraints; /* ref[] of struct constraint, the base's first */
	uint32_t min;
	uint32_t max;
	uint16_t n_types;
	uint16_t n_constraints;
	uint16_t n_base;  /* of them: what the type's own definition states */
	uint16_t of_type; /* the type that list belongs to; NO_TYPE: any */
	uint16_t flags;
	uint8_t confidence; /* enum sure: of what a profile says here */
	uint8_t weighed;    /* enum profile_switch: max and closed slicing */
};

/* The children of an element in the order of the definition, and the JSON names
 * they go by, sorted: one each, for a choice one for each type. */
struct list {
	ref owner;
	uint16_t n;
	uint16_t n_names;
	ref names; /* struct name[] */
	ref child[];
};
struct name {
	ref text;
	uint16_t child;
	uint16_t type; /* of a choice, else NO_TYPE */
};

enum strength { BIND_EXAMPLE, BIND_PREFERRED, BIND_EXTENSIBLE, BIND_REQUIRED };
struct binding {
	ref url; /* of the value set */
	ref vs;
	ref max_url;
	ref max_vs;
	uint32_t strength;
};

/* A JSON value of a definition (fixed[x], pattern[x]). */
struct constant {
	ref name;
	ref text;
	ref first;
	ref next;
	uint32_t kind; /* enum json_kind */
};

struct limits {
	ref min_value; /* struct constant */
	ref max_value;
	uint32_t max_length; /* 0: none */
};

/* Invariants that are coded: invariant_native.c. */
enum native {
	NATIVE_NONE,
	NATIVE_PERIOD,
	NATIVE_RANGE,
	NATIVE_NARRATIVE,
	NATIVE_FULL_URLS,
	NATIVE_LINK_IDS,
	NATIVE_CONCEPT_CODES,
	NATIVE_PATHS,
	NATIVE_SNAPSHOT_IDS,
	NATIVE_DIFFERENTIAL_IDS,
	NATIVE_SNAPSHOT_ROOT,
	NATIVE_DIFFERENTIAL_ROOT,
	NATIVES
};

/* An invariant. Kept with the element it is stated on; lists merge by key. What
 * is evaluated may be another expression than the published one, or code. */
struct constraint {
	ref key;
	ref human;
	ref expression;	  /* as published */
	ref run;	  /* what is evaluated; 0: native */
	uint32_t number;  /* of run among the set's expressions */
	uint8_t severity; /* enum issue_severity */
	uint8_t native;	  /* enum native */
	uint8_t confidence;
	uint8_t weighed; /* enum profile_switch */
};

enum slicing_rules { SLICES_OPEN, SLICES_OPEN_AT_END, SLICES_CLOSED };
enum discriminator_kind { BY_VALUE, BY_EXISTS, BY_TYPE, BY_PROFILE };
enum step_op { STEP_CHILD, STEP_EXTENSION, STEP_OFTYPE, STEP_RESOLVE };

struct path_step {
	uint32_t op;
	ref name;
};
struct discriminator {
	ref path; /* as it was written */
	ref steps;
	uint16_t n_steps; /* 0: $this */
	uint16_t kind;
};
/* What decides whether an item belongs to a slice, by one discriminator. */
enum criterion_kind {
	CRIT_NONE, /* nothing: it cannot be told */
	CRIT_NODE, /* the value fits at one of the places */
	CRIT_TEXT, /* the value is this text (the url of an extension) */
	CRIT_TYPE, /* its type is one of a place's node's */
	CRIT_EXISTS,
	CRIT_ABSENT,
	CRIT_PROFILE /* it fits a profile of a place's node's types */
};
/* A node that decides, after so many steps of the discriminator's path. */
struct place {
	ref node;
	uint32_t steps;
};
struct criterion {
	ref places; /* struct place[n] */
	ref text;
	uint16_t n;
	uint16_t kind;
};
struct slicing {
	ref owner;
	ref disc;     /* struct discriminator[n_disc] */
	ref slices;   /* ref[cap] */
	ref criteria; /* struct criterion[n * n_disc] */
	uint16_t n_disc;
	uint16_t n;
	uint16_t cap;
	uint16_t slots; /* counters it takes, see slice_tally.c */
	uint8_t rules;
	uint8_t ordered;
	uint8_t nested;	  /* a slice has a slicing */
	uint8_t fallback; /* 1 + the slice "@default"; 0: none */
	uint8_t pad[2];
};

enum sd_flag {
	SD_ABSTRACT = 1,
	SD_NATIONAL = 2,
	SD_CONSTRAINT = 4, /* a profile, not a type's own definition */
	SD_DATATYPE = 8	   /* of a data type (extensions too) */
};
/* The records that are found by URL all begin with it and the version. */
struct canonical {
	ref url;
	ref version; /* 0: none */
};
struct sd {
	ref url;
	ref version;
	ref title;
	ref source;
	ref base;
	ref root; /* node; 0: not compiled yet */
	uint16_t type;
	uint8_t flags;
	uint8_t confidence;
	ref contexts; /* struct context[]: where an extension may stand */
	uint32_t n_contexts;
};

enum context_kind { CONTEXT_ELEMENT, CONTEXT_EXTENSION, CONTEXT_FHIRPATH };
struct context {
	ref expression;
	uint32_t kind;
};

struct concept {
	ref code;
	ref display;
	uint32_t parent : 30; /* 1 + index in the code system; 0: none */
	uint32_t abstract : 1;
	uint32_t inactive : 1;
};
/* A display in some language, or a property's value; sorted by concept. */
struct fact {
	uint32_t concept; /* index in the code system */
	ref name;	  /* language, or the property's code; may be 0 */
	ref value;
};
enum content {
	CONTENT_COMPLETE,
	CONTENT_FRAGMENT, /* an example too: what is not there may exist */
	CONTENT_ABSENT,
	CONTENT_SUPPLEMENT /* adds displays to another one */
};
struct code_system {
	ref url;
	ref version;
	ref supplements; /* URL of the other one */
	ref concepts;	 /* struct concept[n], sorted by code_cmp() */
	ref words;	 /* struct fact[n_words]: designations */
	ref properties;	 /* struct fact[n_properties]; further parents are
			  * properties "parent" */
	uint32_t n;
	uint32_t n_words;
	uint32_t n_properties;
	uint8_t content;
	uint8_t nocase;
	uint8_t pad[2];
};

/* Systems whose codes are told by their grammar or a small table. */
enum grammar {
	GRAMMAR_NONE,
	GRAMMAR_LANGUAGE, /* BCP 47 */
	GRAMMAR_MIME,	  /* BCP 13 */
	GRAMMAR_UCUM,
	GRAMMAR_COUNTRY, /* ISO 3166-1 */
	GRAMMAR_CURRENCY /* ISO 4217 */
};

enum part_kind {
	PART_CODES,
	PART_WHOLE,
	PART_OPEN,   /* of no code it can be told */
	PART_MAYBE,  /* of these codes it cannot be told; no others */
	PART_GRAMMAR /* all codes of the grammar */
};
struct part {
	ref system; /* 0: any */
	ref cs;	    /* PART_WHOLE */
	ref codes;  /* ref[n], sorted by code_cmp(); CODES and MAYBE */
	ref text;   /* OPEN, MAYBE: why it cannot be told, 0: the system is not
		     * loaded; GRAMMAR: a unit to be comparable with, or 0 */
	uint32_t n;
	uint8_t kind;
	uint8_t nocase;
	uint8_t grammar;
	uint8_t pad;
};
struct value_set {
	ref url;
	ref version;
	ref title;
	ref parts; /* struct part[n] */
	uint32_t n;
};

struct search_param {
	ref base; /* "Observation" */
	ref code; /* "date" */
	ref type;
	ref expression;
	ref targets; /* "Patient Group" */
};

/* ---- the set ---------------------------------------------------------- */

/* A profile that an ImplementationGuide demands of all resources of a type. */
struct global {
	ref type; /* name */
	ref profile;
};

/* Refs of records, sorted by the canonical they begin with; of one URL the
 * version that stands for all comes first. */
struct table {
	const ref *v;
	size_t n;
};

/* One conformance resource that was added. */
struct item {
	struct item *next;
	const struct json *json;
	const char *source;
	const char *url;
	const char *version; /* or NULL */
	ref rec;
	ref old; /* record that this one replaces; 0: none */
	unsigned order;
	unsigned rank;	    /* the higher one is found first */
	struct item *asker; /* that needed it compiled */
	struct item *later; /* next one when sorted */
	enum { ITEM_NEW, ITEM_BUSY, ITEM_DONE } state;
};

/* Types of which the code speaks by name. The first two are the ancestors of
 * all; the others may have a check of their own in kind.c. */
enum known_type {
	T_ELEMENT,
	T_RESOURCE,
	T_EXTENSION,
	T_REFERENCE,
	T_CODING,
	T_IDENTIFIER,
	T_CODEABLECONCEPT,
	T_QUANTITY,
	T_ATTACHMENT,
	T_PERIOD,
	T_NARRATIVE,
	T_BUNDLE,
	T_OBSERVATION,
	T_QUESTIONNAIRE,
	T_RESPONSE,
	T_STRUCTUREDEFINITION,
	T_VALUESET,
	T_CODESYSTEM,
	T_SEARCHPARAMETER,
	T_OPERATIONDEFINITION,
	T_CONCEPTMAP,
	T_KNOWN
};
extern const char *const known_names[T_KNOWN]; /* heap.c */

struct profiles {
	struct arena *arena;
	enum fhir_version version;
	const char *image;
	uint32_t image_bytes;
	const struct profiles *base; /* that it grew from: fork.c; or NULL */
	ref frozen;		     /* what lies below is never written */
	char **chunk;
	size_t chunks, chunk_cap;
	uint32_t top; /* next free byte of the heap */
	uint32_t end; /* behind the last chunk */
	const struct type *types;
	unsigned n_types;
	uint16_t known[T_KNOWN];
	struct table sd, vs, cs;		   /* of the heap */
	struct table image_sd, image_vs, image_cs; /* of the image */
	bool vs_override; /* some value set of the image is redefined */
	const struct search_param *search;
	size_t n_search;
	const struct global *globals;
	size_t n_globals;
	struct item *added, **tail;
	unsigned n_added;
	unsigned rank;		     /* of what is added next */
	struct item *questionnaires; /* the latest first */
	/* Invariants by number; those of the image are compiled when they are
	 * first needed. The array alone is written while checking. */
	struct fp_expr **expr;
	uint32_t n_expr, cap_expr;
};

/* The record at r. In the image it must not be changed. */
static inline const void *rec_at(const struct profiles *p, ref r)
{
	if (r < p->image_bytes)
		return p->image + r;
	r -= p->image_bytes;
	return p->chunk[r / CHUNK_BYTES] + r % CHUNK_BYTES;
}
static inline const char *text_at(const struct profiles *p, ref r)
{
	return r ? (const char *)rec_at(p, r) : NULL;
}
static inline const struct node *node_at(const struct profiles *p, ref r)
{
	return (const struct node *)rec_at(p, r);
}
static inline const struct list *list_at(const struct profiles *p, ref r)
{
	return (const struct list *)rec_at(p, r);
}

/* heap.c */
void *heap_at(struct profiles *p, ref r);     /* asserts: not frozen */
ref heap_alloc(struct profiles *p, size_t n); /* zeroed, 4-aligned */
/* A canonical "url|version": the exact version, also the beginning of one; if
 * there is none and exact is false, the one that stands for all. */
ref table_find(const struct profiles *p, const struct table *t, const char *url,
	       bool exact);
/* Which of two versions comes first: none, then the later ones. */
int version_cmp(const char *x, const char *y);
/* By canonical URL; 0: it is not loaded. */
ref find_sd(const struct profiles *p, const char *url);
ref find_vs(const struct profiles *p, const char *url);
ref find_cs(const struct profiles *p, const char *url);
/* The type of that name, n bytes; NO_TYPE: there is none. */
unsigned find_type(const struct profiles *p, const char *name, size_t n);
/* The ancestor itself, or derived from it. */
bool type_is_a(const struct profiles *p, unsigned type, unsigned ancestor);
/* Fills in known, once the types are there. */
void know_types(struct profiles *p);
size_t canonical_len(const char *url); /* without |version */
/* load.c: a Questionnaire that was added, by canonical URL (of that version, if
 * one is named); or NULL. */
const struct json *find_questionnaire(const struct profiles *p,
				      const char *canonical);

/* tree.c: reading the trees. The JSON name (without _); NULL: unknown. */
const struct name *list_find(const struct profiles *p, const struct list *l,
			     const char *name);
/* The list of children that holds for an item of that type; NULL: none. */
const struct list *node_list(const struct profiles *p, const struct node *n,
			     unsigned type);
/* What the element says of that type; NULL: it may not have it. */
const struct use *node_use(const struct profiles *p, const struct node *n,
			   unsigned type);
/* A choice in JSON: the member that "value" begins (valueQuantity), *type is
 * the rest of its name; NULL: there is none. */
const struct json *choice_of(const struct json *object, const char *stem,
			     const char **type);
/* The definition that a target names, also one that came later; 0 or NULL. */
ref target_ref(const struct profiles *p, const struct target *t);
const struct sd *target_sd(const struct profiles *p, const struct target *t);

/* constant.c: the values of definitions beside those of resources: equal to a
 * fixed[x], or with everything that a pattern[x] has */
bool constant_equal(const struct profiles *p, ref constant,
		    const struct json *v);
bool constant_within(const struct profiles *p, ref pattern,
		     const struct json *v);
/* A text as it is, anything else as JSON; in the arena. */
const char *constant_text(const struct profiles *p, struct arena *a, ref r);
void constant_print(const struct profiles *p, struct buf *out,
		    const struct constant *c);
/* The first place where a value differs; false: it does not. */
enum miss_kind { MISS_VALUE, MISS_ABSENT, MISS_SURPLUS };
struct miss {
	enum miss_kind kind;
	struct buf path;	     /* below the value; empty: itself */
	const struct constant *want; /* NULL: nothing */
	const struct json *is;	     /* NULL: nothing, or none of several */
};
bool constant_miss(const struct profiles *p, struct arena *a, ref constant,
		   const struct json *v, bool pattern, struct miss *out);
/* Does the constant have something at the end of the path, and if so, does the
 * value have it too? */
bool constant_has(const struct profiles *p, ref constant,
		  const struct path_step *step, unsigned n);
bool constant_along(const struct profiles *p, ref constant,
		    const struct path_step *step, unsigned n, bool pattern,
		    const struct json *v);

/* compile_criteria.c: does anything decide on a slice there? */
bool has_criterion(const struct profiles *p, const struct node *n,
		   unsigned depth);

/* term_lookup.c: terminology, read */
int code_cmp(const char *x, const char *y); /* by letters, then by case */
/* 1, 0, or -1: it cannot be told. system NULL: any. */
int value_set_has(const struct profiles *p, const struct value_set *vs,
		  const char *system, const char *code);
int part_has(const struct profiles *p, const struct part *part,
	     const char *code);
const struct concept *concept_find(const struct profiles *p,
				   const struct code_system *cs,
				   const char *code);
const struct fact *facts_of(const struct profiles *p, ref facts, uint32_t n,
			    uint32_t concept, uint32_t *count);
/* Does code a subsume code b? 1, 0, or -1: it cannot be told. */
int code_subsumes(const struct profiles *p, const char *system, const char *a,
		  const char *b);

/* compile_mark.c: NULL for none */
const char *confidence_text(unsigned confidence);

/* compile_build.c: what stands behind the last dot of a path */
const char *json_tail(const char *path);

#endif
