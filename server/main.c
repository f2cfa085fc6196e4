/* SPDX-License-Identifier: Apache-2.0
 *
 * main: arguments, configuration, doors, route groups, and the end in reverse
 * order.
 *
 * Nothing here decides anything: it is the one place where the modules meet.
 * Everything that lives as long as the server is in one arena or stands in
 * struct serve, on the stack of serve(). The start does only what is needed to
 * answer the first request; the signing key, for one, is made when a token is.
 *
 * The ready line goes to stdout in one write when the listeners are open, and
 * is the only thing that ever does. Exit codes: contracts.md section 1.
 */
#include "cli/cli.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUPS	  11 /* the bases, the open ones, oauth, the sites, admin */
#define OPEN_HOST "fhirsandbox.kanta.fi"
#define OMAKANTA  "/omakanta"
/* Of the server's clock, which tests move. */
#define CONSOLE_SESSION_MS ((int64_t)31 * 24 * 3600 * 1000)
/* What scripted logins look for (oauth.md 3.4). */
#define AUTH_COOKIE "JSESSIONID"

/* What a running server is made of. */
struct serve {
	struct arena *arena;
	struct config config;
	struct log log;
	struct record record;
	struct page_words *words;
	struct oauth oauth;
	struct web portal, omakanta, console;
	struct fhir fhir[FHIR_VERSIONS], open[FHIR_VERSIONS];
	struct admin admin;
	struct http_group group[GROUPS];
	size_t groups;
	struct http_tls tls;
	struct http_config http;
};

/* ---- the transaction around requests, from store to http ----------------- */

static void turn_enter(void *ctx)
{
	store_enter(ctx);
}

static bool turn_leave(void *ctx, bool keep)
{
	return store_leave(ctx, keep);
}

static bool turn_pending(void *ctx)
{
	return store_pending(ctx);
}

static bool turn_commit(void *ctx)
{
	return store_commit(ctx);
}

static void turn_rehearse(void *ctx)
{
	store_enter(ctx);
	store_rehearse(ctx);
}

static void turn_nest(void *ctx)
{
	store_nest(ctx);
}

static bool turn_unnest(void *ctx, bool keep)
{
	return store_unnest(ctx, keep);
}

/* ---- opening ------------------------------------------------------------- */

static struct log make_log(const struct config *c)
{
	struct log log = {.format = LOG_JSON, .fd = 2};

	if (c->log ? strcmp(c->log, "text") == 0 : isatty(2))
		log.format = LOG_TEXT;
	else if (c->log && strcmp(c->log, "off") == 0)
		log.format = LOG_OFF;
	return log;
}

/* Reads the fixture documents, for resets too, and loads them into a database
 * that is still empty. Returns -1 to go on, else the exit code. */
static int load_fixtures(struct serve *s)
{
	struct record *r = &s->record;
	struct err e = {.kind = ERR_NONE};
	bool ok;

	if (!cli_fixtures(s->arena, &s->config, &r->fixtures, &r->fixture_count,
			  &e))
		return cli_complain(EXIT_BAD_DATA, &e);
	if (!store_is_empty(r->store))
		return -1;
	store_enter(r->store);
	ok = record_fill(r, s->arena, &e);
	if (store_leave(r->store, ok) && ok && store_commit(r->store))
		return -1;
	if (!ok)
		return cli_complain(EXIT_BAD_DATA, &e);
	fputs("mock-kanta-phr: the fixtures could not be stored\n", stderr);
	return EXIT_STORAGE;
}

/* Store, rules, data. Returns -1 to go on, else the exit code. */
static int open_record(struct serve *s)
{
	const struct config *c = &s->config;
	struct record *r = &s->record;
	struct err e = {.kind = ERR_NONE};

	s->log = make_log(c);
	r->log = &s->log;
	r->settings = c->settings;
	r->environment = environment_find(c->environment);
	r->fhir_base[FHIR_STU3] =
	    arena_printf(s->arena, "%s/baseStu3", c->fhir_path);
	r->fhir_base[FHIR_R4] =
	    arena_printf(s->arena, "%s/baseR4", c->fhir_path);
	if (!cli_seed_ok(c, &e))
		return cli_complain(EXIT_CONFIGURATION, &e);
	r->seed = c->seed;
	if (r->seed)
		log_line(&s->log, "seed",
			 "--seed %s: whoever knows the number can tell every "
			 "token and secret",
			 r->seed);
	if (!clock_parse(&r->clock, c->clock, &e))
		return cli_complain(EXIT_CONFIGURATION, &e);
	if (!cli_profiles(s->arena, c, &s->log, r->profiles, &e))
		return cli_complain(EXIT_BAD_DATA, &e);
	cli_official(s->arena, c, r);
	r->store = store_open(c->db, &s->log, &e);
	if (!r->store)
		return cli_complain(EXIT_STORAGE, &e);
	record_reindex(r, s->arena);
	return load_fixtures(s);
}

/* Is the request for the sandbox that asks for no token, by its host's name? */
static bool names_open_host(const struct serve *s, const struct rq *rq)
{
	const char *name = strstr(rq->origin, "://");
	const size_t n = strlen(OPEN_HOST);

	return s->record.settings.open_sandbox && name &&
	       strncmp(name + 3, OPEN_HOST, n) == 0 &&
	       (name[3 + n] == '\0' || name[3 + n] == ':');
}

/* Is there such a base, by the switches that stand now? Else it is as if no
 * group were there: nobody is asked who he is. */
static bool guard_there(struct rq *rq, const struct serve *s)
{
	const struct fhir *f = rq->ctx;
	const bool open = f == &s->open[f->version];
	const struct settings *now = &s->record.settings;
	const char *off = NULL;

	if (open && !now->open_sandbox)
		off = "open_sandbox";
	if (f->version == FHIR_R4 && !now->fhir_r4)
		off = "fhir_r4";
	if (!off)
		return true;
	rq->why = record_preset_note(&s->record, rq->arena, off);
	return err_set(
	    &rq->err, ERR_NOT_FOUND, NULL, NULL,
	    "There is no %s here: the switch %s is off (environment %s)",
	    f->base, off, s->record.environment->name);
}

/* Who asks: the holder of a token, or in the open sandbox anybody. */
static bool guard_who(struct rq *rq, void *ctx)
{
	struct serve *s = ctx;

	if (!guard_there(rq, s))
		return false;
	if (!s->record.settings.token_required || names_open_host(s, rq))
		return fhir_guard_open(rq, NULL);
	return oauth_guard_bearer(rq, &s->oauth);
}

static bool guard_who_open(struct rq *rq, void *ctx)
{
	return guard_there(rq, ctx) && fhir_guard_open(rq, NULL);
}

static struct http_group *new_group(struct serve *s)
{
	assert(s->groups < GROUPS);
	return &s->group[s->groups++];
}

/* One base of a version, with its guards: who asks, for which type, what
 * for. */
static void add_base(struct serve *s, struct fhir *f, enum fhir_version v,
		     const char *path, bool (*who)(struct rq *, void *))
{
	struct http_group *g = new_group(s);

	*f = (struct fhir){
	    .record = &s->record,
	    .version = v,
	    .base = path,
	    .auth_path = s->config.auth_path,
	    .software = "mock-kanta-phr " PROGRAM_VERSION,
	};
	fhir_group(f, g);
	g->guard[0] = (struct http_guard){who, s};
	g->guard[1] = (struct http_guard){fhir_guard_type, NULL};
	g->guard[2] = (struct http_guard){oauth_guard_scope, &s->oauth};
	g->rehearsed = true;
}

/* A site of pages; its paths: where its pages are, and where its cookie goes
 * to. */
static struct site new_site(struct serve *s, const char *path,
			    const char *cookie)
{
	return (struct site){
	    .record = &s->record,
	    .path = path,
	    .cookie = cookie,
	    .style =
		arena_printf(s->arena, "%s/style.css", s->config.auth_path),
	    .icon = arena_printf(s->arena, "%s/icon.svg", s->config.auth_path),
	    .words = s->words,
	};
}

static void add_console(struct serve *s)
{
	s->console = (struct web){
	    .site = new_site(s, "", "CONSOLE"),
	    .prefix = "",
	    .issuer_path = s->config.auth_path,
	    .admin_token = s->config.admin_token,
	};
	s->console.site.front = "/";
	s->console.site.style = "/console/style.css"; /* the journal hears */
	s->console.site.icon = "/console/icon.svg";   /* nothing of these */
	s->console.site.script = "/console/script.js";
	s->console.site.tells_origin = true;
	s->console.site.session_ms = CONSOLE_SESSION_MS;
	web_console_group(&s->console, new_group(s));
	web_tester_group(&s->console, new_group(s));
}

static void add_sites(struct serve *s)
{
	const char *auth = s->config.auth_path;

	s->words = page_words_new(s->arena);
	s->oauth = (struct oauth){
	    .site = new_site(s, auth, AUTH_COOKIE),
	    .auto_approve = s->config.auto_approve,
	};
	oauth_group(&s->oauth, &s->group[s->groups]);
	new_group(s)->rehearsed = true;
	oauth_root_group(&s->oauth,
			 arena_printf(s->arena, OAUTH_ROOT "%s", auth),
			 new_group(s));
	s->portal = (struct web){
	    .site = new_site(s, auth, AUTH_COOKIE),
	    .prefix = arena_printf(s->arena, "%s/applications", auth),
	    .issuer_path = auth,
	    .admin_token = s->config.admin_token,
	};
	s->portal.site.front = s->portal.prefix;
	web_portal_group(&s->portal, new_group(s));
	s->omakanta = (struct web){
	    .site = new_site(s, OMAKANTA, "OMAKANTA"),
	    .prefix = OMAKANTA,
	    .issuer_path = auth,
	};
	s->omakanta.site.front = OMAKANTA "/";
	web_omakanta_group(&s->omakanta, new_group(s));
	add_console(s);
}

static void make_groups(struct serve *s)
{
	struct err ignored; /* it was looked at before */

	for (int v = 0; v < FHIR_VERSIONS; v++) {
		const char *path = s->record.fhir_base[v];

		add_base(s, &s->fhir[v], (enum fhir_version)v, path, guard_who);
		add_base(s, &s->open[v], (enum fhir_version)v,
			 arena_printf(s->arena, "/open%s", path),
			 guard_who_open);
	}
	add_sites(s);
	s->admin = (struct admin){
	    .record = &s->record,
	    .version = PROGRAM_VERSION,
	    .token = s->config.admin_token,
	    .clock = s->record.clock,
	    .settings = s->record.settings,
	    .issuer_path = s->config.auth_path,
	    .oauth = s->config.oauth,
	    .words = s->words,
	};
	(void)shadow_read(s->config.shadow, &s->admin.shadows, &ignored);
	admin_group(&s->admin, new_group(s));
}

/* ---- certificates -------------------------------------------------------- */

static void tls_identity(void *ctx, struct http_identity *out)
{
	cli_tls_identity(&((struct serve *)ctx)->record, out);
}

static struct pki_peer *tls_peer_new(void *ctx, const struct octets *chain,
				     size_t n)
{
	struct pki *p = ((struct serve *)ctx)->record.pki;
	struct err e = {.kind = ERR_NONE};

	if (!p)
		return pki_peer_new(chain, n, &e);
	return pki_peer_again(p, chain, n, &e);
}

static int tls_judge(void *ctx, const struct pki_peer *peer, const char *from,
		     bool tls12)
{
	return admin_judge(&((struct serve *)ctx)->admin, peer, from, tls12);
}

static void tls_reload(void *ctx)
{
	struct serve *s = ctx;

	cli_tls_reload(&s->config, &s->record);
}

static void open_tls(struct serve *s)
{
	s->tls = (struct http_tls){
	    .identity = tls_identity,
	    .peer_new = tls_peer_new,
	    .peer_free = pki_peer_free,
	    .judge = tls_judge,
	    .reload = tls_reload,
	    .ctx = s,
	};
}

/* An answer stands; then the time may go on. */
static void amend(struct rq *rq, void *ctx)
{
	struct admin *a = ctx;

	admin_amend(rq, a);
	clock_tick(&a->record->clock);
}

static struct http *open_http(struct serve *s, struct err *e)
{
	const struct config *c = &s->config;

	if (s->record.pki)
		open_tls(s);
	s->http = (struct http_config){
	    .listen = c->listen,
	    .listen_count = c->listen_count,
	    .public_url = c->public_url,
	    .allowed_host = c->allowed_host,
	    .allowed_host_count = c->allowed_host_count,
	    .clock = &s->record.clock,
	    .log = &s->log,
	    .group = s->group,
	    .group_count = s->groups,
	    .turn = {turn_enter, turn_leave, turn_pending, turn_commit,
		     turn_rehearse, turn_nest, turn_unnest, s->record.store},
	    .before = s->admin.shadows.n > 0 ? admin_shadow : NULL,
	    .before_ctx = &s->admin,
	    .fault = admin_fault,
	    .amend = amend,
	    .fault_ctx = &s->admin,
	    .explain = "/console/requests/",
	    .answered = admin_journal,
	    .answered_ctx = &s->admin,
	    .stop_on_stdin_eof = c->exit_on_stdin_eof,
	    .trusted_proxy = c->trusted_proxy,
	    .trusted_proxy_count = c->trusted_proxy_count,
	    .client_certificate_header = c->client_certificate_header,
	    .tls = s->record.pki ? &s->tls : NULL,
	};
	return http_open(&s->http, e);
}

static const char *const *origins(struct serve *s, const struct http *h)
{
	const size_t n = http_listener_count(h);
	const char **all = arena_alloc(s->arena, (n + 1) * sizeof(*all));

	for (size_t i = 0; i < n; i++)
		all[i] = http_listener_url(h, i);
	all[n] = NULL;
	return all;
}

/* Where others reach the first listener that asks for certificates: at its own
 * address, or at the host of --public-url and its own port. NULL: none asks. */
static const char *mtls_origin(struct serve *s, const struct http *h)
{
	const char *url = NULL;

	for (size_t i = http_listener_count(h); i-- > 0;)
		if (http_listener_kind(h, i) == HTTP_MTLS)
			url = http_listener_url(h, i);
	if (url == NULL || s->config.public_url == NULL)
		return url;
	const char *host = strstr(s->config.public_url, "://") + 3;
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	return arena_printf(s->arena, "https://%.*s%s", (int)n, host,
			    strrchr(url, ':'));
}

/* ---- ready --------------------------------------------------------------- */

static void write_ready(struct buf *b, const struct serve *s,
			const struct http *h, int64_t started_us)
{
	static const char *const kinds[] = {
	    [HTTP_PLAIN] = "http",
	    [HTTP_TLS] = "https",
	    [HTTP_MTLS] = "mtls",
	};
	const char *origin = s->config.public_url ? s->config.public_url
						  : http_listener_url(h, 0);
	const char *fhir = s->config.fhir_path;
	struct arena *a = s->arena;
	struct jw w = {.b = b};
	char ms[32];

	snprintf(ms, sizeof(ms), "%.1f",
		 (double)(clock_steady_us() - started_us) / 1000.0);
	jw_open(&w, NULL, '{');
	jw_str(&w, "event", "ready");
	jw_int(&w, "pid", getpid());
	jw_raw(&w, "start_ms", ms, strlen(ms));
	jw_open(&w, "listeners", '[');
	for (size_t i = 0; i < http_listener_count(h); i++) {
		jw_open(&w, NULL, '{');
		jw_str(&w, "kind", kinds[http_listener_kind(h, i)]);
		jw_str(&w, "url", http_listener_url(h, i));
		jw_close(&w);
	}
	jw_close(&w);
	jw_str(&w, "auth",
	       arena_printf(a, "%s%s", origin, s->config.auth_path));
	jw_str(&w, "stu3", arena_printf(a, "%s%s/baseStu3", origin, fhir));
	if (s->record.settings.fhir_r4)
		jw_str(&w, "r4", arena_printf(a, "%s%s/baseR4", origin, fhir));
	jw_str(&w, "admin", arena_printf(a, "%s/__admin", origin));
	jw_close(&w);
	buf_putc(b, '\n');
}

static bool write_ports(const struct serve *s, const struct http *h,
			struct err *e)
{
	struct buf b;

	if (!s->config.port_file)
		return true;
	buf_init(&b, s->arena);
	for (size_t i = 0; i < http_listener_count(h); i++) {
		const char *colon = strrchr(http_listener_url(h, i), ':');

		buf_printf(&b, "%s\n", colon ? colon + 1 : "");
	}
	return cli_write_file(s->config.port_file, b.p, e);
}

/* Says that the server is ready. A reader of stdout that has gone away is no
 * reason to stop. */
static bool announce(const struct serve *s, const struct http *h,
		     int64_t started_us, struct err *e)
{
	struct buf b;

	if (!write_ports(s, h, e))
		return false;
	buf_init(&b, s->arena);
	write_ready(&b, s, h, started_us);
	if (write(1, b.p, b.len) < 0)
		log_line(&s->log, "ready", "stdout cannot be written");
	cli_notify(&s->log, "READY=1");
	return true;
}

/* ---- the server ---------------------------------------------------------- */

static int run(struct serve *s, int64_t started_us)
{
	struct err e = {.kind = ERR_NONE};
	struct http *h;
	int code;

	if (!cli_tls_open(s->arena, &s->config, &s->record, &e))
		return cli_complain(EXIT_CONFIGURATION, &e);
	make_groups(s);
	h = open_http(s, &e);
	if (!h)
		return cli_complain(e.kind == ERR_CONFLICT ? EXIT_ADDRESS_IN_USE
							   : EXIT_CONFIGURATION,
				    &e);
	s->record.mtls_origin = mtls_origin(s, h);
	s->record.origins = origins(s, h);
	s->record.proxy_header = http_proxy_header(h);
	s->admin.certificates = certificates_new();
	s->admin.snapshots = snapshots_new();
	s->admin.faults = faults_new();
	s->admin.journal =
	    journal_new((size_t)strtoull(s->config.journal, NULL, 10));
	code = announce(s, h, started_us, &e)
		   ? http_run(h)
		   : cli_complain(EXIT_CONFIGURATION, &e);
	http_close(h);
	journal_free(s->admin.journal);
	certificates_free(s->admin.certificates);
	snapshots_free(s->admin.snapshots);
	faults_free(s->admin.faults);
	return code;
}

static int serve(struct serve *s, int64_t started_us)
{
	int code = open_record(s);

	if (code < 0)
		code = run(s, started_us);
	record_close(&s->record);
	pki_free(s->record.pki);
	if (s->record.store)
		store_close(s->record.store);
	return code;
}

int main(int argc, char **argv)
{
	const int64_t started_us = clock_steady_us();
	struct arena *boot = arena_new(256 << 10);
	struct serve *s = arena_alloc(boot, sizeof(*s));
	enum command command = CMD_SERVE;
	int code;

	/* a file that may not grow is an error of write(2), not our end */
	signal(SIGXFSZ, SIG_IGN);
	s->arena = boot;
	code = cli_config(boot, argc, argv, &command, &s->config);
	if (code < 0) {
		switch (command) {
		case CMD_SERVE: code = serve(s, started_us); break;
		case CMD_VALIDATE: code = cli_validate(boot, &s->config); break;
		case CMD_PROFILES:
			code = cli_list_profiles(boot, &s->config);
			break;
		case CMD_FHIRPATH: code = cli_fhirpath(boot, &s->config); break;
		case CMD_GENERATE: code = cli_generate(boot, &s->config); break;
		case CMD_PKI: code = cli_pki(boot, &s->config); break;
		case CMD_HEALTHCHECK: code = cli_healthcheck(&s->config); break;
		case CMD_ENVIRONMENTS:
			code = cli_environments(boot, &s->config);
			break;
		case CMD_REPORT: code = cli_report(boot, &s->config); break;
		case CMD_COMPLETION:
			code = cli_completion(boot, &s->config);
			break;
		case CMD_MAN: code = cli_man(boot); break;
		}
	}
	arena_free(boot);
	return code;
}
