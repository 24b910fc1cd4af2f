import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReader } from '../../src/formats/reader.js';
import type { CaptureRecord, Frame, Problem, Reading } from '../../src/model/record.js';
import { frame, printFrame, wrapping } from '../helpers/printed-frames.js';
import type { Wrapping } from '../helpers/printed-frames.js';
import {
  caseFile,
  expectEveryLineOnce,
  formatCases,
  linesOf,
  readLines,
  readText,
  shift,
} from '../helpers/read-text.js';
import { runsOf } from '../helpers/share.js';

const texts = formatCases().map((name) => readFileSync(caseFile(name, 'input.txt'), 'utf8'));
const pool = texts.flatMap(linesOf);

const stack = fc.array(frame, { minLength: 1, maxLength: 12 });

function print(frames: readonly Frame[], how: Wrapping): readonly string[] {
  return frames.flatMap((printed, level) => printFrame(level, printed, how));
}

describe('a stack that gdb prints', () => {
  it('is read back equal, however it was wrapped', () => {
    fc.assert(
      fc.property(stack, wrapping, (frames, how) => {
        const reading = readLines(print(frames, how));
        expect(reading.problems).toEqual([]);
        expect(reading.records).toHaveLength(1);
        expect(reading.records[0]).toMatchObject({ kind: 'backtrace', frames, incomplete: false });
      }),
      { numRuns: runsOf(2000) },
    );
  });

  it('is read back equal when it is quoted', () => {
    fc.assert(
      fc.property(stack, wrapping, (frames, how) => {
        const reading = readLines(print(frames, how).map((line) => `> ${line}`));
        expect(reading.records).toHaveLength(1);
        expect(reading.records[0]).toMatchObject({ kind: 'backtrace', frames });
      }),
      { numRuns: runsOf(500) },
    );
  });

  it('is two backtraces when it is printed twice', () => {
    fc.assert(
      fc.property(stack, wrapping, wrapping, (frames, first, second) => {
        const reading = readLines([...print(frames, first), ...print(frames, second)]);
        expect(reading.records).toMatchObject([{ frames }, { frames }]);
        expectEveryLineOnce(reading);
      }),
    );
  });

  it('is the location of a stop as well', () => {
    fc.assert(
      fc.property(frame, wrapping, (where, how) => {
        fc.pre(where.kind === 'call' && !/^[^A-Za-z(<]/.test(where.func) && where.func !== '??');
        const [first = '', ...rest] = printFrame(0, where, how);
        const stop = `Thread 5 "CPU 0/TCG" hit Breakpoint 3, ${first.slice(4)}`;
        const reading = readLines([stop, ...rest]);
        const thread = { num: '5', name: 'CPU 0/TCG' };
        expect(reading.records).toMatchObject([{ kind: 'stop', number: 3, thread, frame: where }]);
      }),
      { numRuns: runsOf(500) },
    );
  });
});

const oddLine = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...pool) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...pool), fc.nat(200))
      .map(([line, at]) => line.slice(0, at)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...pool), fc.nat(200)).map(([line, at]) => line.slice(at)),
  },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: 'binary', maxLength: 80 })
      .map((line) => line.replaceAll('\n', ' ')),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc.constantFrom(
          '#0  ',
          '0x1 in ',
          'f (',
          'a=',
          '"',
          "'",
          '(',
          ')',
          '{',
          ', ',
          ' at x.c:1',
          '\u001b[',
          '> ',
        ),
      )
      .map((parts) => parts.join('')),
  },
);

describe('any text', () => {
  it('is read without throwing, and every line counts once', () => {
    fc.assert(
      fc.property(fc.array(oddLine, { maxLength: 40 }), (lines) => {
        const reading = readLines(lines);
        expectEveryLineOnce(reading);
        expect(reading.lines).toBe(lines.length);
      }),
      { numRuns: runsOf(2000) },
    );
  });

  it('may be bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expectEveryLineOnce(readText(Buffer.from(bytes).toString('utf8')));
      }),
    );
  });

  it('may end anywhere', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(6000), (text, at) => {
        const bytes = Buffer.from(text);
        const reading = readText(bytes.subarray(0, at % (bytes.length + 1)).toString('utf8'));
        expectEveryLineOnce(reading);
      }),
      { numRuns: runsOf(500) },
    );
  });

  it('gives the same records when they are taken on the way', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.integer({ min: 1, max: 50 }), (text, every) => {
        const reader = createReader();
        const taken: CaptureRecord[] = [];
        linesOf(text).forEach((line, i) => {
          reader.push(line);
          if (i % every === 0) taken.push(...reader.take());
        });
        const rest = reader.finish();
        const whole = readText(text);
        expect({ ...rest, records: [...taken, ...rest.records] }).toEqual(whole);
      }),
    );
  });
});

describe('two captures with a blank line between', () => {
  it('give the records of the first, then those of the second', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.constantFrom(...texts), (first, second) => {
        const [a, b] = [readText(first), readText(second)];
        fc.pre(a.problems.every(({ code }) => code !== 'CUT_OFF'));
        // A trace that begins in the middle goes on with the one above it.
        fc.pre(levelOfFirst(b.records) === 0);
        // A call that the first strace left open may be resumed in the second.
        fc.pre(!(a.formats.includes('strace') && b.formats.includes('strace')));
        // Numbers go on with those above, and where there are none are told by the first line that is known behind one.
        fc.pre(!isNumbered(second));
        // What was dropped may lie anywhere behind the note before, which is then in the first.
        fc.pre(!(tellsOfDropped(a.records) && tellsOfDropped(b.records)));
        // What one processor lost lies behind its last row.
        fc.pre(
          !(a.records.some(({ kind }) => kind === 'kernel-event') && tellsOfDropped(b.records)),
        );
        // A command of the machine interface that nobody answered waits, and others wait behind it.
        fc.pre(!(a.formats.includes('gdb-mi') && a.records.at(-1)?.kind === 'command'));
        // Behind events, what stands beside an unread line of a trace may be a piece of one.
        fc.pre(!(a.records.some(isEvent) && b.problems.some(isUnreadTrace)));
        // Rows of perf are cut where none is longer.
        fc.pre(!([a, b].every(hasPerf) && [a, b].some(isCutAtColumn)));
        // Below the head of a script of another tracer, what nobody reads may be of it.
        fc.pre(!/^Attaching \d+ probes/m.test(first));
        const both = readLines([...linesOf(first), '', ...linesOf(second)]);
        const shifted = shift(b.records, a.lines + 1);
        expect(evidence(both.records)).toEqual([...evidence(a.records), ...evidence(shifted)]);
        expectEveryLineOnce(both);
      }),
      { numRuns: runsOf(500) },
    );
  });
});

function tellsOfDropped(records: readonly CaptureRecord[]): boolean {
  return records.some((record) => record.kind === 'gap' && record.reach !== undefined);
}

function hasPerf({ formats }: Reading): boolean {
  return formats.includes('perf');
}

function isCutAtColumn({ problems }: Reading): boolean {
  return problems.some(({ message }) => message.startsWith('lines are cut in column'));
}

function isEvent({ kind }: CaptureRecord): boolean {
  return kind === 'event';
}

function isUnreadTrace({ code }: Problem): boolean {
  return code === 'UNREAD_PROTOCOL';
}

function isNumbered(text: string): boolean {
  return /^ *\d+\t/.test(text);
}

function levelOfFirst(records: readonly CaptureRecord[]): number | undefined {
  for (const record of records) {
    if (record.kind === 'backtrace') return record.levels[0];
    if (record.kind !== 'prose' && record.kind !== 'chatter') return 0;
  }
  return 0;
}

// Whether a line without record is gdb's, or a piece of an event, depends on whether these were seen before.
function evidence(records: readonly CaptureRecord[]): readonly CaptureRecord[] {
  return records.filter(
    (record) =>
      record.kind !== 'prose' &&
      record.kind !== 'chatter' &&
      // Told behind everything.
      record.kind !== 'open-call' &&
      !(record.kind === 'gap' && record.why === 'a piece of an event'),
  );
}
