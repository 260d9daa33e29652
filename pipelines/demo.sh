#!/usr/bin/env bash
# Counts the confirmed downloads of a lab swarm and compares them with the
# truth that the lab knows. Needs no network; "make demo" builds and runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/bin:$PATH"

rm -rf demo && mkdir demo
bt-lab --seed 7 --leechers 200 --seeds 20 --finishing 40 --duration 90s --dir demo -- \
  pipelines/lab-chain.sh demo/swarm.db
echo
bt-lab --check demo/swarm.db --truth demo/truth.ndjson --min-stay 20s
cat <<'TEXT'

Ask the database yourself:
  sqlite3 -box demo/swarm.db 'SELECT * FROM downloads_per_minute'
  sqlite3 -box demo/swarm.db 'SELECT * FROM funnel'
TEXT
