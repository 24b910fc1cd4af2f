/**
 * Lines of a log that are a column of a table, as Kibana, Grafana, Splunk and CloudWatch export what was searched for.
 *
 * Unit:     one row below a line with the names of the columns, one of which is known to have the text.
 * Not read: rows of several lines; other separators than a comma.
 *
 *     "@timestamp",message
 *     "Nov 22, 2026 @ 03:00:00.123","vhost_section mem"
 */
import { cleanLine } from './clean.js';

const NAME = '"?[@\\w.]{1,64}"?';
const HEADER = new RegExp(`^${NAME}(?:,${NAME}){1,63}$`);
const TEXT = /^@?(?:\w+\.)?(?:message|msg|_raw|line|log|textPayload|content|body)$/i;

// A quote in a quoted field is two.
const FIELD = /("(?:[^"]|"")*"|[^",]*)(?:,|$)/y;

/** What does not end here may be no table. */
const MOST_FIELDS = 64;

interface Table {
  readonly columns: number;
  /** 0-based. */
  readonly text: number;
}

export class CsvLines {
  #table: Table | undefined;

  /** The text of a row, clean; any other line as it is. */
  unwrap(line: string): string {
    const table = this.#table;
    if (HEADER.test(line)) {
      this.#table = tableOf(line) ?? table;
      return line;
    }
    if (table === undefined) return line;
    const fields = fieldsOf(line);
    const text = fields?.length === table.columns ? fields[table.text] : undefined;
    return text === undefined ? line : cleanLine(text);
  }
}

function tableOf(header: string): Table | undefined {
  const names = fieldsOf(header) ?? [];
  const text = names.findIndex((name) => TEXT.test(name));
  return text < 0 ? undefined : { columns: names.length, text };
}

/** RFC 4180; undefined for what is no row. */
function fieldsOf(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  while (fields.length < MOST_FIELDS) {
    const match = FIELD.exec(line);
    if (match === null) return undefined;
    const [whole, field = ''] = match;
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (!whole.endsWith(',')) return fields;
  }
  return undefined;
}
