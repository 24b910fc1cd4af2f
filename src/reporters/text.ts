/** Small tools of the reporters for text on a terminal. */
import { printable } from '../base/printable.js';

/** Breaks text at blanks so that no line is longer than `width`, where words allow. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/**
 * A beginning in color and what follows it, wrapped. Where the beginning itself is longer than a line, it has no
 * color: no part of a word would be one.
 */
export function wrapAfter(
  head: string,
  color: (text: string) => string,
  rest: string,
  width: number,
): string[] {
  const [first = '', ...others] = wrap(head + rest, width);
  return [first.startsWith(head) ? color(head) + first.slice(head.length) : first, ...others];
}

/** A path for people; `-` alone would not be understood. */
export function displayPath(path: string): string {
  return path === '-' ? '<stdin>' : printable(path);
}

/** One line of a capture, safe for a terminal and cut with … */
export function excerptText(text: string, width: number): string {
  const safe = Array.from(printable(text.slice(0, 4 * width)));
  const isWhole = safe.length <= width && text.length <= 4 * width;
  return isWhole ? safe.join('') : `${safe.slice(0, width - 1).join('')}…`;
}

/** `1 error`, `2 errors`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${thousands(number)} ${number === 1 ? one : many}`;
}

/** `1234567` → `1,234,567`. */
export function thousands(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Columns padded to their longest cell, two blanks apart; numbers of the source are right-aligned. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, cellText(cell).length);
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const text = cellText(cell);
          const width = widths[i] ?? 0;
          return typeof cell === 'number' ? text.padStart(width) : text.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function cellText(cell: string | number): string {
  return typeof cell === 'number' ? thousands(cell) : printable(cell);
}

/** Rules that are named before only their number is told. */
const MOST_RULES = 5;

/** `; 2 rules are switched off (DS-FLAG, DS-PUT)`, to be added to a verdict; empty where all judge. */
export function rulesOffText(rules: readonly string[] = []): string {
  if (rules.length === 0) return '';
  const names = rules.length > MOST_RULES ? '' : ` (${rules.join(', ')})`;
  return `; ${count(rules.length, 'rule is', 'rules are')} switched off${names}`;
}
