/* SPDX-License-Identifier: Apache-2.0
 *
 * term_int.h: terminology and the values of data types: what the files that
 * compile and check codes, displays, formats and narratives say to each other.
 */
#ifndef TERM_INT_H
#define TERM_INT_H

#include "profile_int.h"

/* term_grammar.c: systems that need no list */
enum grammar grammar_of_system(const char *system); /* may be NULL */
/* Of value sets that exist by their URL alone. */
enum grammar grammar_of_set(const char *url);
bool grammar_has(enum grammar g, const char *code);
/* term_language.c, term_mime.c, term_iso.c */
bool language_ok(const char *tag);
bool mime_ok(const char *text);
bool country_ok(const char *code);
bool currency_ok(const char *code);
const char *country_at(size_t i, char out[4]);
const char *currency_at(size_t i, char out[4]);

/* kind_attachment.c, value_markdown.c: formats */
void check_base64(struct check *c, const struct spot *s);
void check_markdown(struct check *c, const struct spot *s);

/* kind_coding.c, kind_coding_display.c, kind_quantity.c, kind_attachment.c,
 * kind_identifier.c, kind_vital_signs.c: what is special about these types; for
 * kind.c */
/* Loaded, by grammar, or of those that everybody knows? */
bool system_is_known(const struct profiles *p, const char *system);
void check_coding(struct check *c, const struct spot *s);
void check_system(struct check *c, const struct spot *s);
void check_display(struct check *c, const struct spot *s,
		   const struct code_system *cs, const struct concept *k);
void check_units(struct check *c, const struct spot *s);
void check_attachment(struct check *c, const struct spot *s);
void check_identifier(struct check *c, const struct spot *s);
void check_vital_signs(struct check *c, const struct spot *s);
bool has_coding(const struct json *concept, const char *system,
		const char *code);

/* value_url.c: what today's validator demands of uri, url, oid, canonical */
void check_url(struct check *c, const struct spot *s);
bool oid_ok(const char *oid);

/* xhtml_link.c: is there an element of that id below v, or in its narrative? */
bool has_anchor(const struct json *v, const char *name);

/* xhtml_url.c: what is wrong with an address in a narrative; NULL: nothing */
const char *url_problem(const char *s, size_t n);
/* kind_attachment.c */
bool base64_ok(const char *s, size_t n);

/* xhtml_link.c: does a link within the resource ("#x", n bytes) lead somewhere?
 */
void check_link(struct check *c, const struct spot *s, const char *href,
		size_t n, const char *place);

#endif
