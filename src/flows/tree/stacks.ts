/** All backtraces of several captures, whatever format shows them. */
import type { Backtrace, Reading } from '../../model/record.js';

/** A capture by the name that the user knows. */
export interface NamedReading {
  readonly path: string;
  readonly reading: Reading;
}

export interface Stack extends Backtrace {
  readonly path: string;
}

/** In the order of the captures and their lines. */
export function* stacksOf(inputs: readonly NamedReading[]): Generator<Stack> {
  for (const { path, reading } of inputs) {
    for (const record of reading.records) {
      if (record.kind === 'backtrace' && record.frames.length > 0) yield { ...record, path };
    }
  }
}

/** Whether the frame at `i` was called by the next one: false where the text lacks frames between them, or has a person's words. */
export function isCalledByNext(
  { levels, parted }: Pick<Backtrace, 'levels' | 'parted'>,
  i: number,
): boolean {
  return levels[i + 1] === (levels[i] ?? 0) + 1 && parted?.includes(i + 1) !== true;
}
