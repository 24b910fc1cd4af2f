/** Rows of a query as text, as they come. */
import { safeJson } from '../base/safe-json.js';
import { printable } from '../base/printable.js';
import { table } from './text.js';

type Cell = string | number | null;

interface RowPrinter {
  begin(columns: readonly string[]): void;
  row(cells: readonly Cell[]): void;
  end(): void;
}

export const ROW_FORMATS = ['table', 'csv', 'json'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

/** Rows that set the widths of a table; later ones may be wider. */
const MEASURED_ROWS = 1000;

export const rowPrinters: Readonly<
  Record<RowFormat, (write: (text: string) => void) => RowPrinter>
> = { table: tablePrinter, csv: csvPrinter, json: jsonPrinter };

function tablePrinter(write: (text: string) => void): RowPrinter {
  let pending: string[][] = [];
  let widths: number[] | undefined;
  const text = (cell: Cell): string => (cell === null ? '-' : printable(String(cell)));
  const flush = (): void => {
    write(table(pending));
    widths = (pending[0] ?? []).map((_, i) =>
      Math.max(...pending.map((row) => (row[i] ?? '').length)),
    );
    pending = [];
  };
  return {
    begin(columns) {
      pending.push(columns.map(printable));
    },
    row(cells) {
      const texts = cells.map(text);
      if (widths === undefined) {
        pending.push(texts);
        if (pending.length > MEASURED_ROWS) flush();
        return;
      }
      const padded = texts.map((each, i) => each.padEnd(widths?.[i] ?? 0));
      write(`${padded.join('  ').trimEnd()}\n`);
    },
    end() {
      if (widths === undefined) flush();
    },
  };
}

/** RFC 4180, with a header; NULL is empty. Control characters other than line ends and tabs are made visible. */
function csvPrinter(write: (text: string) => void): RowPrinter {
  const line = (cells: readonly Cell[]): void => {
    write(`${cells.map(csvCell).join(',')}\r\n`);
  };
  return { begin: line, row: line, end: () => undefined };
}

function csvCell(cell: Cell): string {
  const text =
    cell === null
      ? ''
      : String(cell)
          .split(/(\r?\n|\t)/)
          .map(escapeOdd)
          .join('');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Every second part is what the text was split at. */
function escapeOdd(part: string, i: number): string {
  return i % 2 === 1 ? part : printable(part);
}

/** An array of objects, one a line. */
function jsonPrinter(write: (text: string) => void): RowPrinter {
  let names: readonly string[] = [];
  let separator = '[\n';
  return {
    begin(columns) {
      names = columns;
    },
    row(cells) {
      const row = Object.fromEntries(names.map((name, i) => [name, cells[i] ?? null]));
      write(separator + safeJson(JSON.stringify(row)));
      separator = ',\n';
    },
    end() {
      write(separator === '[\n' ? '[]\n' : '\n]\n');
    },
  };
}

/** The views with their columns. Pure. */
export function renderViews(
  views: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly text: string;
  }[],
): string {
  return views
    .map(({ name, columns, text }) => `${name}\n  ${text}\n  ${columns.join(', ')}\n`)
    .join('\n');
}
