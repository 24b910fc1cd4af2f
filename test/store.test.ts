import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Backend, Fact } from '../src/model/fact.js';
import type { Frame, Reading } from '../src/model/record.js';
import { StoredFacts } from '../src/store/browse-facts.js';
import { FactRows } from '../src/store/fact-rows.js';
import { listCaptures } from '../src/store/list-captures.js';
import { migrations } from '../src/store/migrations/index.js';
import { loadCaptures } from '../src/store/load-capture.js';
import { openStore } from '../src/store/open-store.js';
import type { CaptureToSave } from '../src/store/save-capture.js';
import { replaceCapture, saveCapture } from '../src/store/save-capture.js';
import { captureOf, emptyReading, factOf } from './helpers/captures.js';
import { event as anyEvent, reading as anyReading } from './helpers/readings.js';
import { runsOf } from './helpers/share.js';
import { tempDir } from './helpers/temp-dir.js';

function frame(func: string, more: Partial<Frame> = {}): Frame {
  return {
    kind: 'call',
    address: undefined,
    func,
    args: undefined,
    file: undefined,
    line: undefined,
    lib: undefined,
    ...more,
  };
}

function backtraces(...stacks: Frame[][]): Reading {
  return {
    ...emptyReading,
    records: stacks.map((frames, i) => ({
      kind: 'backtrace',
      span: { first: 10 * i + 1, last: 10 * i + frames.length },
      frames,
      levels: frames.map((_, level) => level),
      lines: frames.map((_, level) => 10 * i + 1 + level),
      thread: undefined,
      incomplete: false,
      wrapped: [],
    })),
  };
}

test('what is loaded is what was saved', async () => {
  const path = join(tempDir(), 'vhtrace.db');
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyReading, { minLength: 1, maxLength: 3 }), async (readings) => {
      const store = await openStore(path, 'write');
      const names = readings.map(() => `capture ${number++}`);
      for (const [i, reading] of readings.entries()) {
        expect(await saveCapture(store, captureOf(names[i]!, reading))).toBe(true);
      }
      const loaded = (await loadCaptures(store)).slice(-readings.length);
      expect(loaded.map(({ info }) => info.path)).toEqual(names);
      expect(loaded.map(({ reading }) => reading)).toStrictEqual(readings);
      expect(await store.all('PRAGMA foreign_key_check')).toEqual([]);
      await store.close();
    }),
    { numRuns: runsOf(60) },
  );
});

test('the view tells the texts of events, stored or not', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 20 }), async (given) => {
      // Readers give equal events the same arguments, which nobody can change.
      const records = given.flatMap((event, i) => {
        if (event.args !== undefined && i % 3 !== 0) Object.freeze(event.args);
        return i % 2 === 0 ? [event] : [event, { ...event }, { ...event }];
      });
      const name = `capture ${number++}`;
      await saveCapture(store, captureOf(name, { ...emptyReading, records }));
      const texts = await store.all(
        'SELECT name, text FROM v_event WHERE path = ? ORDER BY seq',
        name,
      );
      expect(texts).toEqual(records.map((record) => ({ name: record.name, text: record.text })));
      const loaded = (await loadCaptures(store)).find(({ info }) => info.path === name);
      expect(loaded?.reading.records).toEqual(records);
    }),
    { numRuns: runsOf(100) },
  );
  const [events] = await store.all<{ told: number }>(
    `SELECT count(*) AS told FROM v_record WHERE kind = 'event' AND record ->> 6 IS NULL`,
  );
  expect(events?.told).toBeGreaterThan(0);
  await store.close();
});

test('frames of an older schema are the same frames afterwards', async () => {
  const path = join(tempDir(), 'vhtrace.db');
  const older = await openStore(path, 'write', migrations.slice(0, 2));
  await older.exec(`
    INSERT INTO text VALUES (1, 'f'), (2, 'm.c'), (3, '/lib/l.so'), (4, '[]'),
      (5, '[{"name":"a","value":"0x5"},{"name":"b","entry":"1"},{"name":"c","value":"7","entry":"5"},{"name":"address@hidden"}]');
    INSERT INTO frame VALUES
      (1, 'call', '', '', 1, 5, 2, 9, 0),
      (2, 'call', '0x0000000000000055', '0x55', 1, 4, 0, -1, 3),
      (3, 'call', '0x0000000000000055', '', 1, 0, 0, -1, 0);
    INSERT INTO stack VALUES (1, 0, 3), (2, 1, 2), (3, 2, 1);
    INSERT INTO capture VALUES (1, 'aa', 'gdb.txt', 1, 4, 0, '["gdb"]', 1, 1, 1, 1, 3, 0, 0, 0, 0);
    INSERT INTO block VALUES (1, 0, 1, 4,
      '[["stop",1,1,"breakpoint",3,{"num":"5"},1],["backtrace",2,4,3,null,null,null,0]]')`);
  const frames =
    'SELECT level, address, func, args, file, source_line, lib FROM v_frame ORDER BY level';
  const before = await older.all(frames);
  await older.close();
  const store = await openStore(path, 'write');
  expect(await store.all(frames)).toEqual(before);
  expect(await store.all('PRAGMA foreign_key_check')).toEqual([]);
  const [loaded] = await loadCaptures(store);
  const f = frame('f', {
    args: [
      { name: 'a', value: '0x5', entry: undefined },
      { name: 'b', value: undefined, entry: '1' },
      { name: 'c', value: '7', entry: '5' },
      { name: 'address@hidden', value: undefined, entry: undefined },
    ],
    file: 'm.c',
    line: 9,
  });
  const stack = [
    f,
    frame('f', { address: '0x55', args: [], lib: '/lib/l.so' }),
    frame('f', { address: '0x0000000000000055' }),
  ];
  expect(loaded?.reading.records).toMatchObject([
    { kind: 'stop', thread: { num: '5' }, frame: f },
    { kind: 'backtrace', frames: stack, levels: [0, 1, 2], lines: [2, 3, 4], incomplete: false },
  ]);
  // They are found again, by the digest that the migration gave them.
  await saveCapture(store, captureOf('again', backtraces(stack)));
  expect(await store.all('SELECT count(*) AS rows FROM frame')).toEqual([{ rows: 3 }]);
  await store.close();
});

test('facts of an older schema are the same facts afterwards', async () => {
  const path = join(tempDir(), 'vhtrace.db');
  const older = await openStore(path, 'write', migrations.slice(0, 4));
  await older.exec(`
    INSERT INTO text VALUES (1, 'tid 7'), (2, 'op_set_vring_addr'), (3, 'vhost_user_set_vring_addr'),
      (4, 'vhost_commit'), (5, 'vhost_user_message'), (6, 'SET_LOG_BASE');
    INSERT INTO capture VALUES
      (1, 'aa', 'a', 1, 4, 0, '[]', 1, 1, 1, 1, 3, 0, 3, 0, 0),
      (2, 'bb', 'b', 1, 4, 0, '[]', 1, 1, 1, 1, 3, 0, 1, 0, 0);
    INSERT INTO fact VALUES
      (1, 0, 9, 0, 1, 2, 3, 'entry', 4, '0x0000000000000055', 1, 'user', 2, 1, '0x1', NULL, NULL),
      (1, 1, 3, 0, 0, 4, 4, 'event', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL),
      (1, 1200, 10, 1, 0, 5, 6, 'wire', NULL, NULL, NULL, 'user', NULL, NULL, NULL, '/run/vhost', '0'),
      (2, 0, 9, 0, 1, 2, 3, 'entry', 4, '0x0000000000000055', 1, 'user', 2, 1, '0x1', NULL, NULL)`);
  const facts = 'SELECT * FROM v_fact ORDER BY capture, line';
  // What has no number of its own in a row is told by its place: those before it must be there.
  await older.exec(`INSERT INTO fact
    WITH RECURSIVE n (seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < 1199)
    SELECT 1, seq, 20 + seq, 0, 0, 4, 4, 'event', NULL, NULL, NULL, NULL, NULL, NULL, seq, NULL, NULL FROM n`);
  const before = await older.all(facts);
  expect(before).toHaveLength(1202);
  await older.close();
  const store = await openStore(path, 'write');
  expect(await store.all(facts)).toEqual(before);
  expect(await store.all('PRAGMA foreign_key_check')).toEqual([]);
  await store.close();
});

test('facts come back whatever the order in which they were made', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
    fc.option(value, { nil: undefined });
  const text = maybe(fc.constantFrom('', '0x1', 'tid 7', '"\\\n\u2028', '18446744073709551615'));
  const anyFact = fc.record({
    line: fc.nat(5000),
    session: fc.nat(2),
    thread: text,
    func: fc.constantFrom('vhost_dev_start', 'vhost_user_write'),
    role: fc.constantFrom<Fact['role'][]>('entry', 'caller', 'event', 'wire'),
    activation: maybe(fc.nat()),
    device: maybe(fc.constantFrom('0x10', '0x7f0000001000', '(nil)')),
    incarnation: maybe(fc.nat(3)),
    backend: maybe(fc.constantFrom<Backend[]>('kernel', 'user', 'vdpa')),
    vring: maybe(fc.nat(300)),
    enable: maybe(fc.boolean()),
    value: text,
    endpoint: text,
    result: text,
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFact, { minLength: 1, maxLength: 20 }),
      fc.oneof(
        { weight: 5, arbitrary: fc.integer({ min: 1, max: 3000 }) },
        // More blocks than wait for calls that have not returned.
        { weight: 1, arbitrary: fc.integer({ min: 18_000, max: 20_000 }) },
      ),
      fc.integer({ min: 1, max: 1500 }),
      fc.array(fc.tuple(fc.nat(3000), fc.oneof(fc.nat(9), fc.nat(20_000))), { maxLength: 6 }),
      async (kinds, count, batch, late) => {
        const facts = Array.from({ length: count }, (_, i) => factOf(i, kinds[i % kinds.length]));
        // Some calls in the kernel return after others.
        const delays = new Map(late);
        const cameAt = ({ seq }: Fact): number => seq + (delays.get(seq) ?? 0);
        const made = [...facts].sort((a, b) => cameAt(a) - cameAt(b));
        const capture = ++number;
        await store.transaction(async () => {
          await store.run(
            `INSERT INTO capture VALUES (?1, ?1, 'a', 1, 1, 0, '[]', 1, 1, 1, 1, 3, 0, 3, 0, 0)`,
            capture,
          );
          const rows = await FactRows.create(store, capture);
          for (let i = 0; i < count; i += batch) {
            for (const fact of made.slice(i, i + batch)) rows.add(fact);
            await rows.write();
          }
          await rows.finish();
        });
        const stored = new StoredFacts(store, capture);
        expect(await stored.window(0, count)).toEqual(facts);
        const [from, to] = [Math.floor(count / 3), Math.floor(count / 2)];
        expect(await stored.window(from, to)).toEqual(facts.slice(from, to));
        expect(await stored.at([from, to])).toEqual(facts.filter((_, i) => i === from || i === to));
        const line = kinds[0]?.line ?? 0;
        const above = facts.filter((fact) => fact.line <= line);
        const nearest = Math.max(...above.map((fact) => fact.line));
        const seq = facts.find((fact) => fact.line === nearest)?.seq;
        expect(await stored.atLine(line)).toBe(seq);
        const groups = await stored.groups(0, Infinity);
        expect(groups.reduce((sum, group) => sum + group.facts, 0)).toBe(count);
      },
    ),
    { numRuns: runsOf(60) },
  );
  await store.close();
});

test('a snapshot takes the place of older ones of the same file, and of nothing else', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const problems: Reading['problems'] = [
    { code: 'CUT_OFF', message: 'm', span: { first: 1, last: 1 } },
  ];
  const stack = backtraces([frame('vhost_dev_start')]);
  const event = {
    kind: 'event' as const,
    span: { first: 2, last: 2 },
    name: 'vhost_commit',
    args: Object.freeze({ started: '1' }),
    text: 'Started: 1',
    tid: 17,
    time: '1.000001',
  };
  const reading = { ...stack, records: [event, { ...event }, ...stack.records], problems };
  /** A capture of gdb.txt; its name makes its sha256. */
  const snapshot = (name: string, path = 'gdb.txt'): CaptureToSave => {
    const capture = captureOf(name, reading, [factOf(0)]);
    return { ...capture, info: { ...capture.info, path }, counts: { ...capture.counts, path } };
  };
  const [first, second, third, other] = ['1', '2', '3', '4'].map((name) => snapshot(name));
  const elsewhere = snapshot('5', 'copy.txt');
  for (const capture of [first!, other!, elsewhere]) await saveCapture(store, capture);
  const held = async (): Promise<string[]> =>
    (await loadCaptures(store)).map(({ info }) => info.sha256);
  const older = [first!, second!, elsewhere].map(({ info }) => info.sha256);
  expect(await replaceCapture(store, second!, older)).toBe(true);
  expect(await replaceCapture(store, second!, older)).toBe(false);
  expect(await replaceCapture(store, third!, older)).toBe(true);
  expect(await held()).toEqual([other!, elsewhere, third!].map(({ info }) => info.sha256));
  for (const table of ['block', 'event_again', 'fact_block', 'fact_place', 'problem']) {
    expect(await store.all(`SELECT count(*) AS rows FROM ${table}`)).toEqual([{ rows: 3 }]);
  }
  // Every table that refers to captures is known.
  expect(await store.all('PRAGMA foreign_key_check')).toEqual([]);
  await store.close();
});

test('half a surrogate pair comes back as U+FFFD', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const span = { first: 1, last: 1 };
  const record = (text: string): Reading => ({
    ...emptyReading,
    records: [
      { kind: 'command', span, text },
      { kind: 'event', span, name: text, args: { [text]: text }, text, tid: 1, time: text },
      {
        kind: 'stop',
        span,
        reason: 'signal',
        number: undefined,
        thread: { name: text },
        frame: frame(text, { args: [{ name: text, value: text, entry: undefined }] }),
      },
    ],
  });
  await saveCapture(store, captureOf('a', record('x\ud800y')));
  const [loaded] = await loadCaptures(store);
  expect(loaded?.reading).toStrictEqual(record('x\ufffdy'));
  await store.close();
});

test('equal frames and stacks are stored once, within a capture and across captures', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const [a, b, main] = [frame('a'), frame('b'), frame('main', { address: '0x55' })];
  await saveCapture(store, captureOf('1', backtraces([a, main], [b, a, main], [a, main])));
  await saveCapture(store, captureOf('2', backtraces([b, a, { ...main }], [b, main])));
  const counts = await store.all(
    'SELECT (SELECT count(*) FROM frame) AS frames, (SELECT count(*) FROM stack) AS stacks',
  );
  // Stacks: the empty one, main, a < main, b < a < main, b < main.
  expect(counts).toEqual([{ frames: 3, stacks: 5 }]);
  const equal = await store.all(
    'SELECT stack, count(*) AS times FROM v_backtrace GROUP BY stack ORDER BY stack',
  );
  expect(equal).toEqual([
    { stack: 2, times: 2 },
    { stack: 3, times: 2 },
    { stack: 4, times: 1 },
  ]);
  await store.close();
});

test('equal frames are stored once, however long ago the last one came and whatever object it is', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const values = ['', '"', '\\', '0x1 <a\u001b>', '\u00e4 \u{1f600}', '\ud800', 'null'];
  const some = (i: number): Frame => {
    const [value, address] = [values[i % 7], `0x${i % 5}`];
    const entry = i % 3 === 0 ? value : undefined;
    return frame('f', { address, line: i % 13, args: [{ name: 'x', value, entry }] });
  };
  // More than a batch of them.
  const stacks = Array.from({ length: 9000 }, (_, i) => [some(i), some(7 * i), some(i)]);
  await saveCapture(store, captureOf('1', backtraces(...stacks)));
  await saveCapture(store, captureOf('2', backtraces(...stacks.slice(0, 1400))));
  expect(await store.all('SELECT count(*) AS frames FROM frame')).toEqual([
    { frames: 7 * 5 * 2 * 13 },
  ]);
  const [loaded] = await loadCaptures(store);
  const wellFormed = JSON.parse(JSON.stringify(stacks).replaceAll('\\ud800', '\ufffd')) as unknown;
  const frames = loaded?.reading.records.map((record) => 'frames' in record && record.frames);
  expect(JSON.parse(JSON.stringify(frames))).toEqual(wellFormed);
  await store.close();
});

test('a capture of many blocks comes back whole and in order', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const records = Array.from({ length: 4500 }, (_, i) => ({
    kind: 'command' as const,
    span: { first: i + 1, last: i + 1 },
    text: i % 1500 === 0 ? 'x'.repeat(2_000_000) : String(i),
  }));
  const reading = { ...emptyReading, records };
  await saveCapture(store, captureOf('a', reading));
  const [loaded] = await loadCaptures(store);
  expect(loaded?.reading).toStrictEqual(reading);
  await store.close();
});

test('views give facts, events and frames by name', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const main = frame('main', { address: '0x401020', file: 'm.c', line: 7 });
  const reading: Reading = {
    ...backtraces([frame('f', { args: [{ name: 'x', value: '5', entry: undefined }] }), main]),
    formats: ['gdb'],
  };
  const event = {
    kind: 'event' as const,
    span: { first: 20, last: 20 },
    name: 'vhost_commit',
    args: { started: '1', changed: '18446744073709551615' },
    text: 'Started: 1 Changed: 18446744073709551615',
    tid: 17,
    time: '1763780000.000001',
  };
  const fact = factOf(0, { device: '0x555556ef1c48', backend: 'user', value: '9007199254740993' });
  await saveCapture(
    store,
    captureOf('a.txt', { ...reading, records: [...reading.records, event] }, [fact]),
  );
  expect(
    await store.all('SELECT level, line, func, args, address, source_line FROM v_frame'),
  ).toEqual([
    {
      level: 0,
      line: 1,
      func: 'f',
      args: '[{"name":"x","value":"5"}]',
      address: null,
      source_line: null,
    },
    { level: 1, line: 2, func: 'main', args: null, address: '0x0000000000401020', source_line: 7 },
  ]);
  expect(
    await store.all("SELECT name, tid, time, args ->> 'changed' AS changed FROM v_event"),
  ).toEqual([
    { name: 'vhost_commit', tid: 17, time: '1763780000.000001', changed: '18446744073709551615' },
  ]);
  expect(await store.all('SELECT path, kind, device, device_key, value FROM v_fact')).toEqual([
    {
      path: 'a.txt',
      kind: 'vhost_dev_start',
      device: '0x555556ef1c48',
      device_key: '0x0000555556ef1c48',
      value: '9007199254740993',
    },
  ]);
  expect(await store.all('SELECT path, formats, facts FROM v_capture')).toEqual([
    { path: 'a.txt', formats: '["gdb"]', facts: 1 },
  ]);
  await store.close();
});

test('a listing has sessions and devices with their vrings in order', async () => {
  const store = await openStore(join(tempDir(), 'vhtrace.db'), 'write');
  const capture = captureOf('a', emptyReading, [
    factOf(0, { device: '0x10', vring: 10, backend: 'user' }),
    factOf(1, { device: '0x10', vring: 2 }),
    factOf(2, { device: '0x9', session: 1 }),
    factOf(3, { device: '0x10', vring: 2 }),
  ]);
  await saveCapture(store, capture);
  const { sessions, devices } = await listCaptures(store);
  const { sha256 } = capture.info;
  expect(sessions).toEqual([
    { capture: sha256, session: 0, facts: 3, firstLine: 1, lastLine: 4 },
    { capture: sha256, session: 1, facts: 1, firstLine: 3, lastLine: 3 },
  ]);
  expect(devices).toEqual([
    { capture: sha256, session: 0, address: '0x10', backend: 'user', vrings: [2, 10] },
    { capture: sha256, session: 1, address: '0x9', backend: 'unknown', vrings: [] },
  ]);
  await store.close();
});
