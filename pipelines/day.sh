#!/usr/bin/env bash
# Counts the downloads of many torrents for 24 hours, or for BT_FOR. Beside the
# database it keeps DATABASE.state, so that a run that was ended goes on counting
# where it was, and DATABASE.spill if the disk was full.
set -euo pipefail
. "$(dirname "$0")/places.sh"
if [ $# -lt 2 ]; then
  echo "usage: day.sh DATABASE TORRENT ..." >&2
  exit 2
fi
database=$1
shift

export BT_FOR=${BT_FOR:-24h}
bt-meta "$@" | bt-listen | bt-peers-tracker | bt-peers-dht | bt-probe -j 1024 \
  | places | bt-confirm --state "$database.state" | bt-store --spill "$database.spill" "$database"
