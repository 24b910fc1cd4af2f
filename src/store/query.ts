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
  /** Calls `push` once a row; to be called once. */
  each(push: (row: readonly Cell[]) => void): Promise<void>;
  close(): Promise<void>;
}

const HINT = 'one SELECT, such as "SELECT * FROM v_capture"; vhtrace sql --views lists the views';

/** Errors: those of opening a store; USAGE where SQLite refuses the text. */
export async function openQuery(path: string, sql: string): Promise<QueryRows> {
  const database = await openReadOnly(path);
  try {
    const columns = await compile(database, sql);
    return {
      columns,
      each: (push) => refuseInWords(() => database.stream(selectOf(columns), push)),
      close: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function compile(database: Database, sql: string): Promise<string[]> {
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

function selectOf(columns: readonly string[]): string {
  const cells = columns.map((column, i) => {
    const name = `"${column.replaceAll('"', '""')}"`;
    return `CASE typeof(${name})
      WHEN 'blob' THEN 'x''' || lower(hex(${name})) || ''''
      WHEN 'integer' THEN
        CASE WHEN ${name} BETWEEN -9007199254740991 AND 9007199254740991 THEN ${name}
             ELSE CAST(${name} AS TEXT) END
      WHEN 'real' THEN
        CASE WHEN abs(${name}) < 9e999 THEN ${name} ELSE CAST(${name} AS TEXT) END
      ELSE ${name} END AS c${i}`;
  });
  return `SELECT ${cells.join(', ')} FROM vhtrace_query`;
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
