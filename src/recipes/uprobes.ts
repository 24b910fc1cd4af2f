/**
 * The recipe for uprobes: what gdb's shows of calls and returns, without stopping QEMU.
 *
 * Source: Linux tools/perf Documentation/perf-probe.txt (`$params` since 4.3, `%return`), perf-script.txt; Documentation/trace/
 * uprobetracer.rst; tools/perf/util/session.c, perf_session__warn_about_errors(). What it prints about itself is read by
 * grammars/probes-line.peggy, the rows by grammars/ftrace.peggy.
 */
import { functionTable } from '../facts/functions.js';
import type { Need } from '../model/rule-info.js';
import { isBusy } from './gdb.js';
import { isWanted } from './recipe.js';
import type { Recipe, RecipeRequest } from './recipe.js';

const WIDTH = 100;

export function uprobesRecipe(request: RecipeRequest): Recipe {
  const rows = [...functionTable].filter(([, row]) => isWanted(row, request));
  const shows = new Set<Need>();
  for (const [, row] of rows) {
    shows.add(row.kind).add(`event ${row.kind}`);
    if (!isBusy(row)) shows.add(`return of ${row.kind}`);
  }
  const all = rows.map(([func]) => func);
  // Not stopping, a return costs little, and tells what was called inside.
  const returning = rows.filter(([, row]) => !isBusy(row)).map(([func]) => func);
  return {
    name: 'uprobes',
    about: ABOUT,
    body: [
      'set -eu',
      '',
      'functions="',
      ...inLines(all),
      '"',
      'returning="',
      ...inLines(returning),
      '"',
      '',
      ...SCRIPT,
    ],
    functions: all,
    events: [],
    shows,
  };
}

function inLines(words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const word of words) {
    if (line.length + word.length >= WIDTH) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

const SCRIPT: readonly string[] = `
case \${1:-} in
'' | *[!0-9]*) echo "usage: sh $0 PID > uprobes.txt" >&2; exit 2 ;;
esac
pid=$1
binary=/proc/$pid/exe
find_tracefs() {
  for tracefs in /sys/kernel/tracing /sys/kernel/debug/tracing; do
    [ ! -e $tracefs/uprobe_events ] || return 0
  done
  return 1
}
# Nobody may have used it since the system began; perf would mount it only later.
find_tracefs || mount -t tracefs nodev /sys/kernel/tracing 2> /dev/null || true
find_tracefs || {
  echo "no uprobe_events in /sys/kernel/tracing: it takes root, CONFIG_UPROBE_EVENTS, and tracefs there" >&2
  exit 1
}
hint=
# Since Linux 5.2.
[ ! -e $tracefs/error_log ] || hint="($tracefs/error_log says why)"
group=vhtrace_$$
data=$(mktemp -d)
# change_probes LINE: not by echo, which replaces the "\\0" of a parameter that is always 0.
change_probes() {
  printf '%s\\n' "$1" 2> /dev/null >> $tracefs/uprobe_events
}

remove_probes() {
  for event in "$tracefs/events/$group"/*/; do
    [ -d "$event" ] || continue
    name=$(basename "$event")
    change_probes "-:$group/$name" || echo "$name: the probe could not be taken away" >&2
  done
}
cleanup() {
  trap - EXIT
  remove_probes
  rm -r "$data"
}
# Before perf records there is nothing to print.
recording=
recorder=
ended=
told=
stop() {
  [ -n "$recording" ] || exit 1
  ended=yes
  [ -n "$recorder" ] && [ -z "$told" ] || return 0
  told=yes
  kill "$recorder" 2> /dev/null || true
}
trap cleanup EXIT
trap stop INT TERM HUP

# perf knows where a function and its parameters are; -D prints what is to be probed and sets nothing.
define() {
  perf probe -q -x "$binary" -D "$1 $2" 2> "$data/why"
}

# once ARG...: the kernel takes no name twice; behind the parameters of the function perf names those of inlined calls.
once() {
  kept=
  for arg in "$@"; do
    case " $kept" in
    *" \${arg%%=*}="*) ;;
    *) kept="$kept$arg " ;;
    esac
  done
}

# set_probes KIND NAME: the places on standard input; a further one gets a number.
set_probes() {
  places=0
  refused=0
  while read -r _ place args; do
    name=$2
    [ "$places" -eq 0 ] || name=\${2}_$places
    once $args
    if change_probes "$1:$group/$name $binary:\${place##*:} $kept"; then
      places=$((places + 1))
    else
      refused=$((refused + 1))
      echo "$2: the kernel takes no probe at \${place##*:} $kept$hint" >&2
    fi
  done
}

# "partly": also inlined into other functions, or left as a changed copy (.isra, .constprop), or refused at a place.
number=0
for func in $functions; do
  { define "$func" '$params' || define "$func" ''; } > "$data/calls" || continue
  set_probes p "$func" < "$data/calls"
  if [ "$places" -eq 0 ]; then
    [ "$refused" -eq 0 ] || echo "vhtrace-probes 1 unwatched $func."
    continue
  fi
  number=$((number + 1))
  state=partly
  if define "$func%return" '$retval' > "$data/returns"; then
    [ $((places + refused)) -gt 1 ] || state=watched
    case " $(echo $returning) " in
    *" $func "*) set_probes r "\${func}__return" < "$data/returns" ;;
    esac
  fi
  echo "vhtrace-probes 1 $state $func uprobe $number."
done
if [ "$number" -eq 0 ]; then
  cat "$data/why" >&2
  echo "no function could be probed" >&2
  exit 1
fi

echo "$number functions are watched; Ctrl-C ends it, or kill $$" >&2
recording=yes
perf record -q -a -e "$group:*" -o "$data/perf.data" >&2 &
recorder=$!
[ -z "$ended" ] || stop
# A signal ends "wait", and not perf, which writes what it has.
while kill -0 "$recorder" 2> /dev/null; do
  wait "$recorder" || true
done
recorder=
remove_probes
perf script --show-lost-events -F comm,pid,tid,cpu,time,event,trace -i "$data/perf.data" 2> "$data/why" |
  awk -v own=" $pid/" 'index($0, own) || /PERF_RECORD_LOST/'
# What perf says of the whole recording: "Processed 7654 samples and lost 12.50%!"
grep '^Processed ' "$data/why" || true
cat "$data/why" >&2
`
  .trim()
  .split('\n');

const ABOUT: readonly string[] = [
  'Uprobes on the functions of the vhost dirty-logging protocol in QEMU, for vhtrace: QEMU is not stopped.',
  '',
  'Run it as root on a QEMU that runs, from before the migration until after it; Ctrl-C ends it (kill,',
  'where no terminal is), takes the probes away and prints what was recorded:',
  '  sh FILE PID > uprobes.txt',
  '',
  'Check the result:',
  '  vhtrace check uprobes.txt',
  '',
  'Cost: some microseconds for each call, in every QEMU that runs this program: a migration is hardly',
  'slower. Setting the probes reads the debug information several hundred times, which takes minutes.',
  '',
  'Needs Linux 4.3 with CONFIG_UPROBE_EVENTS, perf with DWARF support, and the debug information of that',
  'QEMU. In an optimised build the compiler may have put small functions into their callers: such a',
  'function is told as "partly" and proves nothing by its silence. One at which the kernel takes no probe',
  'is told as "unwatched".',
  'It shows arguments and not what is behind them: structures, and callers, which the returns of the',
  'calls around tell instead. Functions that this QEMU does not have are passed over.',
  'Where perf loses events it says so, and nothing is proved there by silence: "perf record -m 4M" in',
  'the script gives it more room.',
];
