#!/usr/bin/env bash
# The whole pipeline on a swarm of 2,000 peers, as hard as those of today: 40 % of
# them are behind a NAT, and a tenth of these only come out when a relay asks them
# to; half of the others dial only who has visited them; 20 % want encryption,
# 10 % speak uTP only; slots are full half of the time, and users leave ten minutes
# after they have finished. Six minutes stand for half an hour of it.
#
# Fails unless at least 99 % of the completions of peers that could be talked to
# are confirmed, 95 % with those behind a NAT, none falsely; unless 95 % of those
# who are still there and incomplete give a second reading within 15 minutes; and
# if a client had reason to complain of our manners.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/bin:$PATH"

dir=${1:-demo/lab-hard}
rm -rf "$dir" && mkdir -p "$dir"
bt-lab --seed "${BT_LAB_SEED:-11}" --leechers "${BT_LAB_LEECHERS:-1880}" --seeds 100 --hostile 20 --finishing 600 --duration 6m --pace 0.2 \
  --unreachable 0 --busy 0 --nat 0.4 --mute 0.1 --shy 0.5 --encrypted 0.2 --utp-only 0.1 --full 0.5 --leave 0 --leave-after 10m \
  --ipv6 1 --tex 0.1 --dir "$dir" -- pipelines/lab-hard-chain.sh "$dir/swarm.db" 2048
bt-lab --check "$dir/swarm.db" --truth "$dir/truth.ndjson" --recall 0.99 --recall-nat 0.95 --second 15m --second-share 0.95
