// SPDX-License-Identifier: Apache-2.0
// An application that uses openid-client 6, for journey.mjs.
import * as client from "openid-client-6";
import { CALLBACK, SCOPE } from "./server.mjs";

export { said, says } from "./oauth4.mjs";
export { client };

export class Connection {
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
