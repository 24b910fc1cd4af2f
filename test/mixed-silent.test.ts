/** Of some breakpoints the stop line is printed, and of others (`silent`) the backtrace alone: which thread that is of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildSteps } from '../src/facts/steps.js';
import { alarms } from './helpers/alarms.js';
import { linesOf, readText } from './helpers/read-text.js';

const MAIN = '#1  0x0000555555bc4f1e in main (argc=60, argv=0x7fffffffdfc8) at ../system/main.c:48';
const thread = (func: string, arg: string): string =>
  [
    `#1  0x0000555555768fc6 in ${func} (opaque=${arg}) at x.c:1`,
    '#2  0x00005555559e1e89 in qemu_thread_start (args=0x566655de7290) at ../util/qemu-thread-posix.c:541',
    '#3  0x00007ffff7b29e8c in clone3 () from /lib/libc.so.6',
  ].join('\n');
const stop = (outer: string): string =>
  [
    'Thread 3 "qemu" hit Breakpoint 1, vhost_dev_start (hdev=0x5555, vrings=false) at vhost.c:12',
    '#0  vhost_dev_start (hdev=0x5555, vrings=false) at vhost.c:12',
    outer,
    '',
  ].join('\n');
const silent = (outer: string): string =>
  `#0  vhost_dev_stop (hdev=0x6666, vrings=false) at vhost.c:13\n${outer}\n`;

describe('a backtrace without a stop line', () => {
  test.each([
    ['begins as another thread does', MAIN, thread('migration_thread', '0x1'), undefined],
    ['is of the main thread', thread('migration_thread', '0x1'), MAIN, undefined],
    ['begins with another function', thread('vcpu', '0x1'), thread('rcu', '0x1'), undefined],
    ['begins with another argument', thread('vcpu', '0x1'), thread('vcpu', '0x2'), undefined],
    ['begins as the thread that stopped last', thread('vcpu', '0x1'), thread('vcpu', '0x1'), '0/3'],
    ['does not show how its thread begins', MAIN, '#1  0x5555 in g () at g.c:1', '0/3'],
    ['is of a coroutine', MAIN, '#1  0x5555 in coroutine_trampoline (i0=1) at c.c:1', '0/3'],
  ])('%s', (_, first, second, expected) => {
    const { steps } = buildSteps(readText(`${stop(first)}\n${silent(second)}`).records);
    expect(steps.map((step) => step.thread)).toEqual(['0/3', expected]);
  });
});

test('a thread that gdb switches to is that of the next stop, which tells its number', () => {
  const outer = thread('migration_thread', '0x1');
  const exit = '[Thread 0x7ffff53ff6c0 (LWP 2200) exited]';
  const switched = '[Switching to Thread 0x7ffff53ff6c0 (LWP 2200)]';
  const text = [switched, silent(outer), '', stop(outer), '', stop(outer), exit].join('\n');
  const { steps, exits } = buildSteps(readText(text).records);
  expect(steps.map((step) => step.thread)).toEqual(['0/LWP 2200', '0/LWP 2200', '0/LWP 2200']);
  expect(exits.map((gone) => gone.thread)).toEqual(['0/LWP 2200']);
});

test('a log start in another thread than the last that stopped is no second one', () => {
  const folder = join(import.meta.dirname, '..', 'fixtures/rules/MG-SYNC-OFF/pass-entered-below');
  const lines = linesOf(readFileSync(join(folder, 'input.txt'), 'utf8'));
  const loud = lines.filter((line) => !/hit Breakpoint \d+, /.test(line));
  expect(loud.length).toBeLessThan(lines.length);
  expect(alarms(loud.join('\n'))).toEqual([]);
});
