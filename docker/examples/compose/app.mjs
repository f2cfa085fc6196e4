// SPDX-License-Identifier: Apache-2.0
// A wellbeing application in its shortest form, for compose.yaml: it knows the
// addresses of the real sandbox and nothing of a stand-in. It gets a citizen's
// permission, stores a weight, and reads it back.
import { randomUUID } from "node:crypto";

const AUTH = "https://fhirsandbox2-auth.kanta.fi/phr-authserver-sandbox";
const FHIR = "https://fhirsandbox2.kanta.fi/phr-resourceserver/baseR4";
const ID = "demo-app", SECRET = "demo-app-secret-not-for-production";
const CALLBACK = "http://localhost:1300/cb";
const PROFILE = "http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight";

// What the browser does: it comes back with a code.
async function permission(scope) {
	const asked = { response_type: "code", client_id: ID, state: randomUUID(),
		redirect_uri: CALLBACK, scope };
	const answer = await fetch(`${AUTH}/authorize?${new URLSearchParams(asked)}`,
		{ redirect: "manual" });
	const back = new URL(answer.headers.get("location"));
	if (back.searchParams.get("state") !== asked.state)
		throw new Error(`no permission: ${answer.status} ${back}`);
	return back.searchParams.get("code");
}

async function token(code) {
	const answer = await fetch(`${AUTH}/token`, {
		method: "POST",
		headers: { Authorization: `Basic ${btoa(`${ID}:${SECRET}`)}` },
		body: new URLSearchParams({ grant_type: "authorization_code", code,
			redirect_uri: CALLBACK }),
	});
	return answer.json();
}

function weight(citizen, kilograms) {
	const subject = { reference: `Patient/${citizen}` };
	const now = new Date().toISOString();
	return {
		resourceType: "Observation", status: "final", language: "fi",
		meta: { profile: [PROFILE] },
		text: { status: "generated", div: "<div xmlns=\"http://www.w3.org/1999/"
			+ `xhtml" lang="fi" xml:lang="fi">Paino: ${kilograms} kg</div>` },
		identifier: [{ system: "urn:ietf:rfc:3986",
			value: `urn:uuid:${randomUUID()}` }],
		category: [{ coding: [{ code: "vital-signs", system: "http://terminology."
			+ "hl7.org/CodeSystem/observation-category" }] }],
		code: { coding: [{ system: "http://loinc.org", code: "29463-7",
			display: "Paino" }] },
		subject, performer: [subject], effectiveDateTime: now, issued: now,
		valueQuantity: { value: kilograms, unit: "kg", code: "kg",
			system: "http://unitsofmeasure.org" },
	};
}

const { access_token, sub } = await token(await permission(
	"offline_access patient/Observation.read patient/Observation.write"));
const headers = { Authorization: `Bearer ${access_token}`,
	"Content-Type": "application/fhir+json" };
const stored = await fetch(`${FHIR}/Observation`, { method: "POST", headers,
	body: JSON.stringify(weight(sub, 72.4)) });
console.log("stored:", stored.status, stored.headers.get("location"));
const read = await fetch(stored.headers.get("location"), { headers });
const { valueQuantity } = await read.json();
console.log("read:", read.status, valueQuantity.value, valueQuantity.unit);
process.exitCode = stored.status === 201 && read.status === 200 ? 0 : 1;
