import { mkdirSync, writeFileSync, appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nearest } from '../src/base/nearest.js';
import { printable } from '../src/base/printable.js';
import { runCheck } from '../src/pipeline/check.js';
import { exitCode } from '../src/pipeline/exit-code.js';
import type { FailOn, Outcome } from '../src/pipeline/exit-code.js';
import { runIngest } from '../src/pipeline/ingest.js';
import { quoteRecord } from '../src/pipeline/quote-record.js';
import { readCapture } from '../src/pipeline/read-capture.js';
import { renderPretty } from '../src/reporters/pretty.js';
import { defaults } from '../src/settings/options.js';
import { optionsOf } from './helpers/reports.js';
import { tempDir } from './helpers/temp-dir.js';

const violating = fileURLToPath(
  new URL('../fixtures/rules/ST-IDX/violation-user-index/input.txt', import.meta.url),
);

/** [error, warning, note, inconclusive], facts, fail-on, strict, failure → exit code */
const table: [[number, number, number, number], number, FailOn, boolean, boolean, number][] = [
  [[0, 0, 0, 0], 1, 'error', false, false, 0],
  [[1, 0, 0, 0], 1, 'error', false, false, 1],
  [[0, 1, 1, 0], 1, 'error', false, false, 0],
  [[0, 1, 0, 0], 1, 'warning', false, false, 1],
  [[0, 0, 1, 0], 1, 'warning', false, false, 0],
  [[0, 0, 1, 0], 1, 'note', false, false, 1],
  [[9, 9, 9, 0], 1, 'never', false, false, 0],
  [[0, 0, 0, 0], 0, 'error', false, false, 3],
  [[0, 0, 0, 5], 1, 'error', false, false, 0],
  [[0, 0, 0, 5], 1, 'error', true, false, 3],
  [[0, 0, 0, 0], 1, 'error', true, false, 0],
  [[1, 0, 0, 5], 1, 'error', true, false, 1],
  [[1, 0, 0, 5], 1, 'never', true, false, 3],
  [[0, 0, 0, 5], 1, 'inconclusive', false, false, 1],
  [[0, 0, 1, 0], 1, 'inconclusive', false, false, 1],
  [[0, 0, 0, 0], 1, 'inconclusive', false, false, 0],
  [[1, 0, 0, 5], 1, 'error', true, true, 2],
  [[0, 0, 0, 0], 0, 'never', false, true, 2],
];

test.each(table)('%j, %i facts, fail on %s, strict %s, failure %s: %i', (counts, ...rest) => {
  const [error, warning, note, inconclusive] = counts;
  const [facts, failOn, strict, anyFailure, code] = rest;
  const summary = {
    violations: { error, warning, note },
    inconclusive,
    pass: facts,
    notExercised: 0,
  };
  const isIdle = facts === 0;
  const outcome: Outcome = { anyFailure, summary, isIdle, failOn, strict, isVacuous: false };
  expect(exitCode(outcome)).toBe(code);
});

test('facts that no rule has anything to judge in are not a check', () => {
  const violations = { error: 0, warning: 0, note: 0 };
  const summary = { violations, inconclusive: 0, pass: 0, notExercised: 18 };
  const outcome: Outcome = {
    anyFailure: false,
    summary,
    isIdle: false,
    failOn: 'error',
    strict: false,
    isVacuous: false,
  };
  expect(exitCode(outcome)).toBe(3);
});

const request = { ...defaults, today: '2026-01-01' };

test('what the store holds is judged like the files themselves', async () => {
  const database = join(tempDir(), 'vhtrace.db');
  await runIngest([violating], database);
  const fromFile = await runCheck({ ...request, paths: [violating], database: 'none' });
  const fromStore = await runCheck({ ...request, paths: [], database });
  expect(fromStore.report).toEqual(fromFile.report);
  expect(fromStore.exitCode).toBe(1);
  expect(fromStore.report.findings.length).toBeGreaterThan(0);
});

test('an excerpt is the line of the file, or its record once the file has changed or gone', async () => {
  const folder = tempDir();
  const path = join(folder, 'gdb.txt');
  const database = join(folder, 'vhtrace.db');
  // Two blanks that gdb does not print: the record cannot have them.
  writeFileSync(path, readFileSync(violating, 'utf8').replace('idx=0', 'idx=  0'));
  await runIngest([path], database);
  const quote = async (): Promise<string | undefined> => {
    const { report, excerpt } = await runCheck({ ...request, paths: [], database });
    const { at, capture } = report.findings.find(({ verdict }) => verdict === 'violation')!;
    return excerpt(capture, at.line);
  };
  expect(await quote()).toContain('idx=  0');
  appendFileSync(path, '\n');
  expect(await quote()).toContain('vhost_virtqueue_set_addr (dev=0x555556282050');
  rmSync(path);
  expect(await quote()).toContain('vhost_virtqueue_set_addr (dev=0x555556282050');
});

test('captures of one path are quoted each from its own, and told apart', async () => {
  const folder = tempDir();
  const path = join(folder, 'gdb.txt');
  const database = join(folder, 'vhtrace.db');
  const text = readFileSync(violating, 'utf8');
  for (const pointer of ['555556282050', '555556282051']) {
    writeFileSync(path, text.replaceAll('555556282050', pointer));
    await runIngest([path], database);
  }
  const result = await runCheck({ ...request, paths: [], database });
  const { findings } = result.report;
  for (const { verdict, capture, at, device } of findings) {
    if (verdict === 'violation') expect(result.excerpt(capture, at.line)).toContain(device);
  }
  expect(new Set(findings.map(({ device }) => device))).toContain('0x555556282051');
  const shown = renderPretty(result.report, optionsOf({ excerpt: result.excerpt }));
  for (const { sha256 } of result.report.captures) {
    expect(shown).toContain(`${path} (${sha256.slice(0, 12)}):`);
  }
});

test('frames of a record are quoted as gdb prints them', async () => {
  const { reading } = await readCapture(violating);
  const lines = readFileSync(violating, 'utf8').trimEnd().split('\n');
  expect(lines.map((_, i) => quoteRecord(reading, i + 1))).toEqual(lines);
  expect(quoteRecord(reading, 0)).toBeUndefined();
  expect(quoteRecord(reading, 1000)).toBeUndefined();
});

test('one bad file never stops the others', async () => {
  const folder = tempDir();
  mkdirSync(join(folder, 'sub'));
  const paths = [join(folder, 'none'), violating, join(folder, 'sub')];
  const { captures, failures } = await runIngest(paths, join(folder, 'vhtrace.db'));
  expect(captures.map(({ path }) => path)).toEqual([violating]);
  expect(failures.map(({ error }) => error.code)).toEqual(['FILE_MISSING', 'FILE_IS_DIRECTORY']);
});

test.each([
  ['plain #0 text', 'plain #0 text'],
  ['a\tb', 'a b'],
  ['\x1b[31m\x07\x7f\x9b', '\\x1b[31m\\x07\\x7f\\x9b'],
  ['\u202eabc\u2066\u2029', '\\u202eabc\\u2066\\u2029'],
  ['vring\u200b\u2060\u00ad', 'vring\\u200b\\u2060\\xad'],
  ['回溯 \u{1f600}', '回溯 \u{1f600}'],
  ['\0\r\n', '\\x00\\x0d\\x0a'],
])('printable %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('the nearest word is found, and none where nothing is near', () => {
  expect(nearest('chek', ['check', 'explain'])).toBe('check');
  expect(nearest('LS-ALRINGS', ['ST-IDX', 'LS-ALL-RINGS'])).toBe('LS-ALL-RINGS');
  expect(nearest('tui', ['check', 'explain'])).toBeUndefined();
});

test('a line that the input cuts is a problem, not prose', async () => {
  const path = join(tempDir(), 'long.txt');
  writeFileSync(path, `${'x'.repeat((1 << 20) - 1)}\u{1f600}\n#0  f () at x.c:1\n`);
  const { reading } = await readCapture(path);
  expect(reading.problems).toMatchObject([{ code: 'LINE_TOO_LONG', span: { first: 1, last: 1 } }]);
  expect(reading.records.map(({ kind }) => kind)).toEqual(['gap', 'backtrace']);
});
