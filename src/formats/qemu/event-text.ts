/**
 * Reads values back out of the text that a printf format made.
 *
 * `%s` may hold anything, also what stands behind it in the format: each takes as much as it can, the
 * first one first, as a greedy pattern would. Found from the end, where it is linear.
 */
import { isPadded } from './event-format.js';
import type { Conversion, Piece } from './event-format.js';

/** The texts of the conversions, in order; undefined when the text does not fit. */
export type TextReader = (text: string) => readonly string[] | undefined;

/** Longer texts are no event that anybody declares: the log backend's longest have 1,000 characters. */
const LONGEST_TEXT = 4096;

/** What stands between two `%s`. */
interface Segment {
  /** Text that it begins with, '' when it begins with a number. */
  readonly head: string;
  readonly pattern: RegExp;
  readonly empty: boolean;
}

/** A reader for what `pieces` print, blanks at the end apart. */
export function compileText(pieces: readonly Piece[]): TextReader {
  const { segments, strings } = split(pieces);
  return (text) => {
    if (text.length > LONGEST_TEXT) return undefined;
    return strings.length === 0
      ? matchAll(segments[0], text.trimEnd())
      : matchParts(segments, strings, text);
  };
}

/** `0x` stays with the number: `flags:0x%x` gives "0x5", so that the base is not lost. */
export function keepsBase(before: Piece | undefined, conversion: Conversion): boolean {
  return (
    before !== undefined &&
    'text' in before &&
    before.text.endsWith('0x') &&
    (conversion.kind === 'x' || conversion.kind === 'X') &&
    !isPadded(conversion)
  );
}

/** A value without the blanks that only fill its column. */
export function unpadded(conversion: Conversion, text: string): string {
  if (!isPadded(conversion)) return text;
  return conversion.flags.includes('-') ? text.trimEnd() : text.trimStart();
}

function matchAll(segment: Segment | undefined, text: string): readonly string[] | undefined {
  if (segment === undefined) return text === '' ? [] : undefined;
  const match = matchAt(segment, text, 0);
  return match?.[0].length === text.length ? addValues([], match) : undefined;
}

/** What the parentheses of the pattern hold. */
function addValues(values: string[], match: RegExpExecArray): string[] {
  for (let i = 1; i < match.length; i++) values.push(match[i] ?? '');
  return values;
}

function matchParts(
  segments: readonly Segment[],
  strings: readonly Conversion[],
  text: string,
): readonly string[] | undefined {
  const first = segments[0];
  const values: string[] = [];
  let end = 0;
  if (first?.empty === false) {
    const start = matchAt(first, text, 0);
    if (start === null) return undefined;
    addValues(values, start);
    end = start[0].length;
  }
  const found = matchBackwards(segments, text, end);
  if (found === undefined) return undefined;
  for (let i = 0; i < strings.length; i++) {
    const string = strings[i];
    const match = found[i];
    // Nothing stands behind the last string but what a terminal fills its lines with.
    const value = match === undefined ? text.slice(end).trimEnd() : text.slice(end, match.index);
    if (string !== undefined) values.push(unpadded(string, value));
    if (match === undefined) break;
    addValues(values, match);
    end = match.index + match[0].length;
  }
  return values;
}

/**
 * Places each segment behind the first as far to the right as those behind it leave room, from `from` on.
 * A last one that is empty has no match: it stands at the very end.
 */
function matchBackwards(
  segments: readonly Segment[],
  text: string,
  from: number,
): readonly (RegExpExecArray | undefined)[] | undefined {
  const found: (RegExpExecArray | undefined)[] = [];
  const last = segments.length - 1;
  const isOpen = segments[last]?.empty === true;
  let rest = isOpen ? text : text.trimEnd();
  for (let i = isOpen ? last - 1 : last; i > 0; i--) {
    const segment = segments[i];
    const match = segment && matchLast(segment, rest, from, i === last);
    if (match === undefined) return undefined;
    found[i - 1] = match;
    rest = rest.slice(0, match.index);
  }
  return found;
}

/** Where the segment stands last in `text` from `from` on; at its very end when it is the last one. */
function matchLast(
  segment: Segment,
  text: string,
  from: number,
  atEnd: boolean,
): RegExpExecArray | undefined {
  let at = text.length;
  for (;;) {
    if (segment.head !== '') at = text.lastIndexOf(segment.head, at);
    if (at < from) return undefined;
    const match = matchAt(segment, text, at);
    if (match !== null && (!atEnd || at + match[0].length === text.length)) {
      return segment.head === '' ? widened(segment, text, from, match) : match;
    }
    if (at === 0) return undefined;
    at -= 1;
  }
}

/** A number behind a string is taken whole. */
function widened(
  segment: Segment,
  text: string,
  from: number,
  match: RegExpExecArray,
): RegExpExecArray {
  let widest = match;
  const end = match.index + match[0].length;
  while (widest.index > from) {
    const wider = matchAt(segment, text, widest.index - 1);
    if (wider === null || wider.index + wider[0].length !== end) break;
    widest = wider;
  }
  return widest;
}

function matchAt({ pattern }: Segment, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function split(pieces: readonly Piece[]): {
  segments: readonly Segment[];
  strings: readonly Conversion[];
} {
  const runs: Piece[][] = [[]];
  const strings: Conversion[] = [];
  for (const piece of firstLine(pieces)) {
    if ('kind' in piece && piece.kind === 's') {
      strings.push(piece);
      runs.push([]);
    } else runs.at(-1)?.push(piece);
  }
  return { segments: runs.map((run, i) => segmentOf(run, i === runs.length - 1)), strings };
}

/** A log is read line by line, so what an event prints on further lines is not read. */
export function firstLine(pieces: readonly Piece[]): readonly Piece[] {
  const at = pieces.findIndex((piece) => 'text' in piece && piece.text.includes('\n'));
  const last = pieces[at];
  if (last === undefined || !('text' in last)) return pieces;
  return [...pieces.slice(0, at), { text: last.text.slice(0, last.text.indexOf('\n')) }];
}

/** A value, as far as it has no mark that formats set between two of them. */
const VALUE = '[\\w./()-]{0,128}';
/** A number that is whole. */
const NUMBER = '(?:-?[\\da-fA-Fx]{1,40}|\\(nil\\))';

/**
 * Matches what is left of a line with such a text when its head is lost: its end, from any place on. Values are
 * single words.
 */
export function compileTail(pieces: readonly Piece[]): RegExp {
  let rest = '';
  const tails: string[] = [];
  for (const piece of [...firstLine(pieces)].reverse()) {
    const isText = 'text' in piece;
    if (!isText && (rest.startsWith(VALUE) || rest.startsWith(NUMBER))) continue;
    // A word alone may be anybody's.
    if (isText || rest !== '') tails.push((isText ? endOf(piece.text) : VALUE) + rest);
    rest = (isText ? escape(piece.text) : piece.kind === 's' ? VALUE : NUMBER) + rest;
  }
  return new RegExp(`^(?:[\\w@.:-]{0,128} ${rest}|${tails.join('|')})$`);
}

/** Matches what is left of a line with such a text when its end is lost, in the middle of a number, too. */
export function compileHead(pieces: readonly Piece[]): RegExp {
  let rest = '';
  for (const piece of [...firstLine(pieces)].reverse()) {
    const isText = 'text' in piece;
    rest = isText
      ? beginOf(piece.text, rest)
      : `(?:${piece.kind === 's' ? VALUE : NUMBER}${rest})?`;
  }
  return new RegExp(`^${rest}$`);
}

/** `(?:a(?:b(?:c...)?)?)?` */
function beginOf(literal: string, rest: string): string {
  let pattern = rest;
  for (let i = literal.length - 1; i >= 0; i--) {
    pattern = `(?:${escape(literal.charAt(i))}${pattern})?`;
  }
  return pattern;
}

/** `(?:(?:a?b)?c)?` */
function endOf(literal: string): string {
  let pattern = '';
  for (const character of literal) pattern = `(?:${pattern}${escape(character)})?`;
  return pattern;
}

function segmentOf(run: readonly Piece[], isLast: boolean): Segment {
  const [head] = run;
  let pattern = '';
  for (const [i, piece] of run.entries()) {
    if ('text' in piece) {
      const ends = isLast && i === run.length - 1;
      const next = run[i + 1];
      const keeps = next !== undefined && 'kind' in next && keepsBase(piece, next);
      pattern += escape(ends ? piece.text.trimEnd() : keeps ? piece.text.slice(0, -2) : piece.text);
    } else pattern += conversionPattern(piece, run[i - 1], run[i + 1]);
  }
  const text = head !== undefined && 'text' in head ? head.text : '';
  // `0x` may belong to the number, and blanks at the end may be gone.
  const certain = text.trimEnd().replace(/0x$/, '');
  return { head: certain, pattern: new RegExp(pattern, 'y'), empty: pattern === '' };
}

const DIGITS: Readonly<Record<string, string>> = {
  d: '0-9',
  i: '0-9',
  u: '0-9',
  o: '0-7',
  x: '0-9a-fA-F',
  X: '0-9a-fA-F',
};

/** No text may be matched in two ways: numbers have a bound, and side by side only their printed width. */
function conversionPattern(
  piece: Conversion,
  before: Piece | undefined,
  after: Piece | undefined,
): string {
  const digits = DIGITS[piece.kind];
  const blanks = isPadded(piece) ? ' {0,64}' : '';
  const [left, right] = piece.flags.includes('-') ? ['', blanks] : [blanks, ''];
  if (piece.kind === 'c') return `${left}([^])${right}`;
  if (piece.kind === 'p') return `${left}(0x[0-9a-fA-F]{1,16}|\\(nil\\))${right}`;
  if (digits === undefined) return `${left}(-?[0-9.]{1,64}(?:e[-+]\\d{1,4})?|-?nan|-?inf)${right}`;
  const count =
    after !== undefined && 'kind' in after && after.kind in DIGITS ? side(piece) : '{1,64}';
  const base = keepsBase(before, piece) ? '0x' : piece.flags.includes('#') ? '(?:0[xX])?' : '';
  const isSigned = piece.kind === 'd' || piece.kind === 'i';
  const sign = isSigned ? `[-${/[+ ]/.exec(piece.flags)?.[0] ?? ''}]?` : '';
  return `${left}(${base}${sign}[${digits}]${count})${right}`;
}

/** `%02x%02x`: a number that another one follows without a gap. */
function side({ width, precision }: Conversion): string {
  const count = typeof precision === 'number' ? precision : typeof width === 'number' ? width : 1;
  return `{${Math.max(1, Math.min(count, 64))}}`;
}

function escape(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
