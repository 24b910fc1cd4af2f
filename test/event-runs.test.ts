/** Trace events that follow each other are stored together, and read back one by one. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { CaptureRecord, TraceEvent } from '../src/model/record.js';
import type { Database } from '../src/store/database.js';
import { loadCaptures } from '../src/store/load-capture.js';
import { openStore } from '../src/store/open-store.js';
import { recordsFrom } from '../src/store/records-at.js';
import { saveCapture } from '../src/store/save-capture.js';
import { captureOf, emptyReading } from './helpers/captures.js';
import { runsOf } from './helpers/share.js';
import { tempDir } from './helpers/temp-dir.js';

async function newStore(): Promise<Database> {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  onTestFinished(() => store.close());
  return store;
}

/** What readers give for each repetition of one event: the same object, which nobody can change. */
const commit = Object.freeze({ started: '0', changed: '1' });

function eventAt(line: number, time: string | undefined, more: Partial<TraceEvent>): TraceEvent {
  return {
    kind: 'event',
    span: { first: line, last: line },
    name: 'vhost_commit',
    args: commit,
    text: 'Started: 0 Changed: 1',
    tid: 23339,
    time,
    ...more,
  };
}

/** A region of its own, so that its values never come again. */
function region(i: number): Partial<TraceEvent> {
  const mr = `0x7f00${(4096 * i).toString(16)}`;
  return { name: 'vhost_section', args: { mr }, text: `vhost_section ${mr}` };
}

type Oddity =
  | 'other thread'
  | 'no thread'
  | 'no time'
  | 'much later'
  | 'two lines'
  | 'a blank line above'
  | 'own text'
  | 'other process'
  | 'chatter';

const oddities: fc.Arbitrary<Oddity> = fc.constantFrom(
  'other thread',
  'no thread',
  'no time',
  'much later',
  'two lines',
  'a blank line above',
  'own text',
  'other process',
  'chatter',
);

/** What differs, by the number of the event. */
const logs = fc.record({
  events: fc.integer({ min: 1, max: 2300 }),
  oddAt: fc.dictionary(fc.nat({ max: 2300 }).map(String), oddities, { maxKeys: 8 }),
  /** Each so-many-th event is a region; the others come again. */
  regions: fc.constantFrom(1, 2, 7, 5000),
  pid: fc.constantFrom(undefined, 4711),
});

function recordsOf({
  events,
  oddAt,
  regions,
  pid,
}: typeof logs extends fc.Arbitrary<infer Log> ? Log : never): CaptureRecord[] {
  const records: CaptureRecord[] = [];
  let line = 1;
  let seconds = 1_795_320_539;
  for (let i = 0; i < events; i++) {
    const odd = oddAt[String(i)];
    if (odd === 'a blank line above') line++;
    if (odd === 'much later') seconds += 4000;
    if (odd === 'chatter') {
      records.push({ kind: 'chatter', span: { first: line, last: line } });
      line++;
    }
    const time = odd === 'no time' ? undefined : `${seconds}.${String(i * 400).padStart(6, '0')}`;
    const last = odd === 'two lines' ? line + 1 : line;
    const own = i % regions === 0 ? region(i) : {};
    records.push(
      eventAt(line, time, {
        ...own,
        ...(pid !== undefined && { pid }),
        ...(odd === 'other process' && { pid: 'ns:1' }),
        ...(odd === 'other thread' && { tid: 23340 }),
        ...(odd === 'no thread' && { tid: undefined }),
        ...(odd === 'own text' && { text: 'what no value tells' }),
        span: { first: line, last },
      }),
    );
    line = last + 1;
  }
  return records;
}

test('what is loaded, seen and shown is what was saved', async () => {
  const store = await newStore();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(logs, fc.nat(), fc.integer({ min: 1, max: 1500 }), async (log, at, count) => {
      const records = recordsOf(log);
      const name = `capture ${++number}`;
      await saveCapture(store, captureOf(name, { ...emptyReading, records }));
      const loaded = (await loadCaptures(store)).find(({ info }) => info.path === name);
      expect(loaded?.reading.records).toEqual(records);

      const seen = await store.all(
        `SELECT r.seq, r.kind, r.line, r.last_line, e.name, e.tid, e.time, e.text, e.args, r.record ->> 8 AS pid
         FROM v_record r LEFT JOIN v_event e ON e.capture = r.capture AND e.seq = r.seq
         WHERE r.capture = ? ORDER BY r.seq`,
        number,
      );
      expect(seen).toEqual(records.map(rowOf));

      const from = at % records.length;
      const line = records[from]!.span.first;
      expect(await recordsFrom(store, number, line, count)).toEqual(
        records.slice(from, from + count),
      );
    }),
    { numRuns: runsOf(40), endOnFailure: true },
  );
  const blocks = await store.all<{ run: number; many: number }>(
    'SELECT run IS NOT NULL AS run, count(*) > 10 AS many FROM block GROUP BY 1 ORDER BY 1',
  );
  expect(blocks).toEqual([
    { run: 0, many: 1 },
    { run: 1, many: 1 },
  ]);
});

function rowOf(record: CaptureRecord, seq: number): object {
  const { first, last } = record.span;
  const place = { seq, kind: record.kind, line: first, last_line: last };
  if (record.kind !== 'event')
    return { ...place, name: null, tid: null, time: null, text: null, args: null, pid: null };
  const { name, tid = null, time = null, text, args, pid = null } = record;
  return { ...place, name, tid, time, text, args: JSON.stringify(args), pid };
}

test('a log of one thread takes half of what its text takes', async () => {
  const store = await newStore();
  const records = recordsOf({
    events: 20_000,
    oddAt: {},
    regions: 5000,
    pid: undefined,
  });
  await saveCapture(store, captureOf('log', { ...emptyReading, records }));
  const [size] = await store.all<{ bytes: number }>(
    'SELECT sum(length(records)) AS bytes FROM block',
  );
  const line = '23339@1795320539.258184:vhost_commit Started: 0 Changed: 1\n';
  expect(size?.bytes).toBeLessThan((line.length * records.length) / 2);
});
