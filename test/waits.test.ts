/** Stacks in which QEMU waits, and what is no wait although it looks like one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WaitSummary } from '../src/model/report.js';
import { reporters } from '../src/reporters/index.js';
import { check } from './helpers/check.js';
import { optionsOf } from './helpers/reports.js';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'waits');
const CASES = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());

function inputOf(name: string): string {
  return readFileSync(join(FOLDER, name, 'input.txt'), 'utf8');
}

function waits(text: string): Omit<WaitSummary, 'capture'>[] {
  return (check('gdb.txt', text).waits ?? []).map(({ capture: _, ...wait }) => wait);
}

test.each(CASES)('$name', async ({ name }) => {
  const found = `${JSON.stringify(waits(inputOf(name)), undefined, 2)}\n`;
  await expect(found).toMatchFileSnapshot(join(FOLDER, name, 'waits.json'));
});

const HANG = inputOf('reply-in-device-stop');
const STACK = HANG.slice(HANG.indexOf('Thread 1 '));

describe('reports say so', () => {
  const report = check('gdb.txt', HANG);
  test.each([
    ['pretty', '  line 20, main loop: waits for the reply of the vhost-user backend to'],
    ['markdown', '- line 20: main loop: waits for the reply of the vhost-user backend to'],
    ['json', '"request": "GET_VRING_BASE"'],
  ] as const)('%s: %s', (format, text) => {
    expect(reporters[format](report, optionsOf())).toContain(text);
  });
});

test('the same wait in two dumps is told once', () => {
  expect(
    waits(`${STACK}\n(gdb) continue\n^C\n(gdb) thread apply all bt\n\n${STACK}`),
  ).toMatchObject([{ request: 'GET_VRING_BASE', times: 2 }]);
});

describe('no wait', () => {
  const inner = STACK.indexOf('#3 ');
  test.each([
    [
      'a breakpoint stops where a reply is about to be read',
      `Thread 1 "qemu" hit Breakpoint 2, ${STACK.slice(STACK.indexOf('vhost_user_read'))}`,
    ],
    ['the function itself runs', STACK.replace(/#0 [^]*?(?=#3 )/, '')],
    [
      'a handler runs in the main loop below it',
      STACK.replace(
        '#2  0x00007f1e4d2c4573 in g_main_loop_run',
        '#2  0x00007f1e4d2c4573 in slave_read',
      ),
    ],
    [
      'a main loop that has nothing to do',
      `${STACK.slice(0, inner)}#3  main_loop_wait () at m.c:1\n`,
    ],
    [
      'nothing else of vhost or migration waits',
      inputOf('kernel-and-locks').split('Thread 1 ')[0] ?? '',
    ],
  ])('%s', (_, text) => {
    expect(waits(text)).toEqual([]);
  });
});
