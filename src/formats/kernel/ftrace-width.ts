/**
 * Rows of a kernel trace on a screen that was narrower than they are: wrapped there, by mail, or cut.
 *
 * A row has no end of its own. One that is wrapped is joined with the line below it, where both make a row and one way
 * of joining them alone does. One that is cut tells so only beside others, which may come later: rows of several kinds all
 * end in one column, or one that is torn does.
 */
import type { Problem, Span } from '../../model/record.js';
import { MOST_IN_DOUBT } from '../doubts.js';
import type { Doubt } from '../doubts.js';
import { readRow } from './ftrace-lines.js';
import type { TraceBody, TraceRow } from './ftrace-lines.js';

/** No terminal is narrower. */
const NARROWEST = 72;

/** Lines of one row: mail of 60 columns needs three. */
const MOST_LINES = 4;

/** Rows that end in one column, with the last value somewhere else than in the row that is asked for. */
const ENOUGH = 4;

/** Rows that are longer than those that a screen cut: a character was added to them since, or two stand in one line. */
const MOST_LONGER = 2;

/** Characters that a row may have lost since it was cut. */
const MOST_LOST = 2;

export interface HeldRow {
  readonly first: number;
  last: number;
  text: string;
  row: TraceRow;
}

/** A row that goes on no further, of any tracer. */
export type EndedRow = Omit<HeldRow, 'row'> & {
  readonly row: Pick<TraceRow, 'body'> & {
    readonly stamp: Readonly<Record<'comm', string | undefined>>;
  };
};

/**
 * All tracers set the name of the thread to the right of 16 columns (Linux kernel/trace/trace_output.c
 * trace_print_context(), tools/perf/builtin-script.c): where the blanks are taken off, rows that are cut in one column are
 * not of one length.
 */
const COMM_COLUMNS = 16;

/** Blanks that were taken off in front of a row, as far as the name of the thread tells. */
function strippedOf({ text, row }: Pick<EndedRow, 'text' | 'row'>): number {
  const { comm } = row.stamp;
  if (comm === undefined || !text.trimStart().startsWith(comm)) return 0;
  const blanks = text.length - text.trimStart().length;
  return Math.max(0, COMM_COLUMNS - comm.length - blanks);
}

/** May the next line go on with it? */
export function mayBeWrapped(line: string, row: TraceRow): boolean {
  return line.length >= NARROWEST || isNameAlone(row);
}

/** "log_write_ret:", below which mail has the place. */
function isNameAlone({ body }: TraceRow): boolean {
  return body.what === 'event' && (body.args ?? '').trim() === '';
}

/** "vn_ioctl: (vhost_net_ioctl+0x": the place of a probe without its end. */
export function isBroken({ body }: Pick<TraceRow, 'body'>): boolean {
  return body.what === 'event' && body.args !== undefined && /^[ \t]*\([^()]*$/.test(body.args);
}

/** The line goes on with the row, and is taken into it; false for any other. `widest`: no row of the trace is longer. */
export function goesOn(held: HeldRow, line: string, lineNo: number, widest: number): boolean {
  if (lineNo !== held.last + 1 || lineNo - held.first >= MOST_LINES) return false;
  const isPlace = isBroken(held.row) || (isNameAlone(held.row) && line.trimStart().startsWith('('));
  const text = isPlace ? joinedPlace(held.text, line) : joinedValues(held, line, widest);
  const row = text === undefined ? undefined : readRow(text);
  if (text === undefined || row === undefined) return false;
  [held.last, held.text, held.row] = [lineNo, text, row];
  return true;
}

/** A screen leaves out nothing, mail the blank. */
function joinedPlace(head: string, line: string): string | undefined {
  const texts = [head + line, `${head} ${line.trimStart()}`];
  const rows = texts.map((text) => readRow(text));
  const [whole, ...others] = texts.filter((_, i) => {
    const row = rows[i];
    return row !== undefined && !isBroken(row) && row.body.what !== 'event';
  });
  if (whole === undefined) return undefined;
  const bodies = new Set(rows.flatMap((row) => (row && !isBroken(row) ? [bodyKey(row.body)] : [])));
  return others.length === 0 || bodies.size === 1 ? whole : undefined;
}

function bodyKey(body: TraceBody): string {
  return JSON.stringify(body);
}

/** `name=value` and what is left of one: `f863 len=12`, `=-14`, `ret=-14`. */
const VALUES =
  /^(?:[\w-]{0,32}=\S{0,64}|-?[\da-fA-Fx]{1,18})?(?:[ \t]+\w{1,32}=\S{0,64})*(?:[ \t]+\w{1,32})?$/;

function joinedValues(held: HeldRow, line: string, widest: number): string | undefined {
  const { text, row } = held;
  if (row.body.what !== 'call' && row.body.what !== 'return') return undefined;
  if (line === '' || !VALUES.test(line)) return undefined;
  // A blank at the end of a line is lost.
  const isFull = text.length + strippedOf(held) >= widest - 1;
  if (/^[ \t]/.test(line)) return isFull ? text + line : undefined;
  const last = /\S*$/.exec(text)?.[0] ?? '';
  const isWhole = /=[^=]+$/.test(last) || last.endsWith(')');
  if (/^\w+=/.test(line) && isWhole) return `${text} ${line}`;
  const isPiece = line.startsWith('=') ? /^\w+$/.test(last) : !last.endsWith(')');
  return isFull && isPiece ? text + line : undefined;
}

/** Where the rows of a trace end. */
export class Widths {
  /** The longest ones first; those of which more than a few rows are longer are none that rows are cut at. */
  #widths: Width[] = [];
  #hasTold = false;

  /** Length of the longest row, with the blanks in front of it. */
  get widest(): number {
    return this.#widths[0]?.length ?? 0;
  }

  /** A row that goes on no further, as it stands. Gives a doubt of what its last value is, where there may be one. */
  see(ended: EndedRow): Doubt | undefined {
    const { text, row, first, last } = ended;
    if (text.length < NARROWEST) return undefined;
    const stripped = strippedOf(ended);
    const length = text.length + stripped;
    const value = columnOf(text);
    const width = this.#of(length);
    if (width === undefined) return value < 0 ? undefined : this.#nearest(length)?.doubtNear();
    const at = value < 0 ? value : value + stripped;
    const column = width.columns.get(at) ?? { count: 0, first, last, doubts: [] };
    width.columns.set(at, column);
    const counts = isTorn(row) ? ENOUGH : 1;
    if (counts > 1) width.isSure = true;
    column.count += counts;
    width.all += counts;
    width.rows += 1;
    this.#dropShort();
    return at < 0 ? undefined : doubtIn(column);
  }

  /** That of a row which is among the longest. */
  #of(length: number): Width | undefined {
    let longer = 0;
    let at = 0;
    for (const width of this.#widths) {
      if (width.length === length) return width;
      if (width.length < length) break;
      longer += width.rows;
      at += 1;
    }
    if (longer > MOST_LONGER) return undefined;
    const width = new Width(length);
    this.#widths.splice(at, 0, width);
    return width;
  }

  /** Those that are no longer among the longest: what ended in them was whole, or has lost a character since it was cut. */
  #dropShort(): void {
    let longer = 0;
    const kept = this.#widths.findIndex(({ rows }) => (longer += rows) > MOST_LONGER) + 1;
    if (kept === 0 || kept >= this.#widths.length) return;
    const [dropped, near] = [this.#widths.splice(kept), this.#widths[kept - 1]];
    for (const width of dropped) {
      if (near !== undefined && near.length - width.length <= MOST_LOST) near.take(width.doubts());
      else settle(width.doubts(), false);
    }
  }

  /** The width of a row that may have lost a character. */
  #nearest(length: number): Width | undefined {
    const width = this.#widths.at(-1);
    return width !== undefined && width.length - length <= MOST_LOST ? width : undefined;
  }

  /** Settles what the rows so far tell is cut; where the first of it stands, once. */
  cut(): { readonly column: number; readonly span: Span } | undefined {
    let found: { readonly column: number; readonly span: Span } | undefined;
    let longer = 0;
    for (const width of this.#widths) {
      // Beside longer ones rows of one length are no accident where one of them ends within a name.
      const span = longer === 0 || width.isSure ? width.cut() : undefined;
      if (span !== undefined) found = { column: width.length, span };
      longer += width.rows;
    }
    if (found === undefined || this.#hasTold) return undefined;
    this.#hasTold = true;
    return found;
  }
}

/** Rows of one length. */
class Width {
  readonly length: number;
  rows = 0;
  /** By the column of their last value. */
  readonly columns = new Map<number, Column>();
  all = 0;
  /** Rows are cut here, or one of them is torn. */
  isSure = false;
  /** Of rows that were a little longer. */
  #near: Doubt[] = [];

  constructor(length: number) {
    this.length = length;
  }

  doubtNear(): Doubt {
    const doubt = { isCut: undefined };
    this.take([doubt]);
    return doubt;
  }

  doubts(): readonly Doubt[] {
    return [...this.#near, ...[...this.columns.values()].flatMap(({ doubts }) => doubts)];
  }

  take(doubts: readonly Doubt[]): void {
    this.#near.push(...doubts);
    if (this.#near.length > 2 * MOST_IN_DOUBT) this.#near = this.#near.slice(-MOST_IN_DOUBT);
  }

  /** Where the first of what is cut stands. */
  cut(): Span | undefined {
    let first: Column | undefined;
    for (const column of this.columns.values()) {
      if (column.doubts.length === 0 || this.all - column.count < ENOUGH) continue;
      settle(column.doubts, true);
      column.doubts = [];
      this.isSure = true;
      if (first === undefined || column.first < first.first) first = column;
    }
    if (this.isSure && this.all >= 2 * ENOUGH) {
      settle(this.#near, true);
      this.#near = [];
    }
    return first && { first: first.first, last: first.last };
  }
}

function doubtIn(column: Column): Doubt {
  const doubt = { isCut: undefined };
  column.doubts.push(doubt);
  if (column.doubts.length > 2 * MOST_IN_DOUBT) column.doubts = column.doubts.slice(-MOST_IN_DOUBT);
  return doubt;
}

/** What is told of rows that are cut, once. */
export function cutProblem(widths: Widths): Problem | undefined {
  const cut = widths.cut();
  if (cut === undefined) return undefined;
  const message = `lines are cut in column ${cut.column}: no value that ends there is read`;
  return { code: 'EVENT_UNREAD', message, span: cut.span };
}

/** Rows whose last value begins in one column. */
interface Column {
  count: number;
  /** Lines of the first of them. */
  readonly first: number;
  readonly last: number;
  /** Not settled yet. */
  doubts: Doubt[];
}

function settle(doubts: readonly Doubt[], isCut: boolean): void {
  for (const doubt of doubts) doubt.isCut = isCut;
}

const LAST_VALUE = /[ \t]\w{1,32}=\S*$/;

function columnOf(line: string): number {
  return LAST_VALUE.exec(line)?.index ?? -1;
}

/** A row that ends within the place of its probe, in the name of a value, or in front of one: there a line was cut. */
function isTorn(row: Pick<TraceRow, 'body'>): boolean {
  const { body } = row;
  if (isBroken(row)) return true;
  if (body.what !== 'call' && body.what !== 'return') return false;
  return body.args !== undefined && /(?:^|[ \t])[A-Za-z_]\w{0,31}=?$/.test(body.args);
}

/** The row without its last value. */
export function withoutLastValue(line: string): TraceRow | undefined {
  return readRow(cutLastValue(line));
}

export function cutLastValue(line: string): string {
  return line.replace(LAST_VALUE, '');
}
