/** A log with a blank line below each of its lines is judged as without them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge } from '../helpers/check.js';
import { expectEveryLineOnce, linesOf, readLines } from '../helpers/read-text.js';

const folder = 'fixtures/rules';
const CLOCK = /^[^\n]{0,64}(?:\d\d:\d\d:\d\d|\d\.\d{3,9}\b)/;
/** Of these the beginning has no clock, and gdb leaves blank lines of its own. */
const WITHOUT_CLOCKS = [
  'LS-WORD/violation-uprobes',
  'RZ-ELECT/violation-uprobes',
  'RZ-COVER/violation-messages-log-kept',
  'RZ-TABLE/violation-messages-log-grows-late',
  'LS-ALL-RINGS/violation-last-vring-missed',
].map((name) => join(folder, name, 'input.txt'));
const inputs = readdirSync(folder)
  .flatMap((rule) => readdirSync(join(folder, rule)).map((name) => join(folder, rule, name)))
  .map((path) => join(path, 'input.txt'))
  .filter((path) => existsSync(path) && isLog(linesOf(readFileSync(path, 'utf8'))));

function isLog(lines: readonly string[]): boolean {
  return lines.length > 4 && lines.every((line) => CLOCK.test(line));
}

function findings(text: string, step = 1): readonly string[] {
  return judge(text).map(
    ({ rule, verdict, at, count }) => `${rule} ${verdict} ${(at.line - 1) / step} ${count}`,
  );
}

describe('a blank line below each line', () => {
  test('there are logs to try it on', () => {
    expect(inputs.length).toBeGreaterThan(40);
  });

  test.each([...inputs, ...WITHOUT_CLOCKS, 'fixtures/captures/log-resize-loses-memory.gdb.txt'])(
    'changes nothing in %s',
    (path) => {
      const text = readFileSync(path, 'utf8');
      const spaced = linesOf(text).join('\n\n');
      expect(findings(spaced, 2)).toEqual(findings(text));
      expectEveryLineOnce(readLines(linesOf(spaced)));
    },
  );
});

const EVENTS = [0, 1, 2, 3, 4, 5].map((i) => `271@1795320809.22346${i}:vhost_dev_cleanup 0x5555`);

function wrapping(lines: readonly string[]): number {
  return readLines(lines).records.filter(({ kind }) => kind === 'chatter').length;
}

test.each([
  [
    'a line that was emptied',
    [...EVENTS.flatMap((line) => [line, '']), '', '', EVENTS[0] ?? ''],
    1,
  ],
  ['too few lines', EVENTS.slice(0, 3).flatMap((line) => [line, '']), 3],
  ['a blank line by chance', [...EVENTS.slice(0, 3), '', ...EVENTS.slice(3)], 1],
  ['a few paragraphs', [...Array.from({ length: 6 }, () => ['We wait.', '']).flat(), ...EVENTS], 6],
  ['paragraphs', ['We migrate.', '', 'It fails.', '', 'Here:', '', 'See', '', ...EVENTS], 4],
  ['what stands side by side below', [...EVENTS.flatMap((line) => [line, '']), ...EVENTS, ''], 1],
])('blank lines stay where they tell something: %s', (_, lines, blank) => {
  const reading = readLines(lines);
  expectEveryLineOnce(reading);
  expect(reading.blank).toBe(blank);
  expect(wrapping(lines) > 0).toBe(lines.filter((line) => line === '').length > blank);
});

describe('from the middle on', () => {
  test.each(['log-resize-loses-memory.gdb.txt', 'vring-never-logged.gdb.txt'])('%s', (name) => {
    const lines = linesOf(readFileSync(join('fixtures/captures', name), 'utf8'));
    const begin = lines.length >> 1;
    const place = (line: number): number => (line > begin ? begin + (line - begin + 1) / 2 : line);
    const spaced = [...lines.slice(0, begin), ...lines.slice(begin).flatMap((line) => [line, ''])];
    const found = (text: string, of: (line: number) => number): readonly string[] =>
      judge(text).map(
        ({ rule, verdict, at, count }) => `${rule} ${verdict} ${of(at.line)} ${count}`,
      );
    expect(found(`${spaced.join('\n')}\n`, place)).toEqual(
      found(`${lines.join('\n')}\n`, (line) => line),
    );
    expectEveryLineOnce(readLines(spaced));
  });

  test('not where a person goes on in paragraphs', () => {
    const words = Array.from({ length: 20 }, () => ['We wait.', '']).flat();
    const reading = readLines([...EVENTS, ...words]);
    expectEveryLineOnce(reading);
    expect(reading.blank).toBe(20);
  });
});
