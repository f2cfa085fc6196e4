#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh [TAG]: builds the image, by Docker, by buildah, or by the build-image
# of the folder IMAGE_TOOLS; ARCHIVE=FILE keeps it as an oci-archive as well.
# The same source gives the same files: times are those of the commit.
set -eu
cd "$(dirname "$0")/.."

version=$(sed -n 's/^#define PROGRAM_VERSION "\(.*\)"/\1/p' server/cli/cli.h)
tag=${1:-mock-kanta-phr:$version}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)

set -- -f docker/Dockerfile -t "$tag" \
	--build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
	--build-arg "CREATED=$created" --build-arg "SOURCE=${SOURCE:-}" \
	--build-arg "SOURCE_DATE_EPOCH=$epoch"

if [ -n "${IMAGE_TOOLS:-}" ]; then
	"$IMAGE_TOOLS/build-image" -q \
		${ARCHIVE:+-o "$ARCHIVE"} "$@" .
elif docker info >/dev/null 2>&1; then
	docker build "$@" .
	[ -z "${ARCHIVE:-}" ] || docker save -o "$ARCHIVE" "$tag"
elif command -v buildah >/dev/null; then
	buildah bud --format docker --ignorefile \
		docker/Dockerfile.dockerignore "$@" .
	[ -z "${ARCHIVE:-}" ] || buildah push "$tag" "oci-archive:$ARCHIVE"
else
	cat >&2 <<-'END'
		image: nothing here builds images. Needed is one of
		  a Docker engine that answers "docker info"
		  buildah (apt-get install buildah)
		  IMAGE_TOOLS=FOLDER, where FOLDER/build-image takes the
		  arguments of docker build
	END
	exit 1
fi
echo "image: $tag"
