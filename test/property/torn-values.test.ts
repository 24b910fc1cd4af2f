/**
 * Captures whose values were torn by blanks, as terminals, mail and forms leave them that wrap in mid-word.
 * No violation comes of it that the whole capture does not show.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { captures, violated } from '../helpers/damaged-captures.js';

/** Names and values of arguments, values of events. */
const TOKEN =
  /[A-Za-z_@]{2,}(?==)|(?<==)[^\s,(){}"<>]{2,}|(?<= \w+[:=] ?)(?:0x[0-9a-f]{2,}|\d{2,})/g;

/** One token in so many is torn, which one and where is told by a number. */
const tears = fc.record({
  every: fc.constantFrom(1, 7, 50, 100_000),
  first: fc.nat(),
  at: fc.nat(),
});

type Tears = typeof tears extends fc.Arbitrary<infer Value> ? Value : never;

function tear(text: string, { every, first, at }: Tears): string {
  const tokens = text.match(TOKEN)?.length ?? 0;
  const chosen = first % Math.max(1, Math.min(every, tokens));
  let i = 0;
  return text.replace(TOKEN, (token) => {
    if (i++ % every !== chosen) return token;
    const place = 1 + ((at + i) % (token.length - 1));
    return `${token.slice(0, place)} ${token.slice(place)}`;
  });
}

describe('values that a blank tore', () => {
  test.each(captures)('%s', (path) => {
    const text = readFileSync(path, 'utf8');
    const whole = new Set(violated(text));
    fc.assert(
      fc.property(tears, (torn) => {
        expect(violated(tear(text, torn)).filter((found) => !whole.has(found))).toEqual([]);
      }),
      { numRuns: 6 },
    );
  });
});
