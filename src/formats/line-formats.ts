/** Every format that is told by its own lines, in the order in which a line is offered. */
import { createCallChains } from './call-chains.js';
import { createCallTrees } from './call-trees.js';
import { createCodeReferences } from './code-references.js';
import { createHeadings } from './headings.js';
import type { LineFormat } from './line-format.js';
import type { NoteFormat } from './note-format.js';
import { createSourceCode } from './source-code.js';

/** One new object of each: they remember what they read. */
export function createLineFormats(): readonly LineFormat[] {
  return [];
}

/** The formats of notes, offered what would else become prose; code comes before what may be written inside it. */
export function createNoteFormats(): readonly NoteFormat[] {
  return [
    createCodeReferences(),
    createHeadings(),
    createSourceCode(),
    createCallTrees(),
    createCallChains(),
  ];
}
