// SPDX-License-Identifier: Apache-2.0
// fhirclient, the SMART client library, as a back end uses it: authorize, token,
// requests, refresh, with its own storage and redirects, unchanged.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { createRequire } from "node:module";
import { SCOPE, register, start, weight } from "./server.mjs";

const smart = createRequire(import.meta.url)("fhirclient");

const HETU = "010190-900P";
let server, app, site, address;
const storage = new Map();
const store = {
	get: async (k) => storage.get(k),
	set: async (k, v) => storage.set(k, v),
	unset: async (k) => storage.delete(k),
};
let ready; // what the callback got

// The application's own little web server: /launch and /cb.
function application(request, response) {
	const url = new URL(request.url, address);
	const api = smart(request, response, store);

	response.setHeader("Connection", "close");
	if (url.pathname === "/launch")
		return api.authorize({
			iss: server.r4, clientId: app.client_id,
			clientSecret: app.client_secret, scope: SCOPE,
			redirectUri: `${address}/cb`, pkceMode: "unsafeV1",
		}).catch((e) => response.writeHead(500).end(e.stack));
	return api.ready().then((client) => {
		ready = client;
		response.end("done");
	}, (e) => response.writeHead(500).end(e.stack));
}

before(async () => {
	server = await start("--auto-approve=" + HETU);
	site = createServer(application);
	await new Promise((done) => site.listen(0, "127.0.0.1", done));
	address = `http://127.0.0.1:${site.address().port}`;
	app = await register(server, { redirect_uris: [`${address}/cb`] });
});
after(async () => {
	site.close();
	await server.stop();
});

describe("fhirclient 2.6.3", () => {
	test("launch, redirect, token", async () => {
		const answer = await fetch(`${address}/launch`);
		assert.equal(await answer.text(), "done");
		assert.ok(ready);
		assert.equal(ready.state.serverUrl, server.r4);
		assert.ok(ready.state.tokenResponse.access_token);
		assert.match(ready.state.tokenResponse.scope, /offline_access/);
	});

	test("requests with the token", async () => {
		const patient = ready.state.tokenResponse.sub;
		const made = await ready.create(weight(patient, 71.5, 3));
		assert.equal(made.meta.versionId, "1");
		const read = await ready.request(`Observation/${made.id}`);
		assert.deepEqual(read, made);
		made.valueQuantity.value = 72;
		const changed = await ready.update(made);
		assert.equal(changed.meta.versionId, "2");
		const pages = await ready.request(
			`Observation?patient=${patient}&_count=1`, { pageLimit: 2 });
		assert.equal(pages.length, 2);
		assert.ok(pages.every((p) => p.entry.length === 1));
		const flat = await ready.request(
			`Observation?patient=${patient}&code=29463-7`, { flat: true });
		assert.ok(flat.some((o) => o.id === made.id));
		const graph = await ready.request(
			`Observation/${made.id}`, { resolveReferences: ["subject"] });
		assert.equal(graph.subject.id, patient);
		await ready.delete(`Observation/${made.id}`);
		await assert.rejects(ready.request(`Observation/${made.id}`),
			(e) => e.status === 410 || e.statusCode === 410
				|| /410/.test(e.message));
	});

	test("refresh", async () => {
		const before = ready.state.tokenResponse.access_token;
		await ready.refresh();
		const now = ready.state.tokenResponse;
		assert.notEqual(now.access_token, before);
		assert.ok(now.refresh_token);
		await ready.request(`Patient/${now.sub}`);
	});
});
