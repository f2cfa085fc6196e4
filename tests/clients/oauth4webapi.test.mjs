// SPDX-License-Identifier: Apache-2.0
// oauth4webapi 3: each step by itself, each answer checked by the library.
import * as oauth from "oauth4webapi";
import { journey, openid, said, says } from "./oauth4.mjs";
import { CALLBACK, SCOPE, issuer, signingKey } from "./server.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };

class Connection {
	#as;
	#client;
	#auth;
	#openid;
	#state;
	#nonce;
	#verifier;

	constructor(as, client, auth, openid) {
		this.#as = as;
		this.#client = client;
		this.#auth = auth;
		this.#openid = openid;
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
		if (this.#openid) {
			this.#nonce = oauth.generateRandomNonce();
			url.searchParams.set("scope", `openid ${SCOPE}`);
			url.searchParams.set("nonce", this.#nonce);
		}
		return url.href;
	}

	async callback(url) {
		const query = oauth.validateAuthResponse(this.#as, this.#client,
			new URL(url), this.#state);
		const answer = await oauth.authorizationCodeGrantRequest(this.#as,
			this.#client, this.#auth, query, CALLBACK, this.#verifier, insecure);
		const tokens = await oauth.processAuthorizationCodeResponse(this.#as,
			this.#client, answer, { expectedNonce: this.#nonce,
				requireIdToken: this.#openid });
		if (this.#openid)
			await oauth.validateApplicationLevelSignature(this.#as, answer,
				insecure);
		return tokens;
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

	async introspect(text) {
		const answer = await oauth.introspectionRequest(this.#as, this.#client,
			this.#auth, text, insecure);
		return oauth.processIntrospectionResponse(this.#as, this.#client,
			answer);
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

	claims(tokens) {
		return oauth.getValidatedIdTokenClaims(tokens);
	}

	async userinfo(tokens) {
		const answer = await oauth.userInfoRequest(this.#as, this.#client,
			tokens.access_token, insecure);
		return oauth.processUserInfoResponse(this.#as, this.#client,
			this.claims(tokens)?.sub ?? oauth.skipSubjectCheck, answer);
	}
}

async function discover(server, behaviour) {
	const expected = new URL(issuer(server, behaviour));
	const answer = await oauth.discoveryRequest(expected, { ...insecure,
		algorithm: behaviour === "strict" ? "oauth2" : "oidc" });
	return oauth.processDiscoveryResponse(expected, answer);
}

const [own, foreign] = await Promise.all(
	[signingKey("k1"), signingKey("k1")]);

const ways = {
	client_secret_basic: (app) => oauth.ClientSecretBasic(app.client_secret),
	client_secret_post: (app) => oauth.ClientSecretPost(app.client_secret),
	private_key_jwt: (app) => oauth.PrivateKeyJwt(
		app.client_secret === "wrong" ? foreign : own),
	none: () => oauth.None(),
};

async function connect(method, server, app, behaviour, options = {}) {
	return new Connection(await discover(server, behaviour),
		{ client_id: app.client_id, [oauth.clockSkew]: options.ahead ?? 0 },
		ways[method](app), options.openid);
}

for (const method of Object.keys(ways))
	journey({
		name: `oauth4webapi 3.8.8, ${method}`, method, said,
		checksIss: true, revokes: true, introspects: method !== "none",
		metadata: method === "private_key_jwt" ? { jwks: own.jwks } : {},
		says: says(method),
		connect: (...more) => connect(method, ...more),
	});

openid({
	name: "oauth4webapi 3.8.8", method: "client_secret_basic",
	connect: (...more) => connect("client_secret_basic", ...more),
});
