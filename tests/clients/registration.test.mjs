// SPDX-License-Identifier: Apache-2.0
// Libraries that register their application themselves (RFC 7591) and take what
// the answer says for their settings; one of them reads it again (RFC 7592).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createRequire } from "node:module";
import * as oauth from "oauth4webapi";
import * as client from "openid-client-6";
import { Browser } from "./pages.mjs";
import { BEHAVIOURS, CALLBACK, SCOPE, issuer, start } from "./server.mjs";

const { Issuer, generators } =
	createRequire(import.meta.url)("openid-client-4");

const METADATA = {
	client_name: "It registers itself", redirect_uris: [CALLBACK],
	scope: `openid ${SCOPE}`,
	grant_types: ["authorization_code", "refresh_token"],
	token_endpoint_auth_method: "client_secret_basic",
};

for (const behaviour of BEHAVIOURS)
	describe(`registration, ${behaviour}`, () => {
		const strict = behaviour === "strict";
		const algorithm = strict ? "oauth2" : "oidc";
		// The service's own answer says null of the ID token's algorithm, and
		// these libraries believe it.
		const scope = strict ? METADATA.scope : SCOPE;
		let server, url, browser, citizen;

		before(async () => {
			server = await start("--oauth", behaviour, "--set", "openid=on");
			url = issuer(server, behaviour);
			browser = new Browser(server.origin);
			citizen = await server.admin("/citizens");
		});
		after(() => server.stop());

		test("openid-client 4.9.1", async () => {
			const { Client } = await Issuer.discover(url);
			const one = await Client.register(METADATA);
			assert.deepEqual(one.redirect_uris, [CALLBACK]);
			// The secret is not stored, so it is not there again.
			const again = await Client.fromUri(one.registration_client_uri,
				one.registration_access_token);
			assert.equal(again.client_id, one.client_id);
			assert.equal(again.client_name, METADATA.client_name);
			assert.ok(one.client_secret && !again.client_secret);
			const checks = { state: generators.state(),
				...strict && { nonce: generators.nonce() } };
			const back = await browser.authorize(
				one.authorizationUrl({ scope, ...checks }), citizen.hetu);
			const way = strict ? "callback" : "oauthCallback";
			const tokens = await one[way](CALLBACK,
				one.callbackParams(back), checks);
			assert.equal(strict ? tokens.claims().sub : tokens.sub,
				citizen.patient_id);
			assert.ok((await one.refresh(tokens)).access_token);
		});

		test("openid-client 6.8.9", async () => {
			const config = await client.dynamicClientRegistration(
				new URL(url), METADATA, undefined, { algorithm,
					execute: [client.allowInsecureRequests] });
			const state = client.randomState(), nonce = client.randomNonce();
			const back = await browser.authorize(client.buildAuthorizationUrl(
				config, { redirect_uri: CALLBACK, scope, state,
					...strict && { nonce } }).href, citizen.hetu);
			const tokens = await client.authorizationCodeGrant(config,
				new URL(back), { expectedState: state,
					...strict && { expectedNonce: nonce } });
			assert.equal(strict ? tokens.claims().sub : tokens.sub,
				citizen.patient_id);
		});

		test("oauth4webapi 3.8.8", async () => {
			const insecure = { [oauth.allowInsecureRequests]: true };
			const as = await oauth.processDiscoveryResponse(new URL(url),
				await oauth.discoveryRequest(new URL(url), { algorithm,
					...insecure }));
			const register = async (metadata) =>
				oauth.processDynamicClientRegistrationResponse(
					await oauth.dynamicClientRegistrationRequest(as, metadata,
						insecure));
			assert.ok((await register(METADATA)).client_secret);
			await assert.rejects(register({ ...METADATA, redirect_uris: [] }),
				(e) => e.error === "invalid_redirect_uri");
		});
	});
