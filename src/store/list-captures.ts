/** What the store holds, for `vhtrace ls`. */
import type { Backend } from '../model/fact.js';
import type { CaptureInfo, FormatId } from '../model/record.js';
import type { CaptureCounts, DeviceSummary } from '../model/report.js';
import type { Database } from './database.js';
import { inWords } from './explain.js';
import { wellFormed } from './well-formed.js';

/** A session of a stored capture: one QEMU process. */
export interface StoredSession {
  /** sha256 of the capture. */
  readonly capture: string;
  readonly session: number;
  readonly facts: number;
  /** Lines of its first and its last fact. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/** A device of a stored capture. */
export interface StoredDevice extends DeviceSummary {
  /** sha256 of the capture. */
  readonly capture: string;
}

/** Captures in the order of ingest, sessions and devices within. */
export interface StoreListing {
  readonly captures: readonly CaptureCounts[];
  readonly sessions: readonly StoredSession[];
  readonly devices: readonly StoredDevice[];
}

/** Reads capture and fact. Errors: STORE_UNUSABLE. */
export function listCaptures(database: Database): Promise<StoreListing> {
  return inWords(database.path, () => listing(database));
}

async function listing(database: Database): Promise<StoreListing> {
  return {
    captures: await captureCounts(database),
    sessions: await database.all<StoredSession>(
      `WITH seen (capture, place, facts, first, last) AS (
         SELECT b.capture, f.value ->> 2, count(*), min(f.value ->> 0), max(f.value ->> 0)
         FROM fact_block b, json_each(b.facts) f GROUP BY 1, 2
       )
       SELECT c.sha256 AS capture, p.session, sum(s.facts) AS facts,
              min(s.first) AS firstLine, max(s.last) AS lastLine
       FROM seen s JOIN fact_place p ON p.capture = s.capture AND p.id = s.place
       JOIN capture c ON c.id = s.capture
       GROUP BY s.capture, p.session ORDER BY s.capture, p.session`,
    ),
    devices: await storedDevices(database),
  };
}

/** Counts of the stored capture with this sha256; undefined where there is none. */
export async function findCapture(
  database: Database,
  sha256: string,
): Promise<CaptureCounts | undefined> {
  const counts = await captureCounts(database, sha256);
  return counts[0];
}

/** What the store has of the file at `path`; more than one capture where it changed between ingests. */
export function capturesOf(database: Database, path: string): Promise<CaptureInfo[]> {
  return inWords(database.path, () =>
    database.all('SELECT path, sha256, bytes FROM capture WHERE path = ?', wellFormed(path)),
  );
}

async function captureCounts(database: Database, sha256?: string): Promise<CaptureCounts[]> {
  const rows = await database.all<Omit<CaptureCounts, 'formats'> & { formats: string }>(
    `SELECT path, sha256, bytes, lines, formats, sessions, threads, backtraces, frames, events,
            facts, prose, problems
     FROM capture WHERE ?1 IS NULL OR sha256 = ?1 ORDER BY id`,
    sha256 ?? null,
  );
  return rows.map((row) => ({ ...row, formats: JSON.parse(row.formats) as FormatId[] }));
}

interface DeviceRow {
  readonly capture: string;
  readonly session: number;
  readonly address: string;
  readonly backend: Backend | null;
  readonly vrings: string;
}

async function storedDevices(database: Database): Promise<StoredDevice[]> {
  const rows = await database.all<DeviceRow>(
    `SELECT c.sha256 AS capture, f.session, f.device AS address, max(f.backend) AS backend,
            json_group_array(DISTINCT f.vring) FILTER (WHERE f.vring IS NOT NULL) AS vrings
     FROM v_fact f JOIN capture c ON c.id = f.capture
     WHERE f.device IS NOT NULL
     GROUP BY f.capture, f.session, f.device_key ORDER BY f.capture, f.session, min(f.seq)`,
  );
  return rows.map(({ capture, session, address, backend, vrings }) => ({
    capture,
    session,
    address,
    backend: backend ?? 'unknown',
    vrings: (JSON.parse(vrings) as number[]).sort((a, b) => a - b),
  }));
}
