// SPDX-License-Identifier: Apache-2.0
// Starts the server on a free port and gives what a client's test needs: an
// application, a citizen, resources that conform. MOCK names the binary.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { randomUUID } from "node:crypto";

export const CALLBACK = "http://127.0.0.1:1300/cb";
export const SCOPE = [
	"offline_access",
	...["Observation", "MedicationAdministration", "Patient"].flatMap((t) =>
		[`patient/${t}.read`, `patient/${t}.write`]),
].join(" ");

// The two ways of the authorization server (--oauth).
export const BEHAVIOURS = process.env.OAUTH?.split(" ") ?? ["kanta", "strict"];

// A key to sign with, and its public half as a registration has it.
export async function signingKey(kid, hash = "SHA-256") {
	const { privateKey, publicKey } = await crypto.subtle.generateKey({
		name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, hash,
		publicExponent: new Uint8Array([1, 0, 1]) }, true, ["sign", "verify"]);
	const [own, open] = await Promise.all([privateKey, publicKey].map((k) =>
		crypto.subtle.exportKey("jwk", k)));
	return { kid, key: privateKey, jwk: { ...own, kid },
		jwks: { keys: [{ ...open, kid, use: "sig" }] } };
}

export function issuer(server, oauth) {
	return server.auth + (oauth === "strict" ? "" : "/");
}

export async function start(...options) {
	const child = spawn(process.env.MOCK, ["serve", "--listen",
		"http://127.0.0.1:0", "--log", "off", ...options],
	{ stdio: ["ignore", "pipe", "inherit"] });
	const lines = createInterface({ input: child.stdout });
	const [line] = await new Promise((resolve, reject) => {
		lines.once("line", (l) => resolve([l]));
		child.once("exit", (code) => reject(
			new Error(`the server ended with ${code}`)));
	});
	child.removeAllListeners("exit");
	const ready = JSON.parse(line);
	const origin = ready.listeners[0].url.replace(/\/$/, "");
	return {
		origin, ...ready,
		admin: (path, body) => admin(origin, path, body),
		stop: () => new Promise((resolve, reject) => {
			child.once("exit", (code) => code === 0 ? resolve()
				: reject(new Error(`exit code ${code}`)));
			child.kill("SIGTERM");
		}),
	};
}

async function admin(origin, path, body) {
	const answer = await fetch(`${origin}/__admin${path}`, {
		method: "POST", body: JSON.stringify(body ?? {}),
		headers: { "Content-Type": "application/json" },
	});
	const text = await answer.text();
	if (!answer.ok)
		throw new Error(`${path}: ${answer.status} ${text}`);
	return text ? JSON.parse(text) : undefined;
}

export function register(server, more = {}) {
	return server.admin("/clients", {
		client_name: "Client library", scope: SCOPE,
		redirect_uris: [CALLBACK],
		grant_types: ["authorization_code", "refresh_token"],
		token_endpoint_auth_method: "client_secret_basic", ...more,
	});
}

// A token without login, and whose it is.
export async function person(server, app) {
	const citizen = await server.admin("/citizens");
	const tokens = await server.admin("/tokens", {
		client_id: app.client_id, hetu: citizen.hetu, scope: SCOPE,
	});
	return { ...citizen, token: tokens.access_token };
}

const SYSTEMS = {
	r4: "http://terminology.hl7.org/CodeSystem/observation-category",
	stu3: "http://hl7.org/fhir/observation-category",
};
const PROFILES = { r4: "fiphr-sd-bodyweight", stu3: "fiphr-bodyweight-stu3" };

export function weight(patient, kg, day, fhir = "r4") {
	const when = `2026-03-${String(day).padStart(2, "0")}T07:00:00+02:00`;
	const subject = { reference: `Patient/${patient}` };
	return {
		resourceType: "Observation",
		meta: { profile: ["http://phr.kanta.fi/StructureDefinition/"
			+ PROFILES[fhir]] },
		language: "fi",
		text: { status: "generated", div: "<div xmlns=\"http://www.w3.org/"
			+ `1999/xhtml">Paino: ${kg} kg</div>` },
		identifier: [{ system: "urn:ietf:rfc:3986",
			value: `urn:uuid:${randomUUID()}` }],
		status: "final",
		category: [{ coding: [{ system: SYSTEMS[fhir], code: "vital-signs",
			display: "Vital Signs" }] }],
		code: { coding: [{ system: "http://loinc.org", code: "29463-7",
			display: "Paino" }] },
		subject, performer: [subject],
		effectiveDateTime: when, issued: when,
		valueQuantity: { value: kg, unit: "kg",
			system: "http://unitsofmeasure.org", code: "kg" },
	};
}
