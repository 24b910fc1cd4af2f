/** What QEMU itself reports to have failed: said, and no verdict. */
import { expect, test } from 'vitest';
import type { FailureReport } from '../src/model/report.js';
import { reporters } from '../src/reporters/index.js';
import { check } from './helpers/check.js';
import { optionsOf } from './helpers/reports.js';

const FAILED = [
  'qemu-system-x86_64: vhost_set_features failed: Invalid argument (22)',
  'qemu-system-x86_64: vhost: Failed to start logging: Invalid argument',
].join('\n');

function reported(text: string): readonly Omit<FailureReport, 'capture'>[] {
  return check('qemu.log', text).reported.map(({ capture: _, ...failure }) => failure);
}

test('a log start that failed, although no call is shown', () => {
  expect(reported(FAILED)).toMatchObject([
    { line: 1, message: 'vhost_set_features failed: Invalid argument (22)', times: 1 },
    { line: 2, message: 'vhost: Failed to start logging: Invalid argument', times: 1 },
  ]);
});

test('what is said again is one', () => {
  const again = reported(`${FAILED}\n${FAILED}\n`);
  expect(again.map(({ line, times }) => [line, times])).toEqual([
    [1, 2],
    [2, 2],
  ]);
});

test.each([
  ['pretty', '  line 2: vhost: Failed to start logging: Invalid argument: the log start'],
  ['pretty', 'nothing was checked, but QEMU reports a failure: no call'],
  ['markdown', '- line 2: vhost: Failed to start logging: Invalid argument: the log'],
  ['markdown', 'vhtrace: nothing was checked, but QEMU reports a failure'],
  ['json', '"message": "vhost_set_features failed: Invalid argument (22)"'],
] as const)('%s: %s', (format, text) => {
  expect(reporters[format](check('qemu.log', FAILED), optionsOf())).toContain(text);
});

test('the lines of no known format are named', () => {
  const stack = '#0  vhost_dev_stop (hdev=0x5555555592a0, vdev=0x0) at vhost.c:1\n';
  const text = `(gdb) bt\n${stack}${'x0|||x0\n'.repeat(5)}`;
  const report = check('gdb.txt', text);
  expect(report.captures).toMatchObject([{ unclaimed: 5, unclaimedLines: [3, 4, 5, 6, 7] }]);
  expect(reporters.pretty(report, optionsOf())).toContain('lines 3, 4, 5, ... (--all)');
  expect(reporters.pretty(report, { ...optionsOf(), all: true })).toContain('lines 3, 4, 5, 6, 7)');
});
