/**
 * Frames that lost the line break between them: `... at a.c:1 #2  0x5555 in g (x=1) at b.c:2`, perhaps without a blank; or
 * that have in its place what a page, a spreadsheet or an escaped text make of it, `<br>`, a tab, `\n`. And frames that gdb up
 * to 7.2 put directly behind the thread: `[Switching to thread 2 (Thread 0xb7fe0b70 (LWP 4230))]#0  0x00110424 in f ()`.
 *
 * Source: gdb/thread.c, thread_command() and print_thread_info() (gdb 6 and 7).
 */
import { splitMargin } from '../wrappings/clean.js';
import { isOutsideString } from '../wrappings/markup.js';
import { readGdbLine } from './lines.js';

/** The text up to a frame inside of it, and from there on. */
export interface SplitLine {
  readonly head: string;
  readonly rest: string;
  /** Of the frame with which the rest begins. */
  readonly level: number;
}

const INNER =
  /(?: |[\t\u2028]|\\r?\\n|\\n|<br ?\/?>|<\/p> ?<p>|(?<=\)|\]|\):|:\d{1,9}|\.so[.\d]{0,16}|(?:handler called|from gdb)>))#(\d{1,6}) {1,2}(?:0x[0-9a-f]+ in |<(?:signal handler called|function called from gdb)>|[A-Za-z_][^ \t(]* \((?:\)|\.\.\.\)|\w+(?:@entry)?=))/g;

const PROMPTS = /^(?:\((?:gdb|cgdb|rr)\) ?){1,32}((?:bt|backtrace|where)(?: full)?)?$/;

/**
 * `(gdb) bt #0  0x5555 in f () #1 ...`: a page has lost all line breaks. Without an address the frame is that of a stop; whether
 * it was asked for once more would be lost with the command.
 */
export function isBehindPrompt({ head, rest }: SplitLine): boolean {
  const prompts = PROMPTS.exec(head);
  if (prompts === null) return false;
  return prompts[1] === undefined || /^#\d+ +0x[0-9a-f]+ in /.test(rest);
}

/** Splits a line in front of its second frame; undefined for nearly every line. */
export function splitAtFrame(line: string): SplitLine | undefined {
  // Nearly every frame has the one that it begins with.
  if (!line.includes('#', 1)) return undefined;
  for (const match of line.matchAll(INNER)) {
    const start = line.indexOf('#', match.index);
    const head = line.slice(0, match.index).trimEnd();
    if (!/\w/.test(head) || !isOutsideString(head)) continue;
    return { head, rest: line.slice(start), level: Number(match[1]) };
  }
  return undefined;
}

/** The frame is the first of the thread that the head names. */
export function isBelowThread({ head, level }: SplitLine): boolean {
  if (level !== 0 || !/[\]:]$/.test(head)) return false;
  return readGdbLine(splitMargin(head).rest)?.type === 'thread';
}
