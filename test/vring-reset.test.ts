/** A guest that may reset single vrings (VIRTIO_F_RING_RESET), and a log start that passes over one of them. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { judge } from './helpers/check.js';

const text = readFileSync(
  new URL('../fixtures/captures/vring-never-logged.gdb.txt', import.meta.url),
  'utf8',
);

function verdictsOf(capture: string): string[] {
  return judge(capture)
    .filter(({ rule, vring }) => rule === 'LS-ALL-RINGS' && vring === 1)
    .map(({ verdict }) => verdict);
}

test('the vring is missed where the features leave no reset', () => {
  expect(verdictsOf(text)).toEqual(['violation']);
});

test('a vhost-user backend is not told of a reset: no call shows it', () => {
  const reset = (word: string): string => String(BigInt(word) | (1n << 40n));
  const changed = text.replaceAll(/(?<=features=)\d+/g, reset);
  expect(changed).not.toBe(text);
  expect(verdictsOf(changed)).not.toContain('violation');
});
