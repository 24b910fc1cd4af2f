/**
 * Captures from which text was lost: the ends cut off at any byte, a part of the middle cut out by somebody
 * who says so. No violation comes of it that the whole capture does not show.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { captures, violated } from '../helpers/damaged-captures.js';
import { runsOf } from '../helpers/share.js';

const MARKS = ['[...]', '...', '…', '<snip>', '--- 8< ---', '[ 120 lines omitted ]'];

/** Where the text begins and ends, what is cut out of the rest, in parts of a thousand; and the mark put there. */
const loss = fc.record({
  first: fc.oneof(fc.constant(0), fc.nat(999)),
  last: fc.oneof(fc.constant(1000), fc.nat(1000)),
  hole: fc.nat(999),
  size: fc.nat(300),
  mark: fc.option(fc.constantFrom(...MARKS), { nil: undefined }),
});

type Loss = typeof loss extends fc.Arbitrary<infer Value> ? Value : never;

function without(text: string, { first, last, hole, size, mark }: Loss): string {
  const at = (part: number): number => Math.floor((part * text.length) / 1000);
  const left = text.slice(at(Math.min(first, last)), at(Math.max(first, last)));
  if (mark === undefined) return left;
  const from = Math.floor((hole * left.length) / 1000);
  const end = Math.min(left.length, from + at(size));
  return `${left.slice(0, from)}\n${mark}\n${left.slice(end)}`;
}

describe('text that was lost', () => {
  test.each(captures)('%s', (path) => {
    const text = readFileSync(path, 'utf8');
    const whole = new Set(violated(text));
    fc.assert(
      fc.property(loss, (lost) => {
        expect(violated(without(text, lost)).filter((found) => !whole.has(found))).toEqual([]);
      }),
      { numRuns: runsOf(8) },
    );
  });
});
