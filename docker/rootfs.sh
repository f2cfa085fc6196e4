#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rootfs.sh PROGRAM FOLDER: what the image holds, put into FOLDER: the program,
# stripped, the shared objects that it needs, at their places, the user, its
# data folder, and, of each Debian package that something came from, the licence
# and the entry by which scanners know it. No zone files: Finland's time is
# reckoned by the program (server/base/time.c).
set -eu

program=$1 out=$2 user=65532

mkdir -p "$out/etc" "$out/usr/share/doc/mock-kanta-phr" \
	"$out/var/lib/dpkg/status.d" "$out/data" "$out/fixtures" "$out/tmp"
strip -o "$out/mock-kanta-phr" "$program"
cp LICENSE "$out/usr/share/doc/mock-kanta-phr/copyright"
cp -L /etc/os-release "$out/etc/os-release"
printf 'mock:x:%s:%s::/data:/\n' $user $user >"$out/etc/passwd"
printf 'mock:x:%s:\n' $user >"$out/etc/group"

# package_of FILE: dpkg may know it below /lib or below /usr/lib
package_of() {
	dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "/usr$1" 2>/dev/null ||
		dpkg-query -S "${1#/usr}"
}

for so in $(ldd "$program" | grep -o '/[^ ]*' | sort -u); do
	mkdir -p "$out$(dirname "$so")"
	cp -L "$so" "$out$so"
	name=$(package_of "$(readlink -f "$so")" | sed 's/:.*//')
	mkdir -p "$out/usr/share/doc/$name"
	cp -L "/usr/share/doc/$name/copyright" "$out/usr/share/doc/$name/"
	dpkg-query -s "$name" >"$out/var/lib/dpkg/status.d/$name"
done

chown $user:$user "$out/data"
chmod 1777 "$out/tmp"
find "$out" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
