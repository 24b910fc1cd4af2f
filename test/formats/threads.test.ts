/** Threads as debuggers of other systems and years name them. */
import { expect, test } from 'vitest';
import { readText } from '../helpers/read-text.js';

const threadsOf = (...lines: readonly string[]): unknown[] =>
  readText(lines.join('\n')).records.flatMap((record) =>
    record.kind === 'thread' ? [[record.what, record.thread]] : [],
  );

test.each([
  ['Thread 0x7ffff60b46c0 (LWP 7313)', { lwp: 7313, pthread: '0x7ffff60b46c0' }],
  ['Thread -1210886448 (LWP 5307)', { lwp: 5307, pthread: '-1210886448' }],
  ['Thread 16384 (LWP 5307)', { lwp: 5307, pthread: '16384' }],
  ['Thread 0x803006400 (LWP 100101/qemu)', { lwp: 100101, pthread: '0x803006400' }],
  ['Thread 0x803006400 (LWP 7/a (b) c)', { lwp: 7, pthread: '0x803006400' }],
  ['LWP 9166 of process 12669', { lwp: 9166 }],
  ['LWP 9166', { lwp: 9166 }],
])('%s', (thread, ref) => {
  const lines = [
    `[New ${thread}]`,
    `[Switching to ${thread}]`,
    `[Switching to thread 2 (${thread})]`,
    `[${thread} exited]`,
    '',
    `Thread 2 (${thread}):`,
    '#0  f () at x.c:1',
  ];
  expect(threadsOf(...lines)).toEqual([
    ['new', ref],
    ['switch', ref],
    ['switch', { num: '2', ...ref }],
    ['exit', ref],
    ['header', { num: '2', ...ref }],
  ]);
  const { records } = readText(
    [...lines.slice(5), '', '(gdb) info threads', `* 2 ${thread}  f () at x.c:1`].join('\n'),
  );
  expect(records.map(({ kind }) => kind)).toEqual(['thread', 'backtrace', 'command', 'chatter']);
});

test.each(['Thread 2 (Thread 5 of 6):', 'Thread 2 (the worker):'])(
  '%s names no thread of the kernel',
  (line) => {
    expect(threadsOf(line, '#0  f () at x.c:1')).toEqual([['header', { num: '2' }]]);
  },
);
