/**
 * Captures whose values were torn by blanks, as terminals, mail and forms leave them that wrap in mid-word.
 * No violation comes of it that the whole capture does not show.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { captures, violated } from '../helpers/damaged-captures.js';
import { runsOf } from '../helpers/share.js';

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

function tear(
  text: string,
  tokens: readonly RegExpExecArray[],
  { every, first, at }: Tears,
): string {
  const chosen = first % Math.max(1, Math.min(every, tokens.length));
  let torn = '';
  let end = 0;
  for (let i = chosen; i < tokens.length; i += every) {
    const { index = 0, 0: token = '' } = tokens[i] ?? {};
    const place = index + 1 + ((at + i + 1) % (token.length - 1));
    torn += `${text.slice(end, place)} `;
    end = place;
  }
  return torn + text.slice(end);
}

describe('values that a blank tore', () => {
  test.each(captures)('%s', (path) => {
    const text = readFileSync(path, 'utf8');
    const whole = new Set(violated(text));
    const tokens = [...text.matchAll(TOKEN)];
    fc.assert(
      fc.property(tears, (torn) => {
        expect(violated(tear(text, tokens, torn)).filter((found) => !whole.has(found))).toEqual([]);
      }),
      { numRuns: runsOf(4) },
    );
  });
});
