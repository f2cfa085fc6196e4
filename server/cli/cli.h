/* SPDX-License-Identifier: Apache-2.0
 *
 * cli: the command line. Options with their environment and file twins, and
 * the subcommands that are not the server.
 */
#ifndef CLI_H
#define CLI_H

#include "admin/admin.h"
#include "fhir/fhir.h"
#include "oauth/oauth.h"
#include "web/web.h"

/* sysexits(3) as contracts.md lists them */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE_ERROR = 2,
	EXIT_BAD_DATA = 65,
	EXIT_ADDRESS_IN_USE = 69,
	EXIT_STORAGE = 74,
	EXIT_CONFIGURATION = 78
};

#define PROGRAM_VERSION "0.1.0"
#define PROGRAM_DATE	"November 22, 2026" /* of the version */
#define LIST_MAX	64

/* What serve and the other commands were told: flag, else environment
 * MOCK_PHR_<NAME>, else the file of --config, else the default. Repeatable
 * options replace, not add, between these. */
struct config {
	const char *listen[LIST_MAX];
	size_t listen_count;
	const char *db;
	const char *fixtures[LIST_MAX];
	size_t fixtures_count;
	const char *package[LIST_MAX];
	size_t package_count;
	const char *profile[LIST_MAX]; /* validate --profile */
	size_t profile_count;
	const char *allowed_host[LIST_MAX];
	size_t allowed_host_count;
	const char *trusted_proxy[LIST_MAX];
	size_t trusted_proxy_count;
	const char *hostname[LIST_MAX]; /* pki --hostname */
	size_t hostname_count;
	const char *citizen[LIST_MAX]; /* generate --citizen */
	size_t citizen_count;
	const char *environment, *oauth, *profiles, *public_url, *auth_path,
	    *fhir_path;
	const char *clock, *admin_token, *log, *port_file, *auto_approve;
	const char *journal, *shadow, *client_certificate_header;
	const char *tls_cert, *tls_key, *client_ca, *client_crl,
	    *pki;					       /* files */
	const char *oid, *key;				       /* pki */
	const char *format, *fhir, *level, *explain_rule;      /* validate */
	const char *citizens, *days, *seed, *invalid, *client; /* generate */
	bool exit_on_stdin_eof;
	bool force;		  /* pki */
	bool exit_code;		  /* report */
	bool batch;		  /* fhirpath */
	struct settings settings; /* --set, --errors, --unknown-profile */
	const char **operand;	  /* what is no option */
	size_t operand_count;
};

enum command {
	CMD_SERVE,
	CMD_VALIDATE,
	CMD_PROFILES,
	CMD_FHIRPATH,
	CMD_GENERATE,
	CMD_PKI,
	CMD_HEALTHCHECK,
	CMD_ENVIRONMENTS,
	CMD_REPORT,
	CMD_COMPLETION,
	CMD_MAN
};

/* Reads arguments, environment and file. Returns -1 to go on, or the exit code
 * when the run ends here (--help and --version print to stdout; errors go to
 * stderr with the nearest option). Texts live in the arena. */
int cli_config(struct arena *boot, int argc, char **argv, enum command *command,
	       struct config *c);

/* Opens both versions' definitions with the national profiles and the user's
 * packages as configured. What is worth knowing of them goes to the log, or to
 * stderr when it is NULL. False with e set. */
bool cli_profiles(struct arena *boot, const struct config *c,
		  const struct log *log, struct profiles *out[FHIR_VERSIONS],
		  struct err *e);

/* The national ones of them as resources, for those who want to read them. */
void cli_official(struct arena *boot, const struct config *c, struct record *r);

/* What stopped the program: "mock-kanta-phr: where: text" to stderr; a text of
 * several lines (an expression with a caret) stands below. Returns code. */
int cli_complain(int code, const struct err *e);

/* Reads the fixture documents as configured: the built-in ones unless others or
 * none are named. False with e set. */
bool cli_fixtures(struct arena *boot, const struct config *c,
		  const struct fixture **out, size_t *n, struct err *e);

/* Is --seed of serve a number? False with e set. */
bool cli_seed_ok(const struct config *c, struct err *e);

/* Writes text to the file, all or nothing. False with e set. */
bool cli_write_file(const char *path, const char *text, struct err *e);

/* Certificates of the server and of its clients, as configured, into r->pki
 * (the caller frees it, also after a failure); NULL when no listener and no
 * proxy has to do with them. r has its clock, settings and log. False with e
 * set: what is missing, or wrong, with the option to change. */
bool cli_tls_open(struct arena *boot, const struct config *c, struct record *r,
		  struct err *e);

/* Reads the same files again, all or nothing, and logs what came of it. */
void cli_tls_reload(const struct config *c, const struct record *r);

/* What listeners show to clients, as it is now. */
void cli_tls_identity(const struct record *r, struct http_identity *out);

/* The other subcommands; the result is the exit code. */
int cli_validate(struct arena *boot, const struct config *c);
int cli_list_profiles(struct arena *boot, const struct config *c);
int cli_fhirpath(struct arena *boot, const struct config *c);
int cli_generate(struct arena *boot, const struct config *c);
int cli_pki(struct arena *boot, const struct config *c);
int cli_healthcheck(const struct config *c);
int cli_environments(struct arena *boot, const struct config *c);
int cli_report(struct arena *boot, const struct config *c);
int cli_completion(struct arena *boot, const struct config *c);
int cli_man(struct arena *boot);

/* Tells the service manager that the server is ready ("READY=1") or stops
 * ("STOPPING=1"), when one asks to be told: NOTIFY_SOCKET, sd_notify(3). What
 * cannot be told is logged. */
void cli_notify(const struct log *log, const char *state);

#endif
