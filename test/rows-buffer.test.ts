import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowsBuffer } from '../src/store/rows-buffer.js';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('x'.repeat(100_000), 'é'.repeat(100_000), '"\\\n'.repeat(30_000)),
);
const row = fc.tuple(fc.nat({ max: Number.MAX_SAFE_INTEGER }), text, fc.nat(), fc.boolean());

test('the array holds the rows that were written, whichever way', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), fc.constantFrom(0, undefined), (rows, least) => {
      const buffer = new RowsBuffer(least);
      for (const [great, value, small, isWhole] of rows) {
        if (isWhole) buffer.add(JSON.stringify([great, value.toWellFormed(), small, null]));
        else {
          buffer.open();
          buffer.number(great);
          buffer.comma();
          buffer.string(value);
          buffer.comma();
          buffer.number(small);
          buffer.json(',null');
          buffer.close();
        }
      }
      expect(buffer.count).toBe(rows.length);
      const expected = rows.map(([great, value, small]) => [
        great,
        value.toWellFormed(),
        small,
        null,
      ]);
      expect(JSON.parse(buffer.array().toString())).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test.each([0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1])('%d has its digits', (number) => {
  const buffer = new RowsBuffer();
  buffer.open();
  buffer.number(number);
  buffer.close();
  expect(buffer.array().toString()).toBe(`[[${number}]]`);
});
