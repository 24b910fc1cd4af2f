/**
 * Calls that have not returned where the capture ends: on a terminal or in a file strace prints what it knows when a call
 * begins, and the rest when it has returned.
 *
 * Source: strace's src/syscall.c, syscall_entering_trace(), which flushes what it prints; src/strace.c, droptcb().
 */
import type { OpenCall, SystemCall } from '../../model/record.js';
import type { Slot } from '../held-records.js';
import { callOf, channelOf, threadOf } from './strace-call.js';
import { directionOf, firstArgument, straceLine, wholeCall } from './strace-line.js';
import type { CallLine } from './strace-line.js';

/** A call that has not returned on its line. */
export interface Torn {
  readonly call: SystemCall;
  readonly slot: Slot;
}

/**
 * Those that may have to do with a backend, in order. `torn`: that were not resumed; `next`: the line in front of which the
 * capture ends, or the last one if that is cut, which `cut` is the text of.
 */
export function openCalls(
  torn: readonly { readonly call: SystemCall }[],
  next: number,
  cut?: string,
): OpenCall[] {
  const open = torn.map(({ call }) => call);
  return (cut === undefined ? open : besideCut(open, next, cut))
    .filter(({ name }) => name === 'ioctl' || directionOf(name) !== undefined)
    .map((call) => {
      const span = { first: next, last: next - 1 };
      return { kind: 'open-call', span, call, channel: channelOf(call) };
    });
}

/** On the line that is cut the call of a thread goes on, or another one begins; none is open if it is not told whose. */
function besideCut(torn: readonly SystemCall[], lineNo: number, text: string): SystemCall[] {
  const line = straceLine(`${text} <unfinished ...>`);
  if (line === undefined || !('args' in line)) return [];
  const open = torn.filter((call) => threadOf(call) !== threadOf(line));
  const isCall = line.what === 'call' && isTold(line) && wholeCall(line) !== undefined;
  return isCall ? [...open, callOf(line, { first: lineNo, last: lineNo })] : open;
}

/** As strace has printed it by then: of what is received only from where; an argument follows where the name of a request is whole. */
function isTold({ name, args }: CallLine): boolean {
  const { fd, rest } = firstArgument(args);
  return (
    fd !== undefined &&
    (name === 'ioctl' ? /^[^,]+, (?:0x[\da-f]*|\d*)$/.test(rest) : /^,?$/.test(rest))
  );
}
