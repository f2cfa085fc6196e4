/* SPDX-License-Identifier: Apache-2.0
 *
 * profile_int.h: a check under way: the rules, where the walk is, and what the
 * files that check say to each other. References, terminology, values and
 * questionnaires have headers of their own; what is checked against, the
 * compiled form, is in form_int.h.
 */
#ifndef PROFILE_INT_H
#define PROFILE_INT_H

#include "form_int.h"

/* Where the walk is: frames on the stack, printed only for an issue. */
struct at {
	const struct at *up;
	const char *name;
	long index; /* -1: no list element */
};

/* The rules: ids and titles in rules.c. */
enum rule {
	RULE_NO_TYPE,
	RULE_UNKNOWN_TYPE,
	RULE_UNKNOWN_ELEMENT,
	RULE_NOT_ARRAY,
	RULE_IS_ARRAY,
	RULE_NOT_SIMPLE,
	RULE_NOT_OBJECT,
	RULE_COMPANION,
	RULE_EMPTY_ARRAY,
	RULE_EMPTY_OBJECT,
	RULE_NULL,
	RULE_JSON_KIND,
	RULE_NO_VALUE,
	RULE_MIN,
	RULE_MAX,
	RULE_CHOICE_TYPE,
	RULE_CHOICE_TWICE,
	RULE_SLICE_MIN,
	RULE_SLICE_MAX,
	RULE_SLICE_CLOSED,
	RULE_SLICE_TWO,
	RULE_SLICE_ORDER,
	RULE_FIXED,
	RULE_FIXED_COMPLEX,
	RULE_PATTERN,
	RULE_MAX_LENGTH,
	RULE_MIN_VALUE,
	RULE_MAX_VALUE,
	RULE_STRING,
	RULE_STRING_SPACE,
	RULE_URI,
	RULE_OID,
	RULE_UUID,
	RULE_ID,
	RULE_CODE,
	RULE_YEAR,
	RULE_DATE,
	RULE_DATETIME,
	RULE_ZONE,
	RULE_INSTANT,
	RULE_TIME,
	RULE_INTEGER,
	RULE_INTEGER_LOW,
	RULE_DECIMAL,
	RULE_BASE64,
	RULE_BINDING,
	RULE_BINDING_NO_CODE,
	RULE_BINDING_EXTENSIBLE,
	RULE_BINDING_UNKNOWN,
	RULE_BINDING_MAX,
	RULE_REFERENCE_FORM,
	RULE_REFERENCE_TARGET,
	RULE_REFERENCE_CONTAINED,
	RULE_PROFILE_CHOICE,
	RULE_CONTAINED_NESTED,
	RULE_RESOURCE_TYPE,
	RULE_EXTENSION_VALUE,
	RULE_EXTENSION_UNKNOWN,
	RULE_XHTML,
	RULE_XHTML_ROOT,
	RULE_XHTML_NAMESPACE,
	RULE_XHTML_EMPTY,
	RULE_PROFILE_REQUIRED,
	RULE_PROFILE_UNKNOWN,
	RULE_PROFILE_ABSTRACT,
	RULE_PROFILE_TYPE,
	RULE_PROFILE_FOREIGN,
	RULE_REFERENCE_URN,
	RULE_CONTROL,
	RULE_XHTML_ENTITY,
	RULE_XHTML_ELEMENT,
	RULE_XHTML_ATTRIBUTE,
	RULE_SYSTEM,
	/* 0080: invariants */
	RULE_INVARIANT,
	RULE_INVARIANT_WARNING,
	RULE_INVARIANT_ERROR,

	/* 0090: definitions, slices */
	RULE_FIXED_EXTENSION,
	RULE_WORK,

	/* 0100: references, extensions, bundles */
	RULE_REFERENCE_TYPE,
	RULE_REFERENCE_DISPLAY,
	RULE_REFERENCE_MULTIPLE,
	RULE_REFERENCE_PROFILE,
	RULE_REFERENCE_AGGREGATION,
	RULE_CANONICAL_TYPE,
	RULE_CONTAINED_ID,
	RULE_CONTAINED_SAME,
	RULE_CONTAINED_UNUSED,
	RULE_ELEMENT_ID,
	RULE_BUNDLE_EMPTY,
	RULE_BUNDLE_FIRST,
	RULE_BUNDLE_FULLURL,
	RULE_BUNDLE_ABSOLUTE,
	RULE_BUNDLE_ID,
	RULE_BUNDLE_TARGET,
	RULE_BUNDLE_REACH,
	RULE_BUNDLE_LINK,
	RULE_BUNDLE_SEARCH,
	RULE_BUNDLE_DATE,
	RULE_EXTENSION_CONTEXT,
	RULE_EXTENSION_MODIFIER,
	RULE_EXTENSION_TYPE,
	RULE_EXTENSION_PART,
	RULE_EXTENSION_URL,

	/* 0125: terminology, values */
	RULE_CODE_UNKNOWN,
	RULE_CODE_FRAGMENT,
	RULE_CODE_INACTIVE,
	RULE_CODE_ABSTRACT,
	RULE_SYSTEM_MISSING,
	RULE_SYSTEM_UNKNOWN,
	RULE_SYSTEM_HL7,
	RULE_SYSTEM_VALUE_SET,
	RULE_DISPLAY,
	RULE_GRAMMAR_CODE,
	RULE_ATTACHMENT_SIZE,
	RULE_IDENTIFIER_URI,
	RULE_TIME_FRACTION,
	RULE_BASE64_SPACE,
	RULE_MARKDOWN_HTML,
	RULE_CANONICAL_RELATIVE,
	RULE_XHTML_LANGUAGE,
	RULE_XHTML_LINK,
	RULE_XHTML_SCRIPT,
	RULE_VITAL_SIGN,
	RULE_VITAL_CODE,

	/* 0150: questionnaires */
	RULE_QR_NONE,
	RULE_QR_NOT_FOUND,
	RULE_QR_AUTHORED,
	RULE_QR_LINK,
	RULE_QR_PLACE,
	RULE_QR_ORDER,
	RULE_QR_ITEM_ONCE,
	RULE_QR_ANSWER_ONCE,
	RULE_QR_TEXT,
	RULE_QR_REQUIRED,
	RULE_QR_GROUP_ANSWER,
	RULE_QR_GROUP_EMPTY,
	RULE_QR_DISPLAY_ITEM,
	RULE_QR_DISPLAY_ANSWER,
	RULE_QR_OUTSIDE,
	RULE_QR_TYPE,
	RULE_QR_OPTION,
	RULE_QR_OPTION_SET,
	RULE_QR_OPTION_UNKNOWN,
	RULE_QR_NO_OPTIONS,
	RULE_QR_DISABLED,
	RULE_QR_EXPRESSION,
	RULE_QR_OCCURS,
	RULE_QR_EXCLUSIVE,
	RULE_QR_RANGE,
	RULE_QR_LENGTH,
	RULE_QR_REGEX,
	RULE_QR_DECIMALS,
	RULE_QR_ATTACHMENT,
	RULE_QR_UNIT,
	RULE_QR_REFERENCE,
	RULE_QR_LIKE_CODE,
	RULE_QR_LINE,
	RULE_QR_BUDGET,
	RULE_Q_TARGET,
	RULE_Q_LATER,
	RULE_Q_TYPE,
	RULE_Q_DERIVED,
	RULE_Q_DERIVED_FROM,

	/* 0190: conformance resources */
	RULE_SD_BASE,
	RULE_SD_DERIVATION,
	RULE_SD_COMPILE,
	RULE_SD_PATH,
	RULE_SD_SLICING,
	RULE_SD_DISCRIMINATOR,
	RULE_SD_CONTEXT,
	RULE_SD_CARDINALITY,
	RULE_SD_TYPE,
	RULE_SD_PROFILE_UNKNOWN,
	RULE_SD_BINDING,
	RULE_SD_VALUE,
	RULE_SD_INVARIANT,
	RULE_SP_COMPONENTS,
	RULE_SP_EXPRESSION,
	RULE_VS_CODE,
	RULE_VS_SYSTEM,
	RULE_VS_UNKNOWN,
	RULE_VS_FILTER,
	RULE_CS_COUNT,
	RULE_CS_CONTENT,
	RULE_CS_SUPPLEMENT,
	RULE_CS_VALUE_SET,
	RULE_OD_PROFILE,
	RULE_OD_PARAMETER,
	RULE_OD_UNMATCHED,

	/* 0230: what today's validator demands of instances */
	RULE_SECURITY_SAME,
	RULE_LINK_INSIDE,
	RULE_EXAMPLE_URL,
	RULE_PROFILE_OF_TYPE,
	RULE_IDENTIFIER_UUID,
	RULE_XHTML_URL,
	RULE_XHTML_BLOCK,
	RULE_CM_CODE,
	RULE_CM_SCOPE,

	/* 0239: what the national service may demand of metadata */
	RULE_CREATOR,

	RULES
};
struct rule_info {
	const char *id;
	const char *title;
	enum issue_severity severity[RULE_SETS]; /* ISSUE_NONE: not a rule */
	const char *code;			 /* IssueType */
	const char *source;
};
extern const struct rule_info rule_table[RULES];

struct issue_key {
	enum rule rule;
	uint64_t hash; /* of path and expectation */
	bool first;    /* the cause of all others */
};

/* What expressions are evaluated in, for one check: fp_host.c. */
#define STEPS_OF_CHECK 10000000 /* about 0.5 s */
#define WORK_OF_CHECK  2000000	/* objects that profiles look at; 0.5 s */
struct evaluation {
	const struct check *check; /* that asks; for the host's answers */
	struct fp_model model;
	struct fp_host host;
	struct fp_env env;
	unsigned left;	 /* steps for all invariants of the check */
	unsigned inside; /* "#x" that were looked for, see value_url.c */
};

struct check {
	const struct profiles *p;
	struct arena *a;
	const struct profile_options *o;
	enum rule_set rules;
	const struct sd *sd;	     /* whose rules are applied */
	const struct json *root;     /* the resource that "#id" looks into */
	const struct json *resource; /* the nearest, contained ones too */
	const struct at *place;	     /* of resource */
	const struct json *bundle;   /* the Bundle around root; or NULL */
	const struct json *entry;    /* root's entry in it */
	struct lookup *contained;    /* of root; NULL: it has none */
	struct lookup *entries;	     /* of bundle */
	struct lookup *parameters;   /* of the Parameters around */
	struct memo *memo;	     /* which resource fits which profile */
	bool base;		 /* everything, not only what a profile adds */
	bool dry;		 /* count errors, report nothing */
	bool stop;		 /* enough was found */
	unsigned depth;		 /* of profiles within profiles */
	unsigned *work;		 /* objects that may yet be checked there */
	const char *key;	 /* of the invariant that is reported */
	unsigned confidence;	 /* its, if it has one */
	const struct node *node; /* whose rules are applied */
	struct evaluation *ev;
	struct issues *out;
	struct issue_key *keys;
	struct quest *quests; /* questionnaires that were opened: quest.c */
	uint32_t quest_steps; /* of the budget of quest_response.c */
};

/* One element that is being checked. */
struct spot {
	const struct node *node;
	unsigned type;
	const struct json *value;     /* may be NULL */
	const struct json *companion; /* _x; may be NULL */
	const struct at *at;
};

/* issue.c */
void report(struct check *c, enum rule rule, const struct at *at,
	    const struct json *where, const char *expected, const char *hint,
	    const char *fmt, ...) PRINTF_LIKE(7, 8);
void report_as(struct check *c, enum issue_severity severity, enum rule rule,
	       const struct at *at, const struct json *where,
	       const char *expected, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(8, 9);
/* Takes what a rule said of a place off the list, unless it refuses. */
void withdraw_warning(struct check *c, enum rule rule, const struct at *at);
/* issue_today.c: the IssueType of today's validator; *at becomes the place that
 * it names. */
const char *today_code(enum rule rule, const struct at **at);
/* What a statement weighs about which a switch decides (SWITCH_NONE: none);
 * ISSUE_NONE: it is silent. */
enum issue_severity weigh_by(const struct check *c, unsigned by,
			     enum issue_severity stated);
static inline enum issue_severity weigh(const struct check *c, unsigned by,
					enum issue_severity stated)
{
	return by == SWITCH_NONE ? stated : weigh_by(c, by, stated);
}
/* What a finding counts as whose severity the caller may choose. */
enum issue_severity said(const struct check *c, enum profile_say say,
			 enum rule rule);
/* Will nothing more be told? Then no text needs to be made. */
bool is_quiet(const struct check *c);
/* Texts for an issue; "" when nothing will be reported. */
const char *path_text(struct check *c, const struct at *at);
const char *say(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *profile_url(const struct check *c);

/* issue_cause.c: the list in its order, the causes first */
void issues_settle(struct check *c);

/* check.c */
void check_resource(struct check *c, const struct json *resource,
		    const struct at *at);
unsigned resource_type(const struct profiles *p, const struct json *resource);
/* Applies one definition to a value, reporting what it adds to the base. */
void check_definition(struct check *c, ref sd, const struct json *value,
		      const struct at *at);
/* Would it be free of errors? */
bool fits_definition(struct check *c, ref sd, const struct json *value,
		     const struct at *at);
/* Its first error; "" when nothing will be reported. */
const char *why_misfit(struct check *c, ref sd, const struct json *value,
		       const struct at *at);
/* Is there work left to check an object by a profile within profiles? */
bool may_work(struct check *c, const struct at *at);

/* kind.c: what is special about a type, after its definition has been checked:
 * a table of functions by enum known_type. Base pass only. */
void check_kind(struct check *c, const struct spot *s);

/* define_structure.c, define_element.c, define_terms.c, define_operation.c:
 * resources that define, judged as instances; called by kind.c. */
void check_structure_definition(struct check *c, const struct spot *s);
void check_value_set(struct check *c, const struct spot *s);
void check_code_system(struct check *c, const struct spot *s);
void check_search_parameter(struct check *c, const struct spot *s);
void check_operation_definition(struct check *c, const struct spot *s);
/* define_map.c */
void check_concept_map(struct check *c, const struct spot *s);

/* reference_resolve.c: what a reference leads to. The resource, when it is
 * contained in the root or an entry of the Bundle; else NULL. *type is its
 * type, or the one that the form of the reference implies, or NO_TYPE. */
const struct json *resolve(const struct check *c, const char *reference,
			   unsigned *type);
bool is_absolute(const char *uri);
/* The part of a reference below our own base; NULL: it is elsewhere. */
const char *local_part(const struct check *c, const char *reference);
/* Type of "Type/id[/_history/v]"; NO_TYPE when it is not of that form. */
unsigned literal_type(const struct profiles *p, const char *reference);
/* "Type?parameters" stands in bundles before they are carried out. */
bool is_search(const struct profiles *p, const char *reference);

/* policy.c */
/* Must a resource of this type name a national profile? */
bool profile_demanded(const struct check *c, const char *type);
void check_profiles(struct check *c, const struct json *resource, unsigned type,
		    const struct at *at);

/* suggest.c: a hint that names the national profiles of a type: all of them;
 * or, where explanations are wanted, the one that was meant by url (NULL: none
 * is named) or that the resource (NULL: leave it) is nearest to. */
const char *suggest_profile(struct check *c, const char *url, unsigned type,
			    const struct json *resource, const struct at *top);
/* "did you mean ...?": a national extension; NULL: none is near. */
const char *suggest_extension(struct check *c, const char *url);
/* After a national profile has been applied: if the resource is about something
 * else than the profile, and conforms to another one, the issue that tells so
 * gets the hint and comes first. before: issues that were there before. */
void suggest_another(struct check *c, size_t before, unsigned type,
		     const struct json *resource, const struct at *top);

/* walk.c */
/* As it would stand in JSON: valueQuantity, or value[x] if there is a choice.
 */
const char *element_name(struct check *c, const struct node *n);
void check_object(struct check *c, const struct json *object,
		  const struct node *node, unsigned type, const struct at *at);
void too_few(struct check *c, enum rule rule, const struct node *n,
	     const struct json *object, size_t count, const struct at *at,
	     const char *expected, const char *hint);
void too_many(struct check *c, enum rule rule, const struct node *n,
	      const struct json *where, size_t count, const struct at *at);

/* slice_tally.c: the slices of one element while its items go by */
struct tally {
	ref slicing; /* 0: there are none */
	unsigned count[TALLY_SLOTS];
};
void tally_start(struct check *c, const struct node *n, struct tally *t);
void tally_item(struct check *c, struct tally *t, const struct spot *s);
/* all: the element as a whole */
void tally_end(struct check *c, struct tally *t, const struct json *object,
	       size_t count, const struct spot *all);

/* item.c */
void check_item(struct check *c, const struct spot *s);

/* value_fixed.c, value_limits.c */
void check_constants(struct check *c, const struct spot *s);
void check_limits(struct check *c, const struct spot *s);

/* value_format.c, xhtml.c */
void check_primitive(struct check *c, const struct spot *s);
/* value_date_hint.c: a date, dateTime or instant that is not valid, as it would
 * be; NULL when that cannot be told, or nothing will be reported. */
const char *date_hint(struct check *c, const char *text, enum prim prim);
void check_xhtml(struct check *c, const struct spot *s);

/* xhtml_words.c: does a narrative have these? */
bool xhtml_element(const char *name, size_t n);
bool xhtml_attribute(const char *element, size_t n_element, const char *name,
		     size_t n);
/* One of the five that every XML has? */
bool xml_entity(const char *name, size_t n);
bool xhtml_entity(const char *name, size_t n);

/* slice.c: the slices that an item belongs to, one bit each */
uint64_t slice_matches(struct check *c, const struct slicing *s,
		       const struct spot *spot);
int slice_fails(struct check *c, const struct slicing *s, unsigned i,
		const struct spot *spot);
bool slice_passes(struct check *c, const struct slicing *s, unsigned i,
		  unsigned k, const struct spot *spot);
/* Does a slice say anything that decides? */
bool slice_decides(const struct profiles *p, const struct slicing *s,
		   unsigned i);
/* A discriminator's path on its way through an item. */
struct probe {
	struct check *c;
	const struct discriminator *d;
	const struct criterion *crit;
	unsigned n;    /* steps to take */
	ref node;      /* that decides there */
	unsigned type; /* of the item itself, if that is the end */
	const struct at *at;
	bool (*test)(const struct probe *q, const struct json *v,
		     const struct json *companion);
};
bool probe_reach(const struct probe *q, const struct json *v,
		 const struct json *companion, unsigned step);

/* slice_why.c: texts; NULL when nothing will be reported */
const char *slices_tried(struct check *c, const struct slicing *s,
			 const struct spot *spot);
const char *slices_named(struct check *c, const struct slicing *s);
const char *slice_missing(struct check *c, const struct slicing *s, unsigned i,
			  const struct spot *all);
/* The one value by which a discriminator tells the slice; NULL: none. */
const char *slice_value(struct check *c, const struct discriminator *d,
			const struct criterion *x);

/* slice_mend.c: hints; NULL when nothing will be reported */
/* The item that is nearly in a slice, and what to change in it; NULL: none. */
const char *slice_change(struct check *c, const struct slicing *s, unsigned i,
			 const struct spot *all);
/* What to add where a slice, or an element by that name, is missing. */
const char *slice_hint(struct check *c, const struct slicing *s, unsigned i);
const char *member_hint(struct check *c, const struct node *n,
			const char *name);

/* value_binding.c */
void check_binding(struct check *c, const struct spot *s);
/* Of a primitive that has extensions and no value. */
void check_binding_absent(struct check *c, const struct spot *s);
int binding_has(const struct profiles *p, const struct node *n, unsigned type,
		const struct json *v);

/* reference.c */
void check_reference(struct check *c, const struct spot *s);

/* extension.c */
void check_extension(struct check *c, const struct spot *s);

/* invariant.c: the constraints of the element, and in a base pass those of its
 * type. For a resource in its place only the element's. */
void check_invariants(struct check *c, const struct spot *s);
/* Are there steps left for invariants? If not, that is reported. */
bool may_evaluate(struct check *c, const struct at *at);
/* An element of nothing but an id (ele-1). */
void check_has_content(struct check *c, const struct spot *s);

/* invariant_native.c: does an invariant that is coded hold? */
bool native_holds(struct check *c, enum native which, const struct spot *s);

/* fp_host.c */
void evaluation_init(struct evaluation *ev, const struct profiles *p,
		     const struct profile_options *o);
void evaluation_end(struct evaluation *ev);
/* Gives temporaries back, unless what the check remembers is among them. */
void evaluation_rewind(struct evaluation *ev, const struct check *c,
		       const struct arena_mark *mark);
/* Sets %resource and %rootResource to those of c. */
void evaluation_at(struct evaluation *ev, const struct check *c);

/* quest_definition.c, quest_response.c; what they share is in quest_int.h */
void check_questionnaire(struct check *c, const struct spot *s);
void check_response(struct check *c, const struct spot *s);

#endif
