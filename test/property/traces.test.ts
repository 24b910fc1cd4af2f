import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRow } from '../../src/formats/kernel/ftrace-lines.js';
import { KnownRows } from '../../src/formats/kernel/known-rows.js';
import { keyValues } from '../../src/formats/key-values.js';
import {
  caseFile,
  expectEveryLineOnce,
  formatCases,
  linesOf,
  readLines,
} from '../helpers/read-text.js';
import { columns, printRow, row } from '../helpers/printed-traces.js';

describe('a trace that the kernel prints', () => {
  it('is read back equal, whatever columns it has', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), columns, (rows, how) => {
        const reading = readLines(rows.map((printed) => printRow(printed, how)));
        expectEveryLineOnce(reading);
        expect(reading.formats).toEqual(['ftrace']);
        const span = (i: number): object => ({ first: i + 1, last: i + 1 });
        expect(reading.records).toEqual(
          rows.map((printed, i) => ({ kind: 'kernel-event', span: span(i), ...printed })),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('rows whose task and probe are known', () => {
  const lines = formatCases()
    .filter((name) => /^(?:ftrace|perf)\b/.test(name))
    .flatMap((name) => linesOf(readFileSync(caseFile(name, 'input.txt'), 'utf8')));

  /** Each line twice, so that what the first one tells is used for the second. */
  function expectEqual(all: readonly string[]): void {
    const known = new KnownRows();
    for (const line of [...all, ...all]) expect(known.read(line)).toEqual(readRow(line));
  }

  it('are read as the grammar reads them', () => {
    expect(lines.length).toBeGreaterThan(400);
    expectEqual(lines);
  });

  it('are read as the grammar reads them, with characters put in or taken away', () => {
    const put = fc.constantFrom(
      '',
      ' ',
      '[',
      ']',
      '(',
      ')',
      '-',
      ':',
      ' [001] ',
      '-7 [001] ',
      '<-',
    );
    const changed = fc
      .tuple(fc.constantFrom(...lines), fc.nat(), put, fc.boolean())
      .map(([line, at, text, isInPlace]) => {
        const end = at % (line.length + 1);
        return line.slice(0, end) + text + line.slice(isInPlace ? end + 1 : end);
      });
    const printed = fc.tuple(row, columns).map(([one, how]) => printRow(one, how));
    const pieces = fc.tuple(changed, changed, fc.nat()).map(([head, tail, at]) => {
      const joint = at % (head.length + 1);
      return head.slice(0, joint) + tail.slice(joint);
    });
    const any = fc.oneof(fc.constantFrom(...lines), changed, printed, pieces);
    fc.assert(fc.property(fc.array(any, { maxLength: 24 }), expectEqual), { numRuns: 2000 });
  });
});

describe('the usual values of a probe', () => {
  it('are read as the grammar reads them', () => {
    const piece = fc.constantFrom(
      ' ',
      'cmd',
      'arg1',
      '7',
      '=',
      '0x4008af00',
      '-14',
      '_',
      '.',
      '__proto__',
      '"',
    );
    const text = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''));
    const values = fc
      .array(fc.tuple(fc.constantFrom('cmd', 'a', '_b', '1c', '__proto__'), text), {
        maxLength: 70,
      })
      .map((pairs) => pairs.map(([key, value]) => ` ${key}=${value}`).join(''));
    fc.assert(
      fc.property(fc.oneof(text, values), (printed) => {
        // With a blank at its end a text is left to the grammar, to which it says the same.
        const [quickly, slowly] = [keyValues(printed), keyValues(`${printed} `)];
        expect(JSON.stringify(quickly)).toBe(JSON.stringify(slowly));
      }),
      { numRuns: 5000 },
    );
  });
});
