/* SPDX-License-Identifier: Apache-2.0
 *
 * What the report says of itself, and the words that all formats share.
 *
 * A report is worth what can be said of how it came about: which program, which
 * rules (a digest of the definitions that are built in, and of the list of
 * national and user's profiles), which environment and clock, from when to
 * when, and whether anything was dropped. The manifest has one line for each
 * cited entry, as sha256sum prints them: the digest is that of the entry's
 * number, id, time, method, path, query, status, fault, body and answer, a line
 * each, as the journal keeps them. The digest of the manifest stands for all of
 * them.
 *
 * Facts: stand-in.md 11.
 */
#include "admin/report_int.h"

static void add_profiles(struct buf *b, struct record *record,
			 enum fhir_version v)
{
	const struct profiles *p = record_profiles(record, v);
	struct profile_info info;

	for (size_t i = 0; p && profile_list(p, i, &info) && info.national; i++)
		buf_printf(b, "%s %s %s\n", report_fhir(v), info.url,
			   info.source);
}

static const char *rules_digest(struct report *r)
{
	char digest[JOSE_DIGEST];
	const struct page_asset *asset;
	struct buf b;

	buf_init(&b, r->arena);
	for (size_t i = 0; (asset = page_asset_below("build/image/", i)); i++)
		buf_printf(&b, "%s %016llx\n", asset->name,
			   (unsigned long long)asset->digest);
	for (int v = 0; v < FHIR_VERSIONS; v++)
		add_profiles(&b, r->record, (enum fhir_version)v);
	jose_digest(digest, b.p, b.len);
	return arena_strdup(r->arena, digest);
}

static const char *manifest(struct report *r)
{
	struct buf b;

	buf_init(&b, r->arena);
	for (size_t i = 0; i < r->evidences; i++)
		buf_printf(&b, "%s  %s\n", r->evidence[i].digest,
			   r->evidence[i].id);
	return b.p;
}

void report_head(struct report *r, const struct admin *a,
		 struct report_head *out)
{
	static const char *const clocks[] = {[CLOCK_REAL] = "real",
					     [CLOCK_OFFSET] = "offset",
					     [CLOCK_FROZEN] = "frozen"};
	const struct record *record = a->record;
	char now[TIME_TEXT];

	time_finnish(now, clock_now_ms(&record->clock));
	*out = (struct report_head){
	    .version = a->version,
	    .rules =
		record->settings.rules == RULES_CURRENT ? "current" : "kanta",
	    .rules_digest = rules_digest(r),
	    .environment =
		record->environment ? record->environment->name : "sandbox",
	    .clock = clocks[record->clock.mode],
	    .at = arena_strdup(r->arena, now),
	    .manifest = manifest(r),
	};
	jose_digest(out->manifest_digest, out->manifest, strlen(out->manifest));
}

/* ---- words ---- */

const char *report_fhir(enum fhir_version v)
{
	return v == FHIR_R4 ? "r4" : "stu3";
}

const char *report_verdict(enum verdict v)
{
	static const char *const words[VERDICTS] = {
	    [VERDICT_UNTRIED] = SAY("not exercised"),
	    [VERDICT_PASSED] = SAY("passed"),
	    [VERDICT_FAILED] = SAY("failed"),
	    [VERDICT_FAULT] = SAY("only under a fault"),
	};

	return words[v];
}

static const char *tail(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash && slash[1] ? slash + 1 : url;
}

const char *report_subject_name(struct report *r,
				const struct report_subject *s)
{
	if (!s)
		return page_word(&r->locale, SAY("the application"));
	return arena_cat(r->arena, s->fhir == FHIR_R4 ? "R4 " : "STU3 ",
			 s->type, s->profile ? " " : "",
			 s->profile ? tail(s->profile) : "", NULL);
}

const char *report_cell_id(struct arena *a, const struct report_cell *c)
{
	const struct report_subject *s = c->subject;

	if (!s)
		return c->of->id;
	return arena_cat(a, c->of->id, "/", report_fhir(s->fhir), "/",
			 s->profile ? tail(s->profile) : s->type, NULL);
}

size_t report_count(const struct report *r, const struct report_group *g,
		    enum verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < r->cells; i++)
		n += r->cell[i].verdict == v &&
		     (!g || r->cell[i].of->group == g);
	return n;
}
