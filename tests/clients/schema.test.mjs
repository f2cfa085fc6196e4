// SPDX-License-Identifier: Apache-2.0
// Every FHIR answer that the HTTP tests got (ANSWERS names the folder) against
// the official JSON schema of its version (SCHEMAS names that folder).
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const Ajv = require("ajv");
const { ANSWERS, SCHEMAS } = process.env;
const VERSIONS = {
	stu3: ["fhir.schema.v3.json", "ajv/lib/refs/json-schema-draft-04.json"],
	r4: ["fhir.schema.v4.json", "ajv/lib/refs/json-schema-draft-06.json"],
};

// Two things of the published schemas are not meant as they stand: STU3 has the
// codes of a list as those of the list itself, and \S is that of XML Schema, to
// which the line separators of Unicode are no white space.
function mended(name, value) {
	if (value?.type === "array" && value.enum) {
		const { enum: codes, ...rest } = value;
		return { ...rest, items: { ...rest.items, enum: codes } };
	}
	if (name === "pattern")
		return value.replaceAll("[ \\r\\n\\t\\S]", "[^\\x0b\\f]");
	return value;
}

function compiled([file, meta]) {
	const ajv = new Ajv({ schemaId: "auto", unknownFormats: "ignore",
		logger: false });
	ajv.addMetaSchema(require(meta));
	const schema = JSON.parse(readFileSync(join(SCHEMAS, file), "utf8"),
		mended);
	schema.id = "fhir";
	ajv.addSchema(schema, "fhir");
	const byType = new Map();
	return (resource) => {
		const type = resource.resourceType;
		if (!byType.has(type))
			byType.set(type, ajv.compile(
				{ $ref: `fhir#/definitions/${type}` }));
		const check = byType.get(type);
		return check(resource) ? [] : check.errors;
	};
}

// A Bundle's resources one by one: a schema's oneOf tells nothing of why.
function* parts(resource) {
	if (resource.resourceType !== "Bundle") {
		yield resource;
		return;
	}
	const entry = resource.entry?.map((e) => {
		const { resource: inner, ...rest } = e;
		return rest;
	});
	yield entry ? { ...resource, entry } : resource;
	for (const e of resource.entry ?? [])
		if (e.resource)
			yield* parts(e.resource);
}

function asked(version, name) {
	return readFileSync(join(ANSWERS, version,
		name.replace(".json", ".txt")), "utf8");
}

for (const [version, files] of Object.entries(VERSIONS))
	test(`answers of ${version} keep to the official schema`, () => {
		assert.ok(ANSWERS && existsSync(join(ANSWERS, version)),
			"there are no answers: run make check first");
		const names = readdirSync(join(ANSWERS, version))
			.filter((n) => n.endsWith(".json"));
		const check = compiled(files);
		const wrong = [];

		assert.ok(names.length > 0, "there are no answers");
		for (const name of names) {
			const answer = JSON.parse(
				readFileSync(join(ANSWERS, version, name), "utf8"));
			for (const part of parts(answer))
				for (const e of check(part).slice(0, 3))
					wrong.push(`${asked(version, name)} `
						+ `(${part.resourceType}${e.dataPath}): ${e.message}`);
		}
		assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} problems`);
	});
