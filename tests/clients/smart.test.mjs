// SPDX-License-Identifier: Apache-2.0
// fhirclient, the SMART client library, as a back end uses it: with its own
// storage and redirects, which find the endpoints at the FHIR server.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { createRequire } from "node:module";
import { journey } from "./journey.mjs";
import { BEHAVIOURS, SCOPE, register, signingKey, start, weight }
	from "./server.mjs";

const smart = createRequire(import.meta.url)("fhirclient");

// The application's own little web server: /launch and /cb of whoever is now.
let now;
const site = createServer((request, response) => {
	response.setHeader("Connection", "close");
	now.handle(request, response).catch((e) => {
		now.error = e;
		response.writeHead(500).end(e.stack);
	});
});
await new Promise((done) => site.listen(0, "127.0.0.1", done));
site.unref();
const { jwk, jwks } = await signingKey("k1", "SHA-384");
const address = `http://127.0.0.1:${site.address().port}`;

class Connection {
	#launch;
	#before;
	#state = new Map();
	#store = {
		get: async (k) => this.#state.get(k),
		set: async (k, v) => this.#state.set(k, v),
		unset: async (k) => this.#state.delete(k),
	};

	constructor(launch) {
		this.#launch = launch;
	}

	async handle(request, response) {
		const api = smart(request, response, this.#store);
		if (request.url === "/launch")
			return api.authorize(this.#launch);
		api.options.refreshTokenWithClientId = true; // for those without secret
		this.ready = await api.ready();
		this.revive = api.client;
		response.end("done");
	}

	async login() {
		now = this;
		const answer = await fetch(`${address}/launch`, {
			redirect: "manual" });
		return answer.headers.get("Location");
	}

	async callback(url) {
		now = this;
		this.#before = new Map(this.#state);
		this.error = undefined;
		await (await fetch(url)).text();
		if (this.error)
			throw this.error;
		return this.ready;
	}

	// What it has exchanged it does not exchange again, unless its storage has
	// forgotten.
	replay(url) {
		this.#state = this.#before;
		return this.callback(url);
	}

	// As from the application's own storage.
	async refresh(client) {
		const next = this.revive(structuredClone(client.state));
		await next.refresh();
		return next;
	}

	async request(client, method, url, body) {
		const { state } = client;
		const answer = await this.revive(structuredClone(state)).request({
			url, method, body: body && JSON.stringify(body),
			headers: { "Content-Type": "application/fhir+json" },
			includeResponse: true })
			.catch((e) => ({ response: e.response ?? e }));
		return { status: answer.response.status, body: answer.body };
	}

	plain(client) {
		return client.state.tokenResponse;
	}
}

function launch(server, app, more) {
	return { iss: server.r4, clientId: app.client_id, scope: SCOPE,
		redirectUri: `${address}/cb`, ...more };
}

// "error: description", below the status and the URL where it was an answer.
const said = (error) => error.message.split("\n").at(-1).split(":")[0];

journey({
	name: "fhirclient 2.6.3, client_secret_basic", said,
	method: "client_secret_basic",
	metadata: { redirect_uris: [`${address}/cb`] },
	connect: (server, app) => new Connection(launch(server, app, {
		clientSecret: app.client_secret, pkceMode: "unsafeV1" })),
});

journey({
	name: "fhirclient 2.6.3, none", said, method: "none",
	metadata: { redirect_uris: [`${address}/cb`] },
	connect: (server, app) => new Connection(launch(server, app, {
		pkceMode: "required" })),
});

// With automatic approval the browser's part is one request after another.
for (const oauth of BEHAVIOURS)
	describe(`fhirclient 2.6.3 without pages, ${oauth}`, () => {
		let server, one, client;

		before(async () => {
			server = await start("--oauth", oauth,
				"--auto-approve=010190-900P", "--set",
				"token_patient_member=on");
			const app = await register(server, {
				redirect_uris: [`${address}/cb`] });
			now = one = new Connection(launch(server, app, {
				clientSecret: app.client_secret }));
			const answer = await fetch(`${address}/launch`);
			assert.equal(await answer.text(), "done");
			client = one.ready;
		});
		after(() => server.stop());

		test("it knows who", async () => {
			assert.equal(client.state.serverUrl, server.r4);
			assert.equal(client.patient.id, client.state.tokenResponse.sub);
			const patient = await client.patient.read();
			assert.equal(patient.id, client.patient.id);
		});

		test("it refreshes by itself, and stores what came", async () => {
			const seen = [{ ...client.state.tokenResponse }];
			for (let i = 0; i < 2; i++) {
				client.state.expiresAt = 1;
				await client.patient.read();
				seen.push({ ...client.state.tokenResponse });
			}
			assert.equal(new Set(seen.map((t) => t.access_token)).size, 3);
			assert.equal(new Set(seen.map((t) => t.refresh_token)).size,
				oauth === "strict" ? 3 : 1);
		});

		test("requests with the token", async () => {
			const patient = client.state.tokenResponse.sub;
			const made = await client.create(weight(patient, 71.5, 3));
			assert.equal(made.meta.versionId, "1");
			const read = await client.request(`Observation/${made.id}`);
			assert.deepEqual(read, made);
			made.valueQuantity.value = 72;
			const changed = await client.update(made);
			assert.equal(changed.meta.versionId, "2");
			const pages = await client.request(
				`Observation?patient=${patient}&_count=1`, { pageLimit: 2 });
			assert.equal(pages.length, 2);
			assert.ok(pages.every((p) => p.entry.length === 1));
			const flat = await client.request(
				`Observation?patient=${patient}&code=29463-7`, { flat: true });
			assert.ok(flat.some((o) => o.id === made.id));
			const graph = await client.request(
				`Observation/${made.id}`, { resolveReferences: ["subject"] });
			assert.equal(graph.subject.id, patient);
			await client.delete(`Observation/${made.id}`);
			await assert.rejects(client.request(`Observation/${made.id}`),
				(e) => e.status === 410);
		});
	});

// Its refresh sends no assertion: such an application asks for no refresh
// token.
for (const oauth of BEHAVIOURS)
	test(`fhirclient 2.6.3, private_key_jwt, ${oauth}`, async () => {
		const server = await start("--oauth", oauth,
			"--auto-approve=010190-900P");
		try {
			const app = await register(server, { jwks,
				redirect_uris: [`${address}/cb`],
				token_endpoint_auth_method: "private_key_jwt" });
			now = new Connection(launch(server, app, {
				clientPrivateJwk: jwk, scope: "patient/Patient.read" }));
			const answer = await fetch(`${address}/launch`);
			assert.equal(await answer.text(), "done");
			const t = now.ready.state.tokenResponse;
			assert.ok(!("refresh_token" in t));
			const patient = await now.ready.request(`Patient/${t.sub}`);
			assert.equal(patient.id, t.sub);
		} finally {
			await server.stop();
		}
	});
