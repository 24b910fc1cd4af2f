/**
 * Output of gdb that carries no record, told by its shape and by what stands around it: source lines, printed values,
 * locals, marks of somebody's cuts. The messages are those of messages.ts.
 *
 * Source: gdb/source.c, gdb/stack.c (print_frame_local_vars), gdb/infcmd.c, gdb/top.c (gdb 7 to 18).
 */
import type { Reach } from '../../model/record.js';

/** A source line where a terminal turned tabs into blanks: only the number of the stop's own line proves it. */
export function isSpacedSourceEcho(line: string, sourceLine: number | undefined): boolean {
  const match = /^(\d{1,7})(?: |$)/.exec(line);
  return match !== null && Number(match[1]) === sourceLine;
}

/** `dev = 0x5555` of `info args`, `features = {...` of `bt full`, `}` of a value printed over lines. */
export function isVariable(line: string): boolean {
  // "req->ops->read_data = scsi_read_data()", "hdev->started = false;": C, gdb prints no such value
  if (/(?:\w\(\)|;)[ \t]*$/.test(line)) return false;
  return (
    /^[ \t]*[A-Za-z_$<*][\w$.:<>*[\]@#-]* = /.test(line) || /^[ \t]*[}\])]+,?[ \t]*$/.test(line)
  );
}

/** Lines below a frame of `bt full`: locals stand at 8 columns, what belongs to them deeper. */
export function isLocal(line: string): boolean {
  return (
    /^(?: {8}|\t)[ \t]*\S/.test(line) || /^No (?:locals|symbol table info available)\./.test(line)
  );
}

/** A frame without level, as `finish`, `step` and `until` print it: `main () at g4.c:18`. */
export function startsLocation(line: string): boolean {
  return /^(?:0x[0-9a-fA-F]+ in |[A-Za-z_~][\w:~<>$.@*]*(?: [A-Za-z_:~<>$.@*]\S*){0,3} \((?:\)|\.\.\.\)|[\w$#:.]*(?:@entry)?=|$))/.test(
    line,
  );
}

/** `* 3    Thread 0x7ffff75cf6c0 (LWP 12106) "CPU 1/KVM"      vcpu (idx=1) at th.c:6` */
export function isThreadRow(line: string): boolean {
  return /^[* ] ?\d+(?:\.\d+)?[ \t]+(?:Thread|LWP|process|Remote|CPU#)[ \t]?\S*/.test(line);
}

/** `CPU:3 [LOST 12 EVENTS]`, `dropped 7 events`, `Suppressed 12 messages`: records are missing. */
export function isLossNotice(line: string): boolean {
  return line.length < 512 && LOST.test(line) && LOSS.test(line);
}

/** One of these words is in each of the notices. */
const LOST = /lost|dropped|suppressed/i;

const LOSS =
  /^LOST \d+ events!$|^Lost \d+ events$|\bLOST \d+ EVENTS\b|\bdropped \d+ (?:trace )?(?:events|records|messages)\b|\b\d+ (?:trace )?(?:events|records|messages) (?:were )?(?:dropped|lost)\b|^dropped: \d+|Suppressed \d+ messages|\d+ (?:output lines|callbacks) suppressed/i;

/**
 * Where records are missing, by a notice of what was recorded before, or by a tool that counts what it lost of the
 * whole; undefined for other notices, and other lines.
 */
export function farLoss(line: string, lineNo: number): Reach | undefined {
  if (line.length > 1024 || !LOST_FAR.test(line)) return undefined;
  if (LOST_ANYWHERE.test(line)) return { from: 1 };
  return LOST_BEFORE.test(line) ? { from: 1, to: lineNo } : undefined;
}

/** One of these words is in each of them. */
const LOST_FAR = /skipped|transport|discarded|lost|suppressed/i;

/**
 * At the end SystemTap's stapio (`WARNING: Number of errors: 0, skipped probes: 7`); babeltrace's and perf's, which
 * standard error puts anywhere (tools/perf/util/session.c, perf_session__warn_about_errors()).
 */
const LOST_ANYWHERE =
  /^Processed \d+ (?:events and lost \d+ chunks|samples and lost +[\d.]+%)!$|^WARNING: (?:Number of errors: \d+, skipped probes: [1-9]|There were \d+ transport failures)|\bTracer (?:may have )?(?:discarded|lost) (?:\d+ )?(?:trace )?(?:event|packet)s?\b/i;

/** The host's syslog: rsyslogd tells when the interval is over, journald with the next message. */
const LOST_BEFORE =
  /\brsyslogd\S*: .*\blost \d+ messages from pid\b|\bsystemd-journald\S*: (?:Suppressed|Missed) \d+ /;

/** `point 2, vhost_dev_stop (hdev=0x5555) at vhost.c:12`: a stop line that lost its head, and with it its thread. */
export function isEndOfStop(text: string): boolean {
  return /^[\w "/:.-]{0,80}\b\d{1,6}(?:\.\d{1,4})?, [A-Za-z_~][^ ]{0,512} \(.*\) (?:at|from) \S+$/.test(
    text,
  );
}

/**
 * Somebody cut lines out here and says so: `...`, `[...]`, `<snip>`, `--- 8< ---`, `[120 lines omitted]`. Words need
 * brackets or dashes around them: what a program says that it skipped was not cut out of its log.
 */
export function isCutMark(line: string): boolean {
  if (!MARK_BEGINS.test(line)) return false;
  const text = line.slice(0, LONGEST_MARK + 1).trim();
  return text.length <= LONGEST_MARK && (DOTS.test(text) || SCISSORS.test(text) || isCutWord(text));
}

/** `@@ -504,26 +504,26 @@`: between two hunks of a diff of logs lines are left out. */
export function isHunk(line: string): boolean {
  return /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/.test(line);
}

const LONGEST_MARK = 80;
/** Dots, scissors, brackets and dashes: nearly no line begins with one of them. */
const MARK_BEGINS = /^\s*[-.\u2026[(<{*=~_8>%\u2702]/;
const DOTS = /^(?:\[\.{3,}\]|\[\u2026\]|\(\.{3,}\)|<\.{3,}>|\.{3,}|\u2026)$/;
const SCISSORS = /^[-=_ ]*(?:8<|>8|%<|>%|\u2702)[-=_ 8<>%\u2702]*$/;

function isCutWord(text: string): boolean {
  if (!OPENS.test(text) || !CLOSES.test(text)) return false;
  const words = text.match(/\w+/g) ?? [];
  return words.length <= 8 && CUT_WORD.test(text) && !CUT_HERE.test(text);
}

const OPENS = /^(?:[[(<{*]|[-=~]{2}|\.{3}|\u2026)/;
const CLOSES = /[\])>}*.\u2026]$|[-=~]{2}$/;
const CUT_WORD =
  /\b(?:snip(?:ped)?|cut|trimmed|truncated|omitted|skipped|elided|removed|deleted|more lines)\b/i;
/** The kernel's line above a warning. */
const CUT_HERE = /\bcut here\b/i;

/** Keys typed ahead, echoed by the terminal while the program ran: a command without its prompt. */
export function isTypedAhead(line: string): boolean {
  return TYPED_AHEAD.test(line.trimEnd());
}

const TYPED_AHEAD =
  /^(?:(?:bt|backtrace|where)(?: (?:-?full|-?\d+)){0,2}|c|cont|continue|(?:c|n|s|ni|si|up|down) \d+|run|finish|kill|quit|q|next|step|stepi|nexti|up|down|until|info \w+|thread \d+|thread apply .*|frame \d+|frame function \w+|delete|delete \d+)$/;
