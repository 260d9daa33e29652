#!/usr/bin/env bash
# A snapshot of a swarm: every peer that trackers and DHT name is visited once.
# usage: snapshot.sh TORRENT DATABASE
set -euo pipefail
torrent=${1:?usage: snapshot.sh TORRENT DATABASE} database=${2:?usage: snapshot.sh TORRENT DATABASE}

export BT_ONCE=1
bt-meta "$torrent" | bt-peers-tracker | bt-peers-dht --exhaustive | bt-probe -j 1024 | bt-geo | bt-confirm | bt-store "$database"
