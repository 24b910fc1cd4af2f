/**
 * What stops the watching in the middle of a gdb log: the debugger lets the program go, breakpoints are switched off in
 * an indirect way, output goes elsewhere, the program runs backwards. A call that is missing behind that proves nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from './helpers/check.js';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'rules', 'DS-RINGBASE');
const LINES = readFileSync(join(FOLDER, 'violation-vring-not-fetched', 'input.txt'), 'utf8').split(
  '\n',
);
/** The stop of the device goes on here: vring 1 should have been fetched before. */
const MISSED = LINES.findLastIndex((line) => line.includes('hit Breakpoint 14, vhost_log_put'));

function alarmsAt(index: number, said: readonly string[]): string[] {
  const text = [...LINES.slice(0, index), ...said, ...LINES.slice(index)].join('\n');
  return check('gdb.txt', text)
    .findings.filter(({ verdict, severity }) => verdict === 'violation' && severity !== 'note')
    .map(({ rule }) => rule);
}

function alarms(...said: readonly string[]): string[] {
  return alarmsAt(MISSED, said);
}

const DETACHING = 'Detaching from program: /usr/bin/qemu-system-x86_64, process 14434';
const DETACHED = '[Inferior 1 (process 14434) detached]';

describe('the program runs without the debugger', () => {
  test.each([
    ['detached', ['(gdb) detach', DETACHING, DETACHED]],
    ['and attached again', ['(gdb) detach', DETACHING, DETACHED, '(gdb) attach 14434']],
    ['detached by a script', [DETACHED]],
    ['detached by a gdb before 8', [DETACHING]],
    ['nothing answers', ['(gdb) detach']],
    ['gdb is left', ['(gdb) q', '# gdb -p 14434']],
    ['a remote one', ['(gdb) disconnect', 'Ending remote debugging.']],
    ['attached', ['(gdb) attach 14434']],
  ])('%s', (_, said) => {
    expect(alarms(...said)).toEqual([]);
  });

  test('but not where a child of it is let go', () => {
    expect(alarms('[Detaching after fork from child process 18029]')).toEqual(['DS-RINGBASE']);
  });
});

describe('breakpoints are gone', () => {
  test.each([
    ['a table is empty', ['(gdb) info breakpoints', 'No breakpoints or watchpoints.']],
    [
      'a table of gdb 15 is empty',
      ['(gdb) i b', 'No breakpoints, watchpoints, tracepoints, or catchpoints.'],
    ],
    ['all are deleted', ['Delete all breakpoints? (y or n) y']],
  ])('%s', (_, said) => {
    expect(alarms(...said)).toEqual([]);
  });
});

test.each([
  [['(gdb) set logging redirect on', 'Redirecting output to gdb.txt.', 'Done logging to gdb.txt.']],
  [['(gdb) set logging enabled off', '(gdb) set logging enabled on']],
])('the output goes elsewhere: %j', (said) => {
  expect(alarms(...said)).toEqual([]);
});

describe('the program runs backwards', () => {
  test.each([
    ['(gdb) reverse-continue'],
    ['(rr) rc'],
    ['(gdb) reverse-finish'],
    ['(gdb) reverse-stepi'],
    ['(gdb) rn'],
    ['(gdb) record goto begin'],
    ['(gdb) restart 1'],
  ])('%s', (command) => {
    expect(alarms(command, 'Continuing.')).toEqual([]);
  });

  test('as long as that is the direction, and what follows is not what came before', () => {
    expect(alarms('(gdb) set exec-direction reverse')).toEqual(['DS-RINGBASE']);
    expect(alarms('(gdb) set exec-direction reverse', '(gdb) c')).toEqual([]);
    const back = [
      '(gdb) set exec-direction reverse',
      '(gdb) c',
      '(gdb) set exec-direction forward',
    ];
    expect(alarms(...back, '(gdb) c')).toEqual([]);
  });
});
