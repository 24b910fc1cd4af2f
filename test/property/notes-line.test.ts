/** The patterns in front of the grammar of notes spare it lines; they must not keep a line from it that it reads. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readBrackets,
  readBranch,
  readChains,
  readCodeStart,
  readListing,
  readReference,
  readRoot,
  readRule,
  readTitle,
} from '../../src/formats/notes/note-lines.js';
import { accept } from '../../src/grammar/notes-line.js';
import { caseFile, formatCases, linesOf } from '../helpers/read-text.js';

const cases = formatCases().filter((name) => /^(?:notes|qemu-log|gdb)/.test(name));
const lines = [
  ...new Set(cases.flatMap((name) => linesOf(readFileSync(caseFile(name, 'input.txt'), 'utf8')))),
].filter((line) => line.length < 400);

const calls = ['f()', 'a_b(x, &y[1])', 'q->r(', 'VHOST_X', 'log_base', 'x = ', '"(', "'{'", ')'];
const arrows = ['->', ' -> ', '-->', ' ==> ', '→', ':', ' or ', '、', ' / ', ', ', '├─> '];
const code = [
  'if (',
  'else ',
  'do',
  'case 1:',
  'default:',
  '}',
  '{',
  ';',
  '= {',
  '// ',
  '/* ',
  '*/',
];
const types = [
  'struct ',
  'static ',
  'u64 ',
  'uint64_t ',
  'foo *',
  'void',
  '[1]',
  '__init',
  '#if 1',
];
const signs = ['=====', '## ', '# A', '12', ' ', '\t', '|12|', ' <<f>> ', '.', '...', 'end. '];

const made = fc
  .array(fc.constantFrom(...calls, ...arrows, ...code, ...types, ...signs), { maxLength: 9 })
  .map((parts) => parts.join(''));
const changed = fc.tuple(fc.constantFrom(...lines), fc.nat(), made).map(([line, at, put]) => {
  const place = at % (line.length + 1);
  return line.slice(0, place) + put + line.slice(place);
});

/** Whatever reads a line must say of it what the grammar says. */
function expectEqual(line: string): void {
  expect(readReference(line), line).toEqual(accept(line, 'Reference'));
  expect(readRule(line), line).toEqual(accept(line, 'Rule'));
  expect(readTitle(line), line).toEqual(accept(line, 'Title'));
  expect(readBranch(line), line).toEqual(accept(line, 'Branch'));
  expect(readRoot(line), line).toEqual(accept(line, 'Root'));
  expect(readChains(line), line).toEqual(accept(line, 'Chains'));
  expect(readListing(line), line).toEqual(accept(line, 'Listing'));
  expect(readCodeStart(line), line).toEqual(accept(line, 'CodeStart'));
  expect(readBrackets(line, false), line).toEqual(accept(line, 'Code'));
  expect(readBrackets(line, true), line).toEqual(accept(line, 'CommentedCode'));
}

describe('lines of notes', () => {
  it('are read as by the grammar alone', () => {
    for (const line of lines) expectEqual(line);
  });

  it('are read so where they are made up, too', () => {
    fc.assert(fc.property(fc.oneof(made, changed), expectEqual), { numRuns: 5000 });
  });
});
