#!/usr/bin/env bash
# Measures the swarm of a bt-lab with the chain of eight commands, into the
# database named by the first argument. Run by bt-lab, which sets BT_LAB_*.
set -euo pipefail

bt-meta $BT_LAB_TORRENTS |
  bt-listen --address 127.0.0.1:0 --slots 4096 |
  bt-peers-tracker --impatient --every 5s |
  bt-peers-dht --impatient --every 30s --rate 400 |
  bt-probe --slots "${2:-256}" --rate 400 --per-net 0 --revisit 10s |
  bt-geo |
  bt-confirm |
  bt-store --keep-ip "$1"
