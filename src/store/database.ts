/** The `sqlite3` package behind promises; nothing else imports it. */
import { pathToFileURL } from 'node:url';
import type sqlite3 from 'sqlite3';
import { VhtraceError } from '../base/errors.js';

/**
 * What may be bound. A BigInt is missing on purpose: the package stores it as NULL without an error
 * (see values.md).
 */
export type Bound = string | number | Uint8Array | null;

/** Rows of one `INSERT ... SELECT ... FROM json_each(?)`: best speed, still a small payload. */
const BATCH_ROWS = 20_000;
/** Characters of one payload; a database refuses values of a gigabyte. */
const BATCH_CHARS = 8 << 20;

/** Rows of one `INSERT ... VALUES`. */
const INSERTED_ROWS = 16;

/** How long a statement waits for another process. */
const BUSY_MS = 10_000;

/** How long it waits before it says so. */
const SILENT_MS = 1000;

/** One connection. Statements run in the order in which they were asked for. */
export class Database {
  /** By their SQL: preparing takes a turn of the event loop, which long work of the caller may hold up. */
  private readonly statements = new Map<string, Promise<sqlite3.Statement>>();
  /** Called once, when a transaction has waited a second for that of another process. */
  onWait: (() => void) | undefined = undefined;

  private constructor(
    private readonly handle: sqlite3.Database,
    /** As given, for messages. */
    readonly path: string,
    /** Work that follows the end of the connection. */
    private readonly afterwards: () => Promise<void> = () => Promise.resolve(),
  ) {}

  /**
   * Opens a database file; creates it where `create` is set. The package is loaded here, so that captures
   * can be judged where it is not built. Errors: STORE_UNUSABLE there; those of SQLite, with `code`.
   */
  static async open(path: string, create: boolean): Promise<Database> {
    const sqlite3 = await loadSqlite();
    const mode = sqlite3.OPEN_READWRITE | (create ? sqlite3.OPEN_CREATE : 0);
    return new Promise((resolve, reject) => {
      const handle = new sqlite3.Database(path, mode, (error) => {
        if (error) reject(error);
        else resolve(new Database(handle, path));
      });
      // Waits for the transaction of another process.
      handle.configure('busyTimeout', BUSY_MS);
      handle.serialize();
    });
  }

  /**
   * Opens a database file that this connection cannot change, nor any other file: SQLite refuses to
   * attach one. `isFixed`: nobody changes it, so that it is read without the lock and the index of the
   * write-ahead log, which would be files beside it. `afterwards` is run when it is closed. Errors: those of SQLite,
   * with `code`.
   */
  static async openReadOnly(
    path: string,
    isFixed: boolean,
    afterwards?: () => Promise<void>,
  ): Promise<Database> {
    const sqlite3 = await loadSqlite();
    const name = isFixed ? `${pathToFileURL(path).href}?immutable=1` : path;
    const mode = sqlite3.OPEN_READONLY | (isFixed ? sqlite3.OPEN_URI : 0);
    return new Promise((resolve, reject) => {
      const handle = new sqlite3.Database(name, mode, (error) => {
        if (error) {
          reject(error);
          return;
        }
        handle.configure('busyTimeout', BUSY_MS);
        handle.configure('limit', sqlite3.LIMIT_ATTACHED, 0);
        handle.serialize();
        resolve(new Database(handle, path, afterwards));
      });
    });
  }

  /**
   * The rows of a query, each made when it is asked for. A row takes a turn of the library's thread, which costs
   * as much as twenty rows do: a query should put several into one.
   */
  async *rows<Row>(sql: string): AsyncGenerator<Row> {
    const statement = await this.prepare(sql);
    for (;;) {
      const row = await nextOf<Row>(statement);
      if (row === undefined) return;
      yield row;
    }
  }

  /** All rows of a query. `Row` is the caller's word for what the query selects. */
  all<Row>(sql: string, ...params: readonly Bound[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.handle.all<Row>(sql, params, (error, rows) => {
        if (error) reject(error);
        else resolve(rows);
      });
    });
  }

  /** One statement without a result. */
  async run(sql: string, ...params: readonly Bound[]): Promise<void> {
    await this.all(sql, ...params);
  }

  /** Several statements. */
  exec(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.handle.exec(sql, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Runs `work` in one transaction: all of it is stored, or nothing. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.begin();
    try {
      const result = await work();
      await this.commit();
      return result;
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  /** Begins a transaction that writes; waits for that of another process. Errors: SQLITE_BUSY, when it waited long. */
  async begin(): Promise<void> {
    const timer = setTimeout(() => {
      this.onWait?.();
      this.onWait = undefined;
    }, SILENT_MS);
    try {
      await this.run('BEGIN IMMEDIATE');
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * As {@link begin}, but waits as long as it takes: another process may be ingesting for minutes, and a
   * process that is gone holds no lock. `stop` ends the waiting with its reason.
   */
  async beginInTurn(stop?: AbortSignal): Promise<void> {
    for (;;) {
      stop?.throwIfAborted();
      try {
        await this.begin();
        return;
      } catch (error) {
        if (sqliteCode(error) !== 'SQLITE_BUSY') throw error;
      }
    }
  }

  async commit(): Promise<void> {
    await this.run('COMMIT');
  }

  /** Undoes all since {@link begin}. A full disk has done so already, which is no error. */
  async rollback(): Promise<void> {
    await this.run('ROLLBACK').catch(() => undefined);
  }

  /**
   * Runs one statement for each of `params` and returns all that it selects.
   *
   * The library's thread works on one while the caller makes the next: params may be a generator
   * that takes its time.
   */
  async each<Row>(sql: string, params: Iterable<readonly Bound[]>): Promise<Row[]> {
    const results: Row[] = [];
    const all = params[Symbol.iterator]();
    const first = all.next();
    if (first.done === true) return results;
    const statement = await this.prepare(sql);
    let running = allOf<Row>(statement, first.value);
    for (let next = all.next(); next.done !== true; next = all.next()) {
      for (const row of await running) results.push(row);
      running = allOf<Row>(statement, next.value);
    }
    for (const row of await running) results.push(row);
    return results;
  }

  /**
   * Inserts rows, several by one statement: each takes a turn of the event loop, for which the caller's work may
   * let it wait. `into` is what stands before VALUES, `row` one of these.
   */
  async insert(into: string, row: string, rows: readonly (readonly Bound[])[]): Promise<void> {
    for (let at = 0; at < rows.length; at += INSERTED_ROWS) {
      const some = rows.slice(at, at + INSERTED_ROWS);
      const values = some.map(() => row).join(', ');
      await this.each(`INSERT INTO ${into} VALUES ${values}`, [some.flat()]);
    }
  }

  /**
   * Runs `sql`, whose one parameter is a JSON array of rows, for every batch of `rows`, and returns
   * all that it selects.
   */
  bulk<Row>(sql: string, rows: Iterable<unknown>): Promise<Row[]> {
    return this.bulkJson<Row>(sql, jsonOf(rows));
  }

  /** The same for rows that are JSON already. */
  bulkJson<Row>(sql: string, rows: Iterable<string>): Promise<Row[]> {
    return this.each<Row>(sql, jsonBatches(rows));
  }

  /** Ends the connection; the last one of a store moves the write-ahead log into the file. */
  async close(): Promise<void> {
    const statements = await Promise.all(this.statements.values());
    for (const statement of statements) statement.finalize();
    await new Promise<void>((resolve, reject) => {
      this.handle.close((error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    await this.afterwards();
  }

  private prepare(sql: string): Promise<sqlite3.Statement> {
    let prepared = this.statements.get(sql);
    if (prepared === undefined) {
      prepared = new Promise((resolve, reject) => {
        const statement = this.handle.prepare(sql, (error) => {
          if (error) {
            this.statements.delete(sql);
            reject(error);
          } else resolve(statement);
        });
      });
      this.statements.set(sql, prepared);
    }
    return prepared;
  }
}

async function loadSqlite(): Promise<typeof sqlite3> {
  try {
    return (await import('sqlite3')).default;
  } catch (cause) {
    throw new VhtraceError(
      'STORE_UNUSABLE',
      'the package sqlite3, which stores need, was installed without being built',
      'npm rebuild sqlite3; check FILE needs no store',
      { cause },
    );
  }
}

function allOf<Row>(statement: sqlite3.Statement, params: readonly Bound[]): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    statement.all<Row>(params, (error, rows) => {
      if (error) reject(error);
      else resolve(rows);
    });
  });
}

function nextOf<Row>(statement: sqlite3.Statement): Promise<Row | undefined> {
  return new Promise((resolve, reject) => {
    statement.get<Row>((error, row) => {
      if (error) reject(error);
      else resolve(row);
    });
  });
}

function* jsonOf(rows: Iterable<unknown>): Generator<string> {
  for (const row of rows) yield JSON.stringify(row);
}

function* jsonBatches(rows: Iterable<string>): Generator<[payload: string]> {
  let parts: string[] = [];
  let chars = 0;
  for (const part of rows) {
    parts.push(part);
    chars += part.length;
    if (parts.length < BATCH_ROWS && chars < BATCH_CHARS) continue;
    yield [`[${parts.join(',')}]`];
    parts = [];
    chars = 0;
  }
  if (parts.length > 0) yield [`[${parts.join(',')}]`];
}

/** The name SQLite gives an error (`SQLITE_NOTADB`), undefined for other errors. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_')
    ? error.code
    : undefined;
}
