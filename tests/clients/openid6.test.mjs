// SPDX-License-Identifier: Apache-2.0
// openid-client 6: discovery, which compares the issuer (strict: at the place
// of RFC 8414, and iss in the redirect back is demanded), PKCE, and each way
// of authenticating that it has.
import { journey, openid } from "./journey.mjs";
import { Connection, client, said, says } from "./openid6.mjs";
import { CALLBACK, issuer, signingKey } from "./server.mjs";

const [own, foreign] = await Promise.all(
	[signingKey("k1"), signingKey("k1")]);

const ways = {
	client_secret_basic: (app) => client.ClientSecretBasic(app.client_secret),
	client_secret_post: (app) => client.ClientSecretPost(app.client_secret),
	private_key_jwt: (app) => client.PrivateKeyJwt(
		app.client_secret === "wrong" ? foreign : own),
	none: () => client.None(),
};

async function connect(method, server, app, oauth, options = {}) {
	const config = await client.discovery(new URL(issuer(server, oauth)),
		app.client_id, { redirect_uris: [CALLBACK],
			[client.clockSkew]: options.ahead ?? 0 }, ways[method](app), {
			algorithm: oauth === "strict" ? "oauth2" : "oidc",
			execute: [client.allowInsecureRequests,
				client.enableNonRepudiationChecks] });
	const pkce = method !== "client_secret_post";
	return new Connection(config, { pkce, ...options });
}

for (const method of Object.keys(ways))
	journey({
		name: `openid-client 6.8.9, ${method}`, method, said,
		checksIss: true, revokes: true, introspects: method !== "none",
		metadata: method === "private_key_jwt" ? { jwks: own.jwks } : {},
		says: says(method),
		connect: (...more) => connect(method, ...more),
	});

openid({
	name: "openid-client 6.8.9", method: "client_secret_basic",
	connect: (...more) => connect("client_secret_basic", ...more),
});
