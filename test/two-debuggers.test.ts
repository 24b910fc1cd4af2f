/** Two gdbs that append to one file: what stands in it is of no single run. */
import { describe, expect, test } from 'vitest';
import { buildRun } from '../src/flows/run.js';
import { readText } from './helpers/read-text.js';

const whyOf = (...lines: readonly string[]): string | undefined =>
  buildRun(readText(lines.join('\n')), { assumeOrdered: false }).note?.why;

const start = '[Thread debugging using libthread_db enabled]';
const thread = (lwp: number): string => `Thread 0x7ffff60b46c0 (LWP ${lwp})`;
const begins = (lwp: number): string => `[New ${thread(lwp)}]`;
const switches = (lwp: number): string => `[Switching to ${thread(lwp)}]`;
const exits = (lwp: number): string => `[${thread(lwp)} exited]`;
const stop = (num: string): string =>
  `\nThread ${num} "qemu" hit Breakpoint 1, vhost_commit (listener=0x555556e8ded0) at ../hw/virtio/vhost.c:1`;
const bt = '#0  vhost_commit (listener=0x555556e8ded0) at ../hw/virtio/vhost.c:1';

const WHY = 'lines of two debuggers';

describe('lines of two debuggers', () => {
  test.each([
    ['a thread ends behind the start of the next process', [exits(11)]],
    ['gdb switches to a thread of the process before', [switches(11), stop('2'), bt]],
  ])('%s', (_, lines) => {
    const ofOne = [start, begins(11), stop('2'), bt];
    expect(whyOf(...ofOne, start, begins(21), stop('2'), bt, ...lines)).toBe(WHY);
    expect(whyOf(...ofOne, ...lines, start, begins(21), stop('2'), bt)).toBeUndefined();
  });

  test('threads begin where others live', () => {
    const at = (lwp: number): string => `Thread 0x7ffff71fa6c0 (LWP ${lwp})`;
    const lines = [
      start,
      begins(11),
      `[New ${at(12)}]`,
      begins(21),
      `[New ${at(22)}]`,
      stop('2'),
      bt,
    ];
    expect(whyOf(...lines)).toBe(WHY);
    // gdb may tell of an end when the next thread has begun
    expect(whyOf(...lines, exits(11))).toBeUndefined();
    expect(
      whyOf(...lines.toSpliced(3, 0, '[Inferior 1 (process 11) exited normally]')),
    ).toBeUndefined();
  });

  test.each(['exited normally', 'detached'])('not a thread of one that has %s', (how) => {
    const ofOne = [start, begins(11), switches(11), stop('2'), bt];
    const end = `[Inferior 1 (process 11) ${how}]`;
    expect(whyOf(...ofOne, end, ...ofOne)).toBeUndefined();
    expect(whyOf(...ofOne, ...ofOne)).toBe(WHY);
  });

  test('not the threads of a process to which gdb attached', () => {
    const found = ['[New LWP 11]', '[New LWP 12]', start];
    const lines = [...found, exits(11), begins(13), stop('2'), bt];
    expect(whyOf(...lines)).toBeUndefined();
    const end = '[Inferior 1 (process 10) detached]';
    expect(whyOf(...lines, end, '[New LWP 12]', '[New LWP 13]', start, exits(13))).toBeUndefined();
    expect(whyOf(...lines, '[New LWP 21]', start, exits(12))).toBe(WHY);
  });

  test('not the inferiors of one', () => {
    const lines = [start, begins(11), start, begins(21), switches(11), stop('1.2'), bt];
    expect(whyOf(...lines)).toBeUndefined();
  });
});
