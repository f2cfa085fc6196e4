/* SPDX-License-Identifier: Apache-2.0
 *
 * record: what services do to the record. Checked put, register an application,
 * grant and withdraw permission, issue and check tokens, load fixtures:
 * the operations that several services share, so that a rule is enforced in one
 * place. Knows no HTTP beyond the words of a refusal.
 *
 * What is handed out lives in the given arena, or is a text that was handed in;
 * where no arena is given it is the record's own. Times (_ms) are milliseconds
 * since 1970 by the record's clock.
 */
#ifndef RECORD_H
#define RECORD_H

#include "page/page.h"
#include "pki/pki.h"
#include "profile/profile.h"
#include "record/settings.h"
#include "store/store.h"

/* What a fault that is armed (stand-in.md 4.4) changes in how one request is
 * answered; zeroed: nothing. On the request as rq->twist, which may be NULL. */
struct record_twist {
	bool skip_pkce;		/* one check left out */
	bool skip_redirect_uri; /* likewise, at token */
	bool omit_refresh;	/* no refresh token is issued */
	bool lives;		/* expires_in counts */
	int64_t expires_in;	/* of the access token issued, seconds */
	const char *scope;	/* granted instead; NULL: as ever */
	bool conflict;		/* a write finds that somebody was faster */
};

/* ---- the record -------------------------------------------------------- */

/* A fixture document and where it came from, for messages. */
struct fixture {
	const struct json *doc;
	const char *source;
	bool built_in; /* what the rules in force refuse is passed over */
};

/* A definition that the server came with: the text of a resource. */
struct record_official {
	const char *text;
	size_t n;
};

/* Everything the services work on. Made by main, outlives them all. */
struct record {
	struct store *store;
	struct profiles *profiles[FHIR_VERSIONS];
	struct clock clock;
	struct settings settings;
	const struct log *log;
	const struct environment *environment;
	struct pki *pki; /* NULL: no listener with TLS, no certificates */
	/* Where a certificate can be presented: an mtls:// listener's origin
	 * ("https://host:port"), as others reach it; NULL: there is none. */
	const char *mtls_origin;
	/* The origins of all listeners, behind them NULL; NULL: not known. */
	const char *const *origins;
	/* The header in which a trusted proxy hands on certificates; NULL: no
	 * proxy is trusted. */
	const char *proxy_header;
	const char *fhir_base[FHIR_VERSIONS]; /* paths, "/phr-.../baseR4" */
	struct jose_key *key; /* made when first needed; see record_close */
	int key_number;	      /* which of those that there have been */
	struct record_params *params;	     /* the same: search parameters */
	struct definitions *definitions;     /* of applications; the same */
	struct display_words *display_words; /* names of codes; the same */
	/* what it came with; of one type and id the last counts */
	const struct record_official *official[FHIR_VERSIONS];
	size_t official_count[FHIR_VERSIONS];
	uint64_t official_epoch[FHIR_VERSIONS]; /* official.c's */
	const struct fixture *fixtures;		/* of a fresh start, in order */
	const char *seed; /* of all chance; NULL: the system's generator */
	size_t fixture_count;
};
int64_t record_now_ms(const struct record *r);
/* For rq->why, when the switch decided a refusal: says that it did so by a
 * preset that rests on inference or assumption. NULL: it does not, or the user
 * set it. */
const char *record_preset_note(const struct record *r, struct arena *a,
			       const char *name);
/* Ids and secrets. Without a seed they are random. With one they are reckoned
 * from it, from whose they are (a hetu or a Patient id; NULL: nobody's), for
 * which application (NULL: none), what for, and how many of these there were
 * before: so what others do meanwhile changes nothing (chance.c). */
struct chance {
	const char *purpose, *citizen, *client_id;
};
void record_random(struct record *r, const struct chance *c, void *out,
		   size_t n);
/* n characters [A-Za-z0-9], and NUL. */
void record_random_text(struct record *r, const struct chance *c, char *out,
			size_t n);
const char *record_uuid(struct record *r, struct arena *a,
			const struct chance *c);
/* The id of the next resource of a citizen (Patient id; NULL: nobody's). */
const char *record_resource_id(struct record *r, struct arena *a,
			       const char *patient);
/* The id of an answer that is not stored, a Bundle of search results. With a
 * seed the same question (what) has the same at the same time: counting would
 * make a write of every read. */
const char *record_answer_id(const struct record *r, struct arena *a,
			     const char *patient, const char *what);

/* Frees what was made when it was first needed; the rest is the caller's. */
void record_close(struct record *r);

/* The key that signs, read from the store or made when there is none yet; owned
 * by the record, until the next call. Its name: "rsa1". Rotating makes another
 * one that signs from now on, and says its name; those before stay in the key
 * set (RFC 7517 5) for a while, which is written as a list, a member of the
 * open object. */
struct jose_key *record_key(struct record *r, struct arena *a);
const char *record_key_id(struct record *r, struct arena *a);
const char *record_key_rotate(struct record *r, struct arena *a);
void record_keys_write(struct jw *w, const char *name, struct record *r,
		       struct arena *a);

/* ---- personal identity codes (henkilotunnus), kanta.md 2.1 -------------- */

/* Form, century sign, calendar, check character, and the 900 series (a real
 * person's code is refused with its own words). e: ERR_INVALID. Spaces around
 * are not allowed, lower case is. */
bool hetu_check(const char *hetu, struct err *e);

/* The same as a word, for who says it in other words. */
enum hetu_fault {
	HETU_SOUND,
	HETU_LENGTH,
	HETU_DIGITS,
	HETU_SIGN, /* of the century */
	HETU_DAY,  /* of birth */
	HETU_CHARACTER,
	HETU_NUMBER, /* 000 and 001 are nobody's */
	HETU_REAL
};
enum hetu_fault hetu_fault(const char *hetu);

/* Whole years of age at now_ms (negative before birth); hetu must be sound. */
int hetu_age(const char *hetu, int64_t now_ms);

/* ---- citizens and applications ------------------------------------------ */

/* The citizen of the hetu, made on first sight together with a Patient resource
 * of the same id in both FHIR bases. hetu NULL: a fresh one of an age (adult if
 * age < 0). patient: id to use for a new one, or NULL. False: e. */
bool record_citizen(struct record *r, struct arena *a, const char *hetu,
		    int age, const char *patient, struct store_citizen *out,
		    struct err *e);

/* Is there such a citizen already? */
bool record_citizen_known(const struct record *r, struct arena *a,
			  const char *hetu);
/* The one there is of the hetu. False: none. */
bool record_citizen_find(const struct record *r, struct arena *a,
			 const char *hetu, struct store_citizen *out);

/* How a test citizen behaves, a list of words (behaviour.c has them and what
 * they do). Replaces what was said before. False: e names the word and the
 * known ones, or says why what it does at once cannot be done. */
bool record_behaviours(struct record *r, struct arena *a,
		       const struct json *words, struct store_citizen *c,
		       struct err *e);
bool record_behaves(const struct store_citizen *c, const char *behaviour);

/* Removes the citizen and everything about him or her. */
bool record_citizen_delete(struct record *r, struct arena *a, const char *hetu,
			   struct err *e);

/* What is shown of a registration when it is made, and never again: only
 * digests are stored. */
struct record_secrets {
	const char *client_secret; /* NULL: the method needs none, or it
				    * stayed */
	const char *registration_access_token; /* RFC 7592; NULL: it stayed */
};

/* Registers an application from registration metadata (RFC 7591 members plus
 * those of contracts.md POST /clients), with the checks of oauth.md section 10.
 * chosen: client_id, client_secret and the mock's own members in the metadata
 * count (fixtures, control API); otherwise they are ignored or refused. */
bool record_client(struct record *r, struct arena *a,
		   const struct json *metadata, bool chosen,
		   struct store_client *out, struct record_secrets *secrets,
		   struct err *e);

/* Replaces the metadata of a registered application (RFC 7592 2.2) by the same
 * checks. Its id, permissions, tokens and, unless a client_secret is given, its
 * secret stay; one that becomes professional loses what citizens
 * allowed it. */
bool record_client_change(struct record *r, struct arena *a,
			  const struct store_client *old,
			  const struct json *metadata, struct store_client *out,
			  struct record_secrets *secrets, struct err *e);

/* The same as the application does it itself: the mock's own members stay as
 * they were, whatever is sent of them, and so does its secret. */
bool record_client_change_self(struct record *r, struct arena *a,
			       const struct store_client *old,
			       const struct json *metadata,
			       struct store_client *out,
			       struct record_secrets *secrets, struct err *e);

/* The application that this is the registration access token of (RFC 7592 3).
 * False: of none. */
bool record_client_of_token(struct record *r, struct arena *a,
			    const char *token, struct store_client *out);

/* The members of the registration answer (oauth.md 10, kanta.md 3.4) into the
 * object that is open. secrets: as from record_client, or NULL; issuer: what
 * registration_client_uri begins with, "http://host/phr-authserver-sandbox/",
 * or NULL. nulls: members without a value are there, as null. */
void record_client_write(struct jw *w, const struct store_client *c,
			 const struct record_secrets *secrets,
			 const char *issuer, bool nulls);

/* The mock's own members: kind, certificate_serial_number, life times,
 * allow_introspection, auto_approve, set, supplier, ... */
void record_client_write_own(struct jw *w, const struct store_client *c);

/* The metadata with which record_client_change() would change nothing: whoever
 * changes a member begins with them. */
const struct json *record_client_metadata(struct arena *a,
					  const struct store_client *c);

/* A member of the registration that has no column of its own ("supplier",
 * "tos_uri", "jwks", "auto_approve"); NULL when it was not sent.
 * "self_registered" is there when the application was not put there by the one
 * who runs the server. */
const struct json *record_client_member(struct arena *a,
					const struct store_client *c,
					const char *name);

/* The members that a registration may have, by index: what each holds, in words
 * ("a list of at most 20 strings"); NULL behind the last. */
const char *record_client_told(size_t i, const char **what);

/* The settings that hold for an application: the server's, but for what its
 * registration's member "set" says. */
struct settings record_client_settings(const struct record *r, struct arena *a,
				       const struct store_client *c);

/* Who the authorization server says it is, the same everywhere (metadata,
 * tokens, answers of authorize): origin and path, with a slash behind them if
 * issuer_trailing_slash says so. */
const char *record_issuer(const struct record *r, struct arena *a,
			  const char *origin, const char *path);

/* ---- client certificates ------------------------------------------------ */

/* What came with a request. */
struct record_presented {
	const struct pki_peer *peer; /* NULL: no certificate */
	bool asked;		     /* there could have been one */
};

/* Is the application registered with a certificate (RFC 8705 2.1.2, or
 * certificate_serial_number)? Has it nothing at all to authenticate itself
 * with? Does it authenticate itself by a certificate, so that it needs no
 * secret (by the switch client_auth all do, where certificates are demanded)?
 * s, here and below: the settings that hold for the application, or the
 * server's while it is not known. */
bool record_has_certificate(struct arena *a, const struct store_client *c);
bool record_is_public(struct arena *a, const struct store_client *c);
bool record_by_certificate(struct arena *a, const struct settings *s,
			   const struct store_client *c);

/* Do token and FHIR demand a certificate of the application? c NULL: of
 * whomever? */
bool record_certificate_demanded(struct arena *a, const struct settings *s,
				 const struct store_client *c);

/* What is wrong with a certificate, a refusal says as its code. */
#define RULE_NO_CERTIFICATE    "KPHR-REST-0190" /* none was presented */
#define RULE_BAD_CERTIFICATE   "KPHR-REST-0191" /* not to be believed */
#define RULE_OTHER_CERTIFICATE "KPHR-REST-0192" /* not the application's */
#define RULE_UNBOUND	       "KPHR-REST-0193" /* not the token's */

/* pki's verdict by the clock of the switch cert_clock. r->pki must be there. */
struct pki_verdict record_certificate_verdict(struct record *r,
					      const struct settings *s,
					      const struct pki_peer *peer);
/* Was one presented, and is it to be believed? And is it this application's?
 * False: e; ERR_INVALID for the first two where certificates are demanded and
 * on_missing_certificate is 400, else ERR_UNAUTHORIZED. The text names what is
 * registered. */
bool record_certificate_good(struct record *r, struct arena *a,
			     const struct settings *s,
			     const struct record_presented *p, struct err *e);
bool record_certificate_own(struct record *r, struct arena *a,
			    const struct settings *s,
			    const struct store_client *c,
			    const struct record_presented *p, struct err *e);

/* How a certificate is named in texts: "the client certificate "CN=..."
 * (Subject serialNumber 1.2.3)". */
const char *record_certificate_shown(struct arena *a,
				     const struct pki_peer *peer);

/* What makes it an application's, in a sentence without its full stop. */
const char *record_certificate_advice(const struct pki_peer *peer);

/* Before a handshake that asked for a certificate ends: the TLS alert (RFC 8446
 * 6.2) that it is refused with, and e says why; or 0. peer NULL: none was
 * presented. */
int record_certificate_alert(struct record *r, struct arena *a,
			     const struct pki_peer *peer, struct err *e);

/* The application whose certificate_serial_number it has; or NULL. */
const char *record_certificate_client(struct record *r, struct arena *a,
				      const struct pki_peer *peer);

/* The thumbprint that the application's new tokens are bound to (RFC 8705 3);
 * NULL: none. */
const char *record_certificate_binding(struct arena *a,
				       const struct settings *s,
				       const struct store_client *c,
				       const struct record_presented *p);
/* Is a token that is bound to it ("": to nothing) good with what was presented?
 * False: e. */
bool record_certificate_bound(struct arena *a, const char *thumbprint,
			      const struct record_presented *p, struct err *e);

/* ---- permission and tokens ---------------------------------------------- */

/* Does scope (space separated) hold the word? */
bool scope_has(const char *scope, const char *word);
/* Does it allow "read" or "write" of the type? */
bool scope_allows(const char *scope, const char *type, bool write);
/* Does who has the scope have the word of n bytes? Also when patient/x.read
 * with an asterisk for x has it. */
bool scope_covers(const char *scope, const char *word, size_t n);

/* Puts the word of n bytes behind those in b, a space between, unless it is
 * there. */
void scope_add(struct buf *b, const char *word, size_t n);

/* The words of a scope that the types served can use (kanta.md 4.1), fhir: a
 * bit per enum fhir_version; and those with an asterisk where they are offered
 * (scope_wildcards). openid is the authorization server's to add. */
const char *scope_offered(struct arena *a, const struct settings *s,
			  unsigned fhir);
/* Words with spaces between as a list of strings, a member of the open
 * object. */
void scope_write(struct jw *w, const char *name, const char *words);

/* Records that the citizen allows the client the scope (NULL: all that the
 * client is registered for; registration-token is never granted). False: e
 * ERR_NOT_FOUND, ERR_INVALID with code "invalid_scope", or ERR_FORBIDDEN: code
 * "access_denied" when the citizen refuses consent, "unauthorized_client" for
 * a professional application. */
bool record_grant(struct record *r, struct arena *a, const char *client_id,
		  const char *hetu, const char *scope,
		  int64_t remember_until_ms, struct grant *out, struct err *e);

/* A fresh one-use code for the grant (only its digest is stored), bound to what
 * the authorization request said. NULL: it did not. */
struct record_code_for {
	const char *redirect_uri;
	const char *challenge, *challenge_method;
	const char *nonce;
	int64_t auth_ms;    /* when the citizen logged in */
	const char *issuer; /* of an ID token; NULL: as where it is exchanged */
	int64_t life_s;	    /* seconds until it expires */
};
const char *record_code(struct record *r, struct arena *a,
			const struct grant *g, const struct record_code_for *f);

/* What a citizen decided about an authorization request. */
struct record_authorization {
	const struct store_client *client;
	const char *hetu, *scope; /* scope NULL: as in record_grant() */
	int64_t remember_until_ms;
	const char *audience;	     /* the parameter aud, or NULL */
	struct record_code_for code; /* life_s is the switch code_s, unless it
				      * is there; auth_ms 0: now */
};
/* Records the permission; the result is a code for it. NULL: e, as from
 * record_grant(). */
const char *record_authorize(struct record *r, struct arena *a,
			     const struct record_authorization *x,
			     struct err *e);

/* What is wrong with a code_challenge and its method (NULL: plain) under the
 * switch pkce_methods: a text, or NULL for nothing. */
const char *record_challenge_fault(const struct settings *s,
				   const char *challenge, const char *method);

/* New tokens for the grant. The access token is a signed JWT of the stock form
 * (oauth.md 11.1) or a random text, by the switch access_token_format; a
 * refresh token is made when wanted, offline_access is in the grant's scope and
 * the client may refresh. expires_in < 0: the client's own lifetime. issuer
 * goes into the JWT. */
struct record_tokens {
	const char *access_token;
	const char *refresh_token; /* NULL: none */
	int64_t expires_in;	   /* seconds left */
	const char *scope;
	const char *sub;      /* Patient id */
	const char *patient;  /* the same, for SMART clients; or NULL */
	const char *id_token; /* NULL: none; see record_id_token() */
};
struct record_tokens_for {
	const char *scope;
	bool refresh;
	int64_t expires_in;
	const char *issuer;
	/* x5t#S256 of what the access token is bound to, and the refresh token
	 * of a public application (RFC 8705 3, 4); NULL: nothing */
	const char *certificate;
};
void record_tokens(struct record *r, struct arena *a,
		   const struct store_client *c, const struct grant *g,
		   const struct record_tokens_for *f,
		   struct record_tokens *out);
/* The member cnf of a bound token (RFC 8705 3.1); of none nothing. */
void record_bound_write(struct jw *w, const char *certificate);

/* Who logged in for the code and when, signed (OpenID Connect Core 2): a JWT
 * for the application, good for ten minutes. To be made where openid was
 * granted and the code is exchanged, and nowhere else. issuer: who we are,
 * unless the code tells. */
const char *record_id_token(struct record *r, struct arena *a,
			    const struct grant *g,
			    const struct store_code *code, const char *issuer);

/* A refresh token, with its grant: one that is good, or was used before (that
 * one also when it has expired). False: there is none of that text. */
bool record_refresh_find(struct record *r, struct arena *a, const char *text,
			 struct store_token *out, struct grant *g);

/* May its own client, whose settings s are, refresh with it? False when it was
 * used before, and the grace of refresh_grace_s does not help: then its whole
 * family is gone, which the caller must keep (rq->keep). */
bool record_refresh_good(struct record *r, struct arena *a,
			 const struct settings *s, const char *text,
			 const struct store_token *t);

/* Uses one that is good (record_refresh_good()): the refresh token of the
 * answer. The same, or, where refresh tokens rotate, its successor. */
const char *record_refresh_next(struct record *r, struct arena *a,
				const struct store_client *c,
				const struct grant *g, const char *text,
				const struct store_token *t);

/* The token answer as JSON, members in the order of oauth.md 5.2. */
void record_tokens_write(struct buf *b, const struct record_tokens *t);

/* ---- professional use --------------------------------------------------- */

/* Keeps what a citizen consented to or refused, or a relationship of treatment:
 * the object as in a fixture document (sharing.c). False: e. */
const char *record_consent_member(size_t i); /* NULL behind the last */
const char *record_treatment_member(size_t i);
bool record_consent(struct record *r, struct arena *a, const struct json *v,
		    struct store_sharing *out, struct err *e);
bool record_treatment(struct record *r, struct arena *a, const struct json *v,
		      struct store_sharing *out, struct err *e);

/* Which condition of professional use does not hold, a refusal says as its
 * code (professional.c has the conditions and why they are these). */
#define RULE_NOT_PROFESSIONAL "KPHR-REST-0180" /* kind */
#define RULE_UNREGISTERED     "KPHR-REST-0181" /* service_provider, ... */
#define RULE_NO_CITIZEN	      "KPHR-REST-0182"
#define RULE_NO_TREATMENT     "KPHR-REST-0183"
#define RULE_NO_CONSENT	      "KPHR-REST-0184"
#define RULE_REFUSED	      "KPHR-REST-0185"
#define RULE_READS_ONLY	      "KPHR-REST-0186"

/* May the application read the citizen's data now? False: e ERR_FORBIDDEN. */
bool record_professional(struct record *r, struct arena *a,
			 const char *client_id, const char *hetu,
			 struct err *e);

/* The same, and what its tokens hang on: a grant for reading within the scope
 * (NULL: all that the application may read). False: e, also ERR_INVALID with
 * code "invalid_scope". */
bool record_professional_grant(struct record *r, struct arena *a,
			       const struct store_client *c, const char *hetu,
			       const char *scope, struct grant *out,
			       struct err *e);

/* ---- resources ----------------------------------------------------------- */

/* The interactions of the resource types and what the service states of their
 * search parameters: one table, the source of routing, search and the
 * CapabilityStatement (kanta.md 4.1). */
enum interaction {
	IA_READ = 1,
	IA_VREAD = 2,
	IA_CREATE = 4,
	IA_SEARCH = 8,
	IA_UPDATE = 16,
	IA_DELETE = 32,
	IA_HISTORY = 64 /* served, not stated */
};
/* How a search parameter is searched (SearchParamType). */
enum param_type {
	PARAM_TOKEN,
	PARAM_DATE,
	PARAM_REFERENCE,
	PARAM_URI,
	PARAM_STRING,
	PARAM_NUMBER,
	PARAM_QUANTITY,
	PARAM_COMPOSITE
};
/* "token", "date", ...: its code in FHIR. */
const char *record_param_type(enum param_type type);

/* As the service states it (record_type.param) it has its name, its type, what
 * it is, and an expression where it means something else than FHIR; what
 * record_param_find() and record_param_at() give is whole. */
struct record_param {
	const char *name;
	enum param_type type;
	bool stated; /* by the service; the others are FHIR's own */
	bool mandatory;
	const char *expression; /* FHIRPath that finds its values; NULL: it is
				 * not indexed (_id, _lastUpdated, and those
				 * that look at the rows of others) */
	/* The parameters whose rows are looked at: itself, or those that it
	 * stands for (combo-code: code, component-code; patient: subject); of
	 * references there are also rows "subject:identifier", tokens of
	 * Reference.identifier; of a composite those of the first part, and of
	 * the second. Ended by NULL. */
	const char *const *rows, *const *rows2;
	const char *const *targets; /* types a reference may lead to; or NULL */
	const char *target;	    /* the type of a reference that is a bare
				     * id: the only one of the targets, unless
				     * it is stated; then a canonical counts,
				     * too */
	const char *default_system; /* for codes without one, or NULL */
	const char *what;
};
struct record_type {
	const char *type;
	unsigned fhir; /* bit per enum fhir_version */
	unsigned interactions;
	const struct record_param *param; /* as stated; ended by a name NULL */
	const char *owner; /* path of the references that tell whose it is;
			    * NULL when it is shared, and of Patient */
	bool shared;	   /* nobody's: readable by whoever has the scope */
	bool definition;   /* of FHIR itself: takes effect when it is stored */
	const char *what;
};
/* NULL behind the last (by index) or for an unknown type (by name); get refuses
 * that (ERR_NOT_FOUND) and names the known ones. */
const struct record_type *record_type_at(enum fhir_version v, size_t i);
const struct record_type *record_type_find(enum fhir_version v,
					   const char *type);
const struct record_type *record_type_get(struct arena *a, enum fhir_version v,
					  const char *type, struct err *e);

/* A search parameter of a type by name: one that is stated, or one that FHIR
 * defines for the type or for all resources. NULL when there is none. By index:
 * stated ones first, NULL behind the last. They live as long as the record. */
const struct record_param *record_param_find(struct record *r,
					     enum fhir_version v,
					     const struct record_type *t,
					     const char *name);
const struct record_param *record_param_at(struct record *r,
					   enum fhir_version v,
					   const struct record_type *t,
					   size_t i);

/* Where the references of that parameter lead, as the index has them:
 * "Type/id", a URL, a canonical. Returns how many (0: *out is NULL). */
size_t record_references(struct record *r, struct arena *a, enum fhir_version v,
			 const struct record_type *t,
			 const struct record_param *p,
			 const struct json *resource, const char *own_base,
			 const char ***out);

/* When a file is opened, before anything is stored: indexes its resources anew
 * if another program made its index. True: so it was. */
bool record_reindex(struct record *r, struct arena *a);

/* Text as strings are searched: decomposed, without marks, in capitals. */
const char *record_fold(struct arena *a, const char *text);

/* Checks a resource as POST does: the profile rules under the settings.
 * own_base: as in struct profile_options. */
const struct issues *record_check(struct record *r, struct arena *a,
				  enum fhir_version v,
				  const struct json *resource,
				  const char *own_base);
/* The same, and it must keep to these profiles besides those it names. */
const struct issues *record_check_as(struct record *r, struct arena *a,
				     enum fhir_version v,
				     const struct json *resource,
				     const char *own_base,
				     const char *const *profiles, size_t n);

/* A time as the service writes it into meta.lastUpdated, by the switch
 * timezone. */
void record_instant(const struct record *r, char out[TIME_TEXT], int64_t ms);

/* With what a resource is written. */
struct record_write {
	enum fhir_version fhir;
	/* Whose permission. NULL: the server's own (or the citizen's, in My
	 * Kanta), whose owner is taken from the resource itself. A grant
	 * without a patient (the open sandbox): the same, and under
	 * references=free what refers to no Patient is nobody's. */
	const struct grant *grant;
	/* Fixtures and generated data: neither references nor the switches
	 * that keep types from applications are looked at. */
	bool seed;
	bool last; /* nothing behind it can refuse the request: see
		    * store_settle() */
	const char *own_base;
	const char *client_id; /* who stores it; NULL or "": nobody is told */
	const char *id;	       /* NULL: a fresh uuid (create) */
	/* Versions of which one must be the current one; 0 stands for any. No
	 * versions: not asked. */
	const int *if_match;
	size_t if_match_count;
	bool if_none_match; /* there must be none */
	bool outrun;	    /* refused as if another had been faster */
	/* "Type/id" that the same transaction stores later, in the order of
	 * strcmp: references to them hold. */
	const char *const *expected;
	size_t expected_count;
	/* "Type/id" that the same transaction deletes or updates: what they
	 * refer to now may be deleted. */
	const char *const *leaving;
	size_t leaving_count;
};
/* What it breaks, a refusal says as its code. */
#define RULE_NEW_ID	  "KPHR-REST-0161" /* an id that clients cannot give */
#define RULE_VERSION	  "KPHR-REST-0162" /* if_match, if_none_match */
#define RULE_APPLICATION  "KPHR-REST-0163" /* another one stored it */
#define RULE_OWNER	  "KPHR-REST-0164" /* an update that changes whose */
#define RULE_ONE_PATIENT  "KPHR-REST-0165" /* a citizen's second Patient */
#define RULE_SWITCHED_OFF "KPHR-REST-0166" /* not in this environment */
#define RULE_REFERENCE	  "KPHR-REST-0167" /* leads nowhere */
#define RULE_EXTERNAL	  "KPHR-REST-0168" /* leads out of this base */
#define RULE_PLACEHOLDER  "KPHR-REST-0169" /* urn:uuid: of no transaction */
#define RULE_REFERRED_TO  "KPHR-REST-0170" /* so it cannot be deleted */

enum record_done { DONE_CREATED, DONE_UPDATED, DONE_UNCHANGED };

/* Checks and stores a new resource for the grant's citizen (or, of a shared
 * type, for everybody): id, versionId 1 and lastUpdated are the server's, the
 * rest is the client's own text.
 * Refusals: *issues set and e ERR_UNPROCESSABLE when the profile does not hold;
 * e ERR_FORBIDDEN when the subject or who made it is not that citizen,
 * ERR_INVALID for a reference that leads nowhere, ERR_CONFLICT when the id is
 * taken. */
bool record_store_new(struct record *r, struct arena *a,
		      const struct record_write *w, const struct json *resource,
		      struct store_resource *out, const struct issues **issues,
		      struct err *e);

/* The next version of a resource (w->id), or the first one where the type lets
 * clients choose ids. Refusals besides: ERR_NOT_FOUND, ERR_GONE, ERR_FORBIDDEN
 * (another application's), ERR_CONFLICT or ERR_PRECONDITION (if_match,
 * if_none_match). */
bool record_update(struct record *r, struct arena *a,
		   const struct record_write *w, const struct json *resource,
		   struct store_resource *out, enum record_done *done,
		   const struct issues **issues, struct err *e);

/* Deletes w->id; *count: 0 when it was deleted before. out: the version that
 * says so. Refusals as above; ERR_CONFLICT when others refer to it. */
bool record_delete(struct record *r, struct arena *a,
		   const struct record_write *w, const struct record_type *t,
		   struct store_resource *out, int *count, struct err *e);

/* Reads, for the grant's citizen. e: ERR_NOT_FOUND, ERR_GONE, ERR_FORBIDDEN. */
bool record_read(struct record *r, struct arena *a, enum fhir_version v,
		 const struct grant *grant, const char *type, const char *id,
		 int version, struct store_resource *out, struct err *e);

/* ---- what a person reads of it --------------------------------------------
 */

/* A kind of data, as people think of it: weight, whichever FHIR version and
 * profile it was stored by. */
#define RECORD_KIND_PROFILES 2
struct record_kind {
	const char *key;			   /* "bodyweight" */
	const char *title;			   /* English (page_word) */
	const char *profile[RECORD_KIND_PROFILES]; /* URLs; NULL: no more */
};
/* By index (NULL behind the last), by key (or NULL), by profile (a URL or
 * NULL). What has none of the profiles is of the last kind, "other": by profile
 * never NULL. They are constants. */
const struct record_kind *record_kind_at(size_t i);
const struct record_kind *record_kind_find(const char *key);
const struct record_kind *record_kind_of(const char *profile);

/* What is stored of a kind about a citizen, in all bases, the newest first. */
struct record_shelf {
	const struct record_kind *kind;
	struct store_glance *v;
	size_t n;
};
/* In the order of the kinds, none of them empty, in the arena; returns how
 * many. Patient and what is nobody's is not among it. patient: the id. */
size_t record_shelves(struct record *r, struct arena *a, const char *patient,
		      struct record_shelf **out);

/* A line about a resource; what is below another one has a greater depth. */
struct record_row {
	const char *label;
	const char *value; /* "" for a heading */
	const char *more;  /* codes, the text as it was sent; or NULL */
	unsigned depth;
};
/* A number that can be drawn. */
struct record_point {
	const char *series; /* what was measured */
	const char *unit;   /* as it is shown */
	const char *text;   /* the number as it was sent */
	double value;
	bool part; /* one of several that were measured together */
};
/* All of its texts are plain, in the language as far as there are words for
 * them, else as they were sent; decimals are as they were sent. They are the
 * arena's, the catalogue's or the resource's own, and no longer there than the
 * shortest of these. */
struct record_display {
	const struct record_kind *kind;
	const char *profile; /* the first that it names, or NULL */
	const char *title;   /* of the kind; of "other", what its code says */
	const char *name;    /* what exactly it is: the name of its code */
	const char *value;   /* "72.50 kg", "128/82 mmHg"; or "" */
	const char *when;    /* in Finnish time; "" when it does not say */
	const char *sent;    /* its time as it was sent, or "" */
	int64_t at_ms;	     /* where it begins, UTC; INT64_MIN: not said */
	const char *text;    /* the narrative without its markup, or "" */
	const struct record_point *point;
	size_t points;
	const struct record_row *row; /* everything that it says */
	size_t rows;
};
/* Any JSON object is told, of whatever profile: it cannot fail. The first call
 * reads the names of codes (a few milliseconds), which the record keeps. */
void record_display(struct record *r, struct arena *a,
		    const struct page_locale *l, const struct json *resource,
		    struct record_display *out);
/* The same without the rows and the text. */
void record_display_brief(struct record *r, struct arena *a,
			  const struct page_locale *l,
			  const struct json *resource,
			  struct record_display *out);

/* A time (a FHIR date, dateTime, instant) as people write it, in Finnish time,
 * in the arena; the text itself when it is none, "" for NULL. */
const char *record_when(struct arena *a, const struct page_locale *l,
			const char *time);
/* The same of an instant (since 1970, UTC), with the seconds. */
const char *record_when_ms(struct arena *a, const struct page_locale *l,
			   int64_t ms);

/* ---- definitions that clients store ------------------------------------- */

/* The definitions in force: those of the start and what is stored of
 * StructureDefinitions, ValueSets and CodeSystems. Good until the next call for
 * that version. NULL when there are none of it. */
const struct profiles *record_profiles(struct record *r, enum fhir_version v);

/* May this definition be stored (w->id NULL: as a new one)? It must not stand
 * in for one that the server came with, and there must be room. False: e.
 * Whether it can be used, record_check() tells. Other resources: true. */
#define RULE_DEFINITIONS_OFF	 "KPHR-REST-0140" /* not in this environment */
#define RULE_DEFINITION_OFFICIAL "KPHR-REST-0141" /* not to be overwritten */
#define RULE_DEFINITIONS_FULL	 "KPHR-REST-0142" /* no room for another one */
#define RULE_DEFINITION_UNUSABLE "KPHR-REST-0143" /* it does not compile */
bool record_definition_check(struct record *r, struct arena *a,
			     const struct record_write *w,
			     const struct json *resource, struct err *e);
/* A resource of a type with "definition" has been stored or deleted, as that
 * version, in the same savepoint. */
void record_definition_stored(struct record *r, enum fhir_version v,
			      const struct store_resource *version);

/* The definitions that the server came with are resources from here on, in the
 * request's savepoint; whoever reads or searches these types calls it first. */
void record_official(struct record *r, struct arena *a, enum fhir_version v);

/* ---- fixtures and reset ------------------------------------------------ */

/* Loads one fixture document (shape: contracts.md --fixtures), all or nothing:
 * the caller's savepoint is rolled back when it is refused. Of a built-in one a
 * resource that does not conform to the rules in force (the user chose stricter
 * ones) is left out, with a line in the log. */
bool record_fixtures(struct record *r, struct arena *a, const struct fixture *f,
		     struct err *e);

/* The same of a document that came with a request: refusals say where by a JSON
 * Pointer alone, and what was made is written into the open object, a list for
 * each list of the document, secrets of applications in it. */
bool record_fixtures_told(struct record *r, struct arena *a,
			  const struct json *doc, struct jw *w, struct err *e);

/* Loads those of a fresh start. */
bool record_fill(struct record *r, struct arena *a, struct err *e);

/* Back to a fresh start with the same fixtures; the clock and settings are
 * the caller's. */
bool record_reset(struct record *r, struct arena *a, struct err *e);

/* Of a part. RESET_DATA: the resources, those of the fixtures being there again
 * and each citizen's Patient untouched; who the citizens are stays.
 * RESET_TOKENS: codes, tokens and sessions. RESET_PERMISSIONS: what citizens
 * allow, with the tokens that hang on it, consents and treatments.
 * RESET_CLIENTS: the applications. hetu, client_id: only of these (NULL: of
 * all); resources are of a citizen, so RESET_DATA does not look at client_id,
 * nor RESET_CLIENTS at hetu. */
#define RESET_DATA	  1u
#define RESET_TOKENS	  2u
#define RESET_PERMISSIONS 4u
#define RESET_CLIENTS	  8u
bool record_reset_part(struct record *r, struct arena *a, unsigned what,
		       const char *hetu, const char *client_id, struct err *e);

/* As if the citizen had never been there; he or she is as in the fixtures if
 * those have him or her. False: e, ERR_NOT_FOUND when there is nobody. */
bool record_reset_citizen(struct record *r, struct arena *a, const char *hetu,
			  struct err *e);

#endif
