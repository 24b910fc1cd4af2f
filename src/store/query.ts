/**
 * One SELECT of a user on a store that cannot be changed by it.
 *
 * SQLite itself refuses everything else: the file is opened read-only, no further file may be attached,
 * and the text becomes the body of a temporary view, where only a SELECT may stand.
 */
import { VhtraceError } from '../base/errors.js';
import { sqliteCode } from './database.js';
import type { Database } from './database.js';
import { openReadOnly } from './open-store.js';

/** A value of a row; integers that a double cannot hold come as their digits, infinities as `Inf` and `-Inf`, blobs as `x'00ff'`. */
export type Cell = string | number | null;

export interface QueryRows {
  readonly columns: readonly string[];
  /** Calls `push` once a row, and goes on when `settle` is done; to be called once. */
  each(push: (row: readonly Cell[]) => void, settle: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Rows that SQLite hands over at once. */
const PAGE_ROWS = 64;
/** Of a function of SQLite. */
const MOST_ARGUMENTS = 100;

const HINT = 'one SELECT, such as "SELECT * FROM v_capture"; vhtrace sql --views lists the views';

/** Errors: those of opening a store; USAGE where SQLite refuses the text. */
export async function openQuery(path: string, sql: string): Promise<QueryRows> {
  const database = await openReadOnly(path);
  try {
    const columns = await compile(database, sql);
    return {
      columns,
      each: (push, settle) => refuseInWords(() => pushRows(database, columns, push, settle)),
      close: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** What SQLite would call an error of syntax, because it stands where only a SELECT may. */
const NO_SELECT =
  /^\s*(?:alter|analyze|attach|begin|create|delete|detach|drop|insert|pragma|reindex|replace|update|vacuum)\b/i;

async function compile(database: Database, sql: string): Promise<string[]> {
  if (NO_SELECT.test(sql)) {
    throw new VhtraceError('USAGE', 'only a SELECT is taken: the store is read-only', HINT);
  }
  const body = sql.replace(/[\s;]+$/, '');
  await database.run('PRAGMA trusted_schema = OFF');
  return refuseInWords(async () => {
    // Line breaks, so that a comment at the end of the text does not swallow the parenthesis.
    await database.run(`CREATE TEMP VIEW vhtrace_query AS SELECT * FROM (\n${body}\n)`);
    const [made] = await database.all<{ sql: string }>('SELECT sql FROM sqlite_temp_schema');
    if (made?.sql.endsWith(`(\n${body}\n)`) !== true) {
      // SQLite stops at the end of the first statement and says nothing of what follows.
      throw new VhtraceError('USAGE', 'that is more than one statement', HINT);
    }
    await database.run('PRAGMA query_only = ON');
    const rows = await database.all<{ name: string }>(
      "SELECT name FROM pragma_table_info('vhtrace_query')",
    );
    return rows.map(({ name }) => name);
  });
}

async function pushRows(
  database: Database,
  columns: readonly string[],
  push: (row: readonly Cell[]) => void,
  settle: () => Promise<void>,
): Promise<void> {
  for await (const { page } of database.rows<{ readonly page: string }>(selectOf(columns))) {
    for (const row of JSON.parse(page) as readonly (readonly (readonly Cell[])[])[]) {
      push(row.flat());
    }
    await settle();
  }
}

/**
 * The rows as JSON, a page of them in one row. A window puts them together, because SQLite makes it while it
 * goes on; a group would be made when all rows are there.
 */
function selectOf(columns: readonly string[]): string {
  const cells = cellsOf(columns);
  const parts = Array.from({ length: Math.ceil(cells.length / MOST_ARGUMENTS) }, (_, i) => {
    const some = cells.slice(i * MOST_ARGUMENTS, (i + 1) * MOST_ARGUMENTS);
    return `json_array(${some.join(', ')})`;
  });
  return `SELECT page FROM (
    SELECT json_group_array(json_array(${parts.join(', ')}))
      OVER (ROWS BETWEEN CURRENT ROW AND ${PAGE_ROWS - 1} FOLLOWING) AS page,
      row_number() OVER () AS number
    FROM vhtrace_query
  ) WHERE number % ${PAGE_ROWS} = 1`;
}

function cellsOf(columns: readonly string[]): string[] {
  return columns.map((column) => {
    const name = `"${column.replaceAll('"', '""')}"`;
    // What is JSON to SQLite is text to who asked; in JSON it rounds what it has of a double.
    return `CASE typeof(${name})
      WHEN 'blob' THEN 'x''' || lower(hex(${name})) || ''''
      WHEN 'integer' THEN
        CASE WHEN ${name} BETWEEN -9007199254740991 AND 9007199254740991 THEN ${name}
             ELSE CAST(${name} AS TEXT) END
      WHEN 'real' THEN
        CASE WHEN abs(${name}) < 9e999 THEN json(printf('%!.17g', ${name})) ELSE CAST(${name} AS TEXT) END
      ELSE ${name} || '' END`;
  });
}

async function refuseInWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = sqliteCode(error);
    if (code === undefined || code === 'SQLITE_BUSY' || !(error instanceof Error)) throw error;
    const message = error.message.replace(/^SQLITE_\w+: /, '');
    throw new VhtraceError('USAGE', `SQLite refuses this: ${message}`, HINT, { cause: error });
  }
}
