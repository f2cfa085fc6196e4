// SPDX-License-Identifier: Apache-2.0
// The whole journey as in client test and production: the browser at https://,
// the application with its certificate at mtls://. openid-client 4.9.1 as the
// back end in production has it (method none, the same certificate on token
// requests and on every FHIR request), and openid-client 6, which finds the way
// by mtls_endpoint_aliases (strict). And what an application sees whose
// certificate is not the right one, or is not sent.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import * as undici from "undici";
import { journey } from "./journey.mjs";
import { Pki, split } from "./mtls.mjs";
import { Connection as Connection4, Issuer, client as client4, said as said4 }
	from "./openid4.mjs";
import { Connection as Connection6, client as client6, said as said6, says }
	from "./openid6.mjs";
import { Browser } from "./pages.mjs";
import { BEHAVIOURS, CALLBACK, issuer, person, register }
	from "./server.mjs";

const FhirKit = createRequire(import.meta.url)("fhir-kit-client-1");
const OID = "1.2.246.10.99999999.99.1"; // of the PKI, unless told otherwise

const pki = new Pki();
after(() => pki.remove());

// fetch with a certificate, or with none as a browser has it.
const agents = new Map();
function fetchWith(name) {
	if (!agents.has(name))
		agents.set(name, new undici.Agent({ connect: pki.options(name) }));
	return (url, options) => undici.fetch(url,
		{ ...options, dispatcher: agents.get(name) });
}
after(() => Promise.all([...agents.values()].map((a) => a.destroy())));

const start = async (...options) => split(await pki.server(...options));

// ---- openid-client 4.9.1 ----------------------------------------------------

function back4(server, app, certificate = "wellbeing") {
	const found = new Issuer({ issuer: new URL(server.token).origin,
		authorization_endpoint: `${server.auth}/authorize`,
		token_endpoint: server.token, revocation_endpoint: server.revoke,
		introspection_endpoint: server.introspect });
	return new Connection4(client4(found, { client_id: app.client_id },
		"none"), { tls: pki.options(certificate) });
}

// ---- openid-client 6 --------------------------------------------------------

// strict: by discovery; kanta has no aliases to find.
async function back6(server, app, oauth, auth, certificate = "wellbeing") {
	const options = { redirect_uris: [CALLBACK],
		use_mtls_endpoint_aliases: true };
	const by = fetchWith(certificate);
	if (oauth === "strict")
		return new Connection6(await client6.discovery(
			new URL(issuer(server, oauth)), app.client_id, options, auth(),
			{ algorithm: "oauth2", [client6.customFetch]: by }),
		{ pkce: true });
	const config = new client6.Configuration({
		issuer: issuer(server, oauth),
		authorization_endpoint: `${server.auth}/authorize`,
		token_endpoint: server.token, revocation_endpoint: server.revoke,
		introspection_endpoint: server.introspect,
	}, app.client_id, options, auth());
	config[client6.customFetch] = by;
	return new Connection6(config, { pkce: true });
}

// ---- the journeys -----------------------------------------------------------

const environments = {
	"client-test": { options: ["--environment", "client-test"] },
	"client-test, bound tokens": { options: ["--environment", "client-test",
		"--set", "bind_tokens=on"] },
	production: { options: ["--environment", "production"], base: "stu3" },
};
const shared = { start, fetch: fetchWith("none"), revokes: true,
	introspects: true };
const METADATA = { certificate_serial_number: OID };

for (const [name, more] of Object.entries(environments)) {
	journey({ ...shared, ...more, said: said4, method: "none",
		name: `openid-client 4.9.1, ${name}`, metadata: METADATA,
		connect: (server, app) => back4(server, app) });
	for (const [method, auth] of [["none", client6.None],
		["tls_client_auth", client6.TlsClientAuth]])
		journey({ ...shared, ...more, said: said6, says: says(method), method,
			checksIss: true, metadata: METADATA,
			name: `openid-client 6.8.9, ${method}, ${name}`,
			connect: (server, app, oauth) =>
				back6(server, app, oauth, auth) });
}

// ---- what goes wrong --------------------------------------------------------

// What the application reads in its log: the OAuth error, or of what stands
// behind "fetch failed" the code.
function reads(error) {
	while (error.cause instanceof Error && !error.error)
		error = error.cause;
	return error.error ?? error.cause?.[0]?.parameters.error ?? error.code;
}

// fetch (undici) does not say which alert came, see mtls.test.mjs.
const FETCH_SAYS = "UND_ERR_SOCKET";

const WRONG = {
	none: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
	expired: "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
	revoked: "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED",
	"wrong-eku": "ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
	"other-ca": "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
	"wrong-oid": "invalid_client",
	"wrong-app": "invalid_client",
	sote: "invalid_client",
};

const clients = {
	"openid-client 4.9.1": { reads: (error) => error,
		connect: (server, app, oauth, certificate) =>
			back4(server, app, certificate) },
	"openid-client 6.8.9": {
		reads: (error) => error.startsWith("ERR_SSL") ? FETCH_SAYS : error,
		connect: (server, app, oauth, certificate) =>
			back6(server, app, oauth, client6.None, certificate) },
};

for (const oauth of BEHAVIOURS)
	describe(`the wrong certificate, ${oauth}`, () => {
		let server, app, someone;

		before(async () => {
			server = await start("--environment", "client-test",
				"--oauth", oauth);
			app = await register(server, { ...METADATA,
				token_endpoint_auth_method: "none" });
			someone = await person(server, app);
		});
		after(() => server.stop());

		for (const [name, how] of Object.entries(clients))
			for (const [certificate, error] of Object.entries(WRONG))
				test(`${name}: ${certificate}`, async () => {
					// discovery is at https://, which does not ask
					const one = await how.connect(server, app, oauth,
						certificate);
					const e = await one.refresh({ refresh_token: "any" }).then(
						() => assert.fail("it was not refused"), (e) => e);
					assert.equal(reads(e), how.reads(error), e.stack);
				});

		test("https:// does not ask, and token says so", async () => {
			const answer = await fetchWith("wellbeing")(
				`${server.auth}/token`, { method: "POST",
					body: new URLSearchParams({ client_id: app.client_id,
						grant_type: "refresh_token", refresh_token: "any" }) });
			assert.equal(answer.status, 401);
			const { error, error_description } = await answer.json();
			assert.equal(error, "invalid_client");
			assert.match(error_description, /mtls:\/\//);
			assert.ok(error_description.includes(server.mtls));
		});

		// The certificate is given to a library that loses it on the way.
		// It has no way to be told of a test CA either.
		test("fhir-kit-client 1.9.2 does not send it", async () => {
			const kit = new FhirKit({ baseUrl: server.r4,
				bearerToken: someone.token,
				requestOptions: pki.options("wellbeing") });
			process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
			const e = await kit.read({ resourceType: "Patient",
				id: someone.patient_id }).then(
				() => assert.fail("it was not refused"), (e) => e);
			delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
			assert.equal(reads(e), FETCH_SAYS, e.stack);
		});

		// By strict a token is good with the certificate alone that it was
		// issued with; both of these are the application's.
		test("a renewed certificate", async () => {
			const one = back4(server, app);
			const browser = new Browser(new URL(server.auth).origin,
				fetchWith("none"));
			const tokens = await one.callback(await browser.authorize(
				one.login(), someone.hetu));
			const status = async (certificate) => (await back4(server, app,
				certificate).request(tokens, "GET",
				`${server.r4}/Patient/${someone.patient_id}`)).status;
			assert.equal(await status("wellbeing"), 200);
			assert.equal(await status("wellbeing-both"),
				oauth === "strict" ? 401 : 200);
			assert.equal(await status("wrong-app"), 401);
		});
	});
