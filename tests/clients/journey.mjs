// SPDX-License-Identifier: Apache-2.0
// The journey that every OAuth library makes, in both behaviours: login and
// consent, code, token, FHIR, refresh, expiry, refusals, revocation.
//
// A library is { name, method, connect(), said() } and its connection does what
// an application does with it:
//	login()		the URL for the browser
//	callback(url)	the tokens, from the URL that the browser came back with
//	replay(url)	optional: the same again, where it takes more than that
//	refresh(tokens)	the next tokens
//	revoke(tokens, which)	if it revokes; which: access_token or refresh_token
//	introspect(text)	if it introspects; what is known of a token
//	request(tokens, method, url, body)	optional; { status, body }
//	plain(tokens)	{ access_token, refresh_token, scope, expires_in, sub }
// and, for openid(), with an ID token that the library has validated:
//	claims(tokens)	what it says
//	userinfo(tokens)
// checksIss: it looks at iss where there is one (RFC 9207).
// start(...options): the server, if not the plain one; fetch: with what a
// browser reaches it; base: the FHIR version (r4, stu3).
// said(error) is what the library tells the application about a refusal.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser, glance } from "./pages.mjs";
import { BEHAVIOURS, SCOPE, issuer, register, start, weight }
	from "./server.mjs";

// What a library reports that hands on the OAuth error of the answer.
const ERRORS = {
	kanta: { denied: "access_denied", code: "invalid_grant",
		refresh: "invalid_token", client_secret_post: "invalid_client",
		client_secret_basic: "unauthorized",
		private_key_jwt: "invalid_client" },
	strict: { denied: "access_denied", code: "invalid_grant",
		refresh: "invalid_grant", client_secret_post: "invalid_client",
		client_secret_basic: "invalid_client",
		private_key_jwt: "invalid_client" },
};

async function plainRequest(token, method, url, body) {
	const answer = await fetch(url, { method, body: body &&
		JSON.stringify(body), headers: { Authorization: `Bearer ${token}`,
		"Content-Type": "application/fhir+json" } });
	const text = await answer.text();
	return { status: answer.status, body: text && JSON.parse(text) };
}

export function journey(library) {
	for (const oauth of BEHAVIOURS)
		describe(`${library.name}, ${oauth}`, () => steps(library, oauth));
}

// The scope openid, where the server offers it.
export function openid(library) {
	for (const oauth of BEHAVIOURS)
		describe(`${library.name}, openid, ${oauth}`,
			() => identity(library, oauth));
}

function identity(library, oauth) {
	let server, app, citizen, one, tokens;

	before(async () => {
		server = await start("--oauth", oauth, "--set", "openid=on");
		citizen = await server.admin("/citizens");
		app = await register(server, { scope: `openid ${SCOPE}`,
			token_endpoint_auth_method: library.method, ...library.metadata });
		one = await library.connect(server, app, oauth, { openid: true });
		tokens = await one.callback(await new Browser(server.origin).authorize(
			await one.login(), citizen.hetu));
	});
	after(() => server.stop());

	test("the ID token", async () => {
		const claims = await one.claims(tokens);
		assert.equal(claims.iss, issuer(server, oauth));
		assert.equal(claims.sub, citizen.patient_id);
		assert.deepEqual([claims.aud].flat(), [app.client_id]);
		assert.equal(one.plain(tokens).scope, `openid ${SCOPE}`);
	});

	test("userinfo", async () => {
		const info = await one.userinfo(tokens);
		assert.equal(info.sub, citizen.patient_id);
	});

	test("the ID token after a refresh", async () => {
		const next = await one.refresh(tokens);
		assert.ok(one.plain(next).access_token);
		if (one.plain(next).id_token)
			assert.equal((await one.claims(next)).sub, citizen.patient_id);
		assert.equal((await one.userinfo(next)).sub, citizen.patient_id);
	});
}

function steps(library, oauth) {
	const says = { ...ERRORS[oauth], ...library.says?.[oauth] };
	const base = library.base ?? "r4";
	let server, app, citizen, browser, one, tokens;

	before(async () => {
		server = await (library.start ?? start)("--oauth", oauth,
			...library.options ?? []);
		citizen = await server.admin("/citizens");
		app = await register(server, {
			token_endpoint_auth_method: library.method,
			...library.introspects && { allow_introspection: true },
			...library.metadata });
		browser = new Browser(new URL(server.auth).origin, library.fetch);
		one = await library.connect(server, app, oauth);
	});
	after(() => server.stop());

	// The citizen's session and permission are there from the second time on.
	async function signIn(connection = one, decision) {
		const back = await browser.authorize(await connection.login(),
			citizen.hetu, decision);
		return connection.callback(back);
	}

	function fhir(t, method, path, body) {
		const url = `${server[base]}/${path}`;
		return one.request ? one.request(t, method, url, body)
			: plainRequest(one.plain(t).access_token, method, url, body);
	}

	async function status(t) {
		return (await fhir(t, "GET", `Patient/${citizen.patient_id}`)).status;
	}

	async function refused(promise, what) {
		const error = await promise.then(
			() => assert.fail("it was not refused"), (e) => e);
		if (error.code === "ERR_ASSERTION")
			throw error;
		assert.equal(library.said(error), says[what], error.stack);
	}

	test("login, consent, code, tokens", async () => {
		tokens = await signIn();
		const t = one.plain(tokens);
		assert.ok(t.access_token);
		assert.ok(t.refresh_token);
		assert.notEqual(t.refresh_token, t.access_token);
		assert.deepEqual(t.scope.split(" "), SCOPE.split(" "));
		assert.ok(t.expires_in > 3590 && t.expires_in <= 3600, t.expires_in);
		if ("sub" in t)
			assert.equal(t.sub, citizen.patient_id);
		assert.ok(!("id_token" in t));
	});

	test("FHIR with the token", async () => {
		const made = await fhir(tokens, "POST", "Observation",
			weight(citizen.patient_id, 72.5, 1, base));
		assert.equal(made.status, 201, JSON.stringify(made.body));
		const found = await fhir(tokens, "GET",
			`Observation?patient=${citizen.patient_id}&code=29463-7`);
		assert.equal(found.status, 200);
		assert.equal(found.body.total, 1);
		assert.equal(found.body.entry[0].resource.valueQuantity.value, 72.5);
	});

	test("refresh, twice", async () => {
		const seen = [one.plain(tokens)];
		for (let i = 0; i < 2; i++) {
			tokens = await one.refresh(tokens);
			assert.equal(await status(tokens), 200);
			seen.push(one.plain(tokens));
		}
		assert.equal(new Set(seen.map((t) => t.access_token)).size, 3);
		assert.equal(new Set(seen.map((t) => t.refresh_token)).size,
			oauth === "strict" ? 3 : 1);
	});

	test("a refresh token that was used", async () => {
		const old = await signIn();
		const next = await one.refresh(old);
		if (oauth !== "strict") {
			await one.refresh(old);
			assert.equal(await status(next), 200);
			return;
		}
		await refused(one.refresh(old), "refresh");
		await refused(one.refresh(next), "refresh");
		assert.equal(await status(next), 401, "its family is gone");
		assert.equal(await status(tokens), 200, "another family is not");
	});

	test("a code is good once", async () => {
		const back = await browser.authorize(await one.login(), citizen.hetu);
		const first = await one.callback(back);
		await refused(one.replay?.(back) ?? one.callback(back), "code");
		assert.equal(await status(first), oauth === "strict" ? 401 : 200);
	});

	const secretless = ["none", "tls_client_auth"].includes(library.method)
		&& "it has no secret";
	test("a wrong secret", { skip: secretless }, async () => {
		const wrong = await library.connect(server,
			{ ...app, client_secret: "wrong" }, oauth);
		await refused(signIn(wrong), library.method);
	});

	test("a state that is not ours", async () => {
		const back = new URL(await browser.authorize(
			await one.login(), citizen.hetu));
		back.searchParams.set("state", "not-ours");
		await assert.rejects(async () => one.callback(back.href),
			(e) => /state/i.test(`${e.message} ${e.cause?.message}`));
	});

	test("iss in the redirect back", async () => {
		const back = new URL(await browser.authorize(
			await one.login(), citizen.hetu));
		assert.equal(back.searchParams.get("iss"),
			oauth === "strict" ? issuer(server, oauth) : null);
		if (library.checksIss) {
			const other = new URL(back);
			other.searchParams.set("iss", "https://other.example/");
			await assert.rejects(async () => one.callback(other.href),
				(e) => /iss/.test(`${e.message} ${e.cause?.message}`));
		}
		assert.equal(await status(await one.callback(back.href)), 200);
	});

	test("one request instead of a browser", async () => {
		const ready = await register(server, { auto_approve: citizen.hetu,
			token_endpoint_auth_method: library.method, ...library.metadata });
		const other = await library.connect(server, ready, oauth);
		const t = await other.callback(await glance(await other.login(),
			library.fetch));
		assert.equal(await status(t), 200);
	});

	test("the citizen says no", async () => {
		const url = new URL(await one.login());
		url.searchParams.set("prompt", "consent");
		const back = await browser.authorize(url.href, citizen.hetu,
			{ button: "deny" });
		await refused((async () => one.callback(back))(), "denied");
	});

	test("the citizen allows less", async () => {
		const without = ["patient/Observation.write"];
		const url = new URL(await one.login());
		url.searchParams.set("prompt", "consent");
		const back = await browser.authorize(url.href, citizen.hetu,
			{ without });
		const less = await one.callback(back);
		assert.equal(one.plain(less).scope, SCOPE.split(" ").filter(
			(s) => !without.includes(s)).join(" "));
		const made = await fhir(less, "POST", "Observation",
			weight(citizen.patient_id, 73, 2, base));
		assert.equal(made.status, 403);
	});

	test("revocation", { skip: !library.revokes
		&& "this library cannot" }, async () => {
		const t = await signIn();
		await one.revoke(t, "access_token");
		assert.equal(await status(t), 401);
		const next = await one.refresh(t);
		assert.equal(await status(next), 200);
		await one.revoke(next, "refresh_token");
		await refused(one.refresh(next), "refresh");
		assert.equal(await status(next), 401);
		assert.equal(await status(tokens), 200, "another family lives on");
	});

	test("introspection", { skip: !library.introspects
		&& "this library cannot" }, async () => {
		const t = one.plain(await signIn());
		const access = await one.introspect(t.access_token);
		assert.equal(access.active, true);
		assert.equal(access.scope, SCOPE);
		assert.equal(access.client_id, app.client_id);
		assert.ok(Math.abs(access.exp - Date.now() / 1000 - 3600) < 10);
		const refresh = await one.introspect(t.refresh_token);
		assert.equal(refresh.active, true);
		assert.ok(!("token_type" in refresh));
		assert.deepEqual(await one.introspect("nobody's"), { active: false });
	});

	test("the access token expires", async () => {
		const t = await signIn();
		await server.admin("/clock/advance", { by: "PT1H" });
		if (library.method === "private_key_jwt")
			one = await library.connect(server, app, oauth, { ahead: 3600 });
		assert.equal(await status(t), 401);
		assert.equal(await status(await one.refresh(t)), 200);
	});

	test("the permission is withdrawn", async () => {
		const t = await signIn();
		await server.admin("/permissions/withdraw", {
			client_id: app.client_id, hetu: citizen.hetu });
		assert.equal(await status(t), 401);
		await refused(one.refresh(t), "refresh");
	});
}
