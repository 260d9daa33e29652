#!/bin/sh
# Fuzzes every Fuzz function of the tree, one after another, for the time given
# as the argument (default 10s): pkg/house/fuzz.sh 1m
set -u
time=${1:-10s}
cd "$(dirname "$0")/../.." || exit 1

failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for file in $(grep -rlE --include='*_test.go' '^func Fuzz' pkg cmd | sort); do
	folder=$(dirname "$file")
	for name in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$file"); do
		echo "== $folder $name"
		"${GO:-go}" test -tags urfave_cli_no_docs -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 20x "./$folder" >"$log" 2>&1
		code=$?
		cat "$log"
		# Go fails a target whose worker was busy when the time was over. That is
		# no finding: a finding names its input.
		if [ $code -ne 0 ] && ! { grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; }; then
			failed=1
		fi
	done
done
exit $failed
