// SPDX-License-Identifier: Apache-2.0
// The joint-testing report in Chromium: it is judged as every page is (see
// browser.mjs), in three languages, and printed on paper.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visitor, launch } from "./browser.mjs";
import { person, register, start, weight } from "./server.mjs";

let server, browser, v;

async function fhir(who, path, method = "GET", body = undefined) {
	const answer = await fetch(`${server.r4}/${path}`, {
		method, body: body && JSON.stringify(body),
		headers: { Authorization: `Bearer ${who.token}`,
			"User-Agent": "Diary/1.0", "Content-Type":
				"application/fhir+json" },
	});
	return answer.json();
}

before(async () => {
	server = await start("--clock", "2026-03-10T12:00:00+02:00");
	browser = await launch();
	v = await Visitor.come(browser, [server.origin]);
	const app = await register(server, { client_name: "Exercise diary" });
	const who = await person(server, app);
	const one = await fhir(who, "Observation", "POST",
		weight(who.patient_id, 72.5, 9));
	const wrong = weight(who.patient_id, 73, 10);
	delete wrong.status;
	await fhir(who, "Observation", "POST", wrong);
	await server.admin("/faults", { match: { interaction: "delete" },
		action: { status: 503 }, times: 1 });
	await fhir(who, `Observation/${one.id}`, "DELETE");
	await fhir(who, `Observation?patient=${who.patient_id}&_count=1`);
	await fhir(who, `Observation/${one.id}/_history/1`);
	await fhir(who, "MedicationAdministration/of-nobody");
});
after(async () => {
	await v?.leave();
	await browser?.close();
	await server?.stop();
});

for (const [lang, word] of [["en", "rehearsal"], ["fi", "harjoitus"],
	["sv", "övning"]]) {
	test(`the report as a page, ${lang}`, async () => {
		await v.goto(`${server.origin}/__admin/report?format=html&lang=${lang}`);
		assert.match(await v.title(), new RegExp(word));
		for (const mark of ["✓", "✗", "!"])
			assert.ok(await v.page.locator(".matrix td",
				{ hasText: mark }).count() > 0, `no ${mark}`);
		await v.look(`report-${lang}`);
	});
}

test("on paper", async () => {
	await v.goto(`${server.origin}/__admin/report?format=html`);
	await v.page.emulateMedia({ media: "print" });
	await v.page.setViewportSize({ width: 703, height: 1000 }); // of A4
	await v.page.screenshot({ fullPage: true, path: new URL(
		"../../build/screenshots/report-paper.png", import.meta.url).pathname });
	const wide = await v.page.evaluate(() =>
		[...document.querySelectorAll("main *:not(.hidden)")].filter((e) =>
			e.getBoundingClientRect().right > innerWidth + 1)
			.map((e) => e.outerHTML.slice(0, 80)));
	assert.deepEqual(wide, [], "wider than the paper");
	const pdf = await v.page.pdf({ format: "A4", preferCSSPageSize: true });
	assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
	await v.page.emulateMedia({ media: "screen" });
});
