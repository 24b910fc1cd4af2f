/**
 * Facts of a store by windows, for the interactive view: no query gives more than it was asked for, and
 * none looks at more than {@link SCAN_FACTS} facts, so that others get their turn in between.
 */
import type { Backend, Fact, FactKind } from '../model/fact.js';
import type { BrowseFilter } from '../model/browse.js';
import type { FormatId, Span } from '../model/record.js';
import { REQUEST_KINDS } from '../model/shown.js';
import type { Bound, Database } from './database.js';
import { inWords } from './explain.js';
import { shortHex, sortableHex } from './hex.js';
import { wellFormed } from './well-formed.js';

/** Facts that one query may look at. */
export const SCAN_FACTS = 50_000;

export interface StoredHead {
  readonly id: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly lines: number;
  readonly formats: readonly FormatId[];
  readonly facts: number;
  readonly ordered: boolean;
  readonly hasProse: boolean;
}

/** Captures in the order of ingest. Errors: STORE_UNUSABLE. */
export async function captureHeads(database: Database): Promise<StoredHead[]> {
  const rows = await inWords(database.path, () =>
    database.all<
      Omit<StoredHead, 'formats' | 'ordered' | 'hasProse'> & {
        formats: string;
        ordered: number;
        prose: number;
      }
    >(
      'SELECT id, path, sha256, bytes, lines, formats, facts, ordered, prose FROM capture ORDER BY id',
    ),
  );
  return rows.map(({ formats, ordered, prose, ...row }) => ({
    ...row,
    formats: JSON.parse(formats) as FormatId[],
    ordered: ordered !== 0,
    hasProse: prose > 0,
  }));
}

/** Lines with trouble, and lines that nothing claims and no person wrote. */
export async function unreadSpans(
  database: Database,
  { id, hasProse }: StoredHead,
): Promise<readonly Span[]> {
  const problems = await database.all<Span>(
    'SELECT first_line AS first, last_line AS last FROM problem WHERE capture = ?',
    id,
  );
  if (!hasProse) return problems;
  const unclaimed = await database.all<Span>(
    `SELECT r.value ->> 1 AS first, r.value ->> 2 AS last
     FROM block b, json_each(b.records) r
     WHERE b.capture = ? AND instr(b.records, '["prose",') > 0
       AND r.value ->> 0 = 'prose' AND r.value ->> 3 = 0`,
    id,
  );
  return [...problems, ...unclaimed];
}

interface FactRow {
  readonly seq: number;
  readonly line: number;
  readonly session: number;
  readonly thread: string | null;
  readonly kind: FactKind;
  readonly func: string;
  readonly role: Fact['role'];
  readonly activation: number | null;
  readonly device: string | null;
  readonly incarnation: number | null;
  readonly backend: Backend | null;
  readonly vring: number | null;
  readonly enable: number | null;
  readonly value: string | null;
  readonly endpoint: string | null;
  readonly result: string | null;
}

const SELECT_FACTS = `SELECT f.seq, f.line, f.session, thread.value AS thread, kind.value AS kind,
    func.value AS func, f.role, f.activation, f.device, f.incarnation, f.backend, f.vring, f.enable,
    f.value, f.endpoint, f.result`;
const JOIN_TEXTS = `CROSS JOIN text thread ON thread.id = f.thread
  CROSS JOIN text kind ON kind.id = f.kind CROSS JOIN text func ON func.id = f.func`;

/** Facts of a capture from `from` on. */
export async function factsFrom(
  database: Database,
  capture: number,
  from: number,
  count: number,
): Promise<Fact[]> {
  const rows = await database.all<FactRow>(
    `${SELECT_FACTS} FROM fact f ${JOIN_TEXTS}
     WHERE f.capture = ? AND f.seq >= ? ORDER BY f.seq LIMIT ?`,
    capture,
    from,
    count,
  );
  return rows.map(factOf);
}

/** The facts of a capture with these numbers, in order. */
export async function factsAt(
  database: Database,
  capture: number,
  seqs: readonly number[],
): Promise<Fact[]> {
  const rows = await database.all<FactRow>(
    `${SELECT_FACTS} FROM json_each(?) j CROSS JOIN fact f ON f.capture = ? AND f.seq = j.value
     ${JOIN_TEXTS} ORDER BY f.seq`,
    JSON.stringify(seqs),
    capture,
  );
  return rows.map(factOf);
}

function factOf({ device, enable, ...row }: FactRow): Fact {
  return {
    ...row,
    thread: row.thread ?? undefined,
    activation: row.activation ?? undefined,
    device: device === null ? undefined : shortHex(device),
    incarnation: row.incarnation ?? undefined,
    backend: row.backend ?? undefined,
    vring: row.vring ?? undefined,
    enable: enable === null ? undefined : enable !== 0,
    value: row.value ?? undefined,
    endpoint: row.endpoint ?? undefined,
    result: row.result ?? undefined,
  };
}

/** Distinct combinations of what facts repeat, with their counts. */
export interface FactGroup {
  readonly thread: number;
  readonly kind: number;
  readonly func: number;
  readonly device: string | null;
  readonly facts: number;
}

/** Groups of the facts `from` up to `to`, excluded. */
export async function factGroups(
  database: Database,
  capture: number,
  from: number,
  to: number,
): Promise<FactGroup[]> {
  const groups = await database.all<FactGroup>(
    `SELECT thread, kind, func, device, count(*) AS facts FROM fact
     WHERE capture = ? AND seq >= ? AND seq < ? GROUP BY thread, kind, func, device`,
    capture,
    from,
    to,
  );
  return groups.map((group) => ({
    ...group,
    device: group.device === null ? null : shortHex(group.device),
  }));
}

/** Texts by row id. */
export async function textsById(
  database: Database,
  ids: Iterable<number>,
): Promise<Map<number, string>> {
  const rows = await database.bulk<{ id: number; value: string | null }>(
    'SELECT t.id, t.value FROM json_each(?) j CROSS JOIN text t ON t.id = j.value',
    ids,
  );
  return new Map(rows.flatMap(({ id, value }) => (value === null ? [] : [[id, value] as const])));
}

/**
 * What a text is sought in: row ids of the texts, the devices and the numbers of the vhost-user requests
 * that hold it, and the text for values.
 */
export interface Sought {
  readonly texts: readonly number[];
  readonly devices: readonly string[];
  readonly requests: readonly string[];
  /** With a for A. */
  readonly text: string;
}

/** A condition on facts and what is bound in it. */
interface Condition {
  readonly sql: string;
  readonly params: readonly Bound[];
}

/** The same as in {@link shownValue}. */
const REQUESTS = `SELECT id FROM text WHERE value IN (${REQUEST_KINDS.map((kind) => `'${kind}'`).join(', ')})`;
const IS_WORD = `value NOT GLOB '*[^0-9]*' AND length(value) BETWEEN 6 AND 19
        AND (length(value) < 19 OR value <= '9223372036854775807')`;

function conditionOf(
  { device, thread, kind }: Omit<BrowseFilter, 'text'>,
  sought: readonly Sought[],
): Condition {
  const sql: string[] = [];
  const params: Bound[] = [];
  if (device !== undefined) {
    sql.push('device = ?');
    params.push(sortableHex(wellFormed(device)));
  }
  for (const [column, value] of Object.entries({ thread, kind })) {
    if (value === undefined) continue;
    sql.push(`${column} = (SELECT id FROM text WHERE value = ?)`);
    params.push(wellFormed(value));
  }
  for (const { texts: ids, devices, requests, text } of sought) {
    const texts = JSON.stringify(ids);
    sql.push(`(func IN (SELECT value FROM json_each(?)) OR thread IN (SELECT value FROM json_each(?))
      OR device IN (SELECT value FROM json_each(?)) OR instr(lower(value), ?) > 0
      OR (kind IN (${REQUESTS}) AND value IN (SELECT value FROM json_each(?)))
      OR (${IS_WORD} AND instr(printf('0x%x', value), ?) > 0))`);
    params.push(texts, texts, JSON.stringify(devices.map(sortableHex)), text);
    params.push(JSON.stringify(requests), text);
  }
  return { sql: sql.length === 0 ? '1' : sql.join(' AND '), params };
}

/** Numbers of the facts `from` up to `to`, excluded, that pass a filter; ascending. */
export async function matchingFacts(
  database: Database,
  capture: number,
  from: number,
  to: number,
  filter: Omit<BrowseFilter, 'text'>,
  sought: readonly Sought[],
): Promise<number[]> {
  const { sql, params } = conditionOf(filter, sought);
  // One text instead of a row a fact: the caller's thread has better things to do.
  const [row] = await database.all<{ seqs: string }>(
    `SELECT json_group_array(seq) AS seqs FROM (
       SELECT seq FROM fact WHERE capture = ? AND seq >= ? AND seq < ? AND ${sql} ORDER BY seq
     )`,
    capture,
    from,
    to,
    ...params,
  );
  return JSON.parse(row?.seqs ?? '[]') as number[];
}

/** The first, or with -1 the last, of the facts `from` up to `to`, excluded, that passes a filter. */
export async function nearestFact(
  database: Database,
  capture: number,
  from: number,
  to: number,
  direction: 1 | -1,
  filter: Omit<BrowseFilter, 'text'>,
  sought: readonly Sought[],
): Promise<number | undefined> {
  const { sql, params } = conditionOf(filter, sought);
  const [row] = await database.all<{ seq: number }>(
    `SELECT seq FROM fact WHERE capture = ? AND seq >= ? AND seq < ? AND ${sql}
     ORDER BY seq ${direction === 1 ? 'ASC' : 'DESC'} LIMIT 1`,
    capture,
    from,
    to,
    ...params,
  );
  return row?.seq;
}

/** Facts around the place at which a line is sought by halving; a backtrace shows its facts from the last line up. */
const NEAR_FACTS = 512;

/** The first fact at a line, or else at the nearest line above it that shows one. */
export async function factAtLine(
  database: Database,
  capture: number,
  facts: number,
  line: number,
): Promise<number | undefined> {
  let low = 0;
  let high = facts;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [row] = await database.all<{ line: number }>(
      'SELECT line FROM fact WHERE capture = ? AND seq = ?',
      capture,
      middle,
    );
    if ((row?.line ?? 0) < line) low = middle + 1;
    else high = middle;
  }
  const [near] = await database.all<{ seq: number }>(
    'SELECT seq FROM fact WHERE capture = ? AND seq >= ? AND seq < ? AND line = ? ORDER BY seq LIMIT 1',
    capture,
    low - NEAR_FACTS,
    low + NEAR_FACTS,
    line,
  );
  if (near !== undefined) return near.seq;
  const [above] = await database.all<{ seq: number }>(
    'SELECT seq FROM fact WHERE capture = ? AND line <= ? ORDER BY line DESC, seq LIMIT 1',
    capture,
    line,
  );
  return above?.seq;
}
