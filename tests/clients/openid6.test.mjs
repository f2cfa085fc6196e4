// SPDX-License-Identifier: Apache-2.0
// openid-client 6: discovery, which compares the issuer (strict: at the place
// of RFC 8414, and iss in the redirect back is demanded), PKCE, and each way
// of authenticating that it has.
import * as client from "openid-client-6";
import { journey, openid, said, says } from "./oauth4.mjs";
import { CALLBACK, SCOPE, issuer, signingKey } from "./server.mjs";

class Connection {
	#config;
	#pkce;
	#openid;
	#checks;

	constructor(config, { pkce, openid }) {
		this.#config = config;
		this.#pkce = pkce;
		this.#openid = openid;
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
		if (this.#openid) {
			query.scope = `openid ${SCOPE}`;
			query.nonce = this.#checks.expectedNonce = client.randomNonce();
			this.#checks.idTokenExpected = true;
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

	introspect(text) {
		return client.tokenIntrospection(this.#config, text);
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

	claims(tokens) {
		return tokens.claims();
	}

	userinfo(tokens) {
		return client.fetchUserInfo(this.#config, tokens.access_token,
			tokens.claims()?.sub ?? client.skipSubjectCheck);
	}
}

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
