// SPDX-License-Identifier: Apache-2.0

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A vendor's suite: mvn test. Each test has a citizen of its own. */
class WeightsTest {
	private static Kanta kanta;
	private Kanta.Citizen citizen;

	@BeforeAll
	static void start() {
		kanta = new Kanta();
	}

	@AfterAll
	static void stop() {
		kanta.close();
	}

	@BeforeEach
	void person() throws Exception {
		citizen = kanta.citizen();
	}

	/** In place of your application: stores, and is patient twice. */
	private HttpResponse<String> store(String weight) throws Exception {
		HttpResponse<String> answer = null;
		for (int tries = 3; tries > 0; tries--) {
			answer = Kanta.ask("POST", kanta.r4 + "/Observation", weight,
					citizen.token());
			if (answer.statusCode() != 503)
				break;
			Thread.sleep(1000 * answer.headers()
					.firstValueAsLong("Retry-After").orElse(1));
		}
		return answer;
	}

	private HttpResponse<String> search(String token) throws Exception {
		return Kanta.ask("GET", kanta.r4 + "/Observation?patient="
				+ citizen.id() + "&code=29463-7", null, token);
	}

	private String weight(String kilograms, String unit) {
		String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
		return """
				{"resourceType": "Observation", "status": "final",
				"language": "fi", "meta": {"profile": [
				"http://phr.kanta.fi/StructureDefinition/fiphr-sd-bodyweight"]},
				"text": {"status": "generated", "div":
				"<div xmlns=\\"http://www.w3.org/1999/xhtml\\" lang=\\"fi\\" \
				xml:lang=\\"fi\\">Paino: %1$s kg</div>"},
				"identifier": [{"system": "urn:ietf:rfc:3986",
				"value": "urn:uuid:%2$s"}], "category": [{"coding": [{"system":
				"http://terminology.hl7.org/CodeSystem/observation-category",
				"code": "vital-signs"}]}], "code": {"coding": [{"system":
				"http://loinc.org", "code": "29463-7", "display": "Paino"}]},
				"subject": {"reference": "Patient/%3$s"},
				"performer": [{"reference": "Patient/%3$s"}],
				"effectiveDateTime": "%4$s", "issued": "%4$s",
				"valueQuantity": {"value": %1$s, "unit": "%5$s", "code": "kg",
				"system": "http://unitsofmeasure.org"}}
				""".formatted(kilograms, UUID.randomUUID(), citizen.id(), now,
				unit);
	}

	@Test
	void storedAndFoundAgain() throws Exception {
		assertEquals(201, store(weight("72.40", "kg")).statusCode());
		String found = search(citizen.token()).body();
		assertEquals("1", Kanta.member(found, "total"));
		assertTrue(found.contains("72.40"), "as it was written");
	}

	@Test
	void refusedWithTheReason() throws Exception {
		HttpResponse<String> answer = store(weight("72.4", "g"));
		assertEquals(422, answer.statusCode());
		assertTrue(answer.body().contains("'g' but must be 'kg'"));
	}

	@Test
	void nobodyElsesBusiness() throws Exception {
		store(weight("72.4", "kg"));
		assertEquals(403, search(kanta.citizen().token()).statusCode());
	}

	@Test
	void itComesThroughWhenTheServiceIsBusy() throws Exception {
		String posts = """
				{"hetu": "%s", "method": "POST"}""".formatted(citizen.hetu());
		kanta.admin("/faults", """
				{"match": %s, "times": 2, "action":
				{"status": 503, "retry_after": 0}}""".formatted(posts));
		assertEquals(201, store(weight("72.4", "kg")).statusCode());
		String count = kanta.admin("/requests/count",
				"{\"match\": " + posts + "}");
		assertEquals("3", Kanta.member(count, "count"));
	}

	@Test
	void aNewTokenIsNeededWhenTheHourIsOver() throws Exception {
		kanta.admin("/tokens/expire", """
				{"hetu": "%s"}""".formatted(citizen.hetu()));
		assertEquals(401, search(citizen.token()).statusCode());
	}

	@Test
	void theCitizenWithdrawsThePermission() throws Exception {
		kanta.admin("/permissions/withdraw", """
				{"client_id": "demo-app", "hetu": "%s"}"""
				.formatted(citizen.hetu()));
		assertEquals(401, store(weight("72.4", "kg")).statusCode());
	}
}
