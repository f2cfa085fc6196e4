// SPDX-License-Identifier: Apache-2.0
// What makes the pages livelier where scripts run; without it each of them is
// whole, too. Three things, found by attributes:
//
//	data-copy="ID"		a hidden button: shown, it copies that element's
//				text and says so in its data-done
//	data-live="URL"		a part of the page that is fetched again when
//				that event stream tells of news, or with no URL
//				every few seconds; only while nobody is in it
//	data-submit		a form that is sent when a choice in it changes
(() => {
	"use strict";
	const REST_MS = 700, POLL_MS = 4000;

	for (const button of document.querySelectorAll("[data-copy]")) {
		const says = button.textContent;

		button.hidden = false;
		button.addEventListener("click", async () => {
			const from = document.getElementById(button.dataset.copy);

			try {
				await navigator.clipboard.writeText(from.innerText.trim());
				button.textContent = button.dataset.done;
			} catch {
				getSelection().selectAllChildren(from);
			}
			setTimeout(() => { button.textContent = says; }, 2000);
		});
	}

	for (const form of document.querySelectorAll("form[data-submit]"))
		form.addEventListener("change", (event) => {
			if (event.target.matches("select"))
				form.requestSubmit();
		});

	const live = document.querySelector("[data-live]");
	if (!live)
		return;
	const pause = document.querySelector("[data-pause]");
	let wanted = false, busy = false;

	// The same page again: what it shows is made in one place, the server.
	const renew = async () => {
		wanted = true;
		if (busy || document.hidden || pause?.checked
				|| live.contains(document.activeElement))
			return;
		busy = true;
		wanted = false;
		try {
			const answer = await fetch(location.href,
				{ headers: { Accept: "text/html" } });
			const page = new DOMParser().parseFromString(
				await answer.text(), "text/html");
			const fresh = page.querySelector("[data-live]");

			if (answer.ok && fresh)
				live.replaceChildren(...fresh.childNodes);
		} catch {
			// the server is away: the next event, or time, asks again
		}
		setTimeout(() => {
			busy = false;
			if (wanted)
				renew();
		}, REST_MS);
	};

	if (pause)
		pause.closest("[hidden]")?.removeAttribute("hidden");
	pause?.addEventListener("change", renew);
	document.addEventListener("visibilitychange", () => wanted && renew());
	live.addEventListener("focusout", () => wanted && renew());
	if (!live.dataset.live) {
		setInterval(renew, POLL_MS);
		return;
	}
	// A moment later than the page, so that what is shown is never older
	// than what the stream began with.
	const stream = new EventSource(live.dataset.live);
	stream.onmessage = renew;
	stream.onerror = () => {
		if (stream.readyState === EventSource.CLOSED)
			setInterval(renew, POLL_MS);
	};
	for (const kind of ["request", "control", "page", "tls", "dropped"])
		stream.addEventListener(kind, renew);
})();
