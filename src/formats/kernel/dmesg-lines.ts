/** The stamp in front of a kernel message → who, when, and the text behind it. Syntax: grammars/dmesg.peggy. */
import { accept } from '../../grammar/dmesg.js';

export interface KernelMessage {
  /** As printed in the first brackets, or what the journal put in front. */
  readonly time: string;
  /** From PRINTK_CALLER: the thread, or the CPU outside of one. */
  readonly pid: number | undefined;
  readonly cpu: number | undefined;
  /** With its own blanks. */
  readonly text: string;
}

/** The kernel's own lines end at 1024; the rest is room for margins. */
const LONGEST_LINE = 8192;

// "[    0.651247]"  "[Sun Nov 22"  "[Nov22 03:27]"  "<6>["  "kern  :info  : "  "6,1234,651247,-;"  "Nov 22 03"  "2026-11-22T"
const MAY =
  /^(?:\[ {0,12}\+?\d{1,10}\.\d{6}|\[[A-Z][a-z]{2}[ \d]|<\d{1,3}>\[|[a-z0-9]{3,9} {0,6}:[a-z]{2,6} {0,6}: |\d{1,4},\d|[A-Z][a-z]{2} [ \d]|\d{4}-\d\d-\d\dT)/;

// "> > [    0.651247] ..."   "   [    0.651247] ...": quoted in a mail, set off in a note
// ":[    0.651247] ..."   "5392s [    0.651247] ...": in a report of ABRT, in a log of autopkgtest
const MARGIN = /^(?:[ \t>|]+|:|\d{1,9}s )+/;

export function readMessage(line: string): KernelMessage | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  const message = line.replace(MARGIN, '');
  return MAY.test(message) ? accept(message) : undefined;
}
