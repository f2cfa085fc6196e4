// SPDX-License-Identifier: Apache-2.0
// What people do with the pages, in Chromium, with scripts and without: log in,
// untick, approve, deny, register an application, browse My Kanta, delete an
// entry, withdraw a permission; and what the person who runs the server does at
// the console. See browser.mjs for what is judged of a page.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Visitor, application, launch } from "./browser.mjs";
import { SCOPE, person, register, start, weight } from "./server.mjs";

// Two words or more, and what is said in no language of the page's.
const WORDS = /\p{L}{2}\S*\s+\S*\p{L}{2}/u;
const DATA = /^(: )?(Demo (mobile )?application|Exercise diary|Vital Signs)/;
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

async function fhir(who, path, body) {
	const answer = await fetch(`${server.r4}/${path}`, {
		method: body ? "POST" : "GET", body: body && JSON.stringify(body),
		headers: { Authorization: `Bearer ${who.token}`,
			"Content-Type": "application/fhir+json" },
	});
	return { answer: answer.status, ...await answer.json() };
}

function pressure(patient, systolic, diastolic, day) {
	const o = weight(patient, 0, day);
	const loinc = (code, display) =>
		({ coding: [{ system: "http://loinc.org", code, display }] });
	o.meta.profile = ["http://phr.kanta.fi/StructureDefinition/"
		+ "fiphr-sd-bloodpressure"];
	o.code = loinc("85354-9", "Verenpaine");
	delete o.valueQuantity;
	o.component = [["8480-6", "Systolinen", systolic],
		["8462-4", "Diastolinen", diastolic]].map(([code, name, value]) => ({
		code: loinc(code, name),
		valueQuantity: { value, unit: "mm[Hg]", code: "mm[Hg]",
			system: "http://unitsofmeasure.org" },
	}));
	return o;
}

for (const javaScriptEnabled of [true, false]) {
	const scripts = `JavaScript ${javaScriptEnabled ? "on" : "off"}`;

	describe(`at an application, ${scripts}`, () => {
		let v, who;

		const come = (options) => Visitor.come(browser,
			[server.origin, home.origin], { javaScriptEnabled, ...options });
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
			await v.login(who.hetu);
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
			await v.login(who.hetu);
			await v.tabs("consent");
			v.calm();
		});
	});

	describe(`in the portal, ${scripts}`, () => {
		let v, id, secret;
		const applications = () => `${server.auth}/applications`;

		before(async () => {
			v = await Visitor.come(browser, [server.origin],
				{ javaScriptEnabled });
		});
		after(() => v.leave());

		test("the public list", async () => {
			await v.goto(applications());
			assert.ok(await v.page.getByRole("heading",
				{ name: /Exercise diary/ }).isVisible());
			await v.look("portal-list");
		});

		test("register an application, wrongly and rightly", async () => {
			await v.follow("Register an application");
			await v.look("portal-new");
			await v.page.fill("#redirect_uris", "nowhere");
			await v.press("Register");
			assert.ok(await v.page.locator(".field-error").count() > 0);
			await v.look("portal-new-refused", /40\d for /);
			await v.page.fill("#client_name", `Sleep diary, ${scripts}`);
			await v.page.fill("#supplier", "Oy Example Ab");
			await v.page.fill("#redirect_uris", home.callback);
			await v.page.check(`input[value="${READ}"]`);
			await v.press("Register");
			const shown = await v.page.locator("code.secret").allInnerTexts();
			[id, secret] = shown;
			assert.ok(shown.length > 1 && secret.length > 30);
			await v.look("portal-secrets");
			const made = await fetch(
				`${server.origin}/__admin/clients/${id}`);
			assert.deepEqual((await made.json()).redirect_uris,
				[home.callback]);
		});

		test("change it", async () => {
			await v.follow("Go on to the application");
			await v.look("portal-main");
			await v.follow("Access");
			await v.look("portal-access");
			await v.page.check(`input[value="${WRITE}"]`);
			await v.press("Save");
			assert.ok(await v.page.getByRole("status").isVisible());
			await v.look("portal-access-saved");
			await v.follow("Credentials");
			await v.look("portal-credentials");
			await v.press("Make a new secret");
			const now = await v.page.locator("code.secret").allInnerTexts();
			assert.notEqual(now[1], secret);
			secret = now[1];
			v.calm();
		});

		test("the Tab key", { skip: !javaScriptEnabled }, async () => {
			for (const page of ["", "/new", `/${id}`, `/${id}/access`,
				`/${id}/credentials`]) {
				await v.goto(applications() + page);
				await v.tabs(`applications${page}`);
			}
			v.calm();
		});

		test("delete it", async () => {
			await v.goto(`${applications()}/${id}`);
			await v.follow("Delete the application");
			await v.look("portal-delete");
			await v.press("Delete the application");
			assert.ok(await v.page.getByRole("status").isVisible());
			await v.look("portal-deleted");
			await v.goto(`${applications()}/${id}`);
			v.calm(/404 for /);
		});
	});

	describe(`in My Kanta, ${scripts}`, () => {
		let v, who;
		const kanta = (below = "/") => `${server.origin}/omakanta${below}`;
		const save = async (resource) => {
			const made = await fhir(who, "Observation", resource);
			assert.equal(made.answer, 201, JSON.stringify(made));
		};

		before(async () => {
			who = await person(server, app);
			v = await Visitor.come(browser, [server.origin],
				{ javaScriptEnabled });
			for (let day = 1; day <= 28; day++) {
				const kg = Math.round(750 + 8 * Math.sin(day / 4) - day / 3);
				await save(weight(who.patient_id, kg / 10, day));
				if (day % 3 === 0)
					await save(pressure(who.patient_id, 125 + day % 7,
						80 + day % 5, day));
			}
		});
		after(() => v.leave());

		test("log in, see what there is", async () => {
			await v.goto(kanta());
			await v.look("omakanta-login");
			await v.login(who.hetu);
			await v.look("omakanta-front");
		});

		test("a kind of data, page by page", async () => {
			await v.page.locator("tbody a").first().click();
			await v.look("omakanta-kind-1");
			await v.goto(kanta());
			await v.page.locator("tbody a").last().click();
			await v.look("omakanta-kind-2");
		});

		test("delete an entry", async () => {
			await v.page.locator("tbody a").first().click();
			await v.look("omakanta-entry");
			const place = v.page.url().split("/").slice(-2).join("/");
			assert.equal((await fhir(who, place)).answer, 200);
			await v.follow("Delete this entry");
			await v.look("omakanta-delete");
			await v.press("Delete");
			assert.ok(await v.page.getByRole("status").isVisible());
			await v.look("omakanta-deleted");
			assert.ok([404, 410].includes((await fhir(who, place)).answer));
		});

		test("consent and refuse", async () => {
			await v.follow("Professionals");
			await v.look("omakanta-professionals");
			await v.press("I consent");
			await v.press("I refuse");
			await v.look("omakanta-decided");
			await v.page.getByRole("button", { name: /^Withdraw/ }).first()
				.click();
			await v.page.getByRole("button", { name: /^Withdraw/ }).first()
				.click();
			assert.equal(await v.page.getByRole("button",
				{ name: /^Withdraw/ }).count(), 0);
			v.calm();
		});

		test("withdraw a permission", async () => {
			await v.follow("Applications");
			await v.look("omakanta-applications");
			await v.page.getByRole("button", { name: /^Withdraw/ }).click();
			await v.look("omakanta-withdrawn");
			assert.equal((await fhir(who, "Observation")).answer, 401);
		});

		test("the Tab key", { skip: !javaScriptEnabled }, async () => {
			await v.goto(kanta());
			await v.tabs("My Kanta");
			await v.page.locator("tbody a").first().click();
			await v.tabs("a kind");
			await v.page.locator("tbody a").first().click();
			await v.tabs("an entry");
			await v.goto(kanta("/professionals"));
			await v.tabs("professionals");
			v.calm();
		});
	});

	describe(`at the console, ${scripts}`, () => {
		const HETU = "010190-900P";
		let own, v, who;
		const at = (below = "/") => own.origin + below;
		const done = async () => assert.ok(
			await v.page.getByRole("status").first().isVisible());

		before(async () => {
			own = await start("--listen", "mtls://127.0.0.1:0");
			const client = await register(own, {
				client_name: "Exercise diary" });
			who = await person(own, client);
			v = await Visitor.come(browser, [own.origin],
				{ javaScriptEnabled });
			const send = (body, path = "Observation") =>
				fetch(`${own.r4}/${path}`, {
					method: "POST", body: JSON.stringify(body),
					headers: { Authorization: `Bearer ${who.token}`,
						"Content-Type": "application/fhir+json" } });
			const sound = weight(who.patient_id, 72, 1);
			assert.equal((await send(sound)).status, 201);
			assert.equal((await send({ ...sound, status: "finall",
				valueQuantity: { ...sound.valueQuantity, unit: "lb" },
			})).status, 422);
		});
		after(async () => {
			await v?.leave();
			await own?.stop();
		});

		test("the overview", async () => {
			await v.goto(at());
			assert.match(await v.page.locator("#env").innerText(),
				new RegExp(own.r4));
			assert.equal(await v.page.getByRole("button",
				{ name: "Copy" }).count(), javaScriptEnabled ? 2 : 0);
			await v.look("console-overview");
		});

		test("the journal, its filter, and one request", async () => {
			await v.follow("Journal");
			await v.look("console-journal");
			await v.page.fill("#q", "status:4xx type:Observation");
			await v.press("Show");
			assert.equal(await v.page.locator("tbody tr").count(), 1);
			await v.page.locator("tbody a").first().click();
			assert.match(await v.page.locator(".json .bad").first()
				.innerText(), /finall/);
			await v.look("console-request");
			await v.goto(at("/console/requests?q=colour:red"));
			assert.ok(await v.page.getByRole("alert").isVisible());
			await v.look("console-journal-refused", /400 for /);
		});

		test("the journal by itself", { skip: !javaScriptEnabled },
			async () => {
				await v.goto(at("/console/requests"));
				const rows = v.page.locator("[data-live] tbody tr");
				const before = await rows.count();
				await fetch(`${own.r4}/metadata`);
				await v.page.waitForFunction((n) => document.querySelectorAll(
					"[data-live] tbody tr").length > n, before);
				v.calm();
			});

		test("citizens and applications", async () => {
			await v.follow("Citizens");
			await v.page.fill("#age", "30");
			await v.press("Make");
			await done();
			await v.look("console-citizens");
			await v.goto(at(`/console/citizens/${HETU}`));
			await v.look("console-citizen");
			await v.follow("Applications");
			await v.look("console-clients");
			await v.page.fill("#client_name", "Sleep diary");
			await v.page.fill("#redirect_uris", "http://127.0.0.1:1/cb");
			await v.page.fill("#scope", "patient/Observation.read");
			await v.press("Register");
			await v.look("console-answer");
			await v.goto(at("/console/clients/demo-app"));
			await v.look("console-client");
		});

		test("tokens", async () => {
			await v.follow("Tokens");
			await v.look("console-tokens");
			await v.page.fill("#hetu", who.hetu);
			await v.press("Let them expire");
			await done();
			const refused = await fetch(
				`${own.r4}/Observation?patient=${who.patient_id}`,
				{ headers: { Authorization: `Bearer ${who.token}` } });
			assert.equal(refused.status, 401);
			v.calm();
		});

		test("certificates", async () => {
			await v.follow("Certificates");
			await v.page.fill("#oid", "1.2.246.537.1");
			await v.press("Issue");
			assert.match(await v.page.locator("#cert").innerText(),
				/BEGIN CERTIFICATE/);
			await v.look("console-certificate");
			await v.follow("Go on");
			await v.look("console-certificates");
			await v.page.getByRole("button", { name: /^Revoke/ }).click();
			await done();
			v.calm();
		});

		test("faults", async () => {
			await v.follow("Faults");
			await v.page.fill("#path", "/phr-resourceserver");
			await v.page.fill("#times", "1");
			await v.press("Arm");
			await done();
			await v.look("console-faults");
			assert.equal((await fetch(`${own.r4}/metadata`)).status, 503);
			await v.page.getByRole("button", { name: /^Disarm f/ }).click();
			await done();
			v.calm();
		});

		test("clock, snapshots, settings", async () => {
			await v.follow("Clock");
			await v.press("Move");
			await done();
			await v.look("console-clock");
			await v.follow("Snapshots");
			await v.page.fill("#name", "before");
			await v.press("Keep");
			await done();
			await v.look("console-snapshots");
			await v.page.getByRole("button", { name: /^Restore/ }).click();
			await done();
			await v.follow("Settings");
			await v.look("console-settings");
			await v.page.selectOption("#name", "validation_status");
			await v.page.fill("#value", "400");
			await v.press("Change");
			await done();
			v.calm();
		});

		test("profiles, coverage, report", async () => {
			await v.follow("Profiles");
			await v.look("console-profiles");
			await v.goto(at("/console/profiles/coverage"));
			await v.look("console-coverage");
			await v.follow("Report");
			await v.look("console-report");
			await v.follow("The report, to be printed");
			await v.look("console-report-html");
			v.calm();
		});

		test("the browser of resources", async () => {
			await v.goto(at("/phr-resourceserver-ui/"));
			await v.look("console-resources");
			await v.goto(at("/console/resources/r4/Observation?.hetu="
				+ who.hetu));
			assert.match(await v.page.locator("code.secret").innerText(),
				/Observation\?patient=/);
			await v.look("console-search");
			await v.follow("A new one");
			await v.look("console-new");
			const broken = (await v.page.inputValue("#resource"))
				.replace('"final"', '"finall"');
			await v.page.fill("#resource", broken);
			await v.press("Only validate");
			assert.match(await v.page.locator(".json .bad").first()
				.innerText(), /finall/);
			await v.look("console-validated");
			await v.page.fill("#resource", broken.replace("finall", "final"));
			await v.press("Store");
			assert.match(v.page.url(), /Observation\/[0-9a-f-]{36}\?/);
			await v.look("console-resource");
			await v.press("Delete");
			assert.match(v.page.url(), /r4\/Observation\?/);
			v.calm();
		});

		test("reset", async () => {
			await v.goto(at());
			await v.press("Reset the server");
			await done();
			await v.look("console-reset");
		});

		test("the Tab key", { skip: !javaScriptEnabled }, async () => {
			for (const page of ["/", "/console/requests",
				"/console/requests/latest", "/console/citizens",
				"/console/tokens", "/console/faults", "/console/settings",
				"/console/resources/r4/Observation"]) {
				await fetch(`${own.r4}/metadata`);
				await v.goto(at(page));
				await v.tabs(page);
			}
			v.calm();
		});
	});

	describe(`at a strict, guarded server with terms, ${scripts}`, () => {
		const HETU = "010190-900P";
		let guarded, id, secret, v;

		before(async () => {
			guarded = await start("--oauth", "strict", "--set", "terms=on",
				"--admin-token", "browser-test-token");
			v = await Visitor.come(browser, [guarded.origin, home.origin],
				{ javaScriptEnabled });
			await v.goto(`${guarded.auth}/applications/new`);
			await v.page.fill("#client_name", "Careful application");
			await v.page.fill("#redirect_uris", home.callback);
			await v.page.check(`input[value="${READ}"]`);
			await v.press("Register");
			[id, secret] = await v.page.locator("code.secret")
				.allInnerTexts();
		});
		after(async () => {
			await v?.leave();
			await guarded?.stop();
		});

		test("the console asks for the token", async () => {
			const other = await Visitor.come(browser, [guarded.origin],
				{ javaScriptEnabled });
			await other.goto(`${guarded.origin}/`);
			await other.look("console-unlock");
			await other.page.fill("#token", "browser-test-token");
			await other.press("Unlock");
			assert.equal(await other.title(), "Overview");
			other.calm();
			await other.leave();
		});

		test("another browser needs its secret", async () => {
			const other = await Visitor.come(browser, [guarded.origin],
				{ javaScriptEnabled });
			await other.goto(`${guarded.auth}/applications/${id}`);
			await other.look("portal-unlock");
			await other.page.fill("#secret", "a guess");
			await other.press("Unlock");
			await other.look("portal-unlock-refused", /40\d for /);
			await other.page.fill("#secret", secret);
			await other.press("Unlock");
			assert.equal(await other.title(), "Careful application");
			other.calm();
			await other.leave();
		});

		test("the terms of use, declined and accepted", async () => {
			const request = authorize({ client_id: id, scope: READ,
				code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
				code_challenge_method: "S256",
			}).replace(server.auth, guarded.auth);
			await v.goto(request);
			await v.login(HETU);
			await v.look("terms");
			await v.page.click("button[name=decline]");
			await v.page.waitForURL(`${home.callback}?**`);
			assert.equal(home.asked.at(-1).error, "access_denied");
			await v.goto(request);
			await v.page.click("button[name=accept]");
			await v.page.click("button[name=authorize]");
			await v.page.waitForURL(`${home.callback}?**`);
			const { code, iss } = home.asked.at(-1);
			assert.ok(code);
			assert.equal(iss, guarded.auth);
			v.calm();
		});
	});
}

// Words are longer in other languages than the one that pages are made in, and
// none is left in that.
for (const [locale, code] of [["fi-FI", "fi"], ["sv-FI", "sv"]])
	test(`every page in ${code}: narrow enough, wholly`, async () => {
		const [v, english] = await Promise.all([locale, "en-GB"].map((l) =>
			Visitor.come(browser, [server.origin, home.origin],
				{ locale: l })));
		const who = await person(server, app);
		await fhir(who, "Observation", pressure(who.patient_id, 120, 80, 1));
		const see = async (url) => {
			await v.goto(url);
			await english.goto(url);
			assert.equal(await v.page.getAttribute("html", "lang"), code);
			await v.fits(url);
			const said = new Set(await english.says());
			const both = (await v.says()).filter((text) => said.has(text)
				&& WORDS.test(text) && !DATA.test(text));
			assert.deepEqual(both, [], url);
		};
		const login = async (url) => {
			await see(url);
			await v.login(who.hetu);
			await english.login(who.hetu);
		};
		const portal = `${server.auth}/applications`;
		const kanta = `${server.origin}/omakanta`;

		await login(authorize());
		await see(authorize());
		await see(`${server.auth}/logout`);
		for (const below of ["", "/new", ...["", "/access", "/credentials",
			"/delete"].map((part) => `/${app.client_id}${part}`)])
			await see(portal + below);
		await login(`${kanta}/`);
		for (const below of ["/", "/applications", "/professionals"])
			await see(kanta + below);
		await v.goto(`${kanta}/`);
		for (let kindThenEntry = 0; kindThenEntry < 2; kindThenEntry++) {
			await v.page.locator("tbody a").first().click();
			await see(v.page.url());
		}
		await fhir(who, "Observation", { resourceType: "Observation" });
		for (const below of ["/", ...["requests", "requests/latest",
			"citizens", `citizens/${who.hetu}`, "clients", "clients/demo-app",
			"tokens", "certificates", "faults", "clock", "snapshots",
			"settings", "profiles", "profiles/coverage", "report",
			"resources/r4", "resources/r4/Observation",
			"resources/r4/Observation/$new"].map((p) => `/console/${p}`)])
			await see(server.origin + below);
		v.calm();
		await v.leave();
		await english.leave();
	});
