/* SPDX-License-Identifier: Apache-2.0
 *
 * The faults that people mostly want, for the one-line form: a name, and the
 * action as POST /__admin/faults has it. What else there is can be typed as
 * JSON.
 */
#include "web/console_int.h"

static const struct {
	const char *json, *label;
} choices[] = {
    {"{\"status\":503,\"retry_after\":2}",
     SAY("503, come back in two seconds")},
    {"{\"status\":500}", SAY("500, an internal error")},
    {"{\"status\":429,\"retry_after\":10}",
     SAY("429, too many requests: ten seconds")},
    {"{\"status\":401}", SAY("401, without a reason")},
    {"{\"expire_token\":true}", SAY("The token has expired")},
    {"{\"oauth_error\":\"invalid_grant\"}",
     SAY("OAuth: the code or refresh token is not good")},
    {"{\"oauth_error\":\"temporarily_unavailable\"}",
     SAY("OAuth: not available for the moment")},
    {"{\"delay_ms\":5000}", SAY("The answer takes five seconds")},
    {"{\"bytes_per_second\":50}", SAY("The answer drips: 50 bytes a second")},
    {"{\"drop\":\"before\"}", SAY("The connection is closed, no answer")},
    {"{\"drop\":\"during\"}",
     SAY("The connection is closed within the answer")},
    {"{\"truncate_bytes\":40}", SAY("The answer ends after 40 bytes")},
    {"{\"malformed_json\":true}", SAY("The JSON is broken")},
};

void console_faults_more(struct console_view *v, const struct json *answer)
{
	struct page_values *row =
	    arena_alloc(v->rq->arena, LEN(choices) * sizeof(*row));

	(void)answer;
	for (size_t i = 0; i < LEN(choices); i++) {
		const struct page_value x[] = {
		    {.name = "json", .text = choices[i].json},
		    {.name = "label",
		     .text = site_word(v->rq, choices[i].label)},
		};
		row[i] = page_row(v->rq->arena, x, LEN(x));
	}
	console_rows(v, "choices", row, LEN(choices));
}
