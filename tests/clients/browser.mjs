// SPDX-License-Identifier: Apache-2.0
// A person at a browser: Debian's Chromium, driven by playwright-core. What a
// visitor meets is watched all the time (errors in the console, among them
// violations of the pages' policy; requests to anywhere else; failed answers),
// and each page that is looked at is judged: axe-core, width, keyboard. A look
// also takes pictures of the page, light and dark, wide and narrow, into
// build/screenshots/.
import assert from "node:assert/strict";
import { accessSync, constants, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const { source: AXE } = createRequire(import.meta.url)("axe-core");
const ALL = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] };
const COLOURS = { runOnly: { type: "rule", values: ["color-contrast"] } };
const ALL_BUT_COLOURS = { ...ALL,
	rules: { "color-contrast": { enabled: false } } };
const GRAVE = ["serious", "critical"];
const SHOTS = new URL("../../build/screenshots/", import.meta.url).pathname;
const WIDTHS = { wide: 1000, narrow: 360 };
const LEAST_WIDTH = 320;
const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea,"
	+ " summary, [tabindex='0']";

function inPath(name) {
	const found = process.env.PATH.split(delimiter).map((d) => join(d, name))
		.find((p) => {
			try {
				accessSync(p, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
	assert.ok(found, `${name} is not installed: make deps`);
	return found;
}

export function launch() {
	return chromium.launch({ executablePath: inPath("chromium") });
}

// The application's own web server, where the browser comes back to: asked
// holds the query of each visit. Its page /page is whatever page says.
export async function application() {
	const home = { asked: [], page: "" };
	const site = createServer((request, response) => {
		const url = new URL(request.url, "http://application");
		if (url.pathname === "/cb")
			home.asked.push(Object.fromEntries(url.searchParams));
		response.statusCode = url.pathname === "/missing" ? 404 : 200;
		response.setHeader("Connection", "close");
		response.setHeader("Content-Type", "text/html;charset=utf-8");
		response.end(url.pathname === "/page" ? home.page
			: "<!doctype html><html lang=en><title>Application</title>"
			+ "<link rel=icon href='data:,'><h1>Back at the application</h1>");
	});
	await new Promise((done) => site.listen(0, "127.0.0.1", done));
	home.origin = `http://127.0.0.1:${site.address().port}`;
	home.callback = `${home.origin}/cb`;
	home.stop = () => new Promise((done) => site.close(done));
	return home;
}

export class Visitor {
	// home: the origins that a page may have to do with.
	static async come(browser, home, options = {}) {
		const v = new Visitor();
		v.scripts = options.javaScriptEnabled ?? true;
		v.context = await browser.newContext({ locale: "en-GB",
			viewport: { width: WIDTHS.wide, height: 800 }, ...options });
		v.page = await v.context.newPage();
		v.page.setDefaultTimeout(10000);
		v.trouble = [];
		const note = (what) => v.trouble.push(`${v.page.url()}: ${what}`);
		v.page.on("console", (m) => {
			if (["error", "warning"].includes(m.type())
					&& !/^Failed to load resource: .* status/.test(m.text()))
				note(`console: ${m.text()}`);
		});
		v.page.on("pageerror", (e) => note(`script: ${e.message}`));
		v.page.on("request", (r) => {
			if (!home.includes(new URL(r.url()).origin))
				note(`asks elsewhere: ${r.url()}`);
		});
		v.page.on("response", (r) => {
			if (r.status() >= 400)
				note(`${r.status()} for ${r.url()}`);
		});
		return v;
	}

	// Nothing happened but what these say, and that did.
	calm(...expected) {
		const trouble = this.trouble;
		this.trouble = [];
		assert.deepEqual(trouble.filter((t) =>
			!expected.some((e) => e.test(t))), []);
		for (const e of expected)
			assert.ok(trouble.some((t) => e.test(t)), `no ${e}`);
	}

	async leave() {
		await this.context.close();
	}

	goto(url) {
		return this.page.goto(url);
	}

	async login(hetu) {
		await this.page.fill("input[name=username]", hetu);
		await this.page.click("button[name=submit]");
	}

	press(name) {
		return this.page.getByRole("button", { name, exact: true }).click();
	}

	follow(name) {
		return this.page.getByRole("link", { name, exact: true }).first()
			.click();
	}

	title() {
		return this.page.getByRole("heading", { level: 1 }).innerText();
	}

	// The page as it is now, judged and pictured under a name; expected: see
	// calm().
	async look(name, ...expected) {
		mkdirSync(SHOTS, { recursive: true });
		if (!this.scripts) {
			await this.page.screenshot({ fullPage: true,
				path: `${SHOTS}${name}-noscript.png` });
			return this.calm(...expected);
		}
		await this.page.evaluate(AXE);
		for (const [width, pixels] of Object.entries(WIDTHS)) {
			await this.page.setViewportSize({ width: pixels, height: 800 });
			for (const colorScheme of ["dark", "light"]) {
				await this.page.emulateMedia({ colorScheme });
				await this.page.screenshot({ fullPage: true,
					path: `${SHOTS}${name}-${width}-${colorScheme}.png` });
				// the dark is another matter for colours alone, and
				// narrowness not for them
				if (width === "wide")
					await this.axe(name, colorScheme === "light" ? ALL : COLOURS);
			}
		}
		await this.axe(name, ALL_BUT_COLOURS);
		await this.fits(name);
		await this.page.setViewportSize({ width: WIDTHS.wide, height: 800 });
		return this.calm(...expected);
	}

	async axe(name, options) {
		const { violations, passes } = await this.page.evaluate((how) =>
			globalThis.axe.run({ resultTypes: ["violations"], ...how }),
		options);
		assert.ok(passes.length > 0, `axe judged nothing of ${name}`);
		const grave = violations.filter((x) => GRAVE.includes(x.impact));
		assert.deepEqual(grave.map((x) => `${x.id}: ${x.help}: `
			+ x.nodes.map((n) => n.html).join(" | ")), [], name);
	}

	// No sideways scrolling where there is least room; all that is pressed is
	// large enough (WCAG 2.5.8, links in running text aside).
	async fits(name) {
		await this.page.setViewportSize({ width: LEAST_WIDTH, height: 800 });
		const [wide, small] = await this.page.evaluate((selector) => {
			const all = [...document.querySelectorAll("main *, nav *")];
			const seen = (e) => e.checkVisibility()
				&& !e.closest(".skip, .hidden");
			const name = (e) => e.outerHTML.slice(0, 120);
			return [
				document.documentElement.scrollWidth > innerWidth ? all
					.filter((e) => seen(e)
						&& e.getBoundingClientRect().right > innerWidth)
					.map(name) : [],
				all.filter((e) => e.matches(selector) && seen(e)
					&& getComputedStyle(e).display !== "inline")
					.filter((e) => {
						const r = e.getBoundingClientRect();
						return r.width < 24 || r.height < 24;
					}).map(name),
			];
		}, CONTROLS);
		assert.deepEqual(wide, [], `${name} is wider than ${LEAST_WIDTH}`);
		assert.deepEqual(small, [], `${name} has targets that are small`);
	}

	// What the page says to people: each piece of text that is marked as no
	// other language and not as code.
	says() {
		return this.page.evaluate(() => {
			const walker = document.createTreeWalker(document.body,
				NodeFilter.SHOW_TEXT);
			const said = [];
			while (walker.nextNode()) {
				const { parentElement: at, data } = walker.currentNode;
				if (!at.closest("code, .code, .languages, [lang]:not(html)"))
					said.push(data.trim().replace(/\s+/g, " "));
			}
			return said.filter((text) => /\p{L}/u.test(text));
		});
	}

	// The Tab key: first the skip link, which works, then every control in
	// the order of the page, and each shows that it has the focus.
	async tabs(name) {
		const { keyboard } = this.page;
		const now = () => this.page.evaluate((selector) => {
			const e = document.activeElement;
			const style = getComputedStyle(e);
			const box = e.getBoundingClientRect();
			return {
				i: [...document.querySelectorAll(selector)].indexOf(e),
				ring: style.outlineStyle !== "none"
					&& parseFloat(style.outlineWidth) >= 2,
				seen: box.left >= 0 && box.width > 0,
				html: e.outerHTML.slice(0, 120),
			};
		}, CONTROLS);
		// of radio buttons the chosen one alone is a stop
		const stops = await this.page.evaluate((selector) =>
			[...document.querySelectorAll(selector)].map((e, i) => [e, i])
				.filter(([e]) => e.checkVisibility() && !e.disabled
					&& (e.type !== "radio" || e.checked))
				.map(([, i]) => i), CONTROLS);
		assert.ok(stops.length > 1, `${name} has no controls`);
		const met = [];
		for (let i = 0; i < stops.length; i++) {
			await keyboard.press("Tab");
			const at = await now();
			assert.ok(at.ring && at.seen, `${name}: no focus seen: ${at.html}`);
			met.push(at.i);
		}
		assert.deepEqual(met, stops, `${name}: the order of the Tab key`);

		await this.page.locator(".skip").focus();
		await keyboard.press("Enter");
		await this.page.waitForURL((url) => url.hash === "#content",
			{ timeout: 5000 });
		await keyboard.press("Tab");
		const inside = await this.page.evaluate(() =>
			document.activeElement.closest("main") !== null
			|| document.querySelector("main a, main button, main input"
				+ ":not([type=hidden])") === null);
		assert.ok(inside, `${name}: the skip link leads past the content`);
	}
}
