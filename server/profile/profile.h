/* SPDX-License-Identifier: Apache-2.0
 *
 * profile: the rule engine. FHIR definitions in, compiled element trees;
 * a resource in, a list of issues out.
 *
 * Official definitions (STU3 3.0.2, R4 4.0.1) are compiled when the binary is
 * built and mapped from it without parsing. National profiles and users'
 * packages are overlaid at start: a differential becomes constraints on a copy
 * of its base's element tree, so snapshots are not needed.
 * Knows nothing of HTTP and SQL.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include "fhirpath/fhirpath.h"
#include "json/json.h"

enum fhir_version { FHIR_STU3, FHIR_R4, FHIR_VERSIONS };

/* The definitions of one FHIR version. */
struct profiles;

/* Maps the embedded image of a version. Lives in the arena. NULL with e set
 * when the image does not fit this build (never, unless it was tampered). */
struct profiles *profile_open(struct arena *boot, enum fhir_version v,
			      const void *image, size_t n, struct err *e);

/* An empty set, for the definition compiler and for tests. */
struct profiles *profile_new(struct arena *boot, enum fhir_version v);

/* Adds one conformance resource (StructureDefinition, ValueSet, CodeSystem,
 * SearchParameter, Questionnaire; other types are accepted and ignored, false
 * is only for broken ones). source names the file in messages and in listings.
 * The resource must live until profile_compile() has returned, a Questionnaire
 * as long as the set. A definition given later wins over one of the same
 * canonical URL. Order is free: nothing is resolved before profile_compile().
 */
bool profile_add(struct profiles *p, const struct json *resource,
		 const char *source, struct err *e);
/* What is added from here on is found before what was added up to here (since
 * the last profile_compile()), whatever the versions say; a canonical with a
 * version finds that one nevertheless. */
void profile_on_top(struct profiles *p);

/* Compiles what was added. False with e set: where = "file: JSON path". */
bool profile_compile(struct profiles *p, struct err *e);

/* A set that begins as base is and grows apart from it: what is added to it and
 * compiled changes nothing of the base, which must outlive it and is not to be
 * added to meanwhile. It takes microseconds, and memory for what is added
 * alone, in the arena. */
struct profiles *profile_fork(const struct profiles *base, struct arena *a);

/* Is there a definition of that type (StructureDefinition, ValueSet or
 * CodeSystem) and canonical URL, or is it one that is known without? */
bool profile_knows(const struct profiles *p, const char *type, const char *url);

/* Writes the whole compiled set as an image (used at build time alone). */
bool profile_write_image(const struct profiles *p, struct buf *out,
			 struct err *e);

/* The same of what was compiled on top of an image: a layer, that is put on a
 * set with the same image without compiling anything. It holds definitions
 * alone, no search parameters, Questionnaires or ImplementationGuides. */
bool profile_write_layer(const struct profiles *p, struct buf *out,
			 struct err *e);
/* On a set as profile_open() returns it; the layer is copied. False with e set
 * when it does not fit this build. */
bool profile_add_layer(struct profiles *p, const void *layer, size_t n,
		       struct err *e);

/* ---- packages: many conformance resources at once ----------------------- */

/* A FHIR package while it is taken in. The caller fills the first three. */
struct package {
	struct profiles *const *set; /* FHIR_VERSIONS; NULL: not wanted */
	struct arena *arena; /* for what is taken: until profile_compile() */
	const char *source;  /* its name in messages and listings */
	/* what its package.json says */
	const char *name, *version;	 /* or NULL */
	const struct json *dependencies; /* {"name": "version"}, or NULL */
	unsigned fhir; /* bits 1 << enum fhir_version; 0: it does not say */
	bool official; /* FHIR's own: what is built in is not taken again */
	/* so far */
	size_t files, bytes;
	size_t taken, taken_bytes; /* of them definitions */
};

/* Its package.json, which comes first. n bytes; a byte order mark is passed
 * over. False with e set: where = "source: file: JSON path". */
bool profile_package_manifest(struct package *k, const char *text, size_t n,
			      struct err *e);
/* One file of it; name is "" when the source is that file. The text is copied
 * as far as it is needed. */
bool profile_package_file(struct package *k, const char *name, const char *text,
			  size_t n, struct err *e);
/* A whole one: an archive (.tgz) of n bytes in memory. Refused are archives
 * that are damaged, too large, or hold what has no place in a package (links,
 * devices, paths that lead out of it). */
bool profile_package_archive(struct package *k, const void *tgz, size_t n,
			     struct err *e);

/* ---- what is loaded --------------------------------------------------- */

struct profile_info {
	const char *url;
	const char *type;   /* "Observation" */
	const char *base;   /* canonical URL of the base, or "" */
	const char *source; /* "hl7.fhir.r4.examples@4.0.1", a file's name */
	const char *title;  /* or "" */
	/* how sure it is that the service has it so: "official", "client",
	 * "stock", "inferred" or "unknown"; NULL: it does not say */
	const char *confidence;
	bool abstract;
	bool national; /* not one of the official definitions */
};
/* The i-th StructureDefinition that is no primitive or data type: national ones
 * first, by URL; false behind the last. */
bool profile_list(const struct profiles *p, size_t i, struct profile_info *out);
/* As a JSON object, with that name of the FHIR version ("r4"). */
void profile_info_write(struct jw *w, const struct profile_info *info,
			const char *fhir);
/* By canonical URL (a |version behind it is ignored). */
bool profile_find(const struct profiles *p, const char *url,
		  struct profile_info *out);

/* ---- checking --------------------------------------------------------- */

enum issue_severity {
	ISSUE_FATAL,
	ISSUE_ERROR,
	ISSUE_WARNING,
	ISSUE_INFO,
	ISSUE_NONE /* of a rule that a rule set does not have */
};

/* Which checks are errors: those of the HAPI of the service's era, or of
 * today's HL7 validator. One engine, two columns in rules.c. */
enum rule_set { RULES_KANTA, RULES_CURRENT, RULE_SETS };

struct issue {
	enum issue_severity severity;
	const char *code;	/* IssueType: "structure", "value", "required",
				 * "code-invalid", "invariant", "not-found" ... */
	const char *rule;	/* stable id, "KPHR-PROF-0012"; see rules.c */
	const char *path;	/* FHIRPath with indexes on list elements:
				 * Observation.component[2].valueQuantity.unit */
	const char *place;	/* that today's validator names, if another */
	const char *text;	/* as the HL7 validator of 2018 words it */
	const char *profile;	/* canonical URL of the definition, or NULL */
	const char *expected;	/* what was wanted, or NULL */
	const char *hint;	/* what to change, or NULL */
	const char *key;	/* of an invariant, "obs-6"; else NULL */
	const char *confidence; /* of what demands it: that of the element or
				 * invariant, else of the profile; or NULL */
	unsigned line, column;	/* where in the text; 0: unknown */
};

struct issues {
	struct issue *v;
	size_t n;
	size_t errors; /* fatal and error */
};

/* A rule as it can be looked up. The severity is that of most of its issues:
 * where a definition says how much something weighs, it may be another. */
struct rule_about {
	const char *id, *title;
	const char *code;   /* IssueType */
	const char *source; /* the specification, or the key of an invariant */
	const char *option; /* settings that decide on its issues, or NULL */
	enum issue_severity severity[RULE_SETS]; /* ISSUE_NONE: not a rule */
};
/* The i-th rule; false behind the last. */
bool profile_rule(size_t i, struct rule_about *out);

/* Where sources contradict each other, a definition names a switch: on a
 * constraint, or on an element for what that says of its maximum and of a
 * closed slicing. The caller says what such a statement weighs. */
enum profile_switch {
	SWITCH_NONE,
	SWITCH_GLUCOSE_PAIR,
	SWITCH_STU3_BP_55284,
	SWITCH_STU3_EXTRA_CODINGS,
	SWITCH_SNAPSHOT_LITERAL,
	SWITCH_STU3_DEVICE,
	SWITCH_STU3_METHOD,
	PROFILE_SWITCHES
};
enum profile_weight { WEIGHT_STATED, WEIGHT_WARNING, WEIGHT_SILENT };

enum profile_required { REQUIRED_ALL, REQUIRED_NOT_PATIENT, REQUIRED_OFF };

/* How a finding counts: as the rule set has it, or as the caller likes. */
enum profile_say { SAY_BY_RULES, SAY_OFF, SAY_WARNING, SAY_ERROR };

struct profile_options {
	enum profile_required required; /* is a national profile demanded? */
	bool unknown_warns;		/* unknown meta.profile: warn */
	const char *const *extra;	/* profiles besides meta.profile */
	size_t extra_count;
	bool explain; /* say which profile was meant; it takes trials */
	const struct profiles *other; /* of the other version, to know its
				       * profiles by name; or NULL */
	enum rule_set rules;
	uint8_t weight[PROFILE_SWITCHES]; /* enum profile_weight of each */
	bool foreign_rejected;	  /* a foreign profile beside a national one */
	bool creator_required;	  /* the extension that names the application */
	enum profile_say display; /* another display than the system's */
	enum profile_say unknown_code; /* no code of a complete system */
	int64_t now_ms; /* for now(), today() and ages; 0: the real time */
	/* Conformance resources (Questionnaires above all) that are not among
	 * the definitions, by canonical URL; NULL when there is none. */
	const struct json *(*fetch)(void *ctx, const char *canonical);
	void *fetch_ctx;
	bool no_examples;     /* RULES_CURRENT: URLs for examples are errors */
	const char *own_base; /* "http://h/phr-resourceserver/baseR4" or NULL:
			       * absolute references below it count as local */
};

/* Checks one resource against its type's definition, each profile it names and
 * the extra ones. Issues live in the arena, as does the resource: errors first,
 * then warnings, each in document order, but what only follows from another one
 * behind it (and left out where explanations are wanted). The same call serves
 * POST, PUT, $validate and the command line. Never fails: what is wrong with
 * the resource is an issue. At most PROFILE_ISSUES are reported, errors
 * before all else. */
#define PROFILE_ISSUES 200
const struct issues *profile_check(const struct profiles *p, struct arena *a,
				   const struct json *resource,
				   const struct profile_options *o);

/* A sentence for the user about an error of which it is not sure that the
 * service finds it too; NULL: it is official, or nothing is said of it. */
const char *profile_doubt(const struct issue *i);

/* The extension by which a resource tells which application made it: {url,
 * extension: [name, applicationId]}. May one stand in a resource of that type?
 * False when its definition is not loaded. */
#define PROFILE_CREATOR                                                        \
	"http://phr.kanta.fi/StructureDefinition/"                             \
	"fiphr-ext-creatingapplication"
bool profile_has_creator(const struct profiles *p, const char *type);

/* Is code in the value set? 1 yes, 0 no, -1 cannot be told (a system that is
 * not loaded). system NULL: any system of the set. */
int profile_code_in(const struct profiles *p, const char *value_set,
		    const char *system, const char *code);

/* ---- search parameters -------------------------------------------------- */

/* A SearchParameter of the official definitions. */
struct search_info {
	const char *code;	/* "date" */
	const char *type;	/* SearchParamType, "token" */
	const char *expression; /* of all types it is for; NULL: it has none */
	const char *targets;	/* types with spaces between; NULL: none */
};
/* The i-th one of a resource type: its own in the order of the codes, then
 * those of DomainResource and of Resource; a code may come again. False behind
 * the last, and for an unknown type. */
bool profile_search_param(const struct profiles *p, const char *type, size_t i,
			  struct search_info *out);
/* The first of that code. */
bool profile_search_find(const struct profiles *p, const char *type,
			 const char *code, struct search_info *out);

/* The codes of a value set by its canonical URL, each with its system (NULL:
 * any), at most PROFILE_CODES. False with e set (ERR_INVALID): not loaded, too
 * many, or a part of it cannot be enumerated. */
#define PROFILE_CODES 1000
struct profile_code {
	const char *system, *code;
};
bool profile_value_set_codes(const struct profiles *p, struct arena *a,
			     const char *value_set, struct profile_code **out,
			     size_t *n, struct err *e);
/* The code itself and all that its code system has below (or above) it. */
bool profile_code_tree(const struct profiles *p, struct arena *a,
		       const char *system, const char *code, bool above,
		       struct profile_code **out, size_t *n, struct err *e);

/* What the definition of a resource type says of an element, by JSON names
 * ("component.valueQuantity"): bits; 0: there is none. */
enum profile_element {
	PROFILE_ELEMENT_KNOWN = 1,
	PROFILE_ELEMENT_MANDATORY = 2,
	PROFILE_ELEMENT_MODIFIER = 4,
	PROFILE_ELEMENT_SUMMARY = 8,
	PROFILE_ELEMENT_BACKBONE = 16 /* its children are elements, too */
};
unsigned profile_element(const struct profiles *p, const char *type,
			 const char *path);

/* An element that a definition lets a resource have, or a slice of one. */
struct profile_part {
	const char *path; /* "code", "component.valueQuantity", "value[x]",
			   * "component:systolic" */
	bool mandatory;
	bool stated;  /* a profile says something of it */
	size_t count; /* how many of it the resource has */
};
/* The elements of a definition by its URL, in its order, with those of its
 * backbone elements; resource NULL: all counts are 0. What is in all resources
 * alike (id, extensions) is left out, and so is what must not be there. The
 * list depends on the definition alone. Returns how many (0: it is not loaded);
 * all of it lives in the arena. */
size_t profile_parts(const struct profiles *p, struct arena *a, const char *url,
		     const struct json *resource, struct profile_part **out);

/* ---- for FHIRPath ------------------------------------------------------- */

/* The definitions as a model for expressions; good as long as the set is. An
 * element that holds a resource has the type Resource, and its resourceType
 * tells which (the model's resource()). */
struct fp_model profile_model(const struct profiles *p);

/* Fills what an expression about a resource needs besides its arena (a) and
 * flags: model, host, %resource, %rootResource. All of it lives in the arena.
 */
void profile_fhirpath(const struct profiles *p, struct arena *a,
		      const struct json *resource, struct fp_env *env);

#endif
