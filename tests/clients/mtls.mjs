// SPDX-License-Identifier: Apache-2.0
// What tests with client certificates stand on: the tables of tests/data/mtls,
// a folder with every certificate that the server's pki makes, and servers that
// ask for one. A client here is the server's peer in a back end: it knows the
// server by the test CA.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "./server.mjs";

// The rows of a table, each as an object by the names of its head.
export function table(name) {
	const text = readFileSync(
		new URL(`../data/mtls/${name}.tsv`, import.meta.url), "utf8");
	const [head, ...rows] = text.trimEnd().split("\n")
		.filter((line) => !line.startsWith("#"))
		.map((line) => line.split("\t"));
	return rows.map((row) => Object.fromEntries(
		head.map((name, i) => [name, row[i]])));
}

export class Pki {
	constructor() {
		this.folder = mkdtempSync(join(tmpdir(), "mock-kanta-phr-pki-"));
		const made = spawnSync(process.env.MOCK, ["pki", this.folder]);
		if (made.status !== 0)
			throw new Error(`pki: ${made.status} ${made.stderr}`);
		this.ca = this.read("ca.pem");
	}

	read(name) {
		return readFileSync(join(this.folder, name));
	}

	// The options of a TLS client that presents that certificate, or none.
	options(name, more) {
		if (name === "none")
			return { ca: this.ca, ...more };
		return { ca: this.ca, cert: this.read(`${name}.pem`),
			key: this.read(`${name}.key`), ...more };
	}

	// http for the control API, https for browsers, mtls for applications.
	async server(...options) {
		const server = await start("--listen", "https://127.0.0.1:0",
			"--listen", "mtls://127.0.0.1:0", "--pki", this.folder,
			...options);
		const at = (kind) => server.listeners.find((l) => l.kind === kind)
			.url.replace(/\/$/, "");
		return { ...server, https: at("https"), mtls: at("mtls") };
	}

	remove() {
		rmSync(this.folder, { recursive: true });
	}
}

// The same server as an application has it in its configuration: the browser is
// sent to https, everything else goes to mtls.
export function split(server) {
	const at = (url, origin) => origin + new URL(url).pathname;
	return { ...server, auth: at(server.auth, server.https),
		token: at(`${server.auth}/token`, server.mtls),
		introspect: at(`${server.auth}/introspect`, server.mtls),
		revoke: at(`${server.auth}/revoke`, server.mtls),
		stu3: at(server.stu3, server.mtls),
		...server.r4 && { r4: at(server.r4, server.mtls) } };
}
