/** A fault is found however editors, mail and terminals showed the capture, in every format. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from './helpers/check.js';

const variants: readonly [string, (text: string) => string][] = [
  ['filled up with blanks', (text) => text.replaceAll(/(?<=.)$/gm, '   ')],
  ['set in, as a block of Markdown', (text) => text.replaceAll(/^/gm, '    ')],
  ['quoted', (text) => text.replaceAll(/^/gm, '> ')],
  ['behind the border of a table', (text) => text.replaceAll(/^/gm, '| ')],
  ['behind the clock of a CI system', (text) => text.replaceAll(/^/gm, '08:04:59  ')],
  ['behind the name of a container', (text) => text.replaceAll(/^/gm, 'qemu-1  | ')],
  [
    'behind the name of a pod',
    (text) => text.replaceAll(/^/gm, '[pod/virt-launcher-vm1/compute] '),
  ],
  [
    'behind the stamp of syslog on its way',
    (text) => text.replaceAll(/^/gm, '<30>1 2026-11-22T03:27:38.123456Z host qemu 12 - - '),
  ],
  ['with escaped underscores', (text) => text.replaceAll('_', String.raw`\_`)],
  ['with curly quotes', (text) => text.replaceAll(/"([^"\n]*)"/g, '\u201c$1\u201d')],
];

// What takes longer has nothing else in it.
const MOST_BYTES = 60_000;

const folder = 'fixtures/rules';
const inputs = readdirSync(folder).flatMap((rule) =>
  readdirSync(join(folder, rule))
    .filter((name) => name.startsWith('violation-'))
    .map((name) => join(folder, rule, name, 'input.txt'))
    .filter((path) => statSync(path).size <= MOST_BYTES),
);

function violated(text: string): readonly string[] {
  return check('input.txt', text)
    .findings.filter(({ verdict }) => verdict === 'violation')
    .map(({ rule, vring, at, count }) => `${rule} line ${at.line} vring ${vring} ${count}`);
}

describe.each(inputs)('%s', (path) => {
  const text = readFileSync(path, 'utf8');
  const before = violated(text);
  test.each(variants)('%s', (_, change) => {
    expect(violated(change(text))).toEqual(before);
  });
});
