// SPDX-License-Identifier: Apache-2.0
// An application that uses openid-client 4.9.1, for journey.mjs.
import { createRequire } from "node:module";
import { CALLBACK, SCOPE } from "./server.mjs";

export const { Issuer, custom, generators } =
	createRequire(import.meta.url)("openid-client-4");

export const said = (error) => error.error ?? error.message;

export class Connection {
	#client;
	#state;
	#assertion;

	// ahead: by how much the clock that assertions are made by runs ahead;
	// tls: what it presents
	constructor(client, { ahead, tls } = {}) {
		this.#client = client;
		client[custom.http_options] = (o) => ({ ...o, ...tls,
			timeout: 10000 });
		const now = Math.floor(Date.now() / 1000) + ahead;
		this.#assertion = ahead && { clientAssertionPayload: {
			iat: now, exp: now + 60 } };
	}

	login() {
		this.#state = generators.state();
		return this.#client.authorizationUrl({
			scope: SCOPE, state: this.#state });
	}

	callback(url) {
		return this.#client.oauthCallback(CALLBACK,
			this.#client.callbackParams(url), { state: this.#state },
			this.#assertion);
	}

	refresh(tokens) {
		return this.#client.refresh(tokens, this.#assertion);
	}

	revoke(tokens, which) {
		return this.#client.revoke(tokens[which], which);
	}

	introspect(text) {
		return this.#client.introspect(text);
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

export function client(issuer, app, method, keys) {
	return new issuer.Client({
		client_id: app.client_id, client_secret: app.client_secret,
		redirect_uris: [CALLBACK], response_types: ["code"],
		token_endpoint_auth_method: method }, keys);
}
