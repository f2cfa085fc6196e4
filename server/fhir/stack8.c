/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals as the stack's successors word them (oo_style=hapi8): each text has
 * the number of the place in the program that it comes from in front of it, and
 * the issue has a code of its own instead of "processing".
 *
 * A text is known by how it begins and, where several begin alike, by what it
 * holds. Numbers that are not known are left out, as they are for a deleted
 * resource, whose text has none there either.
 *
 * Facts: fhir-rest.md 1.4.
 */
#include "fhir/fhir_int.h"

#include <string.h>

static const struct {
	const char *begins, *holds; /* holds: NULL for anything */
	const char *prefix;
} numbers[] = {
    {"Unknown resource type '", "Server knows", "HAPI-0302: "},
    {"Invalid request: The FHIR endpoint", NULL, "HAPI-0287: "},
    {"This is the base URL of FHIR server", NULL, "HAPI-0287: "},
    {"No Content-Type header", NULL, "HAPI-0448: "},
    {"Incorrect Content-Type header", NULL, "HAPI-0449: "},
    {"Failed to parse request body", NULL, "HAPI-0450: "},
    {"Incorrect resource type found", NULL, "HAPI-1814: "},
    {"Can not create resource with ID \"", NULL, "HAPI-0365: "},
    {"Can not create resource with ID[", NULL, "HAPI-0960: "},
    {"Can not update resource, request URL", NULL, "HAPI-0418: "},
    {"Can not update resource", "element for", "HAPI-0419: "},
    {"Can not update resource", "which matches", "HAPI-0420: "},
    {"Failed to CREATE resource", NULL, "HAPI-0958: "},
    {"Failed to DELETE resource", NULL, "HAPI-0962: "},
    {"Trying to update ", "current version", "HAPI-0550: HAPI-0989: "},
    {"Trying to delete ", "current version", "HAPI-0550: HAPI-0961: "},
    {"Unable to delete ", "has a reference", "HAPI-0550: HAPI-0515: "},
    {"Resource contains external reference", NULL, "HAPI-0507: "},
    {"Resource ", "not found, specified in path", "HAPI-1094: "},
    {"Resource ", " is not known", "HAPI-2001: "},
    {"Version \"", " is not valid for resource", "HAPI-0979: "},
    {"Unknown search parameter", NULL, "HAPI-0524: "},
    {"No resource supplied for $validate", NULL, "HAPI-0992: "},
};

static const char *number_of(const char *text)
{
	for (size_t i = 0; i < LEN(numbers); i++)
		if (text_begins(text, numbers[i].begins) &&
		    (!numbers[i].holds || strstr(text, numbers[i].holds)))
			return numbers[i].prefix;
	return "";
}

void fhir_stack8(struct arena *a, enum fhir_version v, struct issue *i)
{
	if (text_begins(i->text, "Resource was deleted at") && v == FHIR_R4)
		i->code = "deleted"; /* STU3 has no such code */
	else if (strstr(i->text, "because this search matched"))
		i->code = "duplicate";
	i->text = arena_cat(a, number_of(i->text), i->text, NULL);
}

/* ---- what was done ----------------------------------------------------- */

#define STORAGE_SYSTEM                                                         \
	"https://hapifhir.io/fhir/CodeSystem/hapi-fhir-storage-response-code"

static const char *const displays[][2] = {
    {"SUCCESSFUL_CREATE", "Create succeeded."},
    {"SUCCESSFUL_CREATE_WITH_CONDITIONAL_MATCH",
     "Conditional create succeeded: An existing resource matched the "
     "conditional URL."},
    {"SUCCESSFUL_UPDATE", "Update succeeded."},
    {"SUCCESSFUL_UPDATE_NO_CHANGE",
     "Update succeeded: No changes were detected so no action was taken."},
    {"SUCCESSFUL_UPDATE_AS_CREATE", "Update as create succeeded."},
    {"SUCCESSFUL_DELETE", "Delete succeeded."},
    {"SUCCESSFUL_DELETE_ALREADY_DELETED",
     "Delete succeeded: Resource was already deleted."},
    {"SUCCESSFUL_DELETE_NOT_FOUND",
     "Delete succeeded: No existing resource was found so no action was "
     "taken."},
};

void fhir_stack8_done(struct jw *w, const char *code)
{
	const char *display = NULL;

	for (size_t i = 0; i < LEN(displays); i++)
		if (strcmp(displays[i][0], code) == 0)
			display = displays[i][1];
	jw_open(w, "details", '{');
	jw_open(w, "coding", '[');
	jw_open(w, NULL, '{');
	jw_str(w, "system", STORAGE_SYSTEM);
	jw_str(w, "code", code);
	jw_str(w, "display", display);
	jw_close(w);
	jw_close(w);
	jw_close(w);
}
