#!/usr/bin/env bash
# beside.sh LOOPS COMMAND [ARG…] runs a command beside so many busy loops, each in a session of its own as another user's program
# would be, and ends them afterwards. Its exit code is the command's.
#
#   scenarios/measure/beside.sh 1 make chaos-test
set -u
[ $# -ge 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
loops=$1
shift
pids=()
trap 'kill "${pids[@]}" 2>/dev/null' EXIT
for ((i = 0; i < loops; i++)); do
  setsid sh -c 'while :; do :; done' &
  pids+=($!)
done
"$@"
