/**
 * Lines of a gdb session other than frames → what they say.
 *
 * Producer: gdb/breakpoint.c, gdb/infrun.c, gdb/thread.c, gdb/inferior.c (gdb 7 to 18).
 * Syntax:   grammars/gdb-line.peggy; the patterns here only spare the grammar hopeless lines.
 * Not read: messages that carry no record (chatter.ts, messages.ts), the machine interface (gdb-mi/).
 */
import { detached } from '../../base/detached.js';
import { isCutMark } from '../told-losses.js';
import { accept } from '../../grammar/gdb-line.js';
import type { ProcessMark, Stop, ThreadNotice, ThreadRef } from '../../model/record.js';

/** What grammars/gdb-line.peggy returns. */
export type GdbLine =
  | {
      readonly type: 'stop';
      readonly thread: ThreadRef | undefined;
      readonly reason: Stop['reason'];
      readonly number: number | undefined;
      /** Text of a frame, as yet unread; undefined when the location stands on a later line. */
      readonly location: string | undefined;
      readonly signal?: string;
      readonly ended?: true;
    }
  | {
      readonly type: 'breakpoint-set';
      readonly number: number;
      readonly temporary: boolean;
      readonly func: string | undefined;
      readonly file: string | undefined;
      readonly line: number | undefined;
      /** It is pending: it stops nowhere as yet. */
      readonly narrowed?: true;
      /** `(2 locations)` */
      readonly several?: true;
    }
  | { readonly type: 'thread'; readonly what: ThreadNotice['what']; readonly thread: ThreadRef }
  | { readonly type: 'process'; readonly what: ProcessMark['what'] }
  | { readonly type: 'prompt'; readonly text: string };

// First words of everything that the grammar knows. "1.2  y  0x0000 in f at x.c:3" is a row of `info breakpoints`.
const CANDIDATE =
  /^(?:Thread |\[(?:Switching|Current|New|Thread|LWP|Inferior|process) |Breakpoint \d|Temporary (?:breakpoint|catchpoint) \d|Hardware |Watchpoint \d|Catchpoint \d|Program (?:received|terminated)|Starting program: |(?:process \d+|Remote target) is executing |The program no longer|\d+(?:\.\d+)?[ \t]+(?:(?:hw )?breakpoint[ \t]|[yn-]\*?[ \t]+0x)|\((?:gdb|cgdb|rr)\)|pwndbg>|gef➤|gdb-peda\$|gdb[$>] )/;

const LONGEST_LINE = 16_384;

/** What the line says, or undefined when it is none of these. */
export function readGdbLine(line: string): GdbLine | undefined {
  if (!CANDIDATE.test(line) || line.length > LONGEST_LINE) return undefined;
  return readThreadNotice(line) ?? accept(line);
}

// "[New Thread 0x7ffff7afc6c0 (LWP 7310)]"   "[Thread 0x7ffff7afc6c0 (LWP 7310) exited]"
const NOTICE =
  /^\[(?:(New|Switching to) Thread (0x[0-9a-f]{1,16}) \(LWP (\d{1,9})\)|Thread (0x[0-9a-f]{1,16}) \(LWP (\d{1,9})\) exited)\]$/;

/** What the grammar says of the notice of a thread, of which there are thousands; undefined for all other lines. */
export function readThreadNotice(line: string): Extract<GdbLine, { type: 'thread' }> | undefined {
  const match = NOTICE.exec(line);
  if (match === null) return undefined;
  const [, word, pthread = match[4] ?? '', lwp = match[5]] = match;
  const what = word === undefined ? 'exit' : word === 'New' ? 'new' : 'switch';
  return { type: 'thread', what, thread: { lwp: Number(lwp), pthread: detached(pthread) } };
}

/** The stop without its place. */
export function stopHead(line: StopLine): Omit<Stop, 'span' | 'frame'> {
  const { reason, number, thread, signal, ended } = line;
  const stop = { kind: 'stop', reason, number, thread } as const;
  if (signal === undefined) return stop;
  return { ...stop, signal: detached(signal), ...(ended === true ? { ended } : {}) };
}

type StopLine = Extract<GdbLine, { type: 'stop' }>;

/** True where the text of a stop begins, even when the rest of it stands on the next line. */
export function startsStop(line: string): boolean {
  return STOP.test(line) || HIT.test(line);
}

// Nobody else says so, whatever became of the place behind it.
const HIT = /^Thread \S+ "[^"\n]{0,64}" hit (?:Temporary b|B)reakpoint \d+(?:\.\d+)?, [\w(]/;

// Prose says "Breakpoint 2, 3 and 4": a location must begin behind the comma.
const STOP =
  /^(?:Thread \S+(?: "[^\n]{0,64}")? hit )?(?:(?:Temporary |Hardware assisted )?[Bb]reakpoint|(?:Temporary c|C)atchpoint) \d+(?:\.\d+)?(?: \([^)]*\))?, ?(?:0x[0-9a-fA-F]+ in |[A-Za-z_~<(*$?@.][^ \t]*(?: ?\(| at )|$|[^\n]{1,512}(?:::|operator|>)[^\n]*(?:\(|$)|[\w$][\w$@.!~()*[\]]*$)/;

/** Lines that end whatever text was under construction. */
export function isBarrier(line: string): boolean {
  // The arguments that gdb leaves out may stand on a line of their own.
  return BARRIER.test(line) || (isCutMark(line) && line.trim() !== '(...)');
}

// #3  0x...   (gdb) bt   Thread 2 (...):   [New Thread ...]   Breakpoint 1, ...   27074@1795320809.223469:...
const BARRIER =
  /^(?:#\d+[ \t]|\d+\t|\((?:gdb|cgdb|rr)\)|pwndbg>|gef➤|gdb-peda\$|gdb[$>] |Thread \d+(?:\.\d+)?(?: "[^"]*")? \(|Thread \S+(?: ".*")? (?:hit|received) |\[(?:New|Switching|Thread|Inferior|Current|Detaching) |(?:Temporary b|Hardware assisted b|B)reakpoint \d|(?:Temporary c|C)atchpoint \d|Program (?:received|terminated) |\d+@\d+\.\d+:|Run till exit from)/;
