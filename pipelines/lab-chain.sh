#!/usr/bin/env bash
# Measures the swarm of a bt-lab with the chain of eight commands, into the
# database named by the first argument. Run by bt-lab, which sets BT_LAB_TORRENTS
# and what suits a short play.
set -euo pipefail

bt-meta $BT_LAB_TORRENTS |
  bt-listen --slots 4096 |
  bt-peers-tracker |
  bt-peers-dht |
  bt-probe --slots "${2:-256}" |
  bt-geo |
  bt-confirm |
  bt-store --keep-ip "$1"
