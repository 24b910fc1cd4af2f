/**
 * Captures from which text was lost: the ends cut off at any byte, a part of the middle cut out by somebody
 * who says so. No violation comes of it that the whole capture does not show.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check } from '../helpers/check.js';
import { besideRepository } from '../helpers/read-text.js';

const own = fileURLToPath(new URL('../../fixtures/captures', import.meta.url));
const shared = besideRepository('shared/captures');

/** A capture is judged again and again: not the megabytes. */
const MOST_BYTES = 300_000;

const captures = [own, ...(shared === undefined ? [] : foldersOf(shared))].flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => /\.(?:gdb\.txt|log)$/.test(file))
    .map((file) => join(folder, file))
    .filter((path) => statSync(path).size < MOST_BYTES),
);

function foldersOf(at: string): string[] {
  const entries = readdirSync(at, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(at, name));
}

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

/** Rules that report violations, with the severity; a note is none. */
function violated(text: string): string[] {
  const { findings } = check('capture', text);
  return findings
    .filter(({ verdict, severity }) => verdict === 'violation' && severity !== 'note')
    .map(({ rule, severity }) => `${severity} ${rule}`);
}

describe('text that was lost', () => {
  test.each(captures)('%s', (path) => {
    const text = readFileSync(path, 'utf8');
    const whole = new Set(violated(text));
    fc.assert(
      fc.property(loss, (lost) => {
        expect(violated(without(text, lost)).filter((found) => !whole.has(found))).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});
