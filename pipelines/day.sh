#!/usr/bin/env bash
# Counts the downloads of many torrents for 24 hours, or for BT_FOR.
# usage: day.sh DATABASE TORRENT ...
set -euo pipefail
database=${1:?usage: day.sh DATABASE TORRENT ...}
shift

export BT_FOR=${BT_FOR:-24h}
bt-meta "$@" | bt-listen | bt-peers-tracker | bt-peers-dht | bt-probe -j 1024 \
  | bt-geo | bt-confirm --state "$database.state" | bt-store --spill "$database.spill" "$database"
