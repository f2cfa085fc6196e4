// SPDX-License-Identifier: Apache-2.0
// simple-oauth2, the version that Finnish back ends pin and its successor. It
// reads no redirects: the application takes code and state out of the URL. An
// answer that is not typed as JSON is an error to it, /revoke's too.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { journey } from "./journey.mjs";
import { CALLBACK, SCOPE } from "./server.mjs";

const require = createRequire(import.meta.url);
const VERSIONS = { "4.2.0": "simple-oauth2-4", "5.1.0": "simple-oauth2-5" };
const METHODS = { client_secret_basic: "header", client_secret_post: "body" };

class Connection {
	#flow;
	#state;

	constructor(flow) {
		this.#flow = flow;
	}

	login() {
		this.#state = randomUUID();
		return this.#flow.authorizeURL({ scope: SCOPE, state: this.#state,
			redirect_uri: CALLBACK });
	}

	async callback(url) {
		const query = Object.fromEntries(new URL(url).searchParams);
		assert.equal(query.state, this.#state, "state");
		if (query.error)
			throw Object.assign(new Error(query.error), query);
		return this.#flow.getToken({ code: query.code,
			redirect_uri: CALLBACK });
	}

	// As from the application's own database.
	refresh(tokens) {
		const stored = JSON.parse(JSON.stringify(tokens));
		return this.#flow.createToken(stored).refresh();
	}

	revoke(tokens, which) {
		return tokens.revoke(which);
	}

	plain({ token }) {
		return token;
	}
}

for (const [version, name] of Object.entries(VERSIONS))
	for (const [method, authorizationMethod] of Object.entries(METHODS))
		journey({
			name: `simple-oauth2 ${version}, ${method}`, method, revokes: true,
			said: (error) => error.data?.payload?.error ?? error.error,
			connect(server, app) {
				const { AuthorizationCode } = require(name);
				const path = new URL(server.auth).pathname;
				return new Connection(new AuthorizationCode({
					client: { id: app.client_id, secret: app.client_secret },
					auth: { tokenHost: server.origin,
						tokenPath: `${path}/token`,
						authorizePath: `${path}/authorize`,
						revokePath: `${path}/revoke` },
					options: { authorizationMethod },
				}));
			},
		});
