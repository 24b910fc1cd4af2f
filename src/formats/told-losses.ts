/**
 * Lines that say that others are missing: notices of a tool that lost what it was to record, marks of a person who cut a log.
 *
 * Source: named at each pattern.
 */
import { anyOf } from '../base/any-of.js';
import type { Reach } from '../model/record.js';

export interface ToldLoss {
  readonly why: string;
  /** Which lines it is about, where that is not this place. */
  readonly reach?: Reach;
  /** Records are missing in front of the next one, if one comes. */
  readonly isBelow?: true;
  /** It may stand between two frames of one backtrace. */
  readonly isWithin?: true;
  /** What comes is of another log, whose debugger may have stopped elsewhere. */
  readonly isOther?: true;
}

/** What the line says is missing. `isNear`: it stands below a record; `isGdb`: in a log of gdb's. */
export function toldLoss(
  text: string,
  lineNo: number,
  { isNear, isGdb }: { readonly isNear: boolean; readonly isGdb: boolean },
): ToldLoss | undefined {
  const reach = farLoss(text, lineNo);
  if (reach !== undefined) return { why: 'the log says that events were lost elsewhere', reach };
  if (isLossNotice(text)) return { why: 'the log says that events were lost' };
  if (isNear && isHunk(text)) return { why: 'a diff of logs leaves lines out' };
  if (isGdb && isEndOfStop(text)) return { why: 'the head of a stop is missing' };
  if (isNear && BETWEEN.test(text))
    return { why: 'lines between two places are left out', isWithin: true };
  if (DETACHED.test(text)) return { why: 'the terminal was left' };
  if (isFileHead(text) || (isNear && isFileCommand(text)))
    return { why: 'another file is shown', isOther: true };
  if (isPartCommand(text)) return { why: 'a part of a file is shown', isBelow: true };
  return isCutMark(text) ? { why: 'somebody cut lines out', isWithin: true } : undefined;
}

/**
 * `message repeated 3 times: [ VHOST_CONFIG: ...]`: how often, and what; without the text it is the line above, of whatever
 * program. Undefined for other lines. Source: rsyslog runtime/ratelimit.c ratelimitGenRepMsg(); sysklogd and older ones
 * leave the text out.
 */
export function repeatedLine(
  line: string,
): { times: number; text: string | undefined } | undefined {
  if (!line.includes('message repeated ')) return undefined;
  const found = REPEATED.exec(line.slice(0, LONGEST_REPEATED));
  if (found === null) return undefined;
  const [, times, text] = found;
  return { times: Number(times), text };
}

const LONGEST_REPEATED = 2048;
const REPEATED =
  /(?:^|[ \t:])(?:-{1,3} )?(?:last )?message repeated (\d{1,10}) times?(?:: \[ ?(.*?)\]?|\.?(?: ?-{1,3})?)[ \t]*$/;

/** `CPU:3 [LOST 12 EVENTS]`, `dropped 7 events`, `Suppressed 12 messages`: records are missing. */
function isLossNotice(line: string): boolean {
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
function farLoss(line: string, lineNo: number): Reach | undefined {
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
function isEndOfStop(text: string): boolean {
  return /^[\w "/:.-]{0,80}\b\d{1,6}(?:\.\d{1,4})?, [A-Za-z_~][^ ]{0,512} \(.*\) (?:at|from) \S+$/.test(
    text,
  );
}

/**
 * Somebody cut lines out here and says so: `...`, `[...]`, `<snip>`, `--- 8< ---`, `[120 lines omitted]`, `// ...`.
 * Words need brackets or dashes around them, or stand in a comment: what a program says that it skipped was not cut
 * out of its log.
 */
export function isCutMark(line: string): boolean {
  if (!MARK_BEGINS.test(line)) return false;
  const text = line.slice(0, LONGEST_MARK + 1).trim();
  if (text.length > LONGEST_MARK) return false;
  const comment = COMMENT.exec(text)?.[1];
  if (comment !== undefined && (DOTS.test(comment) || saysCut(comment))) return true;
  return DOTS.test(text) || SCISSORS.test(text) || isCutWord(text);
}

/** `// 3 stacks removed`, `/* ... *\/`, `# ...`. */
const COMMENT = /^(?:\/\/+|\/\*+|#+|;+)[ \t]*(.*?)[ \t]*(?:\*+\/)?$/;

/** What grep puts between matches with their context (`grep -A 7`); dots that somebody put below each other. */
const BETWEEN = /^(?:--|[.:~])$/;

/** `@@ -504,26 +504,26 @@`: between two hunks of a diff of logs lines are left out. */
function isHunk(line: string): boolean {
  return /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/.test(line);
}

/**
 * `$ sed -n 200,260p gdb.txt`, `root@host:~# zcat x.gz | tail -n 40`: what stands above is no beginning of what the shell
 * prints below; behind a capture it may be anything (`head -28 /proc/cpuinfo`). Signs of its prompt: bash, ksh and zsh. A filter like grep leaves lines out that nobody may miss.
 */
function isPartCommand(line: string): boolean {
  if (line.length > LONGEST_COMMAND) return false;
  const command = SHELL.exec(line)?.[1];
  return command?.split('|').some((part) => PART.test(part)) === true;
}

const LONGEST_COMMAND = 512;
const SHELL = /^[ \t]*(?:\[?[\w.+-]+@[\w.-]+[: ][^ $#%]* ?\]?)?[$#%] (.*)$/;
const PART = /^ *(?:sudo )?(?:sed (?:-\w+ )*-n|head|tail)(?: +-\w.*| +["'\d].*| +\S*[./].*| *)$/;

/** What head(1) and tail(1) put above each of several files: coreutils src/head.c, write_header(). */
function isFileHead(line: string): boolean {
  return line.startsWith('==> ') && /^==> \S.{0,255} <==$/.test(line);
}

/** `[detached from 1234.pts-0.host]`, `[detached (from session 0)]`: screen, tmux. */
const DETACHED = /^\[detached(?: .{1,80})?\]$/;

/** `$ less gdb.txt`: what stands above is of another file, or comes once more. */
function isFileCommand(line: string): boolean {
  const command = line.length > LONGEST_COMMAND ? undefined : SHELL.exec(line)?.[1];
  return command !== undefined && SHOWS_FILE.test(command);
}

const SHOWS_FILE = /^ *(?:sudo )?(?:(?:xz|z|bz|zstd)?(?:cat|less|more)|bat|most) +[^|;&]*$/;

const LONGEST_MARK = 80;
/** Dots, scissors, brackets, dashes and comments: nearly no line begins with one of them. */
const MARK_BEGINS =
  /^\s*(?:[-.:+\u2026[(<{*=_~8>%\u2702/#;|`&\u2022\u00b7\u22ee\u22ef]|(?:snip|cut|redacted|omitted)\b)/i;
/** Dots, in brackets or among signs: `...`, `[..]`, `. . .`, `| ... |`; and a frame that stands for others, `#0  (same)`. */
const DOTS = anyOf([
  /^[\s|>]*(?:\[ ?(?:\.{2,}|-{2,}|\u2026|\u22ef) ?\](?:[ \t].{1,60})?|\((?:\.{3,}|\u2026)\)|<(?:\.{3,}|\u2026)>|\{(?:\.{3,}|\u2026)\})$/,
  /^:{3,}$/,
  /^[\s|>*+~=`\u2022-]*(?:\.{3}|\u2026|\u22ee|\u22ef|\u2022{3}|\u00b7{3}|(?:[.-] ){2}[.-])[\s.|*~=`\u2022\u00b7\u22ee\u2026-]*$/,
  /^&hellip;$|^&#8230;$|^#\d+[ \t]+(?:\.{3,}|\u2026|\(same\b.{0,40}\))$/,
]);
const SCISSORS = /^[-=_ ]*(?:8<|>8|%<|>%|\u2702)[-=_ 8<>%\u2702]*$/;

function isCutWord(text: string): boolean {
  return (
    /^(?:\[message clipped\]|(?:snip|cut|redacted|omitted)\W*$|[[(<.\u2026]+ ?more ?[\])>.\u2026]+$|\+\d+ more$|&c\.?$)/i.test(
      text,
    ) ||
    (OPENS.test(text) && CLOSES.test(text) && saysCut(text))
  );
}

function saysCut(text: string): boolean {
  const words = text.match(/\w+/g) ?? [];
  return (
    words.length <= 8 && (CUT_WORD.test(text) || GOES_ON.test(text)) && !KERNEL_WARNING.test(text)
  );
}

const OPENS = /^(?:[[(<{*]|[-=~]{2}|\.{3}|\u2026)/;
const CLOSES = /[\])>}*.\u2026]$|[-=~]{2}$/;
const CUT_WORD =
  /\b(?:snip(?:ped)?|cut|trimmed|truncated|omitted|skipp(?:ed|ing)|clipped|dropped|gap|elided|removed|deleted|repeated|\d+ lines|more lines)\b/i;
/** `# and so on`, `(same for the other rings, etc.)`. */
const GOES_ON = /\band so (?:on|forth)\b|(?<![\w./-])etc\b\.*[\s)\]}>*]*$/i;
/** `------------[ cut here ]------------`: the kernel's line above a warning. */
const KERNEL_WARNING = /-{4,}\[ cut here \]-{4,}/;
