#!/usr/bin/env bash
# As lab-chain.sh, for a lab with IPv6: listens on both addresses of this host.
set -euo pipefail

bt-meta $BT_LAB_TORRENTS |
  bt-listen --slots 4096 -a 127.0.0.1:0 -a '[::1]:0' |
  bt-peers-tracker |
  bt-peers-dht |
  bt-probe --slots "${2:-256}" |
  bt-geo |
  bt-confirm |
  bt-store --keep-ip "$1"
