// SPDX-License-Identifier: Apache-2.0
// The application under test, in place of yours: it stores weights, and tries
// again when the service asks for patience.
import { randomUUID } from "node:crypto";

const PROFILE = "http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight";
const CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category";

export function weight(citizen, kilograms, unit = "kg") {
	const subject = { reference: `Patient/${citizen}` };
	const now = new Date().toISOString();
	return {
		resourceType: "Observation", status: "final", language: "fi",
		meta: { profile: [PROFILE] },
		text: { status: "generated", div: "<div xmlns=\"http://www.w3.org/1999/"
			+ `xhtml" lang="fi" xml:lang="fi">Paino: ${kilograms} kg</div>` },
		identifier: [{ system: "urn:ietf:rfc:3986",
			value: `urn:uuid:${randomUUID()}` }],
		category: [{ coding: [{ system: CATEGORY, code: "vital-signs" }] }],
		code: { coding: [{ system: "http://loinc.org", code: "29463-7",
			display: "Paino" }] },
		subject, performer: [subject], effectiveDateTime: now, issued: now,
		valueQuantity: { value: kilograms, unit, code: "kg",
			system: "http://unitsofmeasure.org" },
	};
}

export class Refused extends Error {}

export class Weights {
	constructor(base, token) {
		this.base = base;
		this.headers = { Authorization: `Bearer ${token}`,
			"Content-Type": "application/fhir+json" };
	}

	async store(resource, tries = 3) {
		const answer = await fetch(`${this.base}/Observation`, {
			method: "POST", body: JSON.stringify(resource), headers: {
				...this.headers, "If-None-Exist": "identifier="
					+ resource.identifier[0].value } });
		if (answer.status === 503 && tries > 1) {
			const seconds = answer.headers.get("Retry-After") ?? 1;
			await new Promise((on) => setTimeout(on, 1000 * seconds));
			return this.store(resource, tries - 1);
		}
		if (!answer.ok) {
			const why = (await answer.json()).issue?.[0].diagnostics;
			throw new Refused(`${answer.status}: ${why}`);
		}
		return answer.headers.get("Location");
	}

	async all(citizen) {
		const answer = await fetch(`${this.base}/Observation?patient=${citizen}`
			+ "&code=http://loinc.org|29463-7", { headers: this.headers });
		if (!answer.ok)
			throw new Refused(`${answer.status}`);
		return ((await answer.json()).entry ?? []).map(
			(e) => e.resource.valueQuantity.value);
	}
}
