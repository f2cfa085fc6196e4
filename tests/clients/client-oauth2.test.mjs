// SPDX-License-Identifier: Apache-2.0
// client-oauth2, as a web application with a secret and as one without.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { journey } from "./journey.mjs";
import { CALLBACK, SCOPE } from "./server.mjs";

const ClientOAuth2 = createRequire(import.meta.url)("client-oauth2");

class Connection {
	#client;
	#state;

	constructor(client) {
		this.#client = client;
	}

	login() {
		this.#state = randomUUID();
		return this.#client.code.getUri({ state: this.#state });
	}

	callback(url) {
		return this.#client.code.getToken(url, { state: this.#state });
	}

	refresh(tokens) {
		return tokens.refresh();
	}

	async request(tokens, method, url, body) {
		const signed = tokens.sign({ method, url, body: body
			&& JSON.stringify(body),
		headers: { "Content-Type": "application/fhir+json" } });
		const answer = await fetch(signed.url, signed);
		return { status: answer.status, body: await answer.json() };
	}

	plain(tokens) {
		return { ...tokens.data, expires_in: Number(tokens.data.expires_in) };
	}
}

function connect(server, app, more) {
	return new Connection(new ClientOAuth2({
		clientId: app.client_id, accessTokenUri: `${server.auth}/token`,
		authorizationUri: `${server.auth}/authorize`,
		redirectUri: CALLBACK, scopes: SCOPE.split(" "), ...more,
	}));
}

const said = (error) => error.body?.error ?? error.message;

journey({
	name: "client-oauth2 4.3.3, client_secret_basic", said,
	method: "client_secret_basic",
	connect: (server, app) =>
		connect(server, app, { clientSecret: app.client_secret }),
});

// It knows no PKCE: the application adds it. Its refresh sends an empty secret
// in the header, its code exchange none at all.
journey({
	name: "client-oauth2 4.3.3, none", method: "none", said,
	connect(server, app) {
		const verifier = randomBytes(32).toString("base64url");
		return connect(server, app, {
			query: { code_challenge_method: "S256", code_challenge:
				createHash("sha256").update(verifier).digest("base64url") },
			body: { code_verifier: verifier },
		});
	},
});
