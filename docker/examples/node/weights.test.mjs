// SPDX-License-Identifier: Apache-2.0
// A vendor's suite: node --test. Each test has a citizen of its own, so all may
// run at once against one server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startKanta } from "./kanta.mjs";
import { Refused, Weights, weight } from "./weights.mjs";

let kanta;
before(async () => { kanta = await startKanta(); });
after(() => kanta?.stop());

async function person() {
	const citizen = await kanta.citizen();
	return { ...citizen, weights: new Weights(kanta.r4, citizen.token) };
}

describe("weights", { concurrency: true }, () => {
	it("are stored, and found again", async () => {
		const { id, weights } = await person();
		assert.match(await weights.store(weight(id, 72.4)),
			/\/Observation\/[^/]+\/_history\/1$/);
		assert.deepEqual(await weights.all(id), [72.4]);
	});

	it("are refused with the reason", async () => {
		const { id, weights } = await person();
		await assert.rejects(weights.store(weight(id, 72.4, "g")),
			/^Error: 422: .*'g' but must be 'kg'/);
		assert.deepEqual(await weights.all(id), []);
	});

	it("are nobody else's business", async () => {
		const [one, other] = [await person(), await person()];
		await one.weights.store(weight(one.id, 72.4));
		await assert.rejects(other.weights.all(one.id), /403/);
	});

	it("come through when the service is busy", async () => {
		const { hetu, id, weights } = await person();
		const posts = { hetu, method: "POST" };
		await kanta.admin("/faults", { match: posts, times: 2,
			action: { status: 503, retry_after: 0 } });
		await weights.store(weight(id, 72.4));
		assert.deepEqual(await weights.all(id), [72.4]);
		const { count } = await kanta.admin("/requests/count",
			{ match: posts });
		assert.equal(count, 3, "two in vain, and the one that was stored");
	});

	it("need a new token when the hour is over", async () => {
		const { hetu, id, weights } = await person();
		await kanta.admin("/tokens/expire", { hetu });
		await assert.rejects(weights.all(id), new Refused("401"));
	});

	it("stay away when the citizen withdraws the permission", async () => {
		const { hetu, id, weights } = await person();
		await kanta.admin("/permissions/withdraw",
			{ client_id: "demo-app", hetu });
		await assert.rejects(weights.store(weight(id, 72.4)), /^Error: 401/);
	});
});
