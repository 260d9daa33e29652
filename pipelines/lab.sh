#!/usr/bin/env bash
# The whole pipeline on a swarm of 2,000 peers, 300 of which finish during the
# run and 40 % of which cannot be dialled. Fails unless at least 99 % of the
# completions that could be seen are confirmed, and none falsely.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/bin:$PATH"

dir=${1:-demo/lab}
rm -rf "$dir" && mkdir -p "$dir"
bt-lab --seed "${BT_LAB_SEED:-11}" --leechers 1900 --seeds 100 --finishing 300 --unreachable 0.4 --mute 0 \
  --duration 5m --dir "$dir" -- pipelines/lab-chain.sh "$dir/swarm.db" 2048
bt-lab --check "$dir/swarm.db" --truth "$dir/truth.ndjson" --recall 0.99
