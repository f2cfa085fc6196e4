/* SPDX-License-Identifier: Apache-2.0
 *
 * authorize: what a citizen's yes to an authorization request comes to,
 * wherever it was said: on the consent page, by configuration (--auto-approve)
 * or through the control API.
 *
 * Each yes makes a grant of its own and one code. What the code is bound to
 * (redirect URI, PKCE, nonce, the time of login) is asked for when it is
 * exchanged; whom the tokens are meant for (aud) belongs to the grant, because
 * it holds for all tokens that come of it. How long a code is good, the
 * application's own settings say.
 *
 * Facts: oauth.md 3.5, 6, 14, 16.
 */
#include "record/record_int.h"

#include <string.h>

const char *record_authorize(struct record *r, struct arena *a,
			     const struct record_authorization *x,
			     struct err *e)
{
	struct settings set = record_client_settings(r, a, x->client);
	struct record_code_for code = x->code;
	struct grant g;

	if (!record_grant(r, a, x->client->client_id, x->hetu, x->scope,
			  x->remember_until_ms, &g, e))
		return NULL;
	if (x->audience != NULL) {
		g.audience = x->audience;
		store_grant_put(r->store, &g);
	}
	if (code.life_s == 0)
		code.life_s = set.code_s;
	if (code.auth_ms == 0)
		code.auth_ms = record_now_ms(r);
	return record_code(r, a, &g, &code);
}

const char *record_challenge_fault(const struct settings *s,
				   const char *challenge, const char *method)
{
	bool plain = method == NULL || strcmp(method, "plain") == 0;
	bool s256 = !plain && strcmp(method, "S256") == 0;

	if (!s256 && (!plain || s->pkce_methods != 0))
		return "transform algorithm not supported";
	if (s256)
		return jose_pkce_challenge_ok(challenge)
			   ? NULL
			   : "code_challenge must be 43 characters of "
			     "base64url";
	/* a plain one is its own verifier */
	return jose_pkce_ok(challenge, challenge, "plain")
		   ? NULL
		   : "code_challenge must be 43 to 128 unreserved characters";
}
