/** Logs of gdb of which stops are missing, by what stays of these. */
import { describe, expect, test } from 'vitest';
import { readText } from './helpers/read-text.js';

function gapsOf(lines: readonly string[]): (string | false)[] {
  const { records } = readText(lines.join('\n'));
  return records.flatMap((record) => (record.kind === 'gap' ? [record.why] : []));
}

/** Stops with what `info args` of their commands prints. */
function stopOf(
  func: string,
  line: number,
  args: readonly (readonly [string, string])[],
): string[] {
  const list = args.map(([name, value]) => `${name}=${value}`).join(', ');
  return [
    `Thread 6 "mig/src/main" hit Breakpoint 3, ${func} (${list}) at ../hw/virtio/vhost.c:${line}`,
    `${line}\t    int r;`,
    ...args.map(([name, value]) => `${name} = ${value}`),
    '',
  ];
}

const DEV = ['dev', '0x5555562b1f00'] as const;
const SET_LOG = stopOf('vhost_dev_set_log', 1009, [DEV, ['enable_log', 'true']]);
const FEATURES = stopOf('vhost_dev_set_features', 977, [DEV, ['enable_log', 'true']]);
const VRING = ['vq', '0x5555562b2190'] as const;
const ADDR = stopOf('vhost_virtqueue_set_addr', 949, [DEV, VRING, ['idx', '0']]);
const LOG = [...SET_LOG, ...FEATURES, ...ADDR, ...ADDR, ...SET_LOG, ...FEATURES, ...ADDR];

const SOURCE = 'a line of source without its stop';
const ARGUMENTS = 'arguments without their stop';

describe('stops with their arguments', () => {
  test('are whole', () => {
    expect(gapsOf(LOG)).toEqual([]);
  });

  test.each([
    ['all but its arguments', 22, 24, ARGUMENTS],
    ['its own line', 27, 28, SOURCE],
    ['from the arguments of one to the source of the next', 25, 28, SOURCE],
    ['from the end of one list into another', 26, 35, ARGUMENTS],
    ['the end of a list, and a stop', 35, 43, ARGUMENTS],
  ])('lost: %s', (_, from, to, why) => {
    const lines = [...LOG, ...SET_LOG, ...FEATURES];
    expect(gapsOf(lines.toSpliced(from, to - from))).toContain(why);
  });

  test.each([
    ['a value that is not that of the stop', SET_LOG.with(3, 'enable_log = false')],
    ['a pointer that is not', SET_LOG.with(2, 'dev = 0x5555562b1f80')],
    ['a name that came already', SET_LOG.with(4, 'dev = 0x5555562b1f00')],
    ['an argument behind those that follow it', SET_LOG.with(2, SET_LOG[3] ?? '')],
    ['a name of no argument', SET_LOG.with(4, 'vq = 0x5555562b2190')],
  ])('lost: %s', (_, lines) => {
    expect(gapsOf([...LOG, ...lines])).toEqual([ARGUMENTS]);
  });

  test.each([
    ['other numbers for the same', (line: string) => line.replace(/= true|= 0x0*/, '= ')],
    ['names of its own', (line: string) => line.replace(/^(\w+) = /, 'arg_$1 = ')],
    ['leading zeros', (line: string) => line.replace(/^dev = 0x/, 'dev = 0x0000')],
  ])('what a script prints in their place is no loss: %s', (_, as) => {
    expect(gapsOf(LOG.map((line) => (/^\w+ = /.test(line) ? as(line) : line)))).toEqual([]);
  });

  test('locals below the arguments are no loss', () => {
    const lines = LOG.flatMap((line) => (line.startsWith('enable') ? [line, 'r = 0'] : [line]));
    expect(gapsOf(lines)).toEqual([]);
  });

  test('locals alone are no loss', () => {
    const lines = LOG.flatMap((line) => (/^[a-z]+ = /.test(line) ? ['r = 0'] : [line]));
    expect(gapsOf(lines.filter((line) => !line.startsWith('enable')))).toEqual([]);
  });

  test('lists that are not printed at all stops tell of no loss', () => {
    const some = [...SET_LOG.slice(0, 2), '', ...SET_LOG, ...SET_LOG.slice(0, 2), '', ...SET_LOG];
    expect(gapsOf(some)).toEqual([]);
  });
});

describe('lines of source', () => {
  const [stop = '', source = ''] = SET_LOG;
  test.each([
    [
      'listed by a command of the breakpoint',
      [stop, source, '$1 = 5', '1004\t', '1005\t{', '1006\t}'],
    ],
    ['stepped through', [...FEATURES, stop, source, '1012\t    r = 0;', '977\t    r = 1;']],
    ['asked for', [stop, source, '(gdb) next', '1012\t    r = 0;', '(gdb) list 5', '5\t#include']],
  ])('%s are no loss', (_, lines) => {
    expect(gapsOf(lines)).toEqual([]);
  });

  test.each([
    [
      'below an answer that has none',
      [...FEATURES, stop, source, '(gdb) p *addr', '977\t    int r;', ''],
    ],
    [
      'below words that were printed',
      [...FEATURES, stop, source, '$1 = 5', '977\t    int r;', '(gdb) bt'],
    ],
  ])('%s are of another stop', (_, lines) => {
    expect(gapsOf([...lines, stop])).toEqual([SOURCE]);
  });
});
