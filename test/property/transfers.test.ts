/** The fast path of strace's lists takes nothing that its grammar refuses, whatever is torn out of a list or put into it. */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isPlainTransfer, straceLine } from '../../src/formats/wire/strace-line.js';
import { accept } from '../../src/grammar/strace.js';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'formats', 'strace');
const lists = readdirSync(folder)
  .flatMap((name) => readFileSync(join(folder, name, 'input.txt'), 'utf8').split('\n'))
  .map((line) => straceLine(line))
  .flatMap((line) => (line?.what === 'call' || line?.what === 'resumed' ? [line.args] : []));

it('is there for most lists that carry bytes', () => {
  const carrying = lists.filter((list) => list.includes('iov_base="'));
  expect(carrying.filter(isPlainTransfer).length).toBeGreaterThan(carrying.length / 2);
});

it('takes what the grammar takes', () => {
  const change = fc.record({
    list: fc.constantFrom(...lists),
    at: fc.nat(400),
    lost: fc.nat(12),
    put: fc.oneof(
      fc.constant(''),
      fc.constantFrom(' ', '"', '\\', '\\x', '<', '>', '}', ', ', '|'),
    ),
  });
  fc.assert(
    fc.property(change, ({ list, at, lost, put }) => {
      const torn = list.slice(0, at) + put + list.slice(at + lost);
      fc.pre(isPlainTransfer(torn));
      expect(accept(torn, 'Transferred')).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
