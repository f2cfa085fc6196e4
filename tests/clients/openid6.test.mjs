// SPDX-License-Identifier: Apache-2.0
// openid-client 6: discovery, which compares the issuer (strict: at the place
// of RFC 8414, and iss in the redirect back is demanded), PKCE, and each way
// of authenticating that it has.
import * as client from "openid-client-6";
import { journey, said, says } from "./oauth4.mjs";
import { CALLBACK, SCOPE, issuer } from "./server.mjs";

class Connection {
	#config;
	#pkce;
	#checks;

	constructor(config, pkce) {
		this.#config = config;
		this.#pkce = pkce;
	}

	async login() {
		const state = client.randomState();
		this.#checks = { expectedState: state };
		const query = { redirect_uri: CALLBACK, scope: SCOPE, state };
		if (this.#pkce) {
			const verifier = client.randomPKCECodeVerifier();
			this.#checks.pkceCodeVerifier = verifier;
			query.code_challenge_method = "S256";
			query.code_challenge =
				await client.calculatePKCECodeChallenge(verifier);
		}
		return client.buildAuthorizationUrl(this.#config, query).href;
	}

	callback(url) {
		return client.authorizationCodeGrant(this.#config, new URL(url),
			this.#checks);
	}

	refresh(tokens) {
		return client.refreshTokenGrant(this.#config, tokens.refresh_token);
	}

	revoke(tokens, which) {
		return client.tokenRevocation(this.#config, tokens[which],
			{ token_type_hint: which });
	}

	async request(tokens, method, url, body) {
		const answer = await client.fetchProtectedResource(this.#config,
			tokens.access_token, new URL(url), method, body &&
			JSON.stringify(body), new Headers({
				"Content-Type": "application/fhir+json" }))
			// a challenge is an error to this library
			.catch((e) => e.response ?? Promise.reject(e));
		return { status: answer.status, body: await answer.json() };
	}

	plain(tokens) {
		return { ...tokens };
	}
}

function discover(server, oauth, app, authentication) {
	return client.discovery(new URL(issuer(server, oauth)), app.client_id,
		{ redirect_uris: [CALLBACK] }, authentication, {
			algorithm: oauth === "strict" ? "oauth2" : "oidc",
			execute: [client.allowInsecureRequests] });
}

const ways = {
	client_secret_basic: (app) => client.ClientSecretBasic(app.client_secret),
	client_secret_post: (app) => client.ClientSecretPost(app.client_secret),
	none: () => client.None(),
};

for (const [method, authentication] of Object.entries(ways))
	journey({
		name: `openid-client 6.8.9, ${method}`, method, said, revokes: true,
		says: says(method),
		async connect(server, app, oauth) {
			const found = await discover(server, oauth, app,
				authentication(app));
			return new Connection(found, method !== "client_secret_post");
		},
	});
