/* SPDX-License-Identifier: Apache-2.0
 *
 * The options and commands: two tables, and the help that is printed from them.
 *
 * A row says what an option is called, where its value goes, which commands
 * take it and what it means; its environment twin and its member of the
 * configuration file follow from the name. Only what works stands here: an
 * option of a later version is an unknown one until then. What means another
 * thing to one of the commands has a row in a third table.
 *
 * Help shows examples first, as that is what most readers come for.
 */
#include "cli/cli_int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct config, member)
#define SERVE	   FOR(CMD_SERVE)
#define VALIDATE   FOR(CMD_VALIDATE)
#define LISTING	   FOR(CMD_PROFILES)
#define FHIRPATH   FOR(CMD_FHIRPATH)
#define GENERATE   FOR(CMD_GENERATE)
#define PKI	   FOR(CMD_PKI)
#define COMPARING  (FOR(CMD_ENVIRONMENTS) | FOR(CMD_REPORT))
#define ALL	   (SERVE | VALIDATE | LISTING | FHIRPATH | GENERATE)

static const struct option options[] = {
    {"listen", "URL", AT(listen), NULL, OPT_LIST, SERVE,
     "http://127.0.0.1:8080",
     "address to listen on (repeatable); port 0: any free one"},
    {"environment", "NAME", AT(environment), NULL, OPT_STRING, SERVE, "sandbox",
     "which environment of the service to be: sandbox, sandbox-open, "
     "client-test or production"},
    {"oauth", "BEHAVIOUR", AT(oauth), NULL, OPT_STRING, SERVE, "kanta",
     "the authorization server behaves as clients of the service saw it, or "
     "strict: as the RFCs have it"},
    {"db", "PATH", AT(db), NULL, OPT_STRING, SERVE | GENERATE,
     ":memory:", "the database file"},
    {"fixtures", "PATH", AT(fixtures), NULL, OPT_LIST, SERVE | GENERATE,
     "built-in",
     "JSON file, folder, or built-in: a small world (repeatable); or none; "
     "loaded into an empty database only"},
    {"package", "PATH", AT(package), NULL, OPT_LIST, ALL, NULL,
     "FHIR package: .tgz, folder or file (repeatable)"},
    {"profiles", "SET", AT(profiles), NULL, OPT_STRING, ALL, "finnish-phr",
     "finnish-phr, or none: not loaded, not demanded, unknown ones warn"},
    {"unknown-profile", "HOW", 0, "unknown_profile", OPT_SETTING,
     SERVE | VALIDATE | GENERATE, "reject",
     "a profile that is not loaded: reject or warn"},
    {"rules", "SET", 0, "rules", OPT_SETTING, SERVE | VALIDATE | GENERATE,
     "kanta",
     "which checks are errors: kanta (the service's era), current (today's "
     "validator)"},
    {"errors", "STYLE", 0, "errors", OPT_SETTING, SERVE | VALIDATE, "kanta",
     "kanta: as the real stack words them; explain: with rule, expected "
     "value and hint"},
    {"set", "NAME=VALUE", 0, NULL, OPT_SET,
     SERVE | VALIDATE | LISTING | GENERATE, NULL,
     "one behaviour switch (repeatable)"},
    {"fhir", "VERSION", AT(fhir), NULL, OPT_STRING,
     VALIDATE | LISTING | FHIRPATH | GENERATE, "both", "stu3 or r4"},
    {"batch", NULL, AT(batch), NULL, OPT_FLAG, FHIRPATH, NULL,
     "a question a line from standard input, "
     "{\"expression\":\"...\",\"input\":{...}}, and an answer a line"},
    {"profile", "URL", AT(profile), NULL, OPT_LIST, VALIDATE | GENERATE, NULL,
     "profile to check besides meta.profile (repeatable)"},
    {"citizen", "HETU", AT(citizen), NULL, OPT_LIST, GENERATE, "010190-900P",
     "whose data it is (repeatable); a code of the 900 series"},
    {"citizens", "N", AT(citizens), NULL, OPT_STRING, GENERATE, NULL,
     "so many fresh citizens, the same for the same seed"},
    {"days", "N", AT(days), NULL, OPT_STRING, GENERATE, "30",
     "so many days before today, or before --clock"},
    {"seed", "N", AT(seed), NULL, OPT_STRING, SERVE | GENERATE, "random",
     "ids and tokens that are the same at every start, so that who knows the "
     "number knows them"},
    {"invalid", "RULE", AT(invalid), NULL, OPT_STRING, GENERATE, NULL,
     "mutants instead, each breaking this rule alone (KPHR-PROF-0012, PHR-2); "
     "all: what any validator refuses; apart: the others; list: prints what "
     "there is"},
    {"client", "ID", AT(client), NULL, OPT_STRING, GENERATE,
     "the first of the fixtures", "--db: which application stored it"},
    {"format", "FORMAT", AT(format), NULL, OPT_STRING,
     VALIDATE | LISTING | GENERATE | PKI | COMPARING, "text", "text or json"},
    {"level", "SEVERITY", AT(level), NULL, OPT_STRING, VALIDATE, "information",
     "the least that is reported: error, warning or information"},
    {"explain-rule", "ID", AT(explain_rule), NULL, OPT_STRING, VALIDATE, NULL,
     "say what a rule of an issue is about, such as KPHR-PROF-0020"},
    {"auto-approve", "HETU", AT(auto_approve), NULL, OPT_OPTIONAL, SERVE, NULL,
     "authorize without pages as this test citizen, or as the first of "
     "the fixtures"},
    {"client-certificate", "WHEN", 0, "client_certificate", OPT_SETTING, SERVE,
     "by environment",
     "off; optional: token and FHIR demand one of applications registered with "
     "one; required: of every application"},
    {"on-missing-certificate", "HOW", 0, "on_missing_certificate", OPT_SETTING,
     SERVE, "alert when required, else 401",
     "without a good one: a TLS alert in the handshake, or status 400 or 401"},
    {"tls-cert", "FILE", AT(tls_cert), NULL, OPT_STRING, SERVE, "made at start",
     "the server's certificate and chain, PEM"},
    {"tls-key", "FILE", AT(tls_key), NULL, OPT_STRING, SERVE, NULL,
     "its key, PEM"},
    {"client-ca", "FILE", AT(client_ca), NULL, OPT_STRING, SERVE, NULL,
     "whom clients' certificates may come from, PEM"},
    {"client-crl", "FILE", AT(client_crl), NULL, OPT_STRING, SERVE, NULL,
     "their revocation lists, PEM"},
    {"pki", "DIR", AT(pki), NULL, OPT_STRING, SERVE, "in memory",
     "the folder of the command pki: used, and made when it is not there"},
    {"oid", "OID", AT(oid), NULL, OPT_STRING, PKI, "the fixtures'",
     "of the application: the Subject serialNumber of its certificates"},
    {"hostname", "NAME", AT(hostname), NULL, OPT_LIST, PKI, NULL,
     "one more name or address of the server (repeatable)"},
    {"key", "KIND", AT(key), NULL, OPT_STRING, PKI, "ec",
     "the server's key: ec (P-256) or rsa (2048)"},
    {"force", NULL, AT(force), NULL, OPT_FLAG, PKI, NULL,
     "write over a PKI that is there"},
    {"trusted-proxy", "CIDR", AT(trusted_proxy), NULL, OPT_LIST, SERVE, "none",
     "whose forwarding headers count, the client's certificate in them too "
     "(repeatable)"},
    {"client-certificate-header", "NAME", AT(client_certificate_header), NULL,
     OPT_STRING, SERVE, "Client-Cert",
     "the header in which they hand it on: as RFC 9440 has it, or URL-encoded "
     "PEM"},
    {"shadow", "ENVIRONMENT", AT(shadow), NULL, OPT_STRING, SERVE, "off",
     "answer as configured, and note what this environment, or strict, would "
     "have refused"},
    {"public-url", "URL", AT(public_url), NULL, OPT_STRING, SERVE, NULL,
     "what to print in links and metadata"},
    {"allowed-host", "NAME", AT(allowed_host), NULL, OPT_LIST, SERVE, NULL,
     "Host header to believe for links (repeatable)"},
    {"auth-path", "PATH", AT(auth_path), NULL, OPT_STRING, SERVE,
     "by environment: /phr-authserver-sandbox, or /phr-authserver",
     "path of the authorization server"},
    {"fhir-path", "PATH", AT(fhir_path), NULL, OPT_STRING, SERVE,
     "/phr-resourceserver", "path of the FHIR server"},
    {"clock", "CLOCK", AT(clock), NULL, OPT_STRING,
     SERVE | FHIRPATH | GENERATE | PKI, "real",
     "real, an offset (+PT1H) or an instant at which it stands still"},
    {"admin-token", "TOKEN", AT(admin_token), NULL, OPT_STRING, SERVE,
     "open on loopback, closed elsewhere",
     "what guards the control API; none: open everywhere"},
    {"journal", "N", AT(journal), NULL, OPT_STRING, SERVE, "10000",
     "so many requests are kept for the control API"},
    {"log", "FORMAT", AT(log), NULL, OPT_STRING, SERVE,
     "text on a terminal, json else", "text, json or off, to stderr"},
    {"port-file", "FILE", AT(port_file), NULL, OPT_STRING, SERVE, NULL,
     "write the port there when ready (one line for each listener)"},
    {"exit-on-stdin-eof", NULL, AT(exit_on_stdin_eof), NULL, OPT_FLAG, SERVE,
     NULL, "stop when standard input ends"},
    {"exit-code", NULL, AT(exit_code), NULL, OPT_FLAG, FOR(CMD_REPORT), NULL,
     "exit 1 when there is something to notify of"},
    {"config", "FILE", 0, NULL, OPT_CONFIG, ALL | PKI, NULL,
     "JSON object whose members are named as the options"},
};

/* What an option is to one command, where it is something else to others. */
static const struct {
	enum command command;
	const char *name, *initial, *what;
} special[] = {
    {CMD_VALIDATE, "fhir", "from the profile, else r4", "stu3 or r4"},
    {CMD_VALIDATE, "format", "text", "text, json, ndjson or junit"},
    {CMD_FHIRPATH, "fhir", "r4", "stu3, r4, or none: types from JSON alone"},
    {CMD_GENERATE, "db", NULL,
     "put all into this database file, printing nothing"},
    {CMD_GENERATE, "seed", "1",
     "another number is other data; the same one the same"},
    {CMD_GENERATE, "profile", "all",
     "of which data is made: a URL, its last segment, what it is about "
     "(bodyweight: of both versions), or all (repeatable)"},
    {CMD_GENERATE, "format", "ndjson",
     "ndjson (a resource a line), json (a list) or bundle (a transaction)"},
};

static const struct command_row commands[] = {
    [CMD_SERVE] = {"serve", "", "start the server (the default)",
		   "  mock-kanta-phr\n"
		   "  mock-kanta-phr --listen http://127.0.0.1:0 "
		   "--clock 2026-11-21T12:00:00+02:00\n"
		   "  mock-kanta-phr serve --db phr.db --errors explain\n"},
    [CMD_VALIDATE] = {"validate", " FILE|DIR|-...",
		      "check resources as POST does",
		      "  mock-kanta-phr validate weight.json\n"
		      "  mock-kanta-phr validate --format junit samples/ "
		      ">report.xml\n"
		      "  app | mock-kanta-phr validate --fhir stu3 -\n"
		      "  mock-kanta-phr validate --package my.tgz "
		      "--errors explain sample.ndjson\n"
		      "  mock-kanta-phr validate --explain-rule "
		      "KPHR-PROF-0020\n"},
    [CMD_PROFILES] = {"profiles", "", "list the profiles that are loaded",
		      "  mock-kanta-phr profiles\n"
		      "  mock-kanta-phr profiles --fhir r4 --package my.tgz "
		      "--format json\n"},
    [CMD_FHIRPATH] =
	{"fhirpath", " EXPRESSION [FILE|-]",
	 "evaluate an expression, as invariants are",
	 "  mock-kanta-phr fhirpath 'name.given.first()' patient.json\n"
	 "  mock-kanta-phr fhirpath \"4 'g' = 4000 'mg'\"\n"
	 "  mock-kanta-phr fhirpath --batch < questions.ndjson\n"},
    [CMD_GENERATE] =
	{"generate", "",
	 "make valid data of any profile, or mutants with one broken rule",
	 "  mock-kanta-phr generate --days 90 >data.ndjson\n"
	 "  mock-kanta-phr generate --profile bloodpressure --citizen "
	 "010190-900P\n"
	 "  mock-kanta-phr generate --fhir r4 --format bundle >bundle.json\n"
	 "  mock-kanta-phr generate --fhir r4 --invalid all >mutants.ndjson\n"
	 "  mock-kanta-phr generate --citizens 100 --days 365 --db phr.db\n"
	 "  mock-kanta-phr serve --db phr.db\n"},
    [CMD_PKI] = {"pki", " DIR", "write a test PKI: every kind of certificate",
		 "  mock-kanta-phr pki pki\n"
		 "  mock-kanta-phr pki pki --oid 1.2.246.10.1234567.10.0\n"
		 "  mock-kanta-phr pki pki --hostname phr.test --key rsa\n"
		 "  mock-kanta-phr --listen mtls://127.0.0.1:8443 --pki pki\n"},
    [CMD_ENVIRONMENTS] =
	{"environments", " [A [B]]",
	 "what each environment demands, and what changes between two",
	 "  mock-kanta-phr environments\n"
	 "  mock-kanta-phr environments production\n"
	 "  mock-kanta-phr environments sandbox client-test\n"
	 "  mock-kanta-phr environments kanta strict --format json\n"},
    [CMD_REPORT] =
	{"report", " diff OLD NEW",
	 "what an application uses now that it did not before",
	 "  curl -s 'http://127.0.0.1:8080/__admin/report?format=json' "
	 ">new.json\n"
	 "  mock-kanta-phr report diff old.json new.json\n"
	 "  mock-kanta-phr report diff --format json old.json new.json\n"
	 "  mock-kanta-phr report diff --exit-code old.json new.json\n"},
    [CMD_HEALTHCHECK] = {"healthcheck", " [URL]",
			 "exit 0 if the server answers healthy",
			 "  mock-kanta-phr healthcheck\n"
			 "  mock-kanta-phr healthcheck "
			 "http://127.0.0.1:9000/__admin/health\n"
			 "  mock-kanta-phr healthcheck "
			 "https://127.0.0.1:8443   (not verified)\n"},
    [CMD_COMPLETION] =
	{"completion", " bash|zsh|fish",
	 "print what completes the options and their values in a shell",
	 "  source <(mock-kanta-phr completion bash)\n"
	 "  mock-kanta-phr completion zsh >~/.zfunc/_mock-kanta-phr\n"
	 "  mock-kanta-phr completion fish "
	 ">~/.config/fish/completions/mock-kanta-phr.fish\n"},
    [CMD_MAN] = {"man", "", "print the manual page",
		 "  mock-kanta-phr man | man -l -\n"
		 "  mock-kanta-phr man >mock-kanta-phr.1\n"},
};

const struct option *option_at(size_t i)
{
	return i < LEN(options) ? &options[i] : NULL;
}

size_t option_count(void)
{
	return LEN(options);
}

const struct option *option_find(const char *name, size_t n)
{
	for (size_t i = 0; i < LEN(options); i++)
		if (strlen(options[i].name) == n &&
		    memcmp(options[i].name, name, n) == 0)
			return &options[i];
	return NULL;
}

size_t command_count(void)
{
	return LEN(commands);
}

const struct command_row *command_row(enum command c)
{
	return &commands[c];
}

bool command_find(const char *name, enum command *out)
{
	for (size_t i = 0; i < LEN(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		*out = (enum command)i;
		return true;
	}
	return false;
}

const char *option_env(struct arena *a, const struct option *o)
{
	char *env = arena_printf(a, "MOCK_PHR_%s", o->name);

	for (char *p = env; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return env;
}

/* ---- near words ---------------------------------------------------------- */

#define WORD_MAX 40

const char *option_nearest(const char *name, enum command c)
{
	struct nearest near = {.word = name};
	const size_t n = strlen(name);

	for (size_t i = 0; i < LEN(options); i++) {
		if (!(options[i].commands & FOR(c)))
			continue;
		if (n >= 3 && strncmp(options[i].name, name, n) == 0)
			return options[i].name; /* its beginning */
		nearest_try(&near, options[i].name);
	}
	nearest_try(&near, "help");
	nearest_try(&near, "version");
	return near.best;
}

const char *command_nearest(const char *name)
{
	struct nearest near = {.word = name};

	for (size_t i = 0; i < LEN(commands); i++)
		nearest_try(&near, commands[i].name);
	return near.best;
}

/* ---- help ---------------------------------------------------------------- */

const char *option_what(enum command c, const struct option *o,
			const char **initial)
{
	for (size_t i = 0; i < LEN(special); i++) {
		if (special[i].command != c ||
		    strcmp(special[i].name, o->name) != 0)
			continue;
		*initial = special[i].initial;
		return special[i].what;
	}
	*initial = o->initial;
	return o->what;
}

static void help_option(struct arena *a, enum command c, const struct option *o)
{
	const char *left = "", *initial, *what = option_what(c, o, &initial);

	if (o->kind == OPT_OPTIONAL)
		left = arena_printf(a, "--%s[=%s]", o->name, o->value);
	else
		left = arena_printf(a, "--%s%s%s", o->name, o->value ? " " : "",
				    o->value ? o->value : "");
	printf("  %-26s %s", left, what);
	if (initial)
		printf(" [%s]", initial);
	putchar('\n');
}

static void help_settings(struct arena *a)
{
	struct settings s;
	struct setting_info info;

	settings_init(&s);
	puts("\nSwitches for --set NAME=VALUE (where the default comes from: "
	     "[Q] "
	     "official text,\n[C] seen in a client or in data, [M] stock "
	     "behaviour of the software of the\nservice, [I] inference):");
	for (size_t i = 0; settings_list(&s, a, i, &info); i++)
		printf("  %-26s %s (%s%s) [%s]\n", info.name, info.what,
		       info.allowed, info.at_start ? "; only at start" : "",
		       info.value);
}

void help_command(struct arena *a, enum command c)
{
	const struct command_row *row = &commands[c];

	printf("Examples:\n%s\nUsage: mock-kanta-phr %s [options]%s\n"
	       "  %s\n\nOptions:\n",
	       row->examples, row->name, row->operands, row->what);
	for (size_t i = 0; i < LEN(options); i++)
		if (options[i].commands & FOR(c))
			help_option(a, c, &options[i]);
	puts("  --help                     this text\n"
	     "  --version                  the version");
	if (c == CMD_SERVE || c == CMD_VALIDATE)
		help_settings(a);
	else if (option_find("set", 3)->commands & FOR(c))
		puts("\n\"mock-kanta-phr serve --help\" lists the switches of "
		     "--set.");
	puts("\nEvery option has an environment twin, MOCK_PHR_PUBLIC_URL for "
	     "--public-url\n(repeatable ones take a list with commas), and a "
	     "member of the --config file.\nA flag wins over the environment, "
	     "the environment over the file.");
}

void help_program(void)
{
	puts(
	    "Examples:\n"
	    "  mock-kanta-phr                               start on "
	    "http://127.0.0.1:8080\n"
	    "  mock-kanta-phr --listen http://127.0.0.1:0   on any free "
	    "port\n"
	    "  mock-kanta-phr validate sample.json          check a "
	    "resource\n"
	    "  mock-kanta-phr serve --help                  all options of the "
	    "server\n\n"
	    "Usage: mock-kanta-phr [COMMAND] [options]\n\n"
	    "A stand-in for Kanta PHR: OAuth and FHIR (STU3, R4). No real "
	    "data.\n\nCommands:");
	for (size_t i = 0; i < LEN(commands); i++)
		printf("  %-12s %s\n", commands[i].name, commands[i].what);
	puts("\n--help and --version work alone and after each command.");
}
