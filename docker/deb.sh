#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian package in build/deb, from a tree of its own: the source,
# docker/debian as debian/, and the FHIR definitions that "make" has fetched, so
# nothing is fetched here. SOURCE_DATE_EPOCH is the changelog's time, else the
# last commit's, else this file's.
#	deb.sh VERSION
set -eu
cd "$(dirname "$0")/.."

version=$1
top=build/deb
tree=$top/mock-kanta-phr-$version

if ! command -v dh >/dev/null; then
	echo "deb: needed here: debhelper (apt-get install debhelper)" >&2
	exit 1
fi
if [ ! -d build/definitions/node_modules ]; then
	echo "deb: the FHIR definitions are missing; please run: make deps" >&2
	exit 1
fi
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null ||
	stat -c %Y docker/deb.sh)}
export SOURCE_DATE_EPOCH

rm -rf "$top"
mkdir -p "$tree/build"
cp -a Makefile README.md LICENSE server fixtures profiles docker "$tree/"
find "$tree" -name node_modules -prune -exec rm -rf {} +
cp -a docker/debian "$tree/debian"
ln -s "$PWD/build/definitions" "$tree/build/definitions"
# as the stamp of make says: what a build needs is there
touch "$tree/build/deps-build"

cat >"$tree/debian/changelog" <<EOF
mock-kanta-phr ($version) unstable; urgency=medium

  * Version $version.

 -- mock-kanta-phr contributors <mock-kanta-phr@example.org>  $(date -uR -d "@$SOURCE_DATE_EPOCH")
EOF
mkdir -p "$tree/debian/source"
echo '3.0 (native)' >"$tree/debian/source/format"

# The environment of a make around it is not the package's.
cd "$tree"
env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u CFLAGS -u LDFLAGS -u CPPFLAGS \
	-u SAN -u B DEB_BUILD_OPTIONS="parallel=2 nocheck=" \
	dpkg-buildpackage --build=binary --unsigned-changes --unsigned-buildinfo \
	>../build.log 2>&1 || { tail -n 30 ../build.log; exit 1; }
cd ..
ls -l ./*.deb
