// SPDX-License-Identifier: Apache-2.0
// openid-client 4.9.1: as a Finnish back end configures it (no discovery, the
// issuer is the token endpoint's host, the secret in the form), and by
// discovery.
import { journey, openid } from "./journey.mjs";
import { Connection, Issuer, client, generators, said } from "./openid4.mjs";
import { CALLBACK, SCOPE, issuer, signingKey } from "./server.mjs";

const [own, foreign] = await Promise.all(
	[signingKey("k1"), signingKey("k1")]);

// OpenID Connect: the ID token is validated whenever there is one.
class Identity extends Connection {
	#client;
	#checks;

	constructor(client) {
		super(client);
		this.#client = client;
	}

	login() {
		const verifier = generators.codeVerifier();
		this.#checks = { state: generators.state(), nonce: generators.nonce(),
			code_verifier: verifier };
		return this.#client.authorizationUrl({ scope: `openid ${SCOPE}`,
			state: this.#checks.state, nonce: this.#checks.nonce,
			code_challenge: generators.codeChallenge(verifier),
			code_challenge_method: "S256" });
	}

	callback(url) {
		return this.#client.callback(CALLBACK,
			this.#client.callbackParams(url), this.#checks);
	}

	claims(tokens) {
		return tokens.claims();
	}

	userinfo(tokens) {
		return this.#client.userinfo(tokens);
	}
}

// The registration says client_secret_basic all the same.
journey({
	name: "openid-client 4.9.1 as a back end has it", said,
	method: "client_secret_post",
	metadata: { token_endpoint_auth_method: "client_secret_basic" },
	connect(server, app) {
		const token = new URL(`${server.auth}/token`);
		return new Connection(client(new Issuer({
			issuer: token.origin, token_endpoint: token.href,
			authorization_endpoint: `${server.auth}/authorize`,
		}), app, "client_secret_post"));
	},
});

journey({
	name: "openid-client 4.9.1 by discovery", said,
	method: "client_secret_basic", revokes: true, introspects: true,
	async connect(server, app, oauth) {
		const found = await Issuer.discover(issuer(server, oauth));
		return new Connection(client(found, app, "client_secret_basic"));
	},
});

journey({
	name: "openid-client 4.9.1, private_key_jwt", said,
	method: "private_key_jwt", metadata: { jwks: own.jwks },
	async connect(server, app, oauth, options) {
		const key = app.client_secret === "wrong" ? foreign : own;
		const found = await Issuer.discover(issuer(server, oauth));
		return new Connection(client(found, app, "private_key_jwt",
			{ keys: [key.jwk] }), options);
	},
});

openid({
	name: "openid-client 4.9.1", method: "client_secret_basic",
	async connect(server, app, oauth) {
		const found = await Issuer.discover(issuer(server, oauth));
		return new Identity(client(found, app, "client_secret_basic"));
	},
});
