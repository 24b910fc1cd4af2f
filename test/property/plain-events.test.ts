import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine } from '../../src/formats/wrappings/clean.js';
import { cutPager } from '../../src/formats/gdb/pager.js';
import { Margins } from '../../src/formats/wrappings/margins.js';
import { builtInEvents } from '../../src/formats/qemu/event-table.js';
import { plainLine, readEvent, readPlain } from '../../src/formats/qemu/qemu-trace.js';
import type { Reading } from '../../src/model/record.js';
import { parse } from '../../src/grammar/qemu-trace.js';
import { caseFile, formatCases, linesOf, readLines } from '../helpers/read-text.js';

const captures = new URL('../../fixtures/captures/', import.meta.url);
const corpora = [
  ...formatCases().map((name) => readFileSync(caseFile(name, 'input.txt'), 'utf8')),
  ...readdirSync(captures, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(new URL(name, captures), 'utf8')),
].map((text) => linesOf(text));
const lines = [...new Set(corpora.flat())];
const plain = lines.filter((line) => plainLine(line) !== undefined);

/** No line is plain with a control character, which is taken off before anything else is asked. */
function readSlowly(all: readonly string[]): Reading {
  const unclean = all.map((line) => `${line}\x07`);
  for (const line of unclean) expect(plainLine(line)).toBeUndefined();
  return readLines(unclean);
}

/** Margins that are taken off, and none. */
const margins = ['> #0  f () at x.c:1', '00:08:58 (gdb) bt', '[pid 7] #0  f () at x.c:1', ''];

function expectEqual(line: string): void {
  const parts = plainLine(line);
  if (parts === undefined) return;
  expect(parts).toEqual(parse(line));
  expect(cleanLine(line)).toBe(line);
  expect(cutPager(line)).toBeUndefined();
  for (const first of margins) {
    for (const next of ['> x', '00:08:58 x', '[pid 7] x']) {
      const [left, ended] = [new Margins(builtInEvents()), new Margins(builtInEvents())];
      left.strip(first);
      ended.strip(first);
      expect(left.strip(line)).toBe(line);
      ended.end();
      expect(left.strip(next)).toBe(ended.strip(next));
    }
  }
  const read = readPlain(parts, 7, builtInEvents());
  for (const afterEvent of [true, false]) expect(readEvent(line, 7, afterEvent)).toEqual(read);
}

const event = fc.constantFrom(...plain);
/** Lines of an event with characters put in, taken away or doubled anywhere. */
const changed = fc
  .tuple(
    event,
    fc.nat(),
    fc.constantFrom('', 'x', '@', '<', '&lt;', '\x07', '\x1b[0m', 'é', ' ', '.'),
  )
  .chain(([line, at, put]) => fc.constant([line, at % (line.length + 1), put] as const))
  .chain(([line, at, put]) =>
    fc.constantFrom(at, at + 1).map((end) => line.slice(0, at) + put + line.slice(end)),
  );

describe('plain lines of events', () => {
  it('are most of them', () => {
    const stamped = lines.filter((line) => /^\d+@\d+\.\d+:/.test(line));
    expect(plain.length).toBeGreaterThan(stamped.length * 0.9);
  });

  it('are read as the grammar reads them', () => {
    for (const line of lines) expectEqual(line);
    fc.assert(fc.property(changed, expectEqual), { numRuns: 5000 });
  });

  it('give what they give on the long way, in every capture', () => {
    for (const capture of corpora) {
      if (capture.some((line) => plainLine(line) !== undefined)) {
        expect(readLines(capture)).toEqual(readSlowly(capture));
      }
    }
  });

  it('give the same among any other lines', () => {
    const any = fc.oneof(event, changed, fc.constantFrom(...lines), fc.constantFrom(...margins));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 24 }), (all) => {
        expect(readLines(all)).toEqual(readSlowly(all));
      }),
      { numRuns: 500 },
    );
  });
});
