/**
 * Lines of a log that are a column of a table, as Kibana, Grafana, Splunk, CloudWatch and trackers of bugs export what was
 * searched for.
 *
 * Unit:     one row, directly below a line with the names of the columns, one of which is known to have the text, or below
 *           another row. A line that is no row ends the table: a log may have a line that looks like such names.
 *           Of a text of several lines each is one by itself.
 *           Fields are parted by commas, or by tabs: Python's csv and pandas put quotes around a field there, too.
 * Not read: other separators; other columns of several lines than the one with the text, which end the table.
 *
 *     "@timestamp",message
 *     "Nov 22, 2026 @ 03:00:00.123","vhost_section mem"
 *     "Nov 22, 2026 @ 03:00:00.124","#0  vhost_log_put (dev=0x5555, sync=true) at ../hw/virtio/vhost.c:390
 *     #1  main () at ../system/main.c:70"
 */
import { cleanLine } from './clean.js';
import type { ToldLoss } from '../told-losses.js';

const NAME = '"?[@\\w.]{1,64}"?';
const HEADER = new RegExp(`^${NAME}(?:(?:,${NAME}){1,63}|(?:\\t${NAME}){1,63})$`);
const TEXT = /^@?(?:\w+\.)?(?:message|msg|_raw|line|log|textPayload|content|body)$/i;

type Separator = ',' | '\t';

// A quote in a quoted field is two.
const FIELD: Readonly<Record<Separator, RegExp>> = {
  ',': /("(?:[^"]|"")*"|[^",]*)(?:,|$)/y,
  '\t': /("(?:[^"]|"")*"|[^"\t]*)(?:\t|$)/y,
};

/** The last field of the line goes on in the next one. */
const OPEN_FIELD = /"((?:[^"]|"")*)$/y;

/** The part of an open field that is in the line, up to the quote that closes it. */
const REST_OF_FIELD = /^(?:[^"]|"")*/;

/** Lines of a log have commas, too: with a blank behind them, or with parts of a call or of an event around them, */
const NO_FIELD = /^[ \t]|[()<>{}=]|^#\d|^[a-z]\w*_\w+ |^\d{1,10}@\d/;
/** or in a clock. */
const CLOCK = /\d\d:\d\d:\d\d$/;
const MILLISECONDS = /^\d{3}(?!\d)/;

/** What does not end here may be no table. */
const MOST_FIELDS = 64;

interface Table {
  readonly separator: Separator;
  readonly columns: number;
  /** 0-based. */
  readonly text: number;
}

interface Row {
  /** As they stand in the line. */
  readonly fields: readonly string[];
  /** What the line has of a last field that goes on. */
  readonly open: string | undefined;
}

const OTHER_ROW: ToldLoss = { why: 'this row of a table may be of another log than those above' };

export class CsvLines {
  #table: Table | undefined;
  /** The text of the last row goes on. */
  #isOpen = false;
  #isLong = false;

  /** The line that was unwrapped last begins a text of several lines. */
  get hole(): ToldLoss | undefined {
    return this.#isLong ? OTHER_ROW : undefined;
  }

  /** The text of a row, or what the line has of it, clean; any other line as it is. */
  unwrap(line: string): string {
    this.#isLong = false;
    const table = this.#table;
    const text = table && (this.#isOpen ? this.#goOn(line, table) : this.#textOf(line, table));
    if (text !== undefined) return cleanLine(text);
    this.#isOpen = false;
    this.#table = HEADER.test(line) ? tableOf(line) : undefined;
    return line;
  }

  #textOf(line: string, { separator, columns, text }: Table): string | undefined {
    const row = rowOf(line, separator);
    if (row === undefined || !areFields(row.fields, separator, text)) return undefined;
    const { fields, open } = row;
    if (open === undefined) {
      return fields.length === columns ? unquoted(fields[text] ?? '') : undefined;
    }
    if (fields.length !== text) return undefined;
    this.#isOpen = true;
    this.#isLong = true;
    return withoutDoubles(open);
  }

  /** Undefined where what goes on cannot be a field: a quote stands in it by itself. */
  #goOn(line: string, { separator, columns, text }: Table): string | undefined {
    const [part = ''] = REST_OF_FIELD.exec(line) ?? [];
    if (part.length < line.length) {
      const behind = line.slice(part.length + 1);
      const row = behind.startsWith(separator) ? rowOf(behind.slice(1), separator) : undefined;
      const others = behind === '' ? [] : row?.open === undefined ? row?.fields : undefined;
      if (others === undefined || !areFields(others, separator)) return undefined;
      if (text + 1 + others.length !== columns) return undefined;
      this.#isOpen = false;
    }
    return withoutDoubles(part);
  }
}

function tableOf(header: string): Table | undefined {
  const separator = header.includes('\t') ? '\t' : ',';
  const names = rowOf(header, separator)?.fields.map(unquoted) ?? [];
  const text = names.findIndex((name) => TEXT.test(name));
  return text < 0 ? undefined : { separator, columns: names.length, text };
}

/** RFC 4180; undefined for what is no row. */
function rowOf(line: string, separator: Separator): Row | undefined {
  const fields: string[] = [];
  const pattern = FIELD[separator];
  pattern.lastIndex = 0;
  while (fields.length < MOST_FIELDS) {
    const at = pattern.lastIndex;
    const match = pattern.exec(line);
    if (match === null) {
      OPEN_FIELD.lastIndex = at;
      const open = OPEN_FIELD.exec(line)?.[1];
      return open === undefined ? undefined : { fields, open };
    }
    const [whole, field = ''] = match;
    fields.push(field);
    if (!whole.endsWith(separator)) return { fields, open: undefined };
  }
  return undefined;
}

/** `text`: the one that may be any text. */
function areFields(fields: readonly string[], separator: Separator, text?: number): boolean {
  return fields.every((field, i) => {
    // Lines of a log hardly have tabs, and as many as the header.
    if (field.startsWith('"') || (separator === '\t' && i === text)) return true;
    if (MILLISECONDS.test(field) && CLOCK.test(fields[i - 1] ?? '')) return false;
    return i === text ? !/^[ \t]/.test(field) : !NO_FIELD.test(field);
  });
}

function unquoted(field: string): string {
  return field.startsWith('"') ? withoutDoubles(field.slice(1, -1)) : field;
}

function withoutDoubles(text: string): string {
  return text.replaceAll('""', '"');
}
