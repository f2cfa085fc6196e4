// SPDX-License-Identifier: Apache-2.0
// How oauth4webapi, and openid-client 6 that is built on it, report refusals:
// an answer with WWW-Authenticate is a challenge, whose body is not looked at.
export { journey, openid } from "./journey.mjs";

export function said(error) {
	const cause = error.code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE"
		&& error.cause[0];
	return cause ? [cause.scheme, cause.parameters.error].filter(Boolean)
		.join(" ") : error.error ?? error.message;
}

// The service's own software sends a challenge with every 401.
export function says(method) {
	return {
		kanta: { refresh: "bearer invalid_token",
			client_secret_basic: "bearer unauthorized",
			client_secret_post: "form invalid_client",
			private_key_jwt: "form invalid_client" },
		strict: { client_secret_basic: "basic" },
	};
}
