#!/usr/bin/env bash
# cell-cost.sh OLD NEW N [SCENARIO] compares what one cell costs with two builds: it runs 8 visits a second against each in turn, N
# times, and prints the median processor time (user and system) of each process over 15 s of load, and the ratios. OLD and NEW are
# folders with the programs that `make build` makes; each build brings the system file that lies beside its folder.
#
#   git worktree add ../old main~20 && make -C ../old build && make build
#   scenarios/measure/cell-cost.sh ../old/bin bin 5                      # without proxies
#   scenarios/measure/cell-cost.sh ../old/bin bin 5 jitter-everywhere    # with the proxies of that scenario's faults
#
# `harness` is the process of stormglass (load, proxies, scrapes, spans, judge) and `run` the same from its first instruction to its
# last, boot, drain and verdict included; `fakes` are the external dependencies and emulated backends. A third kind of run, `bare`, is
# NEW with neither spans nor log lines below error: what the services use there is their own work, so that
#
#   not the shop's = harness + guard + what the services use beyond the bare run's
#
# which is low by what a scrape costs a service, since a bare run is scraped too. Context switches (a second) come beside. Programs
# beside the run change what an instruction costs: the fakes, whose work is the same in both, show by how much.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 2; }
old=$(realpath "$1") new=$(realpath "$2") n=$3 faults=${4:-} seconds=15
here=$(dirname "$(realpath "$0")")
out=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$out"' EXIT

# scenario KIND prints the scenario of one kind of run.
scenario() {
  printf 'name: cell-cost\nclaim: A cell is cheap to run.\nload: {shoppers: browse-and-buy, rate: 8/s}\n'
  printf 'steady: %ds\nrecover: 1s\n' $((seconds + 5))
  [ "$1" != bare ] || {
    echo settings:
    printf "  %s: {OTLP_ENDPOINT: '', LOG_LEVEL: error}\n" gateway user product cart order inventory payment shipping notification
  }
  [ -z "$faults" ] || sed -n '/^faults:/,/^[a-z]/{/^faults:/p;/^ /p}' "$here/../$faults.yaml"
  printf 'expect:\n  after:\n    - {check: orders-final, within: 10s}\nverdict: PASS\n'
}

# tree PID lists a process and its descendants.
tree() {
  echo "$1"
  local child
  for child in $(pgrep -P "$1" || true); do tree "$child"; done
}

# used PID prints the processor time of a process in clock ticks; 14 and 15 are utime and stime, counted behind the name in parentheses.
used() {
  local line
  read -r line 2>/dev/null <"/proc/$1/stat" || return 1
  # shellcheck disable=SC2086
  set -- ${line##*) }
  echo $((${12} + ${13}))
}

# named PID ROOT prints what a process of a run is: harness, guard, or program/unit.
named() {
  local argv
  mapfile -d '' argv <"/proc/$1/cmdline"
  case $1:${argv[0]##*/} in
  "$2":*) echo harness ;;
  *:stormglass) echo guard ;;
  *) echo "${argv[0]##*/}/${argv[1]}" ;;
  esac
}

# snapshot PID… prints for each process: pid, moment, ticks, context switches.
snapshot() {
  local p
  for p in "$@"; do
    echo "$p $EPOCHREALTIME $(used "$p") $(awk '/ctxt_switches/ { n += $2 } END { print n + 0 }' /proc/"$p"/task/*/status)"
  done
}

# measure BIN KIND runs one cell and prints for each process: kind, name, processor time and context switches a second.
measure() {
  local last=0 now p pids
  cd "$(dirname "$1")"
  scenario "$2" >"$out/cell-cost.yaml"
  : >"$out/progress"
  "$1/stormglass" run --jobs 1 --seed 1 --out "$out/runs" "$out/cell-cost.yaml" >"$out/log" 2>"$out/progress" &
  pid=$!
  until grep -q ': steady$' "$out/progress"; do kill -0 "$pid" 2>/dev/null || { cat "$out/log" "$out/progress" >&2; return 1; }; sleep 0.05; done
  sleep 1
  mapfile -t pids < <(tree "$pid")
  for p in "${pids[@]}"; do echo "$p $(named "$p" "$pid")"; done >"$out/names"
  snapshot "${pids[@]}" >"$out/before"
  sleep "$seconds"
  snapshot "${pids[@]}" >"$out/after"
  while now=$(used "$pid") && [ "$now" -ge "$last" ]; do last=$now; sleep 0.05; done
  wait "$pid" || { cat "$out/log" >&2; return 1; }
  pid=
  awk -v kind="$2" -v hz="$(getconf CLK_TCK)" -v seconds="$seconds" -v whole="$last" '
    FILENAME ~ /names$/ { name[$1] = $2; next }
    FILENAME ~ /before$/ { at[$1] = $2; ticks[$1] = $3; switched[$1] = $4; next }
    { s = $2 - at[$1]; printf "%s %s %.3f %.1f\n", kind, name[$1], ($3 - ticks[$1]) / hz / s * seconds, ($4 - switched[$1]) / s }
    END { printf "%s run %.3f 0\n", kind, whole / hz }' "$out/names" "$out/before" "$out/after"
}

for ((i = 1; i <= n; i++)); do
  echo "round $i of $n" >&2
  measure "$old" old >>"$out/figures"
  measure "$new" new >>"$out/figures"
  measure "$new" bare >>"$out/figures"
done
awk '
  function median(list,   parts, n, i, j, x) {
    n = split(list, parts, " ")
    for (i = 2; i <= n; i++) for (j = i; j > 1 && parts[j - 1] + 0 > parts[j] + 0; j--) { x = parts[j]; parts[j] = parts[j - 1]; parts[j - 1] = x }
    return n == 0 ? 0 : n % 2 ? parts[(n + 1) / 2] : (parts[n / 2] + parts[n / 2 + 1]) / 2
  }
  function row(name, o, w, b, so, sw) { return sprintf("%-24s %8.2f %8.2f %6s %8.2f %10.0f %10.0f", name, o, w, (o > 0 ? sprintf("%.2f", w / o) : "-"), b, so, sw) }
  { cpu[$1, $2] = cpu[$1, $2] " " $3; switches[$1, $2] = switches[$1, $2] " " $4; names[$2] }
  END {
    printf "%-24s %8s %8s %6s %8s %10s %10s\n", "processor seconds", "old", "new", "ratio", "bare", "old sw/s", "new sw/s"
    for (name in names) {
      o = median(cpu["old", name]); w = median(cpu["new", name]); b = median(cpu["bare", name])
      so = median(switches["old", name]); sw = median(switches["new", name])
      print row(name, o, w, b, so, sw) | "sort"
      group = name ~ /^shop\// ? "services" : name ~ /^standins\// ? "fakes" : name
      O[group] += o; W[group] += w; B[group] += b; SO[group] += so; SW[group] += sw
    }
    close("sort")
    split("services fakes harness guard", groups, " ")
    print ""
    for (i = 1; i in groups; i++) { g = groups[i]; print row(g, O[g], W[g], B[g], SO[g], SW[g]); to += O[g]; tw += W[g]; tb += B[g] }
    print row("whole cell", to, tw, tb, 0, 0)
    print row("not the shop'"'"'s", O["harness"] + O["guard"] + O["services"] - B["services"], W["harness"] + W["guard"] + W["services"] - B["services"], 0, 0, 0)
  }' "$out/figures"
