/** Reads text as a capture, and what must hold for every reading. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { createReader } from '../../src/formats/reader.js';
import type { CaptureRecord, PathCall, Reach, Reading, Span } from '../../src/model/record.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder beside the repository, or undefined where it was not laid out. */
export function besideRepository(path: string): string | undefined {
  const folder = join(root, '..', path);
  return existsSync(folder) ? folder : undefined;
}

/** Case directories of fixtures/formats whose input is a text, as `<format>/<case>`; or those with another `input`. */
export function formatCases(input = 'input.txt'): readonly string[] {
  const base = join(root, 'fixtures/formats');
  return readdirSync(base)
    .flatMap((format) => readdirSync(join(base, format)).map((name) => `${format}/${name}`))
    .filter((name) => existsSync(join(base, name, input)));
}

/** A file of a case directory. */
export function caseFile(name: string, file: string): string {
  return join(root, 'fixtures/formats', name, file);
}

/** The lines of a text; a newline at its end begins no further line. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

export function readLines(lines: readonly string[]): Reading {
  const reader = createReader();
  for (const line of lines) reader.push(line);
  return reader.finish();
}

export function readText(text: string): Reading {
  return readLines(linesOf(text));
}

export function readFile(path: string): Reading {
  return readText(readFileSync(path, 'utf8'));
}

/** They may stand between two lines, or behind the last one. */
const BETWEEN: ReadonlySet<CaptureRecord['kind']> = new Set([
  'gap',
  'open-call',
  'order',
  'thread',
]);

/** Every line lies in one record, or is blank and counted; records stand in file order. */
export function expectEveryLineOnce(reading: Reading): void {
  let last = 0;
  let covered = reading.blank;
  for (const { span, kind } of reading.records) {
    const isBetween = BETWEEN.has(kind) && span.last === span.first - 1;
    if (span.first <= last || (span.last < span.first && !isBetween)) {
      expect.fail(`${kind} at lines ${span.first} to ${span.last} comes after line ${last}`);
    }
    last = span.last;
    covered += span.last - span.first + 1;
  }
  expect(last).toBeLessThanOrEqual(reading.lines);
  expect(covered).toBe(reading.lines);
}

/** The records as if they stood `by` lines further down. */
export function shift(records: readonly CaptureRecord[], by: number): readonly CaptureRecord[] {
  return records.map((record) => {
    const span = shiftSpan(record.span, by);
    switch (record.kind) {
      case 'backtrace':
        return { ...record, span, lines: record.lines.map((line) => line + by) };
      case 'call-path':
        return { ...record, span, calls: record.calls.map((call) => shiftCall(call, by)) };
      case 'gap':
        return record.reach === undefined
          ? { ...record, span }
          : { ...record, span, reach: shiftReach(record.reach, by) };
      case 'open-call':
        return { ...record, span, call: { ...record.call, span: shiftSpan(record.call.span, by) } };
      default:
        return { ...record, span };
    }
  });
}

/** What reaches to the beginning still does. */
function shiftReach({ from, to }: Reach, by: number): Reach {
  const first = from === 1 ? 1 : from + by;
  return to === undefined ? { from: first } : { from: first, to: to + by };
}

function shiftCall(call: PathCall, by: number): PathCall {
  return { ...call, line: call.line + by };
}

function shiftSpan(span: Span, by: number): Span {
  return { first: span.first + by, last: span.last + by };
}

/** Words and marks of a person between the first and the last record of a debugger or of QEMU. */
export function humanProseInside(reading: Reading): readonly Span[] {
  const evidence = reading.records.filter(({ kind }) =>
    ['backtrace', 'stop', 'event'].includes(kind),
  );
  const first = evidence.at(0)?.span.first ?? Infinity;
  const last = evidence.at(-1)?.span.last ?? 0;
  return reading.records
    .filter(({ span }) => span.first > first && span.last < last)
    .filter(isPersons)
    .map(({ span }) => span);
}

function isPersons(record: CaptureRecord): boolean {
  if (record.kind === 'prose') return record.human;
  return ['call-path', 'code-reference', 'heading'].includes(record.kind);
}

/** Frames of all backtraces. */
export function countFrames(reading: Reading): number {
  let frames = 0;
  for (const record of reading.records) {
    if (record.kind === 'backtrace') frames += record.frames.length;
  }
  return frames;
}
