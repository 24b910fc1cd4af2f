/**
 * Rows of the kernel's tracers and of perf in which a blank stands where none was printed, or dots for what a view left out: a
 * line break within a value or a name became a blank.
 *
 * Source: Linux kernel/trace/trace_probe.c print_probe_args(): what stands behind the place of a probe is ` name=value` only; a
 * value in quotes, braces and brackets may have blanks.
 */
import type { TraceBody } from './ftrace-lines.js';

const GROUPS = /"[^"]*"|\{[^{}]*\}|\([^()]*\)|\[[^[\]]*\]/g;

/** " cmd=0x4008af00 arg=0x7ffff53ff890", as nearly all rows have them: nothing is torn there. */
const WHOLE = /^(?: \w+=[\w-]+)*$/;

/** "dev=0x 5555573f9c50 size=0x400", "list ener=0x5555": words in front of a further value. */
const WORD_BETWEEN = /(?:^|[ \t])[\w.+/-]+[ \t]+[\w. \t+/-]*=/;

/** "cmd=0x4 028af11", "ret=-1 4": the rest of a number at the end. Behind others a person may have put words. */
const REST_OF_NUMBER = /=-?(?:0x)?[\da-fA-F]* [\da-fA-F]+$/;

const ELIDED = /(?:\u2026|\.{3})(?:[ \t]|$)/;

/** "(vhost_net_ioctl+0x94/0xc0 [vhost_net] <- vh ost_vring_ioctl) ret=0": the place of a probe, and no place. */
const BROKEN_PLACE = /^[ \t]*\((?=[^()]*(?:\+0x|<-|[\da-f]{8}))[^()]*\)(?:[ \t]+\w+=|$)/;

/** "CPU 0/KVM  3880 [000]       CPU 0/KVM": of the row in front only thread and processor are left. */
export function isOfTwo(comm: string | undefined): boolean {
  return comm !== undefined && /\d \[\d{3}\]/.test(comm);
}

/** Why the row is none. */
export const TORN_PLACE = 'an event could not be read';

type Row = Extract<TraceBody, { name: string }>;

/** Which function the row is about is not known. */
export function hasTornPlace({ what, func, args }: Row): boolean {
  return what === 'event' && func === undefined && args !== undefined && BROKEN_PLACE.test(args);
}

/** The row without values that are not known for certain. */
export function withSureValues<Body extends Row>(body: Body): Body {
  return hasTornValues(body) ? { ...body, args: undefined } : body;
}

function hasTornValues({ what, args }: Row): boolean {
  if (args === undefined || what === 'event' || WHOLE.test(args)) return false;
  // Those of a probe; the arguments of a function or of a system call are told apart by commas.
  if (!/^[ \t]/.test(args)) return false;
  const bare = args.replace(GROUPS, '').trimEnd();
  return WORD_BETWEEN.test(bare) || REST_OF_NUMBER.test(bare);
}

/** Not all of the row is known. */
export function isTornRow(row: Row): boolean {
  return hasTornPlace(row) || hasTornValues(row) || isElided(row);
}

/** A value of the row is left out. */
function isElided({ args }: Row): boolean {
  return args !== undefined && /^[ \t]/.test(args) && ELIDED.test(args);
}
