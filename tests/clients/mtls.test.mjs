// SPDX-License-Identifier: Apache-2.0
// The matrix of client certificates (tests/data/mtls, which says what all of it
// means) with Node's https and with undici: every certificate of the PKI, TLS
// 1.2 and 1.3, every policy. One connection makes all the requests of a
// combination.
import assert from "node:assert/strict";
import https from "node:https";
import { after, before, describe, test } from "node:test";
import { Client } from "undici";
import { Pki, table } from "./mtls.mjs";
import { register } from "./server.mjs";

const CERTIFICATES = table("certificates");
const OUTCOMES = table("outcomes");
const ALERTS = new Map(table("alerts").map((a) => [a.alert, a]));
const REQUESTS = ["token", "fhir", "others_token", "others_fhir", "open"];
const OWNER = "demo-production";
const SCOPE = "offline_access patient/Observation.read";
const AT_ONCE = 4;

// ---- the clients: (origin, TLS options, requests) -> answers ----------------

async function byHttps(origin, tls, requests) {
	const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ...tls });
	const one = ({ path, method, headers, body }) =>
		new Promise((resolve, reject) => {
			const rq = https.request(origin + path,
				{ agent, method, headers }, (answer) => {
					const parts = [];
					answer.on("data", (part) => parts.push(part));
					answer.on("error", reject);
					answer.on("end", () => resolve({
						status: answer.statusCode, headers: answer.headers,
						text: Buffer.concat(parts).toString() }));
				});
			rq.on("error", reject);
			rq.end(body);
		});
	const got = [];
	try {
		for (const request of requests)
			got.push(await one(request));
	} finally {
		agent.destroy();
	}
	return got;
}

async function byUndici(origin, tls, requests) {
	const client = new Client(origin, { connect: tls });
	const got = [];
	try {
		for (const request of requests) {
			const { statusCode, headers, body } =
				await client.request(request);
			got.push({ status: statusCode, headers, text: await body.text() });
		}
	} finally {
		await client.destroy();
	}
	return got;
}

const CLIENTS = { https: byHttps, undici: byUndici };

// ---- what is asked, and what comes back -------------------------------------

async function requestsTo(server) {
	const citizen = await server.admin("/citizens");
	const other = await register(server, { scope: SCOPE });
	const [own, others] = await Promise.all([OWNER, other.client_id].map(
		(client_id) => server.admin("/tokens",
			{ client_id, hetu: citizen.hetu, scope: SCOPE })));
	const form = (tokens, more) => ({ method: "POST",
		path: new URL(`${server.auth}/token`).pathname,
		headers: { "Content-Type": "application/x-www-form-urlencoded" },
		body: new URLSearchParams({ grant_type: "refresh_token",
			refresh_token: tokens.refresh_token, ...more }).toString() });
	const base = new URL(server.r4).pathname;
	const search = (tokens) => ({ method: "GET",
		path: `${base}/Observation?patient=${citizen.patient_id}`,
		headers: { Authorization: `Bearer ${tokens.access_token}` } });
	return [form(own, { client_id: OWNER }), search(own),
		form(others, { client_id: other.client_id,
			client_secret: other.client_secret }), search(others),
		{ method: "GET", path: `${base}/metadata`, headers: {} }];
}

// A status and the error, as the table has them.
function said(request, { status, headers, text }) {
	if (status === 200)
		return "200";
	const error = request.endsWith("token") ? JSON.parse(text).error
		: / error="([^"]*)"/.exec(headers["www-authenticate"] ?? "")?.[1];
	return `${status} ${error ?? ""}`.trimEnd();
}

// How the clients tell of an alert: by OpenSSL's reason as the code. But https
// writes its request before the handshake of TLS 1.2 is done, which is what it
// says has failed, and undici does not say more than that the server closed, if
// the alert comes after what it takes for the end of the handshake (1.3).
const TOLD = {
	https: { 1.2: (e, alert) => e.code === "EPROTO"
			&& e.message.includes(`SSL alert number ${alert.alert}\n`),
	1.3: (e, alert) => e.code === `ERR_SSL_${alert.openssl}` },
	undici: { 1.2: (e, alert) => e.code === `ERR_SSL_${alert.openssl}`,
		1.3: (e) => e.code === "UND_ERR_SOCKET" },
};

// What differs from the table; got: the answers, or an error.
function wrong(outcome, alert, told, got) {
	if (alert)
		return !Array.isArray(got) && told(got, alert) ? []
			: [`${got.stack ?? "no error"}\n\tand not ${alert.openssl}`];
	if (!Array.isArray(got))
		return [`the handshake should pass: ${got.stack}`];
	return REQUESTS.filter((request, i) =>
		said(request, got[i]) !== outcome[request]).map((request) => {
		const answer = got[REQUESTS.indexOf(request)];
		return `${request}: ${said(request, answer)} and not `
			+ `${outcome[request]}: ${answer.text.slice(0, 300)}`;
	});
}

let pki;
before(() => {
	pki = new Pki();
});
after(() => pki.remove());

async function tryAll(server, requests, name, policy, tls) {
	const found = [], left = [...CERTIFICATES];
	const one = async ({ certificate, problem, ...row }) => {
		const outcome = OUTCOMES.find((o) => o.demand === policy.demand
			&& o.missing === policy.missing && o.problem === problem);
		const alert = outcome.handshake === "refused" &&
			ALERTS.get(row[`tls${tls.replace(".", "")}`]);
		const options = pki.options(certificate, {
			minVersion: `TLSv${tls}`, maxVersion: `TLSv${tls}` });
		if (certificate === "weak-key")
			options.ciphers = "DEFAULT@SECLEVEL=0";
		const got = await CLIENTS[name](server.mtls, options, requests)
			.catch((error) => error);
		found.push(...wrong(outcome, alert, TOLD[name][tls], got).map(
			(text) => `${certificate}: ${text}`));
	};
	await Promise.all(Array.from({ length: AT_ONCE }, async () => {
		while (left.length)
			await one(left.shift());
	}));
	assert.deepEqual(found, []);
}

const policies = new Map(OUTCOMES.map((o) =>
	[`${o.demand} ${o.missing}`, o]));
for (const [name, policy] of policies)
	describe(`client certificates ${name}`, () => {
		let server, requests;

		before(async () => {
			server = await pki.server(
				"--client-certificate", policy.demand,
				...policy.missing === "-" ? []
					: ["--on-missing-certificate", policy.missing]);
			requests = await requestsTo(server);
		});
		after(() => server.stop());

		for (const client of Object.keys(CLIENTS))
			for (const tls of ["1.2", "1.3"])
				test(`${client}, TLS ${tls}`, { timeout: 60000 }, () =>
					tryAll(server, requests, client, policy, tls));
	});
