// SPDX-License-Identifier: Apache-2.0
// What people do with the pages, in Chromium, with scripts and without: log in,
// untick, approve, deny, register an application, browse My Kanta, delete an
// entry, withdraw a permission. See browser.mjs for what is judged of a page.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Visitor, application, launch } from "./browser.mjs";
import { SCOPE, register, start } from "./server.mjs";

const READ = "patient/Observation.read", WRITE = "patient/Observation.write";

let server, browser, home, app;
before(async () => {
	server = await start();
	browser = await launch();
	home = await application();
	app = await register(server, {
		client_name: "Exercise diary", redirect_uris: [home.callback],
		client_uri: "https://diary.example/", contacts: ["help@diary.example"],
	});
});
after(async () => {
	await browser?.close();
	await home?.stop();
	await server?.stop();
});

function authorize(more = {}) {
	const url = new URL(`${server.auth}/authorize`);
	url.search = new URLSearchParams({ response_type: "code",
		client_id: app.client_id, redirect_uri: home.callback, scope: SCOPE,
		state: "a state", ...more });
	return url.href;
}

async function token(code) {
	const answer = await fetch(`${server.auth}/token`, {
		method: "POST",
		headers: { Authorization: "Basic " + Buffer.from(
			`${app.client_id}:${app.client_secret}`).toString("base64") },
		body: new URLSearchParams({ grant_type: "authorization_code", code,
			redirect_uri: home.callback }),
	});
	return answer.json();
}

for (const javaScriptEnabled of [true, false]) {
	describe(`with JavaScript ${javaScriptEnabled ? "on" : "off"}`, () => {
		let v, who;

		const come = (options) => Visitor.come(browser,
			[server.origin, home.origin], { javaScriptEnabled, ...options });
		const login = async () => {
			await v.page.fill("input[name=username]", who.hetu);
			await v.page.click("button[name=submit]");
		};
		before(async () => {
			who = await server.admin("/citizens");
			v = await come();
		});
		after(() => v.leave());

		test("a real person's code is refused", async () => {
			await v.goto(authorize());
			assert.match(v.page.url(), /\/login$/);
			await v.look("login");
			await v.page.fill("input[name=username]", "010190-123M");
			await v.page.click("button[name=submit]");
			const alert = v.page.getByRole("alert");
			assert.ok((await alert.innerText()).length > 20);
			assert.equal(await v.page.inputValue("input[name=username]"), "");
			await v.look("login-refused");
		});

		test("log in, untick a scope, approve", async () => {
			await v.goto(authorize());
			await login();
			assert.match(await v.title(), /Exercise diary/);
			await v.look("consent");
			await v.page.getByLabel(WRITE).uncheck();
			await v.page.click("button[name=authorize]");
			await v.page.waitForURL(`${home.callback}?**`);
			const { code, state } = home.asked.at(-1);
			assert.equal(state, "a state");
			const { scope } = await token(code);
			assert.ok(scope.includes(READ) && !scope.includes(WRITE), scope);
			v.calm();
		});

		test("deny", async () => {
			await v.goto(authorize({ prompt: "consent" }));
			await v.page.click("button[name=deny]");
			await v.page.waitForURL(`${home.callback}?**`);
			assert.equal(home.asked.at(-1).error, "access_denied");
			v.calm();
		});

		test("a request that cannot be sent back", async () => {
			await v.goto(authorize({ redirect_uri: "https://other.example/" }));
			assert.ok(v.page.url().startsWith(server.origin));
			await v.look("error", /400 for /);
		});

		test("another language", async () => {
			await v.goto(authorize({ prompt: "consent" }));
			await v.page.getByRole("link", { name: "Suomi" }).click();
			assert.equal(await v.page.getAttribute("html", "lang"), "fi");
			await v.look("consent-fi");
			await v.goto(`${server.auth}/logout`);
			assert.equal(await v.page.getAttribute("html", "lang"), "fi");
			await v.page.getByRole("link", { name: "Svenska" }).click();
			assert.equal(await v.page.getAttribute("html", "lang"), "sv");
			await v.look("logout-sv");
			await v.page.getByRole("link", { name: "English" }).click();
			assert.equal(await v.page.getAttribute("html", "lang"), "en");
			v.calm();
		});

		test("log out", async () => {
			await v.goto(`${server.auth}/logout`);
			await v.look("logout");
			await v.press("Log out");
			await v.look("logged-out");
			await v.goto(authorize());
			assert.match(v.page.url(), /\/login$/);
			v.calm();
		});

		test("the Tab key", { skip: !javaScriptEnabled }, async () => {
			await v.goto(authorize());
			await v.tabs("login");
			await v.goto(authorize());
			await login();
			await v.tabs("consent");
			v.calm();
		});
	});
}
