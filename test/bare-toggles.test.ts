/** Log starts and log stops of which a capture shows what reaches the backend alone are subjects of the rules on them. */
import { expect, test } from 'vitest';
import { judge } from './helpers/check.js';

function open(text: string): string[] {
  const found = judge(text);
  expect(found.filter(({ verdict }) => verdict === 'violation')).toEqual([]);
  return found.filter(({ verdict }) => verdict === 'inconclusive').map(({ rule }) => rule);
}

const kernel = (...requests: string[]): string =>
  requests
    .map(
      (name, i) => `4784 04:18:50.08427${i} ioctl(13</dev/vhost-net>, VHOST_${name}, 0x7fd0) = 0\n`,
    )
    .join('');

const user = (...requests: number[]): string =>
  requests
    .map((req, i) => `17149@1795320041.28390${i}:vhost_user_write req:${req} flags:0x1\n`)
    .join('');

const START = ['LS-ALL-RINGS', 'LS-BASE-FIRST', 'LS-FEATURES', 'LS-UNIFORM'];
const STOP = ['LE-CLEAR', 'LE-PUT', 'LE-SKIP', 'MG-LEFT-ON'];
const BOTH = [...START, ...STOP];

test.each([
  ['no log base', kernel('SET_FEATURES', 'SET_BACKEND_FEATURES', 'SET_VRING_ADDR'), BOTH],
  ['no features', kernel('SET_BACKEND_FEATURES', 'SET_VRING_ADDR', 'SET_VRING_ADDR'), BOTH],
  [
    'features with a log base in front',
    kernel('SET_LOG_BASE', 'SET_FEATURES', 'SET_VRING_ADDR'),
    START,
  ],
  ['messages without payload', user(2, 9, 9), BOTH],
  ['messages that wait for an answer', user(6, 2, 1, 9, 1, 9, 1), START],
])('%s', (_, text, rules) => {
  const found = open(text);
  expect(found).toEqual(expect.arrayContaining(rules));
  if (rules === START) expect(STOP.filter((rule) => found.includes(rule))).toEqual([]);
});

test.each([
  [
    'a device start',
    kernel('SET_FEATURES', 'SET_MEM_TABLE', 'SET_VRING_NUM', 'SET_VRING_BASE', 'SET_VRING_ADDR'),
  ],
  ['its messages', user(2, 5, 8, 10, 9, 12, 8, 10, 9, 12)],
  ['a queue pair that sends no memory table', user(2, 8, 10, 9, 12)],
  ['one address, in front of which nothing is shown', kernel('SET_VRING_ADDR', 'SET_VRING_KICK')],
])('%s is neither', (_, text) => {
  const found = open(text);
  expect(BOTH.filter((rule) => found.includes(rule))).toEqual([]);
});

test('ops that stop the debugger, with no stack', () => {
  const stop = (number: number, func: string, arg: string): string =>
    `\nThread 6 "mig/src/main" hit Breakpoint ${number}, vhost_user_${func} (dev=0x5555, ${arg}) at ../hw/virtio/vhost-user.c:1447\n`;
  const text =
    stop(17, 'set_features', 'features=4362076230') + stop(18, 'set_vring_addr', 'addr=0x7f00');
  const found = open(text);
  expect(found).toEqual(expect.arrayContaining(START));
  expect(found).not.toContain('LE-CLEAR');
});
