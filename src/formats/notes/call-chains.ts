/**
 * `a()->b()->c()`, within prose or alone → CallPath.
 *
 * Producers: people.
 * Unit:      one record per line; a line with two chains holds both, each from depth 0.
 * Not read:  C: `f(x)->member`, `vq->log_base`, `a(x)->b(y)`. Tight arrows need empty brackets on their left.
 */
import type { CallPath } from '../../model/record.js';
import type { NoteFormat, NoteLine } from './note-format.js';
import { readChains } from './note-lines.js';
import { isHuman } from './prose.js';

export function createCallChains(): NoteFormat {
  return { isPersons: true, take, end: () => [], isOpen: false };
}

function take({ text, lineNo, nearOutput }: NoteLine): readonly CallPath[] | undefined {
  if (nearOutput && !isHuman(text, nearOutput)) return undefined;
  const chains = readChains(text);
  if (chains === undefined) return undefined;
  const calls = chains.map(({ func, depth }) => ({ func, depth, line: lineNo }));
  return [{ kind: 'call-path', span: { first: lineNo, last: lineNo }, calls }];
}
