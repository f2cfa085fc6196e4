// SPDX-License-Identifier: Apache-2.0
// The control API's own description (/__admin/openapi.json) against the rules
// that @redocly/cli recommends: not one error, not one warning. It is told to
// ask nobody for anything.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { start } from "./server.mjs";

const PROGRAM = join(dirname(createRequire(import.meta.url).resolve(
	"@redocly/cli/package.json")), "bin", "cli.js");
let folder, server, document;

before(async () => {
	folder = mkdtempSync(join(tmpdir(), "openapi-"));
	server = await start();
	document = await (await fetch(
		`${server.origin}/__admin/openapi.json`)).json();
});

after(async () => {
	await server?.stop();
	rmSync(folder, { recursive: true });
});

function problems(text) {
	const file = join(folder, "openapi.json");
	writeFileSync(file, JSON.stringify(text, null, 1));
	const done = spawnSync(process.execPath, [PROGRAM, "lint", file,
		"--extends=recommended", "--format=json"], {
		cwd: folder, encoding: "utf8",
		env: { ...process.env, REDOCLY_TELEMETRY: "off",
			REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
	});
	assert.ok(done.stdout.includes('"totals"'), done.stderr);
	const found = JSON.parse(done.stdout.slice(done.stdout.indexOf("{")));
	return found.problems.map((p) => `${p.ruleId}: ${p.message} ` +
		p.location.map((l) => l.pointer).join(" "));
}

test("it keeps to every rule that is recommended", () => {
	assert.ok(Object.keys(document.paths).length > 20);
	assert.deepEqual(problems(document), []);
});

test("what does not is found", () => {
	const broken = structuredClone(document);
	delete broken.paths["/__admin/health"].get.summary;
	broken.paths["/__admin/clock"].get.responses["200"].content[
		"application/json"].schema.$ref = "#/components/schemas/None";
	const found = problems(broken).join("\n");
	assert.match(found, /operation-summary/);
	assert.match(found, /no-unresolved-refs/);
});
