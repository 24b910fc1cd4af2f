import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectEveryLineOnce, readLines } from '../helpers/read-text.js';
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
