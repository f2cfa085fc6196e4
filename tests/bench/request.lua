-- SPDX-License-Identifier: Apache-2.0
--
-- What wrk sends: GET of the URL it is given, or, with BODY in the environment,
-- POST of that file, in which each %ID% becomes another uuid for every request.
-- TOKEN is a bearer token. Prints one line of JSON; wrk counts answers of 400
-- and above as errors by itself, so nothing is done here for each answer.

wrk.headers["Accept"] = "application/fhir+json"
if os.getenv("TOKEN") then
	wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
end

if os.getenv("BODY") then
	local file = assert(io.open(os.getenv("BODY"), "rb"))
	local body = file:read("*a")
	local from, to = body:find("%ID%", 1, true)
	local head, tail = body:sub(1, from - 1), body:sub(to + 1)
	local run, n = "", 0

	file:close()
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/fhir+json"

	function init()
		math.randomseed(tonumber(os.getenv("SEED")))
		run = string.format("%08x-%04x", math.random(0, 0x7fffffff),
				    math.random(0, 0xffff))
	end

	function request()
		n = n + 1
		return wrk.format(nil, nil, nil, head .. "urn:uuid:" .. run ..
			string.format("-4000-8000-%012x", n) .. tail)
	end
end

function done(summary, latency)
	local e = summary.errors
	local failed = e.status + e.connect + e.read + e.write + e.timeout

	print(string.format(
		'{"per_second":%.1f,"requests":%d,"failed":%d,"p50_ms":%.3f,' ..
		'"p99_ms":%.3f}',
		summary.requests / (summary.duration / 1e6), summary.requests,
		failed, latency:percentile(50) / 1000,
		latency:percentile(99) / 1000))
end
