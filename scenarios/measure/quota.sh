#!/usr/bin/env bash
# quota.sh PROCESSORS COMMAND [ARG…] runs a command in a cgroup that leaves it so many processors, and removes the cgroup
# afterwards. It needs root on Linux, and knows both versions of cgroups. Its exit code is the command's.
#
#   scenarios/measure/quota.sh 1 make chaos-test
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
quota=$(awk -v n="$1" 'BEGIN { printf "%d", n * 100000 }')
shift
name=stormglass-quota-$$
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  group=/sys/fs/cgroup/$name
  echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
  mkdir "$group"
  echo "$quota 100000" >"$group/cpu.max"
else
  group=/sys/fs/cgroup/cpu/$name
  mkdir "$group"
  echo 100000 >"$group/cpu.cfs_period_us"
  echo "$quota" >"$group/cpu.cfs_quota_us"
fi
# What the command leaves, such as a guard that is still cleaning up, gets a moment to end before the cgroup can go.
trap 'for _ in $(seq 100); do rmdir "$group" 2>/dev/null && exit; sleep 0.1; done; echo "$group is still in use" >&2' EXIT
code=0
sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@" || code=$?
exit $code
