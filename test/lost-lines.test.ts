/** Logs of gdb that show by themselves that lines were taken out of them. */
import { describe, expect, test } from 'vitest';
import { findLostReturns } from '../src/flows/gaps/lost-returns.js';
import { buildSteps } from '../src/facts/steps.js';
import { readText } from './helpers/read-text.js';

const FRAMES: Readonly<Record<string, string>> = {
  vhost_dev_set_log: '(dev=0x5555, enable_log=true) at vhost.c:1027',
  vhost_virtqueue_set_addr: '(dev=0x5555, vq=0x6666, idx=0, enable_log=true) at vhost.c:952',
  vhost_user_set_vring_addr: '(dev=0x5555, addr=0x7777) at vhost-user.c:1391',
};

/** The breakpoint at the innermost function, which is the last one. */
function hit(...calls: readonly string[]): string {
  const stack = calls.toReversed().map((func) => `${func} ${FRAMES[func] ?? '() at x.c:1'}`);
  const number = Object.keys(FRAMES).indexOf(calls.at(-1) ?? '') + 2;
  const head = `Thread 6 "qemu" hit Breakpoint ${number}, ${stack[0] ?? ''}`;
  const frames = stack.map((frame, i) => `#${i}  ${i === 0 ? '' : '0x000055555581 in '}${frame}`);
  return [
    '',
    head,
    `${/\d+$/.exec(head)?.[0] ?? ''}\t{`,
    ...frames,
    `#${frames.length}  0x00007ffff76b08ec in clone3 () at clone3.S:81`,
  ].join('\n');
}

function back(func: string): string {
  return `vhtrace-probes 1 return ${func} thread 6 value 0.`;
}

const [SET_LOG, SET_ADDR, OP] = Object.keys(FRAMES) as [string, string, string];
const CALL = [
  hit(SET_LOG),
  hit(SET_LOG, SET_ADDR),
  hit(SET_LOG, SET_ADDR, OP),
  back(OP),
  back(SET_ADDR),
];
const WHOLE = ['', ...CALL, ...CALL.slice(1), back(SET_LOG), ...CALL, back(SET_LOG)];

function lostIn(blocks: readonly string[]): number {
  const { steps } = buildSteps(readText(blocks.join('\n')).records);
  return findLostReturns(steps, () => false).length;
}

describe('calls and returns', () => {
  test('that all have their other half tell of no loss', () => {
    expect(lostIn(WHOLE)).toBe(0);
  });

  test.each([
    ['a return', WHOLE.toSpliced(4, 1)],
    ['an entry', WHOLE.toSpliced(3, 1)],
    ['an entry with the return of what called it', WHOLE.toSpliced(3, 1).toSpliced(4, 1)],
    ['the last return', WHOLE.toSpliced(WHOLE.indexOf(back(SET_LOG)), 1)],
  ])('tell of a loss: %s', (_, blocks) => {
    expect(lostIn(blocks)).toBeGreaterThan(0);
  });

  test('what had begun in front of the log comes back without a loss', () => {
    expect(lostIn([...CALL.slice(1), back(SET_LOG), ...WHOLE])).toBe(0);
  });

  test('a coroutine comes back later', () => {
    const other = hit('main_loop', 'vhost_commit');
    expect(lostIn(WHOLE.toSpliced(4, 0, other))).toBe(0);
  });

  test('functions that come back unseen tell of nothing', () => {
    expect(lostIn(WHOLE.filter((line) => line !== back(SET_LOG)))).toBe(0);
  });
});

describe('numbers of printed values', () => {
  test.each([
    ['one after the other', ['$1 = 5', '$2 = {a = 1}', 'Value returned is $3 = 0'], undefined],
    ['of the next gdb', ['$7 = 5', '$1 = {a = 1}', '$2 = 0'], undefined],
    ['behind what a program printed', ['$1 = 5', 'login: $2 = 6', '$3 = 0'], undefined],
    ['left out', ['$1 = 5', 'x', '$3 = {a = 1}'], 'gdb printed a value between $1 and $3'],
    [
      'left out in front of a returned value',
      ['$1 = 5', 'Value returned is $4 = 0'],
      'gdb printed a value between $1 and $4',
    ],
  ])('%s', (_, values, why) => {
    const text = [hit(SET_LOG), ...values].join('\n');
    const gaps = readText(text).records.filter(({ kind }) => kind === 'gap');
    expect(gaps.map((gap) => 'why' in gap && gap.why)).toEqual(why === undefined ? [] : [why]);
  });

  test('are no sign in a text that shows nothing of gdb', () => {
    const { records } = readText('$1 = a\n$5 = b\n');
    expect(records.filter(({ kind }) => kind === 'gap')).toEqual([]);
  });
});
