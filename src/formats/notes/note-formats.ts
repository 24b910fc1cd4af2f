/** Every format of notes, in the order in which a line is offered. */
import { createCallChains } from './call-chains.js';
import { createCallTrees } from './call-trees.js';
import { createCodeReferences } from './code-references.js';
import { createHeadings } from './headings.js';
import type { NoteFormat } from './note-format.js';
import { createSourceCode } from './source-code.js';

/** One new object of each: they remember what they read. A mark of a person ends code, and code may hold arrows. */
export function createNoteFormats(): readonly NoteFormat[] {
  return [
    createCodeReferences(),
    createHeadings(),
    createSourceCode(),
    createCallTrees(),
    createCallChains(),
  ];
}
