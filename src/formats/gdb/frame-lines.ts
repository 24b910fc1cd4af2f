/**
 * Where a frame begins in a line of gdb, and how much what stands there looks like one.
 *
 * Producer: gdb/stack.c, print_frame() (gdb 7 to 18). Its text is read in frames.ts.
 */
import { splitMargin } from '../wrappings/clean.js';

/** What stands behind a level, `#3  `. */
export interface LeveledText {
  /** In front of the level: margins, prompts, a glued word. */
  readonly margin: string;
  readonly level: number;
  readonly text: string;
  /** As in {@link frameHead}. */
  readonly looks: 'strong' | 'weak' | 'none';
}

/** Undefined for a line without level. `nextLevel`: the one that would go on with the open backtrace. */
export function leveledText(line: string, nextLevel: number | undefined): LeveledText | undefined {
  const leveled = frameLine(line);
  const split = leveled === undefined ? undefined : splitLevel(leveled);
  if (leveled === undefined || split === undefined) return undefined;
  const { level, start } = split;
  const text = leveled.slice(start);
  const head = frameHead(text);
  const looks = head === 'none' && level === nextLevel && HALF.test(text) ? 'strong' : head;
  return { margin: line.slice(0, line.length - leveled.length), level, text, looks };
}

/** "#12 0x00005555" at the end of a log that was cut. */
const HALF = /^0x[0-9a-fA-F]*(?:[ \t]+i?)?$/;

/** What stands in front of a frame's text, and where that starts. */
export interface FrameHead {
  readonly level: number;
  readonly start: number;
}

/** `#12 0x0000...` → 12 and where the frame's text starts; undefined when there is no level. */
export function splitLevel(line: string): FrameHead | undefined {
  if (line.charCodeAt(0) !== HASH) return undefined;
  let level = 0;
  let at = 1;
  for (let code = line.charCodeAt(at); isDigit(code) && at < 10; code = line.charCodeAt(++at)) {
    level = level * 10 + (code - ZERO);
  }
  const gap = line.charCodeAt(at);
  if (at === 1 || (gap !== BLANK && gap !== TAB)) return undefined;
  while (line.charCodeAt(at) === BLANK || line.charCodeAt(at) === TAB) at++;
  return { level, start: at };
}

const HASH = 35;
const ZERO = 48;
const BLANK = 32;
const TAB = 9;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

/**
 * How much a text behind `#N ` looks like a frame: `strong` is unread when the grammar refuses it,
 * `weak` (a name alone, `#2  qemu_poll_ns`) counts only where a trace goes on or its list follows.
 */
export function frameHead(text: string): 'strong' | 'weak' | 'none' {
  // "#0 ...": somebody left the stack out
  if (/^\.{2,}[ \t]*$/.test(text)) return 'none';
  // 0x0000555555b8fda2 in vhost_log_get (...      0x00007ffe in  ()      the name on the next line
  if (/^(?:0x[0-9a-fA-F]+|<in [^<>]{1,64}>)[ \t]+in(?:[ \t]|$)/.test(text)) return 'strong';
  if (ELIDED.test(text) || MASKED.test(text)) return 'strong';
  if (/^<(?:signal handler called|function called from gdb)>/.test(text)) return 'strong';
  // vhost_dev_start (hdev=...      main ()      f (...)      f (address@hidden)      in main ()
  if (PLAIN_CALL.test(text) || IN_CALL.test(text)) return 'strong';
  // -[Foo bar:] (self=...
  if (/^[-+]\[[^ \t[\]"=]{1,256} [^ \t[\]"=]{1,256}\] \(/.test(text)) return 'strong';
  // PropertyAccess<(Kind)1> (cx=...
  if (/^[A-Za-z_]\w*<[^"=]{1,512}> \((?:\)|\w+(?:@entry)?=)/.test(text)) return 'strong';
  // tc_realloc(void*, size_t) (old_ptr=...      scopesegv.bar(const(void() @safe delegate)) (dg=...) of D
  if (/^[\w:~]+\([^()]*\)(?: const)? \(/.test(text) || D_CALL.test(text)) return 'strong';
  // <__gnat_raise> (e=...      pck."+" (left=...      of Ada
  if (/^(?:<[A-Za-z_][\w.]*>|[a-z_][\w.]*\."[^" ]{1,16}") \((?:\)|\w+(?:@entry)?=)/.test(text))
    return 'strong';
  // main.(*T).Method (t=...
  const go = /^[\w./]+\.\(\*\w+\)\.[\w.]+ ?(\(|$)/.exec(text.trimEnd());
  if (go !== null) return go[1] === '(' ? 'strong' : 'weak';
  // Box<double, 3>::operator() (this=...      <T as core::fmt::Debug>::fmt (self=...      the list on the next line
  if (/::|operator|[<{(]anonymous|^<.* as /.test(text.slice(0, 512))) {
    return text.includes('(') ? 'strong' : 'weak';
  }
  if (/^(?:in[ \t]+)?[A-Za-z_$~*?@.][^ \t(){}="',;]*$/.test(text.trimEnd())) return 'weak';
  if (/^[A-Za-z_$~*][^ \t(){}="',;]*[ \t]+at[ \t]+\S+:\d+[ \t]*$/.test(text)) return 'weak';
  // "vhost_log_ put (dev=0x5555) at ../hw/virtio/vhost.c:390": something tore the name
  return TORN_CALL.test(text) ? 'strong' : 'none';
}

// 0x… in vhost_log_get (...      0x55...f00 in main ()
const ELIDED =
  /^(?:(?:0x)?[0-9a-f]{0,16}(?:\u2026|\.{2,8})[0-9a-f]{0,16}|0x[0-9a-f]{0,16}[x*?_]{1,16})[ \t]+in[ \t]+\S+ ?(?:\(|$)/i;

/** What stands for an address: <addr> in vhost_log_get (dev=...      [redacted] in main ()      ADDR in vhost_log_put (... */
const MASKED =
  /^(?:<[^<>]{1,64}>|\[[^[\]]{1,64}\]|[A-Z][A-Z_]{1,32})[ \t]+in[ \t]+[A-Za-z_][^ \t(){}="',;]*[ \t]+\((?:\)|\.\.|\w+(?:@entry)?=)/;

const D_CALL = /^(?:D main|[\w.!]+\(.{1,1024}\)) \((?:\)|\.\.\.\)|\w+(?:@entry)?=)/;

const TORN_CALL = /^[A-Za-z_]\w* \w+ \((?:\)|\w+(?:@entry)?=).*\) (?:at \S+:\d+|from \S+)$/;
const PLAIN_CALL =
  /^[A-Za-z_$~*?@.\u0080-\uffff][^ \t(){}="',;]*[ \t]*\((?:\)|\.\.|\u2026(?= *[,)<])|[ \t]*$|[^ \t,=(){}<>"'@]*(?:@entry)?=|address@hidden)/;
/** The address was cut away. */
const IN_CALL =
  /^in[ \t]+[A-Za-z_*?][^ \t(){}="',;]*[ \t]+\((?:\)|\.\.|\u2026(?= *[,)<])|[ \t]*$|\w+(?:@entry)?=)/;

/**
 * What a script prints in front of its `bt`, without newline: "[3] " (`printf "[%d] ", $_thread`), "HIT ", "hit 3: ", "-- ", "=> ",
 * "vhost_dev_start: ". The whole frame stands behind it as gdb prints it, two blanks after the level: sentences have other words
 * in front of what they cite.
 */
const ECHOED =
  /^(?:\[\d{1,6}\]|-{1,4}>?|={1,4}>|[A-Z][A-Z\d_]{0,15}|(?:\w{1,64}|\w{1,16} \d{1,9}):)[ \t](?=#0 {2}(?:0x[0-9a-f]+ in )?[A-Za-z_][\w.]* \((?:\)|\w+(?:@entry)?=.*\)) at \S+:\d+$)/;

/**
 * The line from its `#0` on: margins, prompts and a glued word in front of it go. Undefined when there
 * is no level.
 */
function frameLine(text: string): string | undefined {
  const hash = text.indexOf('#');
  if (hash < 0 || hash > 256 || !isDigit(text.charCodeAt(hash + 1))) return undefined;
  if (hash === 0) return text;
  const { rest } = splitMargin(text);
  if (rest.startsWith('#')) return rest;
  // "(gdb) (gdb) #0  vcpu (idx=1) at th.c:6"
  const prompts = /^(?:\((?:gdb|cgdb|rr)\) *){1,32}(?=#\d)/.exec(rest);
  if (prompts !== null) return rest.slice(prompts[0].length);
  const echoed = ECHOED.exec(rest);
  if (echoed !== null) return rest.slice(echoed[0].length);
  // "libxlFDRegisterEventHook#0  libxlFDRegisterEventHook (...": a printf without newline
  return /^\S{0,127}[\w)\]]#0[ \t]/.test(text) ? text.slice(hash) : undefined;
}

/** The text of a frame on one line, without level and margin; empty when the line is no frame. */
export function frameText(text: string): string {
  const line = frameLine(text) ?? '';
  const head = splitLevel(line);
  return head === undefined ? '' : line.slice(head.start).trimEnd();
}
