/** Backtraces that a person wrote into → the parts between the words, which may be of several stacks. */
import type { Backtrace } from '../../model/record.js';

export function partsOf(bt: Backtrace): readonly Backtrace[] {
  const { parted } = bt;
  if (parted === undefined) return [bt];
  const starts = [0, ...parted];
  return starts.map((from, i) => partOf(bt, from, starts[i + 1] ?? bt.frames.length));
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
