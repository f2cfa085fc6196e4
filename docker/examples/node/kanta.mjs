// SPDX-License-Identifier: Apache-2.0
// Kanta's stand-in for a test suite: a container, or, named by the environment,
// KANTA_URL: one that runs already; MOCK_PHR: the program itself, without Docker.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const IMAGE = process.env.KANTA_IMAGE ?? "mock-kanta-phr:0.1.0";

async function container() {
	const { GenericContainer, Wait } = await import("testcontainers");
	const c = await new GenericContainer(IMAGE)
		.withExposedPorts(8080)
		.withWaitStrategy(Wait.forHttp("/__admin/health", 8080))
		.start();
	return { url: `http://${c.getHost()}:${c.getMappedPort(8080)}`,
		stop: () => c.stop() };
}

// It ends with the tests, however they end: its input is closed then.
async function program(path) {
	const child = spawn(path, ["serve", "--listen", "http://127.0.0.1:0",
		"--log", "off", "--exit-on-stdin-eof"],
	{ stdio: ["pipe", "pipe", "inherit"] });
	const [line] = await Promise.race([
		new Promise((on) => createInterface(child.stdout).once("line",
			(text) => on([text]))),
		new Promise((_, no) => child.once("error", no)
			.once("exit", (code) => no(new Error(`it ended: ${code}`)))),
	]);
	return { url: JSON.parse(line).listeners[0].url,
		stop: () => new Promise((on) => {
			child.once("exit", on);
			child.stdin.end();
		}) };
}

export async function startKanta() {
	const { KANTA_URL, MOCK_PHR } = process.env;
	const { url, stop } = KANTA_URL ? { url: KANTA_URL, stop() {} }
		: MOCK_PHR ? await program(MOCK_PHR) : await container();
	return new Kanta(url.replace(/\/$/, ""), stop);
}

// The addresses that an application is configured with, and the control API.
class Kanta {
	constructor(url, stop) {
		this.r4 = `${url}/phr-resourceserver/baseR4`;
		this.auth = `${url}/phr-authserver-sandbox`;
		this.control = `${url}/__admin`;
		this.stop = stop;
	}

	async admin(path, body) {
		const answer = await fetch(this.control + path, { method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify(body ?? {}) });
		const text = await answer.text();
		if (!answer.ok)
			throw new Error(`${path}: ${answer.status} ${text}`);
		return text ? JSON.parse(text) : null;
	}

	// A citizen of the test's own, who permits the application; no pages.
	async citizen(client = "demo-app") {
		const { hetu, patient_id } = await this.admin("/citizens");
		const { access_token } = await this.admin("/tokens",
			{ client_id: client, hetu });
		return { hetu, id: patient_id, token: access_token };
	}
}
