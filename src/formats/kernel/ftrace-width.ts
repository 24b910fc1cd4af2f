/**
 * Rows of a kernel trace on a screen that was narrower than they are: wrapped there, by mail, or cut.
 *
 * A row has no end of its own. One that is wrapped is joined with the line below it, where both make a row and one way
 * of joining them alone does. One that is cut tells so only beside others: rows of several kinds all end in one column.
 */
import { readRow } from './ftrace-lines.js';
import type { TraceBody, TraceRow } from './ftrace-lines.js';

/** No terminal is narrower. */
const NARROWEST = 72;

/** Lines of one row: mail of 60 columns needs three. */
const MOST_LINES = 4;

/** Rows that end in one column, with the last value somewhere else than in the row that is asked for. */
const ENOUGH = 4;

export interface HeldRow {
  readonly first: number;
  last: number;
  text: string;
  row: TraceRow;
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
export function isBroken({ body }: TraceRow): boolean {
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

function joinedValues(
  { text, row: { body } }: HeldRow,
  line: string,
  widest: number,
): string | undefined {
  if (body.what !== 'call' && body.what !== 'return') return undefined;
  if (line === '' || !VALUES.test(line)) return undefined;
  // A blank at the end of a line is lost.
  const isFull = text.length >= widest - 1;
  if (/^[ \t]/.test(line)) return isFull ? text + line : undefined;
  const last = /\S*$/.exec(text)?.[0] ?? '';
  const isWhole = /=[^=]+$/.test(last) || last.endsWith(')');
  if (/^\w+=/.test(line) && isWhole) return `${text} ${line}`;
  const isPiece = line.startsWith('=') ? /^\w+$/.test(last) : !last.endsWith(')');
  return isFull && isPiece ? text + line : undefined;
}

/** Where the rows of a trace end. */
export class Widths {
  /** Length of the longest row. */
  #widest = 0;
  /** Rows of that length, by the column of their last value. */
  readonly #columns = new Map<number, number>();
  #hasTold = false;

  get widest(): number {
    return this.#widest;
  }

  /** Other rows are cut where this one ends: what stands there may not be all. */
  isCut(line: string): boolean {
    if (line.length < NARROWEST) return false;
    if (line.length > this.#widest) {
      this.#widest = line.length;
      this.#columns.clear();
    }
    if (line.length < this.#widest) return false;
    const column = columnOf(line);
    const same = this.#columns.get(column) ?? 0;
    let all = 0;
    for (const count of this.#columns.values()) all += count;
    this.#columns.set(column, same + 1);
    return all - same >= ENOUGH;
  }

  /** The first time that it is asked. */
  tellsFirst(): boolean {
    const isFirst = !this.#hasTold;
    this.#hasTold = true;
    return isFirst;
  }
}

const LAST_VALUE = /[ \t]\w{1,32}=\S*$/;

function columnOf(line: string): number {
  return LAST_VALUE.exec(line)?.index ?? -1;
}

/** The row without its last value. */
export function withoutLastValue(line: string): TraceRow | undefined {
  return readRow(line.replace(LAST_VALUE, ''));
}
