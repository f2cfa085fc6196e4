#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, and says what it does. Debian 12 and Ubuntu.
#	deps.sh build | test | lint | bench | ship | definitions | clients | all
#	deps.sh named		only say what a build lacks
# shellcheck disable=SC2086 # the lists of packages are meant to be split
set -eu

build='gcc libc6-dev make pkg-config libmicrohttpd-dev libgnutls28-dev
libcjson-dev libsqlite3-dev uuid-dev libssl-dev zlib1g-dev'
test='libcmocka-dev python3-pytest python3-pytest-xdist python3-requests
python3-jsonschema curl
gnutls-bin openssl'
bench='wrk curl'
clients='python3-authlib python3-requests-oauthlib python3-pytest
python3-requests'
lint='clang clang-format clang-tidy libclang-rt-14-dev valgrind'
ship='debhelper lintian mandoc zsh fish'
image='docker-compose aardvark-dns'

# missing PACKAGE...: those of them that are not installed
missing() {
	for p in "$@"; do
		s=$(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) || s=
		case $s in
		*' installed') ;;
		*) printf '%s ' "$p" ;;
		esac
	done
}

# need PACKAGE...: install those that are missing
need() {
	if ! command -v dpkg-query >/dev/null; then
		echo "deps: not a Debian system; needed here:" "$@" >&2
		return 0
	fi
	want=$(missing "$@")
	[ -n "$want" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "deps: these Debian packages are missing; please run" >&2
		echo "  sudo apt-get install --no-install-recommends $want" >&2
		exit 1
	fi
	echo "deps: installing $want"
	install_them $want
}

install_them() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 &&
		return 0
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

named() {
	want=$(missing $build)
	[ -d build/definitions/node_modules ] || want="$want(FHIR definitions)"
	[ -n "$want" ] || return 0
	echo "missing: $want" >&2
	echo "please run: make deps" >&2
	exit 1
}

definitions() {
	command -v npm >/dev/null || need npm
	out=build/definitions
	mkdir -p "$out"
	cp profiles/package.json profiles/package-lock.json profiles/.npmrc \
		"$out/"
	echo "deps: fetching the FHIR definitions into $out"
	(cd "$out" && npm ci --ignore-scripts --silent)
}

# The client libraries, a browser, and the official JSON schemas.
clients() {
	command -v chromium >/dev/null || need chromium
	command -v node >/dev/null || need nodejs
	command -v npm >/dev/null || need npm
	need $clients
	(cd tests/clients && npm ci --silent)
	node tests/clients/schemas.mjs build/schemas
}

# One at a time: a parallel make may ask for several kinds at once.
mkdir -p build
exec 9>build/deps.lock
flock 9

case ${1:-all} in
build) need $build ;;
test) need $test ;;
lint) need $lint ;;
bench) need $bench ;;
ship)
	need $ship
	[ -z "${IMAGE_TOOLS:-}" ] || need $image
	;;
definitions) definitions ;;
clients) clients ;;
named) named ;;
all)
	need $build $test
	definitions
	mkdir -p build
	touch build/deps-build build/deps-test build/definitions/.stamp
	echo "deps: all there"
	;;
*)
	echo "usage: deps.sh build|test|lint|bench|ship|definitions|clients|all|named" >&2
	exit 2
	;;
esac
