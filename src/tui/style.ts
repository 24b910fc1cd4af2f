/** How text looks on this terminal: colours, signs, and rows cut to a width. */
import pc from 'picocolors';
import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import type { Severity } from '../model/report.js';

const UNICODE = {
  cursor: '>',
  error: '✗',
  warning: '▲',
  note: '•',
  logged: '●',
  plain: '○',
  open: '▾',
  closed: '▸',
  leaf: ' ',
  cut: '…',
  rule: '─',
  side: '│',
  here: '▼',
  times: '×',
};

/** For terminals whose locale has no UTF-8. */
const ASCII: typeof UNICODE = {
  cursor: '>',
  error: 'X',
  warning: '!',
  note: '*',
  logged: '#',
  plain: '.',
  open: '-',
  closed: '+',
  leaf: ' ',
  cut: '~',
  rule: '-',
  side: '|',
  here: 'v',
  times: 'x',
};

export interface Style {
  readonly colors: ReturnType<typeof pc.createColors>;
  readonly signs: typeof UNICODE;
}

export function createStyle(options: {
  readonly color: boolean;
  readonly unicode: boolean;
}): Style {
  return {
    colors: pc.createColors(options.color),
    signs: options.unicode ? UNICODE : ASCII,
  };
}

// Every row of every frame is measured, and nearly all of them are of these characters.
const NARROW = /^[ -~│─●○✗▲▾▸▼•…×]*$/;
// eslint-disable-next-line no-control-regex -- colours are what this is about
const COLORS = /\x1b\[[\d;]*m/g;

/** Columns that a text fills; colours fill none. */
export function widthOf(text: string): number {
  const plain = text.includes('\x1b') ? text.replace(COLORS, '') : text;
  return NARROW.test(plain) ? plain.length : stringWidth(plain);
}

/** Cuts to a width, with a sign for what is missing. Wide characters count twice, colours not at all. */
export function cut(text: string, width: number, { signs }: Style): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  const short = sliceAnsi(text, 0, width - 1);
  // A wide character that begins in the last column is taken whole.
  return (widthOf(short) < width ? short : sliceAnsi(text, 0, width - 2)) + signs.cut;
}

/** Exactly `width` columns. */
export function fit(text: string, width: number, style: Style): string {
  const short = cut(text, width, style);
  return short + ' '.repeat(Math.max(0, width - widthOf(short)));
}

/** Left and right part of a row; the left one gives way. */
export function justify(left: string, right: string, width: number, style: Style): string {
  const room = width - widthOf(right);
  return room < 8 ? cut(left, width, style) : fit(left, room, style) + right;
}

/** Breaks a text at blanks; a longer word is cut by the row. */
export function wrapWords(text: string, width: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    if (row !== '' && widthOf(row) + 1 + widthOf(word) > width) {
      rows.push(row);
      row = word;
    } else {
      row = row === '' ? word : `${row} ${word}`;
    }
  }
  return row === '' ? rows : [...rows, row];
}

/** `1234567` → `1,234,567`. */
export function thousands(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 error`, `2 errors`. */
export function count(number: number, one: string): string {
  return `${thousands(number)} ${one}${number === 1 ? '' : 's'}`;
}

/** The sign of a severity; a blank for none. */
export function markText(severity: Severity | undefined, { colors, signs }: Style): string {
  switch (severity) {
    case undefined:
      return ' ';
    case 'error':
      return colors.red(signs.error);
    case 'warning':
      return colors.yellow(signs.warning);
    case 'note':
      return colors.cyan(signs.note);
  }
}
