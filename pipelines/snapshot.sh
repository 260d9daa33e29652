#!/usr/bin/env bash
# A snapshot of a swarm: every peer that trackers and DHT name is visited once.
# Takes as long as the slowest peer needs to answer, or not to.
set -euo pipefail
. "$(dirname "$0")/places.sh"
if [ $# -ne 2 ]; then
  echo "usage: snapshot.sh TORRENT DATABASE" >&2
  exit 2
fi

export BT_ONCE=1
bt-meta "$1" | bt-peers-tracker | bt-peers-dht --exhaustive | bt-probe -j 1024 | places | bt-confirm | bt-store "$2"
