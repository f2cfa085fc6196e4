/* SPDX-License-Identifier: Apache-2.0
 *
 * What is generated, straight into a database file.
 *
 * Each resource goes through record_store_new(), as one that an application
 * sends: checked, owned by its citizen, indexed. A transaction takes some
 * thousands of them, so an interrupted run leaves whole resources, and the next
 * one goes on: a resource's id is made from its identifier, so what is there
 * already is counted and passed over.
 *
 * A new file gets the fixtures first, as serve would give it, and with them the
 * application that is said to have stored all this. What the record cannot hold
 * is left out and counted; a Patient comes with its citizen.
 */
#include "cli/cli_int.h"

#include <stdio.h>

#define CHUNK 4096 /* resources in a transaction */

struct filling {
	struct arena *work; /* emptied after each resource */
	const struct config *config;
	struct record record;
	struct log log;
	const char *client;
	size_t stored, known, left_out;
	size_t chunk; /* savepoints in the open transaction */
};

/* ---- opening ------------------------------------------------------------ */

static const char *first_client(const struct fixture *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct json *c =
		    json_first(json_get(f[i].doc, "clients"));

		if (json_get_text(c, "client_id"))
			return json_get_text(c, "client_id");
	}
	return NULL;
}

static int storage_failed(const struct filling *f)
{
	fprintf(stderr,
		"mock-kanta-phr: %s cannot be written; is the disk full?\n",
		f->config->db);
	return EXIT_STORAGE;
}

static int load_fixtures(struct filling *f, struct arena *a)
{
	struct store *s = f->record.store;
	struct err e = {.kind = ERR_NONE};
	bool ok;

	if (!store_is_empty(s))
		return -1;
	store_enter(s);
	ok = record_fill(&f->record, a, &e);
	if (store_leave(s, ok) && ok && (!store_pending(s) || store_commit(s)))
		return -1;
	return ok ? storage_failed(f) : cli_complain(EXIT_BAD_DATA, &e);
}

static int find_client(struct filling *f, struct arena *a,
		       const struct fixture *v, size_t n)
{
	struct store_client c;
	struct err e = {.kind = ERR_NONE};

	f->client = f->config->client ? f->config->client : first_client(v, n);
	if (f->client && store_client_find(f->record.store, a, f->client, &c))
		return -1;
	err_set(&e, ERR_INVALID, NULL, "--client",
		"there is no application \"%.100s\" in %s; name one that is "
		"there",
		text_or_empty(f->client), f->config->db);
	return cli_complain(EXIT_CONFIGURATION, &e);
}

int filling_open(struct arena *a, const struct config *c,
		 struct profiles *const profiles[FHIR_VERSIONS],
		 const struct fixture *v, size_t n, struct filling **out)
{
	struct filling *f = arena_alloc(a, sizeof(*f));
	struct err e = {.kind = ERR_NONE};
	int code;

	*out = f;
	f->config = c;
	f->work = arena_new((size_t)1 << 20);
	f->log = (struct log){.format = LOG_TEXT, .fd = 2};
	f->record.settings = c->settings;
	f->record.log = &f->log;
	for (int i = 0; i < FHIR_VERSIONS; i++)
		f->record.profiles[i] = profiles[i];
	if (!clock_parse(&f->record.clock, c->clock, &e))
		return cli_complain(EXIT_CONFIGURATION, &e);
	f->record.store = store_open(c->db, &f->log, &e);
	if (!f->record.store)
		return cli_complain(EXIT_STORAGE, &e);
	record_reindex(&f->record, f->work);
	f->record.fixtures = v;
	f->record.fixture_count = n;
	code = load_fixtures(f, a);
	return code < 0 ? find_client(f, a, v, n) : code;
}

void filling_close(struct filling *f)
{
	if (!f)
		return;
	record_close(&f->record);
	store_close(f->record.store);
	arena_free(f->work);
}

/* ---- transactions ------------------------------------------------------- */

/* Commits what is kept. -1 to go on, else the exit code. */
static int commit(struct filling *f)
{
	struct store *s = f->record.store;

	f->chunk = 0;
	return !store_pending(s) || store_commit(s) ? -1 : storage_failed(f);
}

/* The end of what store_enter() began. Each resource has a savepoint of its
 * own, as a request has: the journal of a savepoint is searched from its start
 * by every statement, so a long one is slow. */
static int leave(struct filling *f, bool keep)
{
	if (!store_leave(f->record.store, keep) && keep)
		return storage_failed(f);
	return ++f->chunk < CHUNK ? -1 : commit(f);
}

/* What has been done before stays. */
static int refused(struct filling *f, const struct err *e)
{
	int code = leave(f, false);

	if (code < 0)
		code = commit(f);
	return code < 0 ? cli_complain(EXIT_BAD_DATA, e) : code;
}

/* ---- filling ------------------------------------------------------------ */

int filling_citizens(struct filling *f, struct generate_citizen *c, size_t n)
{
	struct store *s = f->record.store;
	struct err e = {.kind = ERR_NONE};
	struct store_citizen there;
	int code = -1;

	for (size_t i = 0; i < n && code < 0; i++) {
		store_enter(s);
		/* who is there keeps the Patient id that he or she has */
		if (store_citizen_find(s, f->work, c[i].hetu, NULL, &there))
			c[i].patient_id = there.patient;
		else if (!record_citizen(&f->record, f->work, c[i].hetu, -1,
					 c[i].patient_id, &there, &e))
			return refused(f, &e);
		code = leave(f, true);
	}
	return code;
}

/* The Patients are made with their citizens. */
static bool holds(const struct generate_plan *p)
{
	const struct record_type *t = record_type_find(p->fhir, p->type);

	return t && (t->interactions & IA_CREATE) &&
	       strcmp(p->type, "Patient") != 0;
}

static bool create(struct filling *f, const struct generated *g, struct err *e)
{
	const struct grant owner = {
	    .id = "",
	    .hetu = g->citizen->hetu,
	    .patient = g->citizen->patient_id,
	};
	const struct json *resource = json_parse(f->work, g->text, g->len, e);
	const struct issues *issues;
	struct store_resource out;
	char id[UUID_TEXT];
	const struct record_write w = {
	    .fhir = g->plan->fhir,
	    .grant = &owner,
	    .seed = true,
	    .client_id = f->client,
	    .id = *g->uuid ? id : NULL,
	};

	generate_uuid(id, g->uuid);
	return resource && record_store_new(&f->record, f->work, &w, resource,
					    &out, &issues, e);
}

/* The refusal of a generated resource, with its profile. */
static int refuse(struct filling *f, const struct generated *g,
		  const struct err *why)
{
	struct err e = {.kind = ERR_NONE};

	err_set(&e, why->kind, why->code, g->plan->profile,
		"a generated resource is refused: %.100s%s%s", why->where,
		*why->where ? ": " : "", why->text);
	return refused(f, &e);
}

int filling_add(struct filling *f, const struct generated *g)
{
	const struct arena_mark mark = arena_mark(f->work);
	struct err e = {.kind = ERR_NONE};
	bool ok;

	if (!holds(g->plan)) {
		f->left_out += strcmp(g->plan->type, "Patient") != 0;
		return -1;
	}
	store_enter(f->record.store);
	ok = create(f, g, &e);
	arena_rewind(f->work, &mark);
	f->stored += ok;
	f->known += e.kind == ERR_CONFLICT;
	if (ok || e.kind == ERR_CONFLICT)
		return leave(f, ok);
	return refuse(f, g, &e);
}

int filling_end(struct filling *f)
{
	const int code = commit(f);

	if (code >= 0)
		return code;
	if (f->left_out > 0)
		fprintf(stderr,
			"mock-kanta-phr: %zu resources left out, of types that "
			"the server does not store\n",
			f->left_out);
	if (f->known > 0)
		fprintf(stderr,
			"mock-kanta-phr: %zu resources were in %s already\n",
			f->known, f->config->db);
	return -1;
}

size_t filling_stored(const struct filling *f)
{
	return f->stored;
}
