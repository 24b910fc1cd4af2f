/**
 * Backtraces that a person wrote into, or of which frames are missing between others → the parts, which may be of several
 * stacks: what the innermost frame of one was called by nobody knows.
 */
import type { Backtrace } from '../../model/record.js';

export function partsOf(bt: Backtrace): readonly Backtrace[] {
  const starts = startsOf(bt);
  if (starts.length === 0) return [bt];
  return [0, ...starts].map((from, i) => partOf(bt, from, starts[i] ?? bt.frames.length));
}

/** What is sure of a backtrace whose outer frames are of another stack. */
export function innermostOf(bt: Backtrace): Backtrace {
  return { ...partOf(bt, 0, 1), incomplete: true };
}

const NONE: readonly number[] = [];

/** Positions of the frames that begin a further part. */
function startsOf({ levels, parted }: Backtrace): readonly number[] {
  // Of the millions that have no hole.
  const last = levels.length - 1;
  if (parted === undefined && (levels[last] ?? 0) - (levels[0] ?? 0) === last) return NONE;
  const starts: number[] = [];
  for (let i = 1; i <= last; i++) {
    const isBehindHole = levels[i] !== (levels[i - 1] ?? 0) + 1;
    if (isBehindHole || parted?.includes(i) === true) starts.push(i);
  }
  return starts;
}

function partOf({ kind, span, ...bt }: Backtrace, from: number, to: number): Backtrace {
  const [lines, levels] = [bt.lines.slice(from, to), bt.levels.slice(from, to)];
  const isLast = to === bt.frames.length;
  return {
    kind,
    span: {
      first: from === 0 ? span.first : (lines[0] ?? span.first),
      last: isLast ? span.last : (lines.at(-1) ?? span.last),
    },
    frames: bt.frames.slice(from, to),
    levels,
    lines,
    wrapped: [],
    thread: from === 0 ? bt.thread : undefined,
    incomplete: bt.incomplete,
  };
}
