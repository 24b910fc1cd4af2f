/** What became of a baseline, for people. */
import { printable } from '../base/printable.js';
import type { BaselineEntry, BaselineSummary } from '../model/baseline.js';
import { count, displayPath } from './text.js';

/** One line for what is known, and one for each entry that matches nothing or has expired. */
export function renderBaseline(summary: BaselineSummary): string {
  return baselineLines(summary)
    .map((line) => `${line}\n`)
    .join('');
}

/** The same as lines. */
export function baselineLines({ path, known, unused, expired }: BaselineSummary): string[] {
  return [
    `${displayPath(path)}: ${count(known, 'violation')} known`,
    ...unused.map((entry) => `matches nothing: ${entryText(entry)}`),
    ...expired.map((entry) => `expired ${entry.expires ?? ''}: ${entryText(entry)}`),
  ];
}

function entryText({ rule, message, reason }: BaselineEntry): string {
  return printable(`${rule}: ${message} (${reason})`);
}
