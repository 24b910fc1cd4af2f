/**
 * What may stand in front of every line of a log: quotes of mail, clocks of CI, stamps of the journal, numbers, what
 * grep, ts (moreutils), ssh, container runtimes and front ends of gdb put there. One may stand behind another:
 * `> Nov 22 03:00:00 host gdb[12]: `.
 *
 * Source: systemd's src/shared/logs-show.c; RFC 3164 and 5424; docker/compose's cmd/formatter/logs.go; kubectl's
 *         pkg/cmd/logs (`--prefix`); gitlab-runner's helpers/timestamp logger; Jenkins' timestamper; `gh run view
 *         --log`; Fabric and parallel-ssh; Python's logging.
 */
import { anyOf } from '../../base/any-of.js';

// "   123\t#0  f () at x.c:1": cat -n and nl, in six columns; gdb lists the source without blanks in front
const NUMBERED = /^(?=.{6}\t) {0,5}\d{1,6}\t|^\d{7,9}\t/;

// "123\t#0  f () at x.c:1": what scripts number, and copies of cat -n; gdb lists the source so, see countsUp() in margins.ts
export const NUMBERED_SHORT = /^(\d{1,9})(?:\t|$)/;

// "123:text" and, around what was found, "122-text": grep -n -C 1; with -H or several files "qemu.log:123:text"
const FOUND = /^(\d{1,9})[:-](?!\d\d:\d\d(?!:\d\d))/;
const FOUND_IN_FILE = /^([A-Za-z./][\w./+-]{0,200}?)(?::(\d{1,9}):|-(\d{1,9})-)/;

// "   12: text"    "   12 | text": what viewers and people number
const COUNTED: readonly RegExp[] = [
  /^ {0,8}(\d{1,9}):(?: |$)/,
  /^ {0,8}(\d{1,9}) [|\u2502](?: |$)/,
];

// "Nov 22 03:00:00 host gdb[12]: #0 ..."    -o short-precise, short-iso, short-monotonic, short-unix, short-full, with-unit
const JOURNAL =
  /^(?:[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{6})? [A-Z\d+-]{1,6}|\d{10}\.\d{6}|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)|\[ {0,8}\d{1,9}\.\d{6}\]) [\w.-]{1,64} (?<by>[\w./-]{1,64}(?:\[\d{1,8}\])?:) ?/;

// "host1: text": parallel-ssh
const HOST = /^(?!\d{1,9}: )(?<by>[A-Za-z0-9][\w.-]{0,63}): /;
// A call without stamp behind a word and a colon may be a person's.
const OF_HOST = /^(?:\d|\[pid |VHOST_|={16} )/;

// "[stdlog] 2026-11-22 03:00:00,000 avocado.test DEBUG| text"    "2026-11-22 03:00:00,000 INFO  [stdout] text"
// "2026-11-22 03:00:00,000 process          L0389 DEBUG| [stdout] text": avocado, Python's logging
// "2026-11-22 03:00:00,405 client           L0605 INFO | [qemu output] text": avocado-vt
const LOGGER =
  /^(?:\[\w{1,32}\] )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:[\w.-]{1,64} +){0,2}(?:L\d{4} )?(?:DEBUG|INFO|WARNING|WARN|ERROR) *(?:\| ?(?:\[(?:std(?:out|err)|[\w.-]{1,32} output)\] )?|\[[\w.-]{1,64}\] )/;

// "2026-11-22 03:00:00.123456 | controller | text": Zuul's console log, job-output.txt
const ZUUL = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} \|(?: (?<by>[A-Za-z][\w.-]{0,63}) \|)?(?: |$)/;

// "2026-11-22 03:00:00.123+0000: text": libvirt's clock, src/util/virtime.c; its own marks of a process keep it
const LIBVIRT =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4}:(?: (?!starting up |shutting down)|$)/;

// "virt-launcher-vm1-x7k2p compute text": stern and kubetail. A pod's name ends with what is no word: Kubernetes'
// apimachinery/pkg/util/rand has no vowels.
const STERN =
  /^(?<by>[a-z\d][a-z\d.-]{0,250}-[bcdfghjklmnpqrstvwxz2456789]{5} [a-z\d][a-z\d-]{0,62})(?: |$)/;

/** Blanks of a block of code in Markdown or in a mail, of one width: what stands further in is the log's own. */
const INDENTS: ReadonlyMap<string, RegExp> = new Map([
  ['\t', /^\t/],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => [' '.repeat(n), new RegExp(`^ {${n}}`)] as const),
]);
const INDENT = /^(?:\t| {1,8})(?=\S)/;

// "> > #3  f () at x.c:1"    "| #3 ..."
const QUOTED = /^[ \t]{0,8}(?:[>|][ \t]?){1,64}/;

// "[  100.000000] qemu[4242]: text": what a service prints into the kernel's log (StandardOutput=kmsg of systemd)
export const KERNEL_LOG = /^\[ {0,8}\d{1,9}\.\d{6}\] (?<by>[\w./-]{1,64}\[\d{1,8}\]:)(?: |$)/;

// "[Sun Nov 22 03:27:38 2026] text"   "[Nov22 03:27] text"   "[  +1.234567] text"   "[<     0.000123>] text"   "[+  0.001234] text":
// DPDK's --log-timestamp (lib/log/log_timestamp.c)
const DPDK_CLOCK =
  /^\[(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}|[A-Z][a-z]{2} ?\d{1,2} \d\d:\d\d|[ +<]{1,8} {0,12}\d{1,9}\.\d{6}>?)\] /;

// "build\tRun tests\t2026-11-22T03:00:00.1234567Z text": gh run view --log
const GITHUB_RUN = /^[^\t]{1,128}\t[^\t]{1,128}\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z /;

/** Lines of any session have them. `by` is who wrote the line, where a log has several writers. */
const KINDS: readonly RegExp[] = [
  NUMBERED,
  NUMBERED_SHORT,
  QUOTED,
  ZUUL,
  LIBVIRT,
  // "00:08:58.944  #6  0x..."    "[00:08:58] ..."    "2026-11-22T03:00:00.123Z ..."    "[2026-11-22T03:00:00.123Z] ..."
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?: {1,2}|\t)/,
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: {1,2}|\t)/,
  /^\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\] /,
  JOURNAL,
  KERNEL_LOG,
  DPDK_CLOCK,
  // "2026-11-26T12:00:00.123456789Z stdout F #0 ...": CRI's log of a container
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) std(?:out|err) F /,
  // "2026-11-26T12:00:00.123456Z 00O #0 ...": GitLab's stream and whether it is standard output
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE][ +]/,
  // "Nov 26 12:00:00 #0 ..."    "1795320809.223469 #0 ...": ts, ts '%.s'
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? /,
  /^\d{10}(?:\.\d{1,9})? /,
  /^\[pid +\d{1,8}\] /,
  // "1: (1805) <-1008-break-insert -f f": MIEngine's log of what it sends to gdb and receives (VS Code, engineLogging)
  /^\d{1,4}: \(\d{1,10}\) (?:<-|->)/,
  // "\t#0  vhost_dev_start (hdev=0x1) at x.c:1": a tab as TOML, JSON and loggers write it
  /^(?:\\t){1,16}/,
  // ":#0  vhost_dev_start (hdev=0x1) at x.c:1": what ABRT attaches to a bug
  /^:/,
  // "594,562 2-gdb-set confirm off": the gdb traces console of Eclipse CDT
  /^\d{3},\d{3} {1,2}/,
  LOGGER,
  // "INFO:root:text": Python's logging.basicConfig()
  /^(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.-]{1,128}:/,
  // "2026-11-22 03:00:00.123 7 ERROR nova.virt.libvirt [req-1 - - -] text": oslo.log of OpenStack
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d{1,8} [A-Z]{4,8} [\w.-]{1,128} \[[^[\]]{0,256}\] /,
  // "E       text": what pytest shows of a failure
  /^E {3,16}/,
  // "20261122 03:00:00.123 - INFO - text": Robot Framework
  /^\d{8} \d\d:\d\d:\d\d\.\d{3} - [A-Z]{4,8} - /,
  // "2026-11-22T03:00:00Z {app="qemu", pod="vm1"} text": logcli of Loki
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) \{[^{}]{0,1024}\} /,
];

/** So do these, of logs that collect what several programs write. */
const NAMED_KINDS: readonly RegExp[] = [
  STERN,
  // "backend-1  | text": docker compose
  /^(?!\d+ )(?<by>[A-Za-z0-9][\w.-]{0,254}) {1,64}\|(?: |$)/,
  // "[pod/virt-launcher-vm1/compute] text": kubectl logs --prefix
  /^\[(?<by>pod\/[\w.-]{1,255}\/[\w.-]{1,64})\](?: |$)/,
  GITHUB_RUN,
  // "<30>Nov 22 03:00:00 host app[77]: text"    "<30>1 2026-11-22T03:00:00.123456Z host app 77 - - text": syslog on its way
  /^<\d{1,3}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?<by>[\w.-]{1,255} [\w./-]{1,64}(?:\[\d{1,10}\])?): ?/,
  /^<\d{1,3}>1 \d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:\d\d) (?<by>[\w.-]{1,255} \S{1,48} \S{1,128}) \S{1,32} -(?: |$)/,
  // "[host1] out: text": Fabric
  /^\[(?<by>[\w.@:-]{1,255})\] (?:out|err): /,
  // "2026-11-22T03:27:38+00:00\tkube.vm1\ttext": fluentd's out_file
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)\t(?<by>[\w.*-]{1,128})\t/,
  // "2026-11-22T03:00:00.123000+00:00 vm1/qemu text": aws logs tail
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) (?<by>[A-Za-z][\w./$[\]-]{0,254}) /,
];

/** These look like much else: only lines of a trace prove them. */
const TRACE_KINDS: readonly RegExp[] = [
  HOST,
  // "strace.out.4697:text": grep over the files of strace -ff, which it names by the thread
  /^[\w./+-]{0,200}\.(?<thread>\d{1,10}):/,
  // "vm1.log:text": grep over several files
  /^(?<by>[\w./+-]{1,200}\.(?:log|out|trace|txt)):(?=\S)/,
  // "DEBUG    root:test.py:12 text": pytest
  /^(?:DEBUG|INFO|WARNING|ERROR) +[\w.-]{1,64}:[\w.-]{1,64}:\d{1,6} /,
];

const LISTINGS: readonly RegExp[] = [...COUNTED, FOUND, FOUND_IN_FILE];

const OF_SESSIONS = [...KINDS, ...NAMED_KINDS];
const OF_LOGS = [...OF_SESSIONS, ...TRACE_KINDS];
export const MARGIN_KINDS: readonly RegExp[] = [...OF_LOGS, ...LISTINGS];
/** All but the one that would look through half of each line for a tab. */
const ANY_OTHER = anyOf(
  MARGIN_KINDS.filter((kind) => kind !== GITHUB_RUN).map(
    ({ source }) => new RegExp(source.replaceAll(/\?<\w+>/g, '?:')),
  ),
);

/** Of all kinds only numbers, quotes and names that end with a tab may have blanks in front: no row of the kernel is one. */
const SET_IN = /^ +[^ \d>|\t][^\t]*$/;

/** What the name of a thread, with which rows of the kernel begin, hardly is. */
const OF_ROWS = [NUMBERED_SHORT, QUOTED, LOGGER, KERNEL_LOG, ...COUNTED, ...NAMED_KINDS];

const MOST_KINDS = 3;

/** Kinds one behind the other. */
export type Margin = readonly RegExp[];

/** A line that is taken apart. */
export interface Cut {
  readonly rest: string;
  /** `gdb[12]:`, `backend-1`, if the margin names one. */
  readonly writer: string | undefined;
}

/** Undefined where the line has no such margin. */
export function cutMargin(line: string, margin: Margin): Cut | undefined {
  let rest = line;
  let writer: string | undefined;
  for (const kind of margin) {
    const match = kind.exec(rest);
    if (match === null) return undefined;
    const { by, thread } = match.groups ?? {};
    const text = rest.slice(match[0].length);
    // As strace -f would have written it into one file.
    rest = thread === undefined || text === '' ? text : `${thread} ${text}`;
    if (by !== undefined) writer = writer === undefined ? by : `${writer} ${by}`;
  }
  return { rest, writer };
}

/** What the text behind a margin of this kind must be. */
export interface Evidence {
  readonly isSession: (rest: string) => boolean;
  /** Not a frame: those are read with blanks in front, and their neighbours may be prose without. */
  readonly isSetIn: (rest: string) => boolean;
  readonly isTrace: (rest: string) => boolean;
  /** False for most lines that are no trace behind any margin, and quickly. */
  readonly mayHoldTrace: (line: string) => boolean;
  readonly isFound: (rest: string) => boolean;
  /** A trace of the kernel, whose rows begin with a name that may be any text, that of a quote, too. */
  readonly isKernelTrace: (rest: string) => boolean;
  /** One whose rows are read without a name, or not behind a text. */
  readonly isNamelessTrace: (rest: string) => boolean;
}

/** The shortest margin of the line behind which something stands that is known by itself. */
export function marginOf(line: string, evidence: Evidence): Margin | undefined {
  const indent = indentOf(line);
  if (indent !== undefined && evidence.isSetIn(line.trimStart())) return [indent];
  if (SET_IN.test(line) || !mayBegin(line)) return undefined;
  const kind =
    OF_SESSIONS.find((one) => isProven(line, one, evidence.isSession)) ??
    [QUOTED, KERNEL_LOG, ...LISTINGS].find((one) => isProven(line, one, evidence.isFound)) ??
    OF_ROWS.find((one) => isProven(line, one, evidence.isKernelTrace)) ??
    (evidence.isNamelessTrace(line)
      ? undefined
      : OF_SESSIONS.find((one) => isProven(line, one, evidence.isNamelessTrace)));
  if (kind !== undefined) return [kind];
  const named = stampedByName(line, evidence);
  if (named !== undefined) return named;
  return !evidence.mayHoldTrace(line) || evidence.isTrace(line)
    ? undefined
    : marginOfTrace(line, evidence);
}

/** "4711  00:16:40.000001 ioctl(": no margin has a number of few digits with nothing but blanks behind it. */
const NUMBER = /^\d{1,7} +(?![ |\u2502])/;

/** Some margin stands in front, or what looks like one. */
function mayBegin(line: string): boolean {
  return (
    (!NUMBER.test(line) && ANY_OTHER.test(line)) || (line.includes('\t') && GITHUB_RUN.test(line))
  );
}

function indentOf(line: string): RegExp | undefined {
  const indent = INDENT.exec(line)?.[0];
  return indent === undefined ? undefined : INDENTS.get(indent);
}

function isProven(line: string, kind: RegExp, proves: (rest: string) => boolean): boolean {
  const cut = cutMargin(line, [kind]);
  return cut !== undefined && proves(cut.rest);
}

/** "[pod/vm1/compute] 2026-11-22T03:00:00.123456789Z #0 ...": what a collector writes in front of a clock. */
function stampedByName(line: string, { isSession, isNamelessTrace }: Evidence): Margin | undefined {
  for (const name of NAMED_KINDS) {
    const cut = cutMargin(line, [name]);
    const proves = (rest: string): boolean => isSession(rest) || isNamelessTrace(rest);
    const stamp = cut && KINDS.find((one) => isProven(cut.rest, one, proves));
    if (stamp !== undefined) return [name, stamp];
  }
  return undefined;
}

function marginOfTrace(line: string, { isTrace }: Evidence): Margin | undefined {
  let open: readonly { readonly margin: Margin; readonly rest: string }[] = [
    { margin: [], rest: line },
  ];
  for (let count = 1; count <= MOST_KINDS; count += 1) {
    open = open.flatMap(({ margin, rest }) =>
      // Nobody has grep look through what grep found.
      (count === 1 ? MARGIN_KINDS : OF_LOGS).flatMap((kind) => {
        const cut = cutMargin(rest, [kind]);
        return cut === undefined ? [] : [{ margin: [...margin, kind], rest: cut.rest }];
      }),
    );
    const proven = open.find(
      ({ margin, rest }) => isTrace(rest) && (margin.at(-1) !== HOST || OF_HOST.test(rest)),
    );
    if (proven !== undefined) return proven.margin;
  }
  return undefined;
}

/** grep's: its lines are numbered, and `--` stands between those that were not next to each other. */
export function isListing(margin: Margin | undefined): boolean {
  const first = margin?.[0];
  return first !== undefined && LISTINGS.includes(first);
}

/** Number and file of a line of `cat -n` or grep; undefined for a line without number. */
export function numberOf(
  line: string,
  margin: Margin | undefined,
): { readonly number: number; readonly file: string | undefined } | undefined {
  const kind = margin?.[0];
  if (kind === NUMBERED || kind === NUMBERED_SHORT) {
    const number = Number(kind.exec(line)?.[0] ?? NaN);
    return Number.isNaN(number) ? undefined : { number, file: undefined };
  }
  if (kind === undefined || !isListing(margin)) return undefined;
  const [, first, ofMatch, ofContext] = kind.exec(line) ?? [];
  if (first === undefined) return undefined;
  const number = ofMatch ?? ofContext;
  return { number: Number(number ?? first), file: number === undefined ? undefined : first };
}
