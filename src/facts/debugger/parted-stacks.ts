/**
 * Backtraces that a person wrote into, or of which frames are missing between others → the parts, which may be of several
 * stacks: what the innermost frame of one was called by nobody knows.
 */
import type { Backtrace } from '../../model/record.js';

export function partsOf(bt: Backtrace): readonly Backtrace[] {
  const starts = [...startsOf(bt)];
  if (starts.length === 1) return [bt];
  return starts.map((from, i) => partOf(bt, from, starts[i + 1] ?? bt.frames.length));
}

/** Positions of the frames that begin a part. */
function* startsOf({ levels, parted }: Backtrace): Generator<number> {
  yield 0;
  for (let i = 1; i < levels.length; i++) {
    const isBehindHole = levels[i] !== (levels[i - 1] ?? 0) + 1;
    if (isBehindHole || parted?.includes(i) === true) yield i;
  }
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
