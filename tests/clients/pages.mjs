// SPDX-License-Identifier: Apache-2.0
// The browser's part of an authorization, done by the HTTP steps that a browser
// would make: redirects, cookies, the login form, the consent form.

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: "\"" };

function text(html) {
	return html.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi,
		(all, decimal, hex, name) => name ? ENTITIES[name] ?? all
			: String.fromCodePoint(decimal ? +decimal : parseInt(hex, 16)));
}

function attributes(tag) {
	const found = {};
	for (const [, name, value] of tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g))
		found[name] = text(value ?? "");
	return found;
}

// The forms of a page: where they go, what they send when nothing is changed.
export function forms(html) {
	return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(
		([, head, inside]) => {
			const form = { ...attributes(head), fields: {}, buttons: {} };
			for (const [, tag, rest] of inside.matchAll(
				/<(input|button)\b([^>]*)>/g)) {
				const { name, type, value = "", ...more } = attributes(rest);
				if (!name)
					continue;
				if (tag === "button" || type === "submit")
					form.buttons[name] = value;
				else if (!["checkbox", "radio"].includes(type)
					|| "checked" in more)
					form.fields[name] = value;
			}
			return form;
		});
}

export class Browser {
	#jar = new Map();
	#origin;
	#fetch;

	constructor(origin, by = fetch) {
		this.#origin = origin;
		this.#fetch = by;
	}

	// A page, or { away }: where a redirect leads that leaves the server.
	async open(url, form) {
		let options = form && { method: "POST",
			body: new URLSearchParams(form) };
		for (let hops = 0; hops < 10; hops++) {
			const answer = await this.#ask(url, options);
			const to = answer.headers.get("Location");
			const page = await answer.text();
			if (to === null)
				return { status: answer.status, url, page };
			url = new URL(to, url).href;
			if (!url.startsWith(this.#origin + "/"))
				return { away: url };
			options = undefined;
		}
		throw new Error(`redirects in a circle: ${url}`);
	}

	async #ask(url, options) {
		const cookies = [...this.#jar].map((pair) => pair.join("="));
		const answer = await this.#fetch(url, { redirect: "manual", ...options,
			headers: cookies.length ? { Cookie: cookies.join("; ") } : {} });
		for (const line of answer.headers.getSetCookie()) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
			this.#jar.set(name, value);
		}
		return answer;
	}

	// From the authorization URL to the redirect back. button: what is pressed
	// on the consent page; without: the scopes that are unticked there.
	async authorize(url, hetu, { button = "authorize", without = [] } = {}) {
		let at = await this.open(url);
		for (let pages = 0; !at.away && pages < 4; pages++) {
			const all = forms(at.page);
			const login = all.find((f) => "username" in f.fields);
			const terms = all.find((f) => "accept" in f.buttons);
			const consent = all.find((f) => "user_oauth_approval" in f.fields);
			const form = login ?? terms ?? consent;
			const fields = { ...form?.fields };
			if (login)
				fields.username = hetu;
			else if (terms)
				fields.accept = terms.buttons.accept;
			else if (consent)
				fields[button] = consent.buttons[button];
			else
				break;
			for (const scope of without)
				delete fields[`scope_${scope}`];
			at = await this.open(new URL(form.action, at.url).href, fields);
		}
		if (!at.away)
			throw new Error(`${at.status} instead of a redirect: ${at.page}`);
		return at.away;
	}
}

// What test suites often do for a browser: one request, and its Location.
export async function glance(url, by = fetch) {
	const answer = await by(url, { redirect: "manual" });
	const to = answer.headers.get("Location");
	if (to === null)
		throw new Error(`${answer.status}: ${await answer.text()}`);
	return to;
}
