#!/usr/bin/env bash
# alternate.sh OLD NEW N [FILE…] runs all scenarios with two builds in turn, N times each, on whatever else this machine does, and
# prints for each run how long it took, how many verdicts were as expected, and how many second looks it took. OLD and NEW are
# folders with the programs that `make build` makes; each build brings the scenarios that lie beside its folder.
#
#   git worktree add ../old main~20 && make -C ../old build && make build
#   scenarios/measure/alternate.sh ../old/bin bin 10
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
old=$(realpath "$1") new=$(realpath "$2") n=$3
shift 3
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for ((i = 1; i <= n; i++)); do
  for build in "$old" "$new"; do
    cd "$(dirname "$build")"
    files=("$@")
    [ $# -gt 0 ] || files=(scenarios/*.yaml)
    start=$(date +%s%N)
    "$build/stormglass" run --seed "$i" --out "$out" "${files[@]}" >"$out/log" 2>"$out/progress" || true
    printf '%s round %d: %5.1f s, %s, %d second looks, steal and others: %s\n' "$build" "$i" "$(($(date +%s%N) - start))e-9" \
      "$(grep -o '^[0-9]* of [0-9]* scenarios' "$out/log")" "$(grep -c 'could not be judged (' "$out/progress" || true)" \
      "$(grep -o 'others had [0-9.]*' "$out/log" || echo unknown)"
  done
done
