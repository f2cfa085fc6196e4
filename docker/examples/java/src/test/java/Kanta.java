// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * Kanta's stand-in for a test suite: a container, or one that runs already, when
 * KANTA_URL names it (a service container of CI).
 */
final class Kanta implements AutoCloseable {
	private static final HttpClient HTTP = HttpClient.newHttpClient();

	/** The addresses that an application is configured with. */
	final String r4, auth;

	private final String control;
	private GenericContainer<?> container;

	Kanta() {
		String url = System.getenv("KANTA_URL");
		if (url == null)
			url = start();
		r4 = url + "/phr-resourceserver/baseR4";
		auth = url + "/phr-authserver-sandbox";
		control = url + "/__admin";
	}

	private String start() {
		String image = System.getenv().getOrDefault("KANTA_IMAGE",
				"mock-kanta-phr:0.1.0");
		container = new GenericContainer<>(DockerImageName.parse(image))
				.withExposedPorts(8080)
				.waitingFor(Wait.forHttp("/__admin/health").forPort(8080));
		container.start();
		return "http://" + container.getHost() + ":"
				+ container.getMappedPort(8080);
	}

	@Override
	public void close() {
		if (container != null)
			container.stop();
	}

	/** A citizen of the test's own, who permits the application; no pages. */
	record Citizen(String hetu, String id, String token) {
	}

	Citizen citizen() throws IOException, InterruptedException {
		String made = admin("/citizens", "{}");
		String hetu = member(made, "hetu");
		String tokens = admin("/tokens", """
				{"client_id": "demo-app", "hetu": "%s"}""".formatted(hetu));
		return new Citizen(hetu, member(made, "patient_id"),
				member(tokens, "access_token"));
	}

	/** A call of the control API; its answer. */
	String admin(String path, String body)
			throws IOException, InterruptedException {
		HttpResponse<String> answer = ask("POST", control + path, body, null);
		if (answer.statusCode() >= 300)
			throw new IOException(path + ": " + answer.body());
		return answer.body();
	}

	static HttpResponse<String> ask(String method, String url, String body,
			String token) throws IOException, InterruptedException {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
				.header("Content-Type", "application/json")
				.method(method, body == null
						? HttpRequest.BodyPublishers.noBody()
						: HttpRequest.BodyPublishers.ofString(body));
		if (token != null)
			request.header("Authorization", "Bearer " + token);
		return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	/** A text or number of a JSON answer; yours is read by your library. */
	static String member(String json, String name) {
		Matcher m = Pattern.compile("\"" + name + "\"\\s*:\\s*\"?([^\",}]*)")
				.matcher(json);
		return m.find() ? m.group(1) : null;
	}
}
