#!/usr/bin/env bash
# curve.sh N [SCENARIO…] measures how often scenarios miss what their files expect, by how strained the machine is: it runs the
# control and ten others one at a time beside 0, 1, 2, 3 and 4 busy loops, N times each, without a second look at what could not be judged,
# and prints the tables of `stormglass tally --strain` over all of them. Count on 15 min for N = 1 on two processors.
#
#   make build && scenarios/measure/curve.sh 3
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }
n=$1
shift
names=fault-free-control,broker-killed,card-processor-dark,jitter-everywhere,one-of-two-killed,order-db-stalls,processor-slow,product-too-slow,redelivery-storm,search-starved,slow-broker
[ $# -eq 0 ] || names=$(IFS=,; echo "$*")
out=${OUT:-out/curve}
runs=()
for ((i = 1; i <= n; i++)); do
  for loops in 0 1 2 3 4; do
    "$(dirname "$0")/beside.sh" "$loops" bin/stormglass run --jobs 1 --tries 1 --keep-runs 0 --seed "$i" --out "$out/$loops" --only "$names" scenarios >"/dev/null" || true
    runs+=("$(realpath "$out/$loops/latest")")
  done
done
bin/stormglass tally --strain "${runs[@]}"
