/** Opens the database that holds captures: refuses what is not ours, upgrades what is older. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { VhtraceError } from '../base/errors.js';
import { Database } from './database.js';
import { inWords } from './explain.js';
import { migrations as allMigrations } from './migrations/index.js';

/** `vhtr`: the application id in the file header, by which a database of another program is told. */
const APPLICATION_ID = 0x76687472;

/** Whoever pipes a capture into a command without FILE lands here. */
const INGEST_HINT =
  "vhtrace ingest FILE... fills a store; vhtrace check FILE needs none, and '-' for FILE is standard input";

/**
 * Opens the store at `path`; `write` creates it where there is none, `read` takes one, too, that may not
 * be written to.
 *
 * Errors: STORE_MISSING, STORE_NOT_A_DATABASE, STORE_TOO_NEW, STORE_UNUSABLE. What is refused is
 * not changed.
 */
export async function openStore(
  path: string,
  mode: 'read' | 'write',
  migrations: readonly string[] = allMigrations,
): Promise<Database> {
  if (mode === 'read') {
    assertExists(path);
    if (isFixed(path)) return openReadOnly(path);
  }
  const database = await inWords(path, () => Database.open(path, mode === 'write'));
  try {
    await inWords(path, () => prepare(database, path, mode, migrations));
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/**
 * Opens a store on a connection that cannot change it, or upgrade it.
 *
 * Errors: those of {@link openStore}; STORE_UNUSABLE where it is older.
 */
export async function openReadOnly(path: string): Promise<Database> {
  assertExists(path);
  const fixed = isFixed(path);
  let isOurs = false;
  const database = await inWords(path, () =>
    Database.openReadOnly(path, fixed, async () => {
      if (!fixed && (isOurs || fileSize(`${path}-wal`) === 0)) await tidy(path);
    }),
  );
  try {
    await inWords(path, () => assertCurrent(database));
    isOurs = true;
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/**
 * A connection that only reads leaves the write-ahead log and its index behind when it is the last one: SQLite takes
 * them away (wal.c, sqlite3WalClose()) when one ends that may write, and has read. Where that fails they stay, as
 * they do while another process uses them.
 */
async function tidy(path: string): Promise<void> {
  try {
    const database = await Database.open(path, false);
    await readHeader(database).finally(() => database.close());
  } catch {
    // What was asked has been answered.
  }
}

/** Not to be written to, and whole: no write-ahead log that belongs to it. */
function isFixed(path: string): boolean {
  return !(isWritable(path) && isWritable(dirname(path))) && (fileSize(`${path}-wal`) ?? 0) === 0;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Errors: STORE_MISSING. */
function assertExists(path: string): void {
  if (storeExists(path)) return;
  throw new VhtraceError('STORE_MISSING', `${path}: there is no store here`, INGEST_HINT);
}

async function assertCurrent(database: Database): Promise<void> {
  const { path } = database;
  const header = await readHeader(database);
  assertOurs(header, path, 'read', allMigrations);
  if (header.version < allMigrations.length) {
    throw new VhtraceError(
      'STORE_UNUSABLE',
      `${path}: written by an older vhtrace, with schema ${header.version}`,
      'vhtrace ls upgrades it, where it may be written to',
    );
  }
}

async function prepare(
  database: Database,
  path: string,
  mode: 'read' | 'write',
  migrations: readonly string[],
): Promise<void> {
  const header = await readHeader(database);
  assertOurs(header, path, mode, migrations);
  // Blocks of records are large; has an effect on a new database only.
  await database.run('PRAGMA page_size = 8192');
  await database.run('PRAGMA journal_mode = WAL');
  // With WAL, NORMAL cannot corrupt; a power cut may lose the last capture, which can be ingested again.
  await database.run('PRAGMA synchronous = NORMAL');
  await database.run('PRAGMA cache_size = -32000');
  if (header.version < migrations.length) await upgrade(database, migrations);
}

function assertOurs(
  { application, version, objects }: Header,
  path: string,
  mode: 'read' | 'write',
  migrations: readonly string[],
): void {
  const isFresh = application === 0 && version === 0 && objects === 0;
  if (isFresh && mode === 'read') {
    throw new VhtraceError('STORE_MISSING', `${path}: an empty file, not a store`, INGEST_HINT);
  }
  if (!isFresh && application !== APPLICATION_ID) {
    throw new VhtraceError(
      'STORE_NOT_A_DATABASE',
      `${path}: a SQLite database of another program, not a store of vhtrace`,
      'name another file with --db or VHTRACE_DB',
    );
  }
  if (version > migrations.length) {
    throw new VhtraceError(
      'STORE_TOO_NEW',
      `${path}: written with schema ${version}, this vhtrace knows schemas up to ${migrations.length}`,
      'use a newer vhtrace, or another store with --db',
    );
  }
}

/** Runs the missing steps in one transaction. Another process may have done so a moment ago. */
async function upgrade(database: Database, migrations: readonly string[]): Promise<void> {
  await database.transaction(async () => {
    const { version } = await readHeader(database);
    for (const sql of migrations.slice(version)) await database.exec(sql);
    await database.exec(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length};`,
    );
  });
}

interface Header {
  readonly application: number;
  readonly version: number;
  readonly objects: number;
}

async function readHeader(database: Database): Promise<Header> {
  const [header] = await database.all<Header>(
    `SELECT (SELECT application_id FROM pragma_application_id) AS application,
            (SELECT user_version FROM pragma_user_version) AS version,
            (SELECT count(*) FROM sqlite_schema) AS objects`,
  );
  if (header === undefined) throw new Error('a query without FROM gave no row');
  return header;
}

/** What SQLite takes for a database without a file. */
const IN_MEMORY: ReadonlySet<string> = new Set(['', ':memory:']);

/** Whether there is a file at `path`. Errors: STORE_UNUSABLE where it cannot be looked at, is a directory, or no path. */
export function storeExists(path: string): boolean {
  return fileSize(path) !== undefined;
}

function fileSize(path: string): number | undefined {
  if (IN_MEMORY.has(path)) {
    throw new VhtraceError(
      'STORE_UNUSABLE',
      `"${path}" names no file: what it held would be gone when the command ends`,
      'name a file with --db or VHTRACE_DB',
    );
  }
  let stat;
  try {
    stat = statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new VhtraceError(
      'STORE_UNUSABLE',
      `${path}: no permission to look at it`,
      'name another file with --db or VHTRACE_DB',
      { cause },
    );
  }
  if (stat?.isDirectory() === true) {
    throw new VhtraceError('STORE_UNUSABLE', `${path}: is a directory`, 'name a file with --db');
  }
  return stat?.size;
}
