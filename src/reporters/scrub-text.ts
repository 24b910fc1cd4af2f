/** What `vhtrace scrub` says of its work. */
import { count } from './text.js';

/** The kinds that were replaced at all, in one line. Pure. */
export function renderScrubCounts(counts: Readonly<Record<string, number>>, lines: number): string {
  const parts = Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([kind, number]) => count(number, kind, pluralOf(kind)));
  const replaced = parts.length === 0 ? 'nothing' : parts.join(', ');
  return `replaced in ${count(lines, 'line')}: ${replaced}\n`;
}

/** Lines that end in the middle of a pointer. Pure. */
export function renderCutPointers(lines: readonly number[]): string {
  return `not fit for the public: pointers are cut at the end of ${count(lines.length, 'line')}, the first in line ${lines[0] ?? 0}, so that their halves stay (join the lines first)`;
}

function pluralOf(kind: string): string {
  return kind.endsWith('address') ? `${kind}es` : `${kind}s`;
}

/** Originals and pseudonyms, for the owner of the capture. Pure. */
export function scrubMapText(mapping: object): string {
  return `${JSON.stringify({ schemaVersion: 1, ...mapping }, null, 2)}\n`;
}
