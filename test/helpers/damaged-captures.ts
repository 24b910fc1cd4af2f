/** Captures that tests damage, and what may not come of it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge } from './check.js';
import { besideRepository } from './read-text.js';

const own = fileURLToPath(new URL('../../fixtures/captures', import.meta.url));
const shared = besideRepository('shared/captures');

/** A capture is judged again and again: not the megabytes. */
const MOST_BYTES = 300_000;

/** Paths of text captures: those of the project, and the shared ones where they are. */
export const captures = [own, ...(shared === undefined ? [] : foldersOf(shared))].flatMap(
  (folder) =>
    readdirSync(folder)
      .filter((file) => /\.(?:gdb\.txt|log)$/.test(file))
      .map((file) => join(folder, file))
      .filter((path) => statSync(path).size < MOST_BYTES),
);

function foldersOf(at: string): string[] {
  const entries = readdirSync(at, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(at, name));
}

/** Rules that report violations, with the severity; a note is none. */
export function violated(text: string): string[] {
  return judge(text)
    .filter(({ verdict, severity }) => verdict === 'violation' && severity !== 'note')
    .map(({ rule, severity }) => `${severity} ${rule}`);
}
