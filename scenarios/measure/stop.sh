#!/usr/bin/env bash
# stop.sh SECONDS [PHASE…] stops the harness with SIGSTOP for so long in each phase of a run in turn, as Ctrl-Z or a sleeping laptop
# does. That try must be INVALID because the harness stood still, the next one must be judged, and nothing may be left behind.
#
#   make build && scenarios/measure/stop.sh 15
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
seconds=$1
shift
phases=("$@")
[ $# -gt 0 ] || phases=(boot prepare warmup steady fault recover drain)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0
for phase in "${phases[@]}"; do
  : >"$out/log" >"$out/progress" # before the harness is there to do so: the phase before left its lines in them
  bin/stormglass run --jobs 1 --out "$out" --only card-processor-dark scenarios >"$out/log" 2>"$out/progress" &
  pid=$!
  until grep -q "card-processor-dark: $phase\$" "$out/progress"; do
    kill -0 $pid || break
    sleep 0.05
  done
  kill -STOP $pid
  sleep "$seconds"
  kill -CONT $pid
  code=0
  wait $pid || code=$?
  stood=$(grep -c '^INVALID (not PASS) card-processor-dark ' "$out/log" || true)
  left=$(pgrep -fc "$PWD/bin/(shop|standins)" || true)
  printf '%-8s try 1 INVALID: %d; exit code at last %d; processes left %d\n' "$phase" "$stood" "$code" "$left"
  [ "$stood" = 1 ] && [ "$code" = 0 ] && [ "$left" = 0 ] || failed=1
done
exit $failed
