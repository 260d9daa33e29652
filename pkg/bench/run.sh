#!/bin/sh
# Builds the benchmark, the bare client and its peers aside, and runs it on the
# commands in bin/. Arguments go to the benchmark: --only memory, --rounds 5.
set -eu
cd "$(dirname "$0")/../.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${GO:-go}" build -tags urfave_cli_no_docs -trimpath -ldflags='-s -w' -o "$tools/" \
  ./pkg/bench ./pkg/bench/epoll ./pkg/bench/responder
"$tools/bench" --bin bin --tools "$tools" "$@"
