// SPDX-License-Identifier: Apache-2.0
// Under the names of the real sandbox. There are applications that ask whether
// the name of the token endpoint's host holds "sandbox", and not at its
// beginning, to know where they are; so a stand-in may be called by that name
// (an alias in a container's network). Here nothing is resolved: whatever the
// host is called, the connection goes to the loopback.
import assert from "node:assert/strict";
import http from "node:http";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { BEHAVIOURS, CALLBACK, SCOPE, issuer, register, start, weight }
	from "./server.mjs";

const { Issuer, custom, generators } =
	createRequire(import.meta.url)("openid-client-4");

const AUTH = "fhirsandbox2-auth.kanta.fi";
const FHIR = "fhirsandbox2.kanta.fi";

const agent = new http.Agent({ lookup: (name, options, done) =>
	options.all ? done(null, [{ address: "127.0.0.1", family: 4 }])
		: done(null, "127.0.0.1", 4) });
const byAgent = (options) => ({ ...options, agent: { http: agent } });

// The address that a GET is redirected to.
function redirected(url) {
	return new Promise((resolve, reject) => http.get(url, { agent }, (r) => {
		r.resume();
		r.on("end", () => resolve(r.headers.location));
	}).on("error", reject));
}

for (const oauth of BEHAVIOURS)
	describe(`openid-client 4.9.1 under the sandbox's names, ${oauth}`, () => {
		let server, citizen, named, r4;

		before(async () => {
			server = await start("--oauth", oauth);
			citizen = await server.admin("/citizens");
			const { port } = new URL(server.origin);
			const at = (url, host) =>
				url.replace(server.origin, `http://${host}:${port}`);
			named = { auth: at(server.auth, AUTH) };
			r4 = at(server.r4, FHIR);
			Issuer[custom.http_options] = byAgent;
		});
		after(() => {
			delete Issuer[custom.http_options];
			agent.destroy();
			return server.stop();
		});

		function connect(found, app) {
			const client = new found.Client({ client_id: app.client_id,
				client_secret: app.client_secret, redirect_uris: [CALLBACK],
				response_types: ["code"],
				token_endpoint_auth_method: "client_secret_post" });
			client[custom.http_options] = byAgent;
			return client;
		}

		test("the metadata", async () => {
			const found = await Issuer.discover(issuer(named, oauth));
			assert.equal(found.issuer, issuer(named, oauth));
			const urls = Object.entries(found.metadata).filter(([name]) =>
				/_(endpoint|uri)$/.test(name) && found.metadata[name]);
			assert.ok(urls.length >= 5);
			for (const [name, url] of urls)
				assert.ok(url.startsWith(`${named.auth}/`), `${name}: ${url}`);
			const { hostname } = new URL(found.token_endpoint);
			assert.ok(hostname.indexOf("sandbox") > 0);
		});

		test("the login page", async () => {
			const found = await Issuer.discover(issuer(named, oauth));
			const client = connect(found, await register(server));
			const to = await redirected(client.authorizationUrl({
				scope: SCOPE, state: generators.state() }));
			assert.equal(to, `${named.auth}/login`);
		});

		test("the registration", async () => {
			const found = await Issuer.discover(issuer(named, oauth));
			found.Client[custom.http_options] = byAgent;
			const client = await found.Client.register({
				redirect_uris: [CALLBACK] });
			assert.equal(client.registration_client_uri,
				`${named.auth}/register/${client.client_id}`);
		});

		test("code, tokens, refresh, FHIR", async () => {
			const found = await Issuer.discover(issuer(named, oauth));
			const client = connect(found, await register(server, {
				auto_approve: citizen.hetu }));
			const state = generators.state();
			const back = await redirected(client.authorizationUrl({
				scope: SCOPE, state }));
			const first = await client.oauthCallback(CALLBACK,
				client.callbackParams(back), { state });
			const tokens = await client.refresh(first);
			for (const { access_token } of [first, tokens])
				assert.equal(claims(access_token).iss, issuer(named, oauth));

			const made = await client.requestResource(`${r4}/Observation`,
				tokens, { method: "POST", headers: {
					"Content-Type": "application/fhir+json" },
				body: JSON.stringify(weight(citizen.patient_id, 71, 1)) });
			assert.equal(made.statusCode, 201);
			assert.ok(made.headers.location.startsWith(`${r4}/Observation/`));
			const list = await client.requestResource(
				`${r4}/Observation?patient=${citizen.patient_id}`, tokens);
			const [{ url }] = JSON.parse(list.body).link;
			assert.ok(url.startsWith(`${r4}/Observation?`), url);
		});
	});

function claims(jwt) {
	return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
}
