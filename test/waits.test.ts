/** Stacks and system calls in which QEMU waits, and what is no wait although it looks like one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WaitSummary } from '../src/model/report.js';
import { renderHtml } from '../src/reporters/flow/html.js';
import { reporters } from '../src/reporters/index.js';
import { createStyle } from '../src/tui/style.js';
import { headerRow } from '../src/tui/views/header.js';
import { check } from './helpers/check.js';
import { optionsOf } from './helpers/reports.js';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'waits');
const CASES = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());

function inputOf(name: string): string {
  return readFileSync(join(FOLDER, name, 'input.txt'), 'utf8');
}

function waits(text: string): Omit<WaitSummary, 'capture'>[] {
  return check('gdb.txt', text).waits.map(({ capture: _, ...wait }) => wait);
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

test('the report of a hang begins with what waits', () => {
  const report = check('gdb.txt', HANG);
  expect(reporters.pretty(report, optionsOf())).toMatch(/^waits\n/);
});

test('annotations of a CI system, the page of a flow and the head of the screen tell of it', () => {
  const report = check('gdb.txt', HANG);
  expect(reporters.github(report, optionsOf())).toContain(
    'title=QEMU waits::main loop: waits for the reply of the vhost-user backend to GET_VRING_BASE',
  );
  expect(renderHtml([], report)).toContain('<li>line 20: main loop: waits for the reply');
  const captures = report.captures.map((capture) => ({ ...capture, unread: 0 }));
  const style = createStyle({ color: false, unicode: true });
  const judged = { report, lanes: [], flows: [], threads: [] };
  const head = headerRow({ captures, capture: 0, judged, width: 100, style });
  expect(head).toContain('waits at line 8');
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

const SENT = inputOf('strace-reply-never-read').split('\n')[4] ?? '';
const SOCKET = '12<UNIX-STREAM:[285201->285202]>';
const OPEN = `17647 04:01:53.729677 recvmsg(${SOCKET},  <unfinished ...>`;
const REPLY = inputOf('strace-reply-never-read').split('\n')[2]?.replace('\\x06', '\\x02') ?? '';
const BUSY = Array.from(
  { length: 3000 },
  (_, i) => `17641 04:01:54.${String(i).padStart(6, '0')} ioctl(21, KVM_RUN, 0) = 0`,
);

describe('where an strace ends', () => {
  test('the report says so', () => {
    const report = check('strace.txt', inputOf('strace-reply-never-read'));
    expect(reporters.markdown(report, optionsOf()).replaceAll('\n  ', ' ')).toContain(
      'line 6: thread 17647: the capture ends while it waits for the reply of the vhost-user backend to `SET_FEATURES` in `recvmsg()` on fd 12',
    );
  });

  test.each([
    ['the call is the last line', [SENT, OPEN], 'reply'],
    ['the last line is cut', [SENT, OPEN.replace('  <unfinished ...>', '')], 'reply'],
    [
      'of another thread it is cut',
      [SENT, OPEN, '17641 04:01:53.729800 ioctl(21, KVM_RU'],
      'reply',
    ],
    ['other threads go on for long', [SENT, OPEN, ...BUSY], 'reply'],
    [
      'strace leaves, on a terminal',
      [
        SENT.replace(/^(\d+) /, '[pid $1] '),
        `[pid 17647] recvmsg(${SOCKET}, ^Cstrace: Process 17636 detached`,
        'strace: Process 17647 detached',
        ' <detached ...>',
      ],
      'reply',
    ],
    ['the request itself is not sent', [SENT.replace(') = 20', ' <unfinished ...>')], 'socket'],
    [
      'a request by its number',
      ['12 ioctl(13, 0x4008af04, 0x7fd2611fe8c0 <unfinished ...>'],
      'kernel',
    ],
  ])('%s', (_, lines, awaits) => {
    expect(waits(`${lines.join('\n')}\n`)).toMatchObject([{ awaits }]);
  });

  test.each([
    [
      'the call returns later',
      [SENT, OPEN, ...BUSY, REPLY.replace(/recvmsg\(\S+ /, '<... recvmsg resumed>')],
    ],
    [
      'the last line is its return, which is cut',
      [SENT, OPEN, '17647 04:01:54.7 <... recvmsg resumed>{msg_'],
    ],
    ['the reply was read before', [SENT, REPLY, OPEN]],
    ['another thread has sent', [SENT, OPEN.replace('17647', '17648')]],
    ['another connection', [SENT, OPEN.replace(SOCKET, '13')]],
    ['the thread was killed', [SENT, OPEN, '17647 04:01:54.729677 +++ killed by SIGKILL +++']],
    ['the thread does something else', [SENT, OPEN, '17647 04:01:54.729677 close(30) = 0']],
    ['lines are missing in between', [SENT, '', OPEN]],
    ['the backend waits for a request', [SENT.replace('sendmsg', 'recvmsg'), OPEN]],
    ['files of two threads', [SENT, OPEN].map((line) => line.replace(/^\d+ /, '')).reverse()],
  ])('not where %s', (_, lines) => {
    expect(waits(`${lines.join('\n')}\n`)).toEqual([]);
  });
});
