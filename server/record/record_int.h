/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of record/ share among themselves.
 */
#ifndef RECORD_INT_H
#define RECORD_INT_H

#include "jose/jose.h"
#include "record/record.h"

/* ---- settings.c ------------------------------------------------------- */

/* The kind of refusal that http answers with that status. */
enum err_kind record_status_kind(int status);

/* ---- client.c --------------------------------------------------------- */

/* Refuses the member near->word, with the nearest known one if there is any.
 * Always false. */
bool record_unknown_member(struct err *e, const struct nearest *near);

/* ---- professional.c --------------------------------------------------- */

/* Is it an OID? NULL passes. */
bool record_professional_oid(const char *text);

/* ---- member.c --------------------------------------------------------- */

/* Members of a fixture's object. Each is refused by name when it is not what it
 * must be; absent is allowed unless needed: then *out is NULL, false, -1, or
 * what is said. */
bool record_only(const struct json *v, const char *const *known, size_t n,
		 struct err *e); /* an object with no others? */
bool record_text(const struct json *v, const char *name, const char **out,
		 struct err *e);
bool record_needed_text(const struct json *v, const char *name,
			const char **out, struct err *e);
bool record_true(const struct json *v, const char *name, bool *out,
		 struct err *e);
bool record_years(const struct json *v, const char *name, int *out,
		  struct err *e);
bool record_time(const struct json *v, const char *name, int64_t otherwise,
		 int64_t *out, struct err *e);

/* ---- hetu.c ----------------------------------------------------------- */

#define HETU_TEXT 12

/* The code as it is kept: with capital letters. */
const char *hetu_canonical(struct arena *a, const char *hetu);

/* A code of the 900 series, chosen at random, of somebody whose age at now_ms
 * is age whole years. age: 0..HETU_AGE_MAX; false when the calendar of the
 * codes (1800-2099) does not reach that far. */
#define HETU_AGE_MAX 120
bool hetu_make(struct record *r, char out[HETU_TEXT], int age, int64_t now_ms);

/* ---- client_secrets.c ------------------------------------------------- */

#define CHANCE_CLIENT "client" /* the purpose of fresh client_ids */

/* ---- citizen.c -------------------------------------------------------- */

/* Stores his or her Patient in both bases. */
bool record_patients(struct record *r, struct arena *a, const char *id,
		     struct err *e);

/* ---- fixtures.c ------------------------------------------------------- */

/* A part of the fixtures that is loaded again. */
#define FILL_CITIZENS	 1u
#define FILL_CLIENTS	 2u
#define FILL_PERMISSIONS 4u
#define FILL_SHARINGS	 8u
#define FILL_RESOURCES	 16u
struct fill {
	unsigned lists;
	const char *hetu, *patient; /* only this citizen's; NULL: everybody's */
	/* only this application's; "": of whichever they name one; NULL: all */
	const char *client_id;
};
/* What they speak of and is not there any more is left out. fill NULL: all. */
bool record_fill_part(struct record *r, struct arena *a, const struct fill *f,
		      struct err *e);
/* What the fixtures say of the citizen; NULL: nothing. */
const struct json *record_fixture_citizen(const struct record *r,
					  struct arena *a, const char *hetu);

/* ---- scope.c ---------------------------------------------------------- */

/* May a scope hold the word at all (oauth.md section 8)? */
bool scope_known(const struct settings *s, const char *word);

/* The words of text (separated by spaces), without repetitions, joined by one
 * space each. */
const char *scope_words(struct arena *a, const char *text);

/* Calls f for each word of text until it answers false; false if one did. */
bool scope_each(struct arena *a, const char *text,
		bool (*f)(const char *word, void *ctx), void *ctx);

/* ---- tokens.c, refresh.c ----------------------------------------------- */

/* A text of as many random bits, as base64url. */
#define TOKEN_RANDOM_BITS 256
const char *token_random(struct record *r, struct arena *a,
			 const struct chance *c);

/* Stores a token; its digest is taken here. */
void token_put(struct record *r, const char *token, struct store_token *t);

/* A fresh refresh token, kept with its limits. s: those of the client;
 * certificate: what is presented now, or NULL. */
const char *refresh_new(struct record *r, struct arena *a,
			const struct settings *s, const struct store_client *c,
			const struct grant *g, const char *certificate);

/* ---- walk.c ----------------------------------------------------------- */

/* Calls f for each value at the path below v: members joined by dots, lists
 * entered. */
void record_walk(const struct json *v, const char *path,
		 void (*f)(const struct json *v, void *ctx), void *ctx);

/* A reference as "Type/id" when it is relative or lies below own_base (which
 * may be NULL), without the version; any other text as it is. NULL for one into
 * the resource itself ("#x"). */
const char *record_reference(struct arena *a, const char *text,
			     const char *own_base);

/* ---- params.c, index.c ------------------------------------------------ */

void record_params_free(struct record *r);

/* The search index rows of a resource, *n of them, in the arena: some thousand
 * at most. own_base: as in struct record_write; may be NULL. */
struct store_index_row *record_index(struct record *r, struct arena *a,
				     enum fhir_version v,
				     const struct record_type *type,
				     const struct json *resource,
				     const char *own_base, size_t *n);

/* ---- definitions.c ---------------------------------------------------- */

/* How many of them applications may store for each FHIR version, of how many
 * bytes of text, and what they may take when they are compiled. */
#define DEFINITIONS_MAX	     200
#define DEFINITIONS_BYTES    (4 << 20)
#define DEFINITIONS_COMPILED (64 << 20)

/* One that is stored. */
struct definition {
	const struct json *json;
	const char *source; /* "StructureDefinition/id", of messages */
	const char *type, *id;
	const char *url; /* without version; "" when it has none */
	bool out;	 /* not to be compiled */
};
/* In the order in which they were stored, each type for itself; one more has
 * room. Of two with one canonical the later one counts. */
struct definition_list {
	struct definition *v;
	size_t n, bytes;
};
void definition_list(struct record *r, struct arena *a, enum fhir_version v,
		     struct definition_list *out);

/* Pieces of text that may be URLs; begins as zeroes. */
struct mentions {
	uint64_t *v; /* hashes */
	size_t n, cap;
};
void mentions_add(struct mentions *m, struct arena *a, const struct json *v);
/* May the URL (without version) be among them? */
bool mentions_have(const struct mentions *m, const char *url);

/* What they take, compiled. */
size_t definition_used(struct record *r, enum fhir_version v);

/* Do the definitions in force speak of that URL? If not, another one of it can
 * be put on top of them, and nothing else changes. */
bool definition_is_mentioned(struct record *r, enum fhir_version v,
			     const char *url);

/* Is it a StructureDefinition, ValueSet or CodeSystem? */
bool definition_is(const struct json *resource);
/* Is there room for another one? */
bool definition_room(struct record *r, enum fhir_version v);

/* Compiles the list on top of the base, in the arena. NULL with e set; then one
 * of the list is blamed, or NULL. */
struct profiles *definition_compile(const struct profiles *base,
				    const struct definition_list *list,
				    struct arena *a, struct err *e);
struct definition *definition_blamed(const struct definition_list *list,
				     const struct err *e);

/* Nothing is stored any more (all rows but the settings are gone). */
void record_definitions_reset(struct record *r, struct arena *a);
void record_definitions_close(struct record *r);

/* ---- official.c ------------------------------------------------------- */

/* Who stored what the server came with. */
#define OFFICIAL_CLIENT "urn:mock-kanta-phr:official"

/* They are no resources any more (their rows are gone). */
void record_official_reset(struct record *r, struct arena *a);

/* ---- definition.c ----------------------------------------------------- */

/* What a check found, fit to outlast the definitions in force; of a definition
 * without errors also whether it can be used. */
const struct issues *record_definition_issues(struct record *r, struct arena *a,
					      enum fhir_version v,
					      const struct json *resource,
					      const struct issues *found);

/* Are stored definitions data like any other, without effect? */
bool record_inert(const struct record *r);

/* ---- fetch.c ---------------------------------------------------------- */

/* On whose behalf a stored Questionnaire is looked for. */
struct fetch {
	struct record *record;
	struct arena *arena;
	enum fhir_version fhir;
	const char *own_base;
};

/* For struct profile_options: the Questionnaire of that canonical URL or
 * reference, in the arena; NULL when none is stored. ctx: a struct fetch. */
const struct json *record_fetch(void *ctx, const char *canonical);

/* ---- put.c ------------------------------------------------------------ */

/* The server's part of a new version, and whose it is. */
struct put {
	enum fhir_version fhir;
	const struct record_type *type;
	const char *id;
	const char *patient;
	const char *client_id;
	const char *own_base;
};

/* Stores the first version of a resource (or the next one of a deleted
 * one). Checks neither rules nor ownership. False: e ERR_CONFLICT, the id is
 * taken. */
bool record_put(struct record *r, struct arena *a, const struct put *p,
		const struct json *resource, struct store_resource *out,
		struct err *e);

/* The version behind before (NULL: the first one), and storing it. */
void record_put_make(struct record *r, struct arena *a, const struct put *p,
		     const struct store_resource *before, const char *method,
		     const struct json *resource, struct store_resource *out);
void record_put_store(struct record *r, struct arena *a, const struct put *p,
		      const struct json *resource,
		      const struct store_resource *version);

/* When a version that follows before (or NULL) is stored: now, but always
 * later than that one. */
int64_t record_put_ms(const struct record *r,
		      const struct store_resource *before);

/* The type of a resource that is to be created or updated, if the base serves
 * that and the switches let applications store such; NULL with e set. */
const struct record_type *record_storable(struct record *r, struct arena *a,
					  const struct record_write *w,
					  const struct json *resource,
					  enum interaction ia, struct err *e);

/* Does it keep to the rules? */
bool record_conforms(struct record *r, struct arena *a,
		     const struct record_write *w, const struct json *resource,
		     const struct issues **issues, struct err *e);

/* Is the resource a Patient's, and is its owner the Patient alone? */
bool record_is_patient(const struct record_type *type);

/* FHIR's form of an id (2.24.0.1): 1-64 of letters, digits, '-' and '.'. */
bool record_id_ok(const char *id);

/* ---- put_update.c ----------------------------------------------------- */

/* Is the current version one that w->if_match names? what: "update",
 * "delete". */
bool record_version_holds(const struct record *r, const struct record_write *w,
			  const struct store_resource *current,
			  const char *what, struct err *e);

/* ---- put_text.c ------------------------------------------------------- */

/* What the server adds to a resource's own text. */
struct stamp {
	const char *id;
	int version;
	const char *updated;		    /* instant */
	const struct store_client *creator; /* named in an extension; or NULL */
	const struct json *before; /* whose tags, security labels and profiles
				    * are kept; or NULL */
};

/* Appends the resource's own text with the stamp in it. */
void record_merge(struct buf *b, const struct json *resource,
		  const struct stamp *s);

/* Are two resources the same but for id, versionId and lastUpdated? */
bool record_same(struct arena *a, const struct json *stored,
		 const struct json *resource);

/* ---- read.c ----------------------------------------------------------- */

/* The refusals of what cannot be read. Always false. */
bool record_refuse_unknown(const char *type, const char *id, struct err *e);
bool record_refuse_deleted(const struct record *r,
			   const struct store_resource *res, struct err *e);

/* May the grant's citizen (NULL, or one without a patient: everybody) see it at
 * all? By the switch foreign_read. */
bool record_may_see(const struct record *r, const struct grant *grant,
		    const struct store_resource *res, struct err *e);

/* ---- owner.c ---------------------------------------------------------- */

/* Whose the resource is, by what it says itself, under the grant of w: *patient
 * is the id of a Patient, or "" for nobody's. id: its own, NULL if it has none
 * yet. False: e by patient_mismatch_status. */
bool record_owner(struct record *r, struct arena *a,
		  const struct record_write *w, const struct record_type *type,
		  const struct json *resource, const char *id,
		  const char **patient, struct err *e);

/* May the application of w change or delete it? what: "updated", "deleted". */
bool record_may_change(struct record *r, struct arena *a,
		       const struct record_write *w,
		       const struct store_resource *current, const char *what,
		       struct err *e);

/* ---- refs.c ----------------------------------------------------------- */

/* Does every literal reference of the resource (its id: id) lead to something
 * here? By the switch references. */
bool record_refs_check(struct record *r, struct arena *a,
		       const struct record_write *w,
		       const struct record_type *type,
		       const struct json *resource, const char *id, bool update,
		       struct err *e);

/* Where in a resource a reference to "Type/id" is: "Observation.subject"; NULL
 * if there is none. */
const char *record_refs_path(struct arena *a, const struct json *resource,
			     const char *own_base, const char *local);

/* ---- display_words.c -------------------------------------------------- */

void record_display_close(struct record *r);

#endif
