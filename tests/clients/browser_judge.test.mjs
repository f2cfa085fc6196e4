// SPDX-License-Identifier: Apache-2.0
// What browser.mjs says of a page counts only if it finds what is wrong: a
// sound page passes, and each of these with one fault does not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visitor, application, launch } from "./browser.mjs";

const CSS = `body { font: 16px sans-serif; color: #000; background: #fff }
a, button, input { display: inline-block; min-height: 44px }
.skip { position: absolute; left: -100rem } .skip:focus { left: 0 }
:focus-visible { outline: 3px solid #b34700 }`;
const BODY = `<a class="skip" href="#content">Skip</a>
<main id="content" tabindex="-1"><h1>Sound</h1><a href="/x">A link</a>
<label>Name <input name="n"></label> <button>Send</button></main>`;

function document(body = BODY, css = CSS, head = "") {
	return `<!doctype html><html lang="en"><title>Sound</title>
<link rel="icon" href="data:,"><style>${css}</style>${head}${body}</html>`;
}

const main = (more) => document(BODY.replace("</main>", `${more}</main>`));
const style = (more) => document(BODY, CSS + more);

// what is wrong, the page, what is said of it
const LOOKS = [
	["colours", style("h1 { color: #aaa }"), /color-contrast/],
	["colours in the dark", style("@media (prefers-color-scheme: dark) {"
		+ " h1 { color: #aaa } }"), /color-contrast/],
	["no label", main("<input name=unnamed>"), /label/],
	["no label on a narrow screen", document(BODY.replace("<main", "<p "
		+ "class=only><input></p><main"), `${CSS} .only { display: none }
@media (max-width: 500px) { .only { display: block } }`), /label/],
	["no language", document().replace(' lang="en"', ""), /html-has-lang/],
	["wide", main('<div style="width:330px;height:2px"></div>'), /wider/],
	["small target", main('<button style="min-height:0;height:15px;'
		+ 'padding:0;font-size:8px">x</button>'), /small/],
	["console", document(BODY, CSS, "<script>console.error('oh')</script>"),
		/console: oh/],
	["script", document(BODY, CSS, "<script>nothing()</script>"),
		/script: nothing/],
	["policy", document(BODY, CSS, `<meta http-equiv="Content-Security-Policy"
		content="img-src 'none'"><img src="/i" alt="I">`), /console: /],
	["elsewhere", main('<img src="http://elsewhere.invalid/i" alt="I">'),
		/elsewhere/],
	["missing", main('<img src="/missing" alt="I">'), /404/],
];
const TABS = [
	["order", main('<a href="/y" tabindex="1">First</a>'), /order/],
	["no way to it", main('<a href="/y" tabindex="-1">Never</a>'),
		/order|no focus/],
	["no ring", style(" a:focus-visible { outline: none }"), /no focus/],
	["unseen", main('<a href="/y" style="position:absolute;left:-50rem">x</a>'),
		/no focus/],
	["skips nothing", document(BODY.replace("#content", "#after")
		.replace("</main>", "</main><p id=after>")), /.*/],
];

let browser, home, v;
before(async () => {
	browser = await launch();
	home = await application();
	v = await Visitor.come(browser, [home.origin]);
});
after(async () => {
	await v?.leave();
	await browser?.close();
	await home?.stop();
});

async function show(page) {
	home.page = page;
	await v.goto(`${home.origin}/page`);
}

test("a sound page", async () => {
	await show(document());
	await v.look("judge-sound");
	await v.tabs("sound");
	v.calm();
});

for (const [what, page, said] of LOOKS)
	test(`is found: ${what}`, async () => {
		await show(page);
		await assert.rejects(v.look("judge"), (e) => said.test(e.message));
		v.trouble = [];
	});

for (const [what, page, said] of TABS)
	test(`is found by the Tab key: ${what}`, async () => {
		await show(page);
		await assert.rejects(v.tabs("judge"), (e) => said.test(e.message));
		v.trouble = [];
	});

test("what was to be expected and did not happen", async () => {
	await show(document());
	assert.throws(() => v.calm(/500 for /), /500 for/);
});
