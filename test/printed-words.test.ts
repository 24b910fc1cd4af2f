/** Words that the commands of a breakpoint print at its hits make no note of a log; those of a person do. */
import { describe, expect, test } from 'vitest';
import { findNoteSign } from '../src/flows/order/order.js';
import { readLines } from './helpers/read-text.js';

interface Hit {
  readonly number?: number;
  readonly above?: readonly string[];
  readonly below?: readonly string[];
}

function hit({ number = 3, above = [], below = [] }: Hit): string[] {
  const frame = 'vhost_log_put (dev=0x5555570162c8, sync=true) at ../hw/virtio/vhost.c:517';
  return [
    `Thread 5 "CPU 0/TCG" hit Breakpoint ${number}, ${frame}`,
    '517\t    struct vhost_log *log = dev->log;',
    ...above,
    `#0  ${frame}`,
    '#1  0x00007ffff7ca58ec in clone3 () at clone3.S:81',
    ...below,
    '',
  ];
}

/** The first line that makes a note of the hits, and one more hit of another breakpoint. */
function signOf(...hits: readonly Hit[]): string | undefined {
  const lines = [...hits, { number: 4 }].flatMap(hit);
  const sign = findNoteSign(readLines(lines).records);
  return sign && lines[sign.line - 1];
}

describe('no sign of a note is what stands at every hit', () => {
  test.each([
    ['words', ['the log is put away'], ['the log is put away'], ['the log is put away']],
    ['with a pointer', ['dev is 0x5555570162c8'], ['dev is 0x2'], ['dev is 0x400']],
    ['with a count', ['the size is now 12'], ['the size is now 7'], ['the size is now 0']],
    ['over two lines', ['a put', 'of the log'], ['a put', 'of the log'], ['a put', 'of the log']],
  ])('%s above the stack', (_, ...said) => {
    expect(signOf(...said.map((above) => ({ above })))).toBeUndefined();
  });

  test('words with a pointer below the stack', () => {
    const below = ['dev is 0x400'];
    expect(signOf({ below }, { below }, { below })).toBeUndefined();
  });

  test('of several breakpoints', () => {
    const above = ['the log is put away'];
    expect(signOf({ above }, { above, number: 5 }, { above, number: 6 })).toBeUndefined();
  });
});

describe("a person's are words that", () => {
  const above = ['the log is put away'];

  test('differ', () => {
    expect(signOf({ above }, { above }, { above }, { above: ['and now once more'] })).toBe(
      above[0],
    );
  });

  test('one hit does not have', () => {
    expect(signOf({ above }, { above }, { above }, {})).toBe(above[0]);
  });

  test('stand there twice', () => {
    expect(signOf({ above }, { above })).toBe(above[0]);
  });

  test('may be a heading', () => {
    const head = ['The backtrace:'];
    expect(signOf({ above: head }, { above: head }, { above: head })).toBe(head[0]);
  });

  test('stand below the stack', () => {
    expect(signOf({ below: above }, { below: above }, { below: above })).toBe(above[0]);
  });

  test('stand behind a blank line', () => {
    const below = ['', 'dev is 0x400'];
    expect(signOf({ below }, { below }, { below })).toBe(below[1]);
  });

  test('number the runs', () => {
    const runs = [1, 2, 3].map((run) => ({ above: [`=== run ${run} ===`] }));
    expect(signOf(...runs)).toBe('=== run 1 ===');
  });

  test('stand beside those that are printed', () => {
    const below = ['', 'then it was started again'];
    expect(signOf({ above }, { above }, { above, below })).toBe(below[1]);
  });
});
