// SPDX-License-Identifier: Apache-2.0
// openid-client 4.9.1: as a Finnish back end configures it (no discovery, the
// issuer is the token endpoint's host, the secret in the form), and by
// discovery.
import { createRequire } from "node:module";
import { journey } from "./journey.mjs";
import { CALLBACK, SCOPE, issuer } from "./server.mjs";

const { Issuer, custom, generators } =
	createRequire(import.meta.url)("openid-client-4");

const said = (error) => error.error ?? error.message;

class Connection {
	#client;
	#state;

	constructor(client) {
		this.#client = client;
		client[custom.http_options] = (o) => ({ ...o, timeout: 10000 });
	}

	login() {
		this.#state = generators.state();
		return this.#client.authorizationUrl({
			scope: SCOPE, state: this.#state });
	}

	callback(url) {
		return this.#client.oauthCallback(CALLBACK,
			this.#client.callbackParams(url), { state: this.#state });
	}

	refresh(tokens) {
		return this.#client.refresh(tokens);
	}

	revoke(tokens, which) {
		return this.#client.revoke(tokens[which], which);
	}

	async request(tokens, method, url, body) {
		const answer = await this.#client.requestResource(url, tokens, {
			method, body: body && JSON.stringify(body),
			headers: { "Content-Type": "application/fhir+json" } });
		return { status: answer.statusCode,
			body: JSON.parse(answer.body.toString()) };
	}

	plain(tokens) {
		return { ...tokens, expires_in: tokens.expires_in };
	}
}

function client(issuer, app, method) {
	return new issuer.Client({
		client_id: app.client_id, client_secret: app.client_secret,
		redirect_uris: [CALLBACK], response_types: ["code"],
		token_endpoint_auth_method: method });
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
	name: "openid-client 4.9.1 by discovery", said, revokes: true,
	method: "client_secret_basic",
	async connect(server, app, oauth) {
		const found = await Issuer.discover(issuer(server, oauth));
		return new Connection(client(found, app, "client_secret_basic"));
	},
});
