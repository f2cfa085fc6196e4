// SPDX-License-Identifier: Apache-2.0
// oauth4webapi 3: each step by itself, each answer checked by the library.
import * as oauth from "oauth4webapi";
import { journey, said, says } from "./oauth4.mjs";
import { CALLBACK, SCOPE, issuer } from "./server.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };

class Connection {
	#as;
	#client;
	#auth;
	#state;
	#verifier;

	constructor(as, client, auth) {
		this.#as = as;
		this.#client = client;
		this.#auth = auth;
	}

	async login() {
		this.#state = oauth.generateRandomState();
		this.#verifier = oauth.generateRandomCodeVerifier();
		const url = new URL(this.#as.authorization_endpoint);
		url.search = new URLSearchParams({
			response_type: "code", client_id: this.#client.client_id,
			redirect_uri: CALLBACK, scope: SCOPE, state: this.#state,
			code_challenge_method: "S256", code_challenge:
				await oauth.calculatePKCECodeChallenge(this.#verifier) });
		return url.href;
	}

	async callback(url) {
		const query = oauth.validateAuthResponse(this.#as, this.#client,
			new URL(url), this.#state);
		const answer = await oauth.authorizationCodeGrantRequest(this.#as,
			this.#client, this.#auth, query, CALLBACK, this.#verifier, insecure);
		return oauth.processAuthorizationCodeResponse(this.#as, this.#client,
			answer);
	}

	async refresh(tokens) {
		const answer = await oauth.refreshTokenGrantRequest(this.#as,
			this.#client, this.#auth, tokens.refresh_token, insecure);
		return oauth.processRefreshTokenResponse(this.#as, this.#client,
			answer);
	}

	async revoke(tokens, which) {
		const answer = await oauth.revocationRequest(this.#as, this.#client,
			this.#auth, tokens[which], { ...insecure,
				additionalParameters: { token_type_hint: which } });
		return oauth.processRevocationResponse(answer);
	}

	async request(tokens, method, url, body) {
		const answer = await oauth.protectedResourceRequest(
			tokens.access_token, method, new URL(url), new Headers({
				"Content-Type": "application/fhir+json" }),
			body && JSON.stringify(body), insecure)
			.catch((e) => e.response ?? Promise.reject(e));
		return { status: answer.status, body: await answer.json() };
	}

	plain(tokens) {
		return { ...tokens };
	}
}

async function discover(server, behaviour) {
	const expected = new URL(issuer(server, behaviour));
	const answer = await oauth.discoveryRequest(expected, { ...insecure,
		algorithm: behaviour === "strict" ? "oauth2" : "oidc" });
	return oauth.processDiscoveryResponse(expected, answer);
}

const ways = {
	client_secret_basic: (app) => oauth.ClientSecretBasic(app.client_secret),
	client_secret_post: (app) => oauth.ClientSecretPost(app.client_secret),
	none: () => oauth.None(),
};

for (const [method, authentication] of Object.entries(ways))
	journey({
		name: `oauth4webapi 3.8.8, ${method}`, method, said, revokes: true,
		says: says(method),
		async connect(server, app, behaviour) {
			return new Connection(await discover(server, behaviour),
				{ client_id: app.client_id }, authentication(app));
		},
	});
