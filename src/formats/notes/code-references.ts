/**
 * Lists of places in the source → CodeReference.
 *
 * Producer: cscope as vim's quickfix window shows it, pasted into notes, often as a list with dashes.
 * Unit:     one record per line.
 * Not read: quickfix lines of compilers and grep (`f.c|12 col 3| text`), which name no function.
 */
import type { CodeReference } from '../../model/record.js';
import type { NoteFormat, NoteLine } from './note-format.js';
import { readReference } from './note-lines.js';

export function createCodeReferences(): NoteFormat {
  return { isPersons: true, take, end: () => [], isOpen: false };
}

function take({ text, lineNo }: NoteLine): readonly CodeReference[] | undefined {
  const read = readReference(text);
  if (read === undefined) return undefined;
  return [{ kind: 'code-reference', span: { first: lineNo, last: lineNo }, ...read }];
}
