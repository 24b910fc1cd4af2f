/** Parsers whose functions are made once, see grammars/build.mjs, against those that peggy makes of the same grammars. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import peggy from 'peggy';
import { describe, it } from 'vitest';
import { expectEqual } from './helpers/expect-equal.js';
import { caseFile, formatCases, linesOf } from './helpers/read-text.js';

interface Parser {
  readonly StartRules: readonly string[];
  readonly parse: (text: string, options: { readonly startRule: string }) => unknown;
  readonly accept: (text: string, startRule: string) => unknown;
}

const folder = new URL('../grammars/', import.meta.url);
const grammars = readdirSync(folder)
  .filter((file) => file.endsWith('.peggy'))
  .map((file) => basename(file, '.peggy'));

/** What formats are made of, and what is hard for all of them. */
const texts = [
  ...new Set(
    formatCases().flatMap((name) => {
      const lines = linesOf(readFileSync(caseFile(name, 'input.txt'), 'utf8'));
      return lines.slice(0, 10).flatMap((line) => [line, line.trim(), line.slice(0, 23)]);
    }),
  ),
  '',
  '\u{1f600} (a=\u00e9\u0416) = 0',
  '#0  f (a="\ud83d") at \u00fc.c:1',
  `${'('.repeat(3000)}${')'.repeat(3000)}`,
].filter((text) => text.length < 8192);

/** The result, or what is wrong and where. */
function outcome({ parse }: Pick<Parser, 'parse'>, text: string, startRule: string): unknown {
  try {
    return { read: parse(text, { startRule }) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) return { refused: 'too deep' };
    return { refused: error.message, at: (error as { location?: unknown }).location };
  }
}

describe.each(grammars)('%s', (name) => {
  it('is read as by the parser of peggy', async () => {
    const own = (await import(`../src/grammar/${name}.js`)) as Parser;
    const source = readFileSync(new URL(`${name}.peggy`, folder), 'utf8');
    const theirs: Pick<Parser, 'parse'> = peggy.generate(source, {
      allowedStartRules: [...own.StartRules],
    });
    for (const startRule of own.StartRules) {
      for (const text of texts) {
        const expected = outcome(theirs, text, startRule);
        expectEqual(outcome(own, text, startRule), expected, text);
        const read = (expected as { read?: unknown }).read;
        expectEqual(own.accept(text, startRule), read, text);
      }
    }
  });
});
