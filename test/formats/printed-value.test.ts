/** Structures as gdb prints them, read back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PrintedValue } from '../../src/model/record.js';
import { expectEveryLineOnce, readLines } from '../helpers/read-text.js';

/** A value, or the members of a structure inside. */
type Tree = string | readonly (readonly [name: string, value: Tree])[];

const scalar = fc.constantFrom(
  '0',
  '-1',
  '0x7ffff7fbf000',
  '0x5555 <ram_state>',
  '"a, {b = \\"1\\"}"',
  "15 '\\017'",
  '(struct vhost_log *) 0x0',
  '<optimized out>',
  '<error: Cannot access memory at address 0x0>',
  '0x555555a350ce <f<int, long>(int)+4>',
);
const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/);

function members(depth: number): fc.Arbitrary<readonly (readonly [string, Tree])[]> {
  const value: fc.Arbitrary<Tree> =
    depth === 0 ? scalar : fc.oneof({ weight: 3, arbitrary: scalar }, members(depth - 1));
  return fc.uniqueArray(fc.tuple(name, value), {
    selector: ([key]) => key,
    minLength: 1,
    maxLength: 5,
  });
}

/** gdb/valprint.c, on one line. */
function onOneLine(tree: Tree): string {
  if (typeof tree === 'string') return tree;
  return `{${tree.map(([key, value]) => `${key} = ${onOneLine(value)}`).join(', ')}}`;
}

/** The same under `set print pretty`. */
function pretty(tree: Tree, indent = ''): string {
  if (typeof tree === 'string') return tree;
  const rows = tree.map(([key, value]) => `${indent}  ${key} = ${pretty(value, `${indent}  `)}`);
  return `{\n${rows.join(',\n')}\n${indent}}`;
}

function flat(tree: Tree, path: string): [string, string][] {
  if (typeof tree === 'string') return [[path, tree]];
  return tree.flatMap(([key, value]) => flat(value, path === '' ? key : `${path}.${key}`));
}

test.each([
  ['on one line', onOneLine],
  ['pretty', pretty],
])('a structure printed %s', (_how, print) => {
  fc.assert(
    fc.property(members(2), (tree) => {
      const lines = `$7 = ${print(tree)}`.split('\n');
      const reading = readLines(lines);
      expectEveryLineOnce(reading);
      const expected: PrintedValue = {
        kind: 'value',
        span: { first: 1, last: lines.length },
        number: 7,
        members: Object.fromEntries(flat(tree, '')),
      };
      expect(reading.records).toEqual([expected]);
    }),
  );
});

test('a structure of which lines are missing is chatter, and what follows is read', () => {
  const lines = ['$7 = {', '  index = 0,', '#0  f (a=1) at x.c:1', '  flags = 1', '}'];
  const kinds = readLines(lines).records.map(({ kind }) => kind);
  expect(kinds.slice(0, 2)).toEqual(['chatter', 'backtrace']);
  expectEveryLineOnce(readLines(lines));
});

test('an array of scalars has its elements, one of structures the members of each', () => {
  const read = (lines: string[]) =>
    readLines(lines).records.map((record) =>
      record.kind === 'value' ? record.members : record.kind,
    );
  const words = { '[0]': '5234491392', '[1]': '0' };
  expect(read(['$1 = {5234491392, 0}'])).toEqual([words]);
  expect(read(['(gdb) p/x features[0]@2', '$1 = {0x138000000, 0x0}']).at(-1)).toEqual({
    '[0]': '0x138000000',
    '[1]': '0x0',
  });
  expect(read(['(gdb) p *features', '$1 = 5234491392']).at(-1)).toEqual({ '[0]': '5234491392' });
  // Binary digits look like another number.
  expect(read(['(gdb) p/t *features', '$1 = 100111000']).at(-1)).toBe('chatter');
  expect(read(['$1 = {{flags = 1}, {flags = 2}}'])).toEqual([
    { '[0].flags': '1', '[1].flags': '2' },
  ]);
});
