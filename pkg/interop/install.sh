#!/bin/sh
# Installs the Debian packages of the clients that "make interop" measures, as far as they are missing.
set -eu

packages="aria2 deluged dnsmasq-base iproute2 mmdb-bin nftables opentracker python3-libtorrent qbittorrent-nox rtorrent sqlite3 transmission-daemon"

missing=
for package in $packages; do
	dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "make interop needs these Debian packages:$missing" >&2
	exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
	if ! command -v sudo >/dev/null; then
		echo "install as root, then try again: apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
fi
echo "installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086 # one word per package
$as_root apt-get install -q -y --no-install-recommends $missing
