/* SPDX-License-Identifier: Apache-2.0
 *
 * A part of record.h, which includes it: the switches, and what sets many of
 * them at once.
 */
#ifndef RECORD_SETTINGS_H
#define RECORD_SETTINGS_H

#include "base/base.h"
#include "profile/profile.h"

/* ---- settings: every behaviour switch, one table ----------------------- */

enum errors_style { ERRORS_KANTA, ERRORS_EXPLAIN };
enum creating_application { CREATOR_OPTIONAL, CREATOR_REQUIRED, CREATOR_ADD };

/* The values in force. Names, allowed values, defaults and their sources stand
 * in one table in settings.c (facts: kanta.md section 9, fhir-rest.md). */
struct settings {
	int errors;		     /* enum errors_style */
	int profile_required;	     /* enum profile_required */
	int rules;		     /* enum rule_set */
	int example_urls;	     /* 0: of RULES_CURRENT, errors */
	int unknown_profile;	     /* 0 reject, 1 warn */
	int validation_status;	     /* 422, 412, 400 */
	int patient_mismatch_status; /* 403, 404 */
	int foreign_read;	     /* 403, 404 */
	int missing_patient;	     /* 400; 0: an empty result */
	int unknown_search_param;    /* 0 ignore; 400 */
	int code_default_system;     /* 0 multiple, 1 always */
	int page_default;
	int page_max;
	int oo_narrative; /* 0, 1 */
	/* where the sources contradict each other */
	int foreign_profiles;	  /* 0 allow, 1 reject */
	int creating_application; /* enum creating_application */
	int stu3_rules;		  /* 0 effective, 1 draft2017; from the start */
	int stu3_bp_55284;	  /* this and the next five: */
	int stu3_extra_codings;	  /* enum profile_weight */
	int stu3_device;
	int stu3_method;
	int glucose_pair;
	int snapshot_literal;
	int display_check; /* enum profile_say */
	int unknown_code;  /* the same */
	/* interactions (fhir-rest.md sections 1, 2) */
	int references;		  /* 0 free, 1 enforced */
	int noop_update;	  /* 0 keep, 1 new-version */
	int update_create;	  /* enum update_create */
	int update_by_other;	  /* 0 reject, 1 allow */
	int if_match_status;	  /* 409, 412 */
	int conditional_update;	  /* 0, 1 */
	int conditional_delete;	  /* 0, 1 */
	int delete_status;	  /* 200, 204 */
	int delete_integrity;	  /* 0, 1 */
	int history;		  /* enum history_offer */
	int meta_merge;		  /* 0, 1 */
	int validate_op;	  /* 0, 1 */
	int validate_op_status;	  /* of a resource with errors: 200, 412 */
	int content_type_status;  /* 400, 415 */
	int xml;		  /* 406; 0: answer in JSON */
	int hapi_unknown_method;  /* 405, 400 */
	int x_powered_by;	  /* 0, 1 */
	int oo_style;		  /* 3: HAPI 3.6, 8: HAPI 8 */
	int timezone;		  /* 0 Europe/Helsinki, 1 UTC */
	int if_none_exist_stu3;	  /* 0, 1 */
	int allow_test_profiles;  /* enum test_profiles */
	int store_questionnaires; /* 0, 1: may applications? */
	/* Bundles (section 3) */
	int batch_stu3; /* 0, 1 */
	int batch_r4;
	int batch_url_type; /* 0 resource, 1 strict */
	int batch_etag;	    /* 0 weak, 1 bare */
	int batch_max;
	/* search (section 4) */
	int count_zero;	      /* 0 as absent, 1 as _summary=count */
	int missing_modifier; /* 0, 1 */
	int search_dates;     /* 0 spec, 1 hapi */
	int date_eq_period;   /* 0 overlap, 1 contain */
	/* the authorization server (oauth.md section 1) */
	int oauth_errors;     /* 0 mitreid, 1 rfc */
	int authorize_order;  /* 0 login-first, 1 request-first */
	int refresh_rotation; /* 0 reuse, 1 rotate */
	int refresh_grace_s;  /* of a predecessor's successor */
	int refresh_idle_d;   /* days; 0: no limit */
	int refresh_absolute_d;
	int code_s;	    /* life of a code */
	int consent_form_s; /* life of the form that asks the citizen */
	int code_replay_revokes;
	int foreign_code;	   /* 0 burnt, 1 kept */
	int foreign_refresh_token; /* 0 deleted, 1 kept */
	int pkce_methods;	   /* 0 plain and S256, 1 S256 */
	int pkce_required;	   /* enum pkce_required */
	int pkce_downgrade_check;
	int public_clients; /* 0 off, 1 pkce: they may register */
	int iss_parameter;
	int issuer_trailing_slash;
	int duplicate_parameters; /* 0 first, 1 reject */
	int two_auth_methods;	  /* 0 basic, 1 reject */
	int enforce_auth_method;
	int credentials_in_query;
	int bearer_in_query;
	int introspection_needs_permission;
	int introspection_answer; /* 0 mitreid, 1 rfc */
	int rfc8414_document;
	int registration_nulls;
	int loopback_redirect_port; /* any port of 127.0.0.1, [::1] */
	int access_token_format;    /* 0 jwt, 1 opaque */
	int token_patient_member;
	int openid;
	int scope_wildcards; /* patient/x.read with an asterisk for x */
	int terms;	     /* accepted at the first login */
	/* client certificates (kanta.md 2.2, 3.2; mtls-libmicrohttpd.md) */
	int client_certificate;	    /* enum client_certificate */
	int on_missing_certificate; /* enum on_missing_certificate */
	int client_auth;	    /* 0 basic+post, 1 certificate */
	int fhir_certificate; /* 0 any sound one, 1 the application's own */
	int bind_tokens;
	int cert_clock; /* 0 real, 1 virtual */
	int crl_strict;
	/* what is there, and for whom: by environment (kanta.md 2) */
	int token_required;
	int open_sandbox;	  /* /open/..., fhirsandbox.kanta.fi */
	int fhir_r4;		  /* is there a baseR4? */
	int capability_statement; /* 0 production, 1 testing */
	int citizens;		  /* 0 any may log in, 1 registered ones */
	int login_age;		  /* years; younger ones may not */
	int self_service;	  /* may applications register themselves? */
	int access_token_s; /* of applications that name no time of their own */
};
enum client_certificate {
	CERTIFICATE_OFF,
	CERTIFICATE_OPTIONAL, /* of applications registered with one */
	CERTIFICATE_REQUIRED  /* of every application */
};
enum on_missing_certificate {
	MISSING_BY_POLICY, /* required: alert, else 401 */
	MISSING_ALERT,
	MISSING_400 = 400,
	MISSING_401 = 401
};
enum pkce_required { PKCE_NEVER, PKCE_PUBLIC, PKCE_ALL };
enum update_create {
	UPDATE_CREATE_BY_TYPE,
	UPDATE_CREATE_ON,
	UPDATE_CREATE_OFF
};
enum test_profiles { TEST_PROFILES_OFF, TEST_PROFILES_ON, TEST_PROFILES_INERT };
enum history_offer { HISTORY_OFF, HISTORY_INSTANCE, HISTORY_ALL };

/* Which environment of the service the server is: a column of the table in
 * environment.c, which is values of switches and nothing else. */
struct environment {
	const char *name; /* "sandbox-open", "sandbox", ... */
};
/* NULL for an unknown name. */
const struct environment *environment_find(const char *name);
/* Puts the presets into s. */
void environment_apply(const struct environment *env, struct settings *s);
/* What an option of the command line ("auth-path") is where it is not given;
 * NULL when the environment says nothing of it. */
const char *environment_option(const struct environment *env,
			       const char *option);

/* The behaviours of the authorization server, presets of its switches: "kanta"
 * (the defaults) and "strict" (the RFCs). False for an unknown name. */
bool oauth_behaviour_apply(const char *name, struct settings *s);

/* The i-th row of an environment, or of a behaviour: the value, the mark of
 * where it is known from ("[Q]", "[S]", "[P]", "[C]", "[M]", "[I]", "[?]"; for
 * strict the specification), and what it means for an application. False
 * behind the last, and for unknown names. */
struct preset {
	const char *name, *value, *mark, *means;
	bool option; /* of the command line; else a switch */
};
bool environment_row(const char *name, size_t i, struct preset *out);
/* The i-th switch among them. */
bool environment_preset(const char *name, size_t i, struct preset *out);
/* The names there are: the environments, then the behaviours; NULL behind the
 * last. */
const char *environment_name(size_t i);

/* The defaults of the table. */
void settings_init(struct settings *s);

/* What of them the rule engine is told: the same for every way in. */
struct profile_options settings_rules(const struct settings *s);

/* One NAME=VALUE. False with e set (code "unknown_setting", the nearest name in
 * the text; or "invalid_value" with the allowed ones). */
bool settings_set(struct settings *s, const char *name, const char *value,
		  struct err *e);

/* The same while the server runs: what counts at its start alone is refused
 * (code "only_at_start"), unless it has that value. */
bool settings_change(struct settings *s, const char *name, const char *value,
		     struct err *e);

/* The i-th setting's name, value as text (in arena), allowed values, meaning.
 * False behind the last. */
struct setting_info {
	const char *name, *value, *allowed, *what;
	bool at_start; /* only then */
};
bool settings_list(const struct settings *s, struct arena *a, size_t i,
		   struct setting_info *out);

#endif
