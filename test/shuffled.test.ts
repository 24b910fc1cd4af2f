/** Lines that do not stand where they were written, or stand twice: nothing that rests on their order is judged. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildRun } from '../src/flows/run.js';
import { readText } from './helpers/read-text.js';

const whyOf = (lines: readonly string[]): string | undefined =>
  buildRun(readText(lines.join('\n')), { assumeOrdered: false }).note?.why;

const BACK = 'a time that goes back';
const TWICE = 'records that stand twice';

const event = (tid: number, microseconds: number): string =>
  `${tid}@1795320809.${String(microseconds).padStart(6, '0')}:vhost_commit Started: 1 Changed: 0`;
const call = (pid: number, time: string): string =>
  `${pid} ${time} ioctl(13</dev/vhost-net>, VHOST_SET_OWNER) = 0`;
const kprobe = (pid: number, time: string): string =>
  ` vhost-${pid}-${pid}     [001] ..... ${time}: p_log_write: (log_write+0x0/0x1a0 [vhost]) ret=0`;

const read = (time: string, bytes: string, length: number): string =>
  `7 ${time} read(4<socket:[9]>, "${bytes}", ${length}) = ${length}`;

describe('a time that goes back', () => {
  test.each([
    ['of a thread of QEMU, beside others', [event(1, 10), event(2, 20), event(1, 9)]],
    ['of the only thread of QEMU', [event(1, 200_000), event(1, 300_000), event(1, 100_000)]],
    ['of a thread of strace', [call(7, '10:00:02.000002'), call(7, '10:00:02.000001')]],
    ['in seconds', [call(7, '1795736670.000002'), call(7, '1795736670.000001')]],
    ['of two CPUs', [kprobe(7, '76900.845620'), kprobe(8, '76900.845619')]],
  ])('%s', (_, lines) => {
    expect(whyOf(lines)).toBe(BACK);
    expect(whyOf([...lines].sort((a, b) => timeOf(a).localeCompare(timeOf(b))))).toBeUndefined();
  });

  test.each([
    ['threads of QEMU that print at once', [event(1, 10), event(2, 20), event(3, 15)]],
    ['threads of a process that has one number', [event(1, 20), event(1, 15), event(1, 30)]],
    ['a call that returns behind others', [call(7, '10:00:02.000002'), call(8, '10:00:02.000001')]],
    ['midnight', [call(7, '22:59:59.900000'), call(7, '00:10:00.100000')]],
    ['what has passed since the line before', [call(7, '0.000009'), call(7, '0.000001')]],
    ['what has passed between two probes', [kprobe(7, '2.000009'), kprobe(7, '0.000001')]],
  ])('is not that of %s', (_, lines) => {
    expect(whyOf(lines)).toBeUndefined();
  });

  test('is no sign beside one that all times run backwards', () => {
    const lines = Array.from({ length: 20 }, (_, i) => event(1, 1000 + i));
    expect(whyOf(lines.toReversed())).toBe('times that run backwards');
  });
});

describe('records that stand twice', () => {
  const lines = [event(1, 10), event(2, 20), event(1, 30)];

  test('each with the time of the one above', () => {
    expect(whyOf(lines.flatMap((line) => [line, line]))).toBe(TWICE);
    expect(whyOf(lines)).toBeUndefined();
  });

  test('with a header, whose payload is read by the next call, behind the same header', () => {
    const message = (request: string, time: string): string[] => [
      read(time, String.raw`\x${request}\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00\x00`, 12),
      read(`${time}5`, String.raw`\x01\x00\x00\x00\x00\x00\x00\x00`, 8),
    ];
    const received = ['08', '0a', '0b'].flatMap((request, i) =>
      message(request, `10:00:0${i}.00000`),
    );
    expect(whyOf(received.flatMap((line) => [line, line]))).toBe(TWICE);
    expect(whyOf(received)).toBeUndefined();
  });

  test('not a few of them', () => {
    const [first = ''] = lines;
    expect(whyOf([first, first, ...lines.slice(1)])).toBeUndefined();
  });
});

describe('pages that overlap', () => {
  const path = new URL('../fixtures/rules/LE-CLEAR/pass-cancel/input.txt', import.meta.url);
  const log = readFileSync(path, 'utf8').split('\n');
  const pasted = (end: number, next: number): (string | undefined)[] => {
    const run = buildRun(readText([...log.slice(0, end), ...log.slice(next - 1)].join('\n')), {
      assumeOrdered: false,
    });
    return [run.note?.why, run.note && String(run.note.line)];
  };

  test.each([
    ['in the middle of two stacks', 399, 390],
    ['some stacks above, at the same function', 476, 399],
    ['with a level left out', 434, 294],
  ])('%s', (_, end, next) => {
    expect(pasted(end, next)).toEqual(['pages that overlap', String(end + 1)]);
  });

  test('not whole stops that come once more, as those of a loop do', () => {
    expect(pasted(389, 380)).not.toContain('pages that overlap');
    expect(pasted(544, 502)).toEqual([undefined, undefined]);
  });

  test('are not what a loop over two devices does, when something above it changes', () => {
    const commit = (listener: string, block: string): string[] => [
      `Thread 4 "CPU 0/TCG" hit Breakpoint 27, vhost_commit (listener=${listener}) at vhost.c:485`,
      `#0  vhost_commit (listener=${listener}) at vhost.c:485`,
      '#1  0x0000555555b1450e in memory_region_transaction_commit () at memory.c:1109',
      `#2  0x0000555555b8140a in cpu_tb_exec (cpu=0x555556790360, itb=${block}) at cpu-exec.c:438`,
    ];
    const both = (block: string): string[] =>
      ['0x55555715a868', '0x55555724a828'].flatMap((listener) => commit(listener, block));
    const [first, last] = ['0x7fffb16b9c00', '0x7fffb092c2c0'];
    expect(whyOf([...both(first), ...both(first), ...both(last)])).toBeUndefined();
  });

  test('are not what up and down print in front of the backtrace of each stop', () => {
    const stop = (call: string): string => `Thread 4 "m" hit Breakpoint 26, ${call}`;
    const whole = 'memory_global_dirty_log_sync () at memory.c:64';
    const sync = 'vhost_log_sync (listener=0x55a8, section=0x7ff0) at vhost.c:119';
    const caller = '#1  0x00005587 in memory_region_sync_dirty_bitmap (mr=0x0) at memory.c:57';
    const each = [stop(sync), caller, `#0  ${sync}`, `#0  ${sync}`, caller];
    expect(whyOf([stop(whole), `#0  ${whole}`, ...each, ...each])).toBeUndefined();
  });
});

function timeOf(line: string): string {
  return /[\d:]+\.\d+/.exec(line)?.[0] ?? '';
}
