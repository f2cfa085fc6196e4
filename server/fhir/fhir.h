/* SPDX-License-Identifier: Apache-2.0
 *
 * fhir: the FHIR resource server, STU3 and R4, JSON only. REST semantics,
 * search grammar, CapabilityStatement, OperationOutcome. Sees no token: it
 * reads the grant that a guard put on the request.
 * Facts: fhir-rest.md, kanta.md section 4.
 */
#ifndef FHIR_H
#define FHIR_H

#include "http/http.h"
#include "record/record.h"

/* One FHIR base; main makes one for each version. */
struct fhir {
	struct record *record;
	enum fhir_version version;
	const char *base;      /* path: "/phr-resourceserver/baseR4" */
	bool open;	       /* the open sandbox: no token, no owner */
	const char *auth_path; /* "/phr-authserver-sandbox", for metadata */
	const char *software;  /* "mock-kanta-phr 0.1.0" */
};

/* Fills the group of routes below f->base; f must outlive it. The guards are
 * main's business, but for fhir_guard_type(), which goes between the one that
 * asks who and the one that asks what for. */
void fhir_group(struct fhir *f, struct http_group *out);

/* Refuses resource types that this base does not serve: 404. ctx: unused. */
bool fhir_guard_type(struct rq *rq, void *ctx);

/* Instead of the guards that ask for a token and its scope: everybody may do
 * everything (rq->grant has no patient). ctx: unused. */
bool fhir_guard_open(struct rq *rq, void *ctx);

/* Appends an OperationOutcome. style: what is shown of each issue
 * (enum errors_style); both versions carry location and expression. Used by
 * the validate command too. */
void fhir_outcome(struct buf *b, const struct issues *issues, int style,
		  bool narrative);

#endif
