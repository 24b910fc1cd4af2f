import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCaptures } from '../../src/check/check-captures.js';
import { buildRun } from '../../src/flows/run.js';
import { readDeclarations } from '../../src/formats/qemu/event-declarations.js';
import { builtInEvents, createEventTable } from '../../src/formats/qemu/event-table.js';
import type { EventTable } from '../../src/formats/qemu/event-table.js';
import { createSimpleFileReader } from '../../src/formats/qemu/simple-file.js';
import type { CaptureRecord, Reading } from '../../src/model/record.js';
import { checkFile } from '../../src/pipeline/check-capture.js';
import { quoteRecord } from '../../src/pipeline/quote-record.js';
import { readCapture } from '../../src/pipeline/read-capture.js';
import { writeTrace } from '../helpers/printed-events.js';
import type { TraceFile } from '../helpers/printed-events.js';
import {
  besideRepository,
  caseFile,
  expectEveryLineOnce,
  formatCases,
  readText,
} from '../helpers/read-text.js';
import { tempDir } from '../helpers/temp-dir.js';

function read(bytes: Uint8Array, events = builtInEvents(), size = bytes.length || 1): Reading {
  const reader = createSimpleFileReader(events);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader.finish();
}

function declared(...lines: string[]): EventTable {
  const events = readDeclarations(lines);
  if ('lineNo' in events) throw new Error(`line ${events.lineNo} declares nothing`);
  return createEventTable(events);
}

describe.each(formatCases('input.bin'))('%s', (name) => {
  const bytes = readFileSync(caseFile(name, 'input.bin'));

  it('gives these records', async () => {
    const golden = `${JSON.stringify(read(bytes), null, 1)}\n`;
    await expect(golden).toMatchFileSnapshot(caseFile(name, 'records.json'));
  });

  it('gives the same in small pieces', () => {
    const whole = read(bytes);
    expectEveryLineOnce(whole);
    for (const size of [1, 7, 24, 1000]) expect(read(bytes, builtInEvents(), size)).toEqual(whole);
  });

  it('may end anywhere: what was whole is read, the rest is a gap', () => {
    const whole = read(bytes);
    for (let end = 24; end < bytes.length; end += 11) {
      const cut = read(bytes.subarray(0, end));
      expectEveryLineOnce(cut);
      const isCut = cut.problems.length > 0;
      expect(cut.problems.map(({ code }) => code)).toEqual(isCut ? ['CUT_OFF'] : []);
      const records = isCut ? cut.records.slice(0, -1) : cut.records;
      expect(records).toEqual(whole.records.slice(0, records.length));
      if (isCut) expect(cut.records.at(-1)?.kind).toBe('gap');
    }
  });
});

const versions = [0, 2, 3, 4] as const;

describe.each(
  versions.flatMap((version) => [true, false].map((isLittle) => ({ version, isLittle }))),
)('version $version, little endian $isLittle', ({ version, isLittle }) => {
  const lines = [
    'disable first(void) ""',
    'vcpu cpu_on(int n) "%d"',
    'vhost_vdpa_suspend(void *dev) "dev: %p"',
  ];
  const named = { ...(version === 4 ? { names: [[2n, 'vhost_vdpa_suspend'] as const] } : {}) };
  const file: TraceFile = {
    version,
    isLittle,
    ...named,
    events: [
      { id: 2n, time: 5_000_000_007n, pid: 4242, values: [0x5555n] },
      { dropped: 17n },
      { id: 77n, time: 2n ** 63n, pid: 4242, values: [1n, 2n] },
    ],
  };

  it('is read back', () => {
    const { records, lines: count, formats } = read(writeTrace(file), declared(...lines));
    expect(formats).toEqual(['qemu-simple']);
    expect(count).toBe(3);
    expect(records).toMatchObject([
      {
        kind: 'event',
        span: { first: 1, last: 1 },
        name: 'vhost_vdpa_suspend',
        args: { dev: '0x5555' },
        text: 'dev: 0x5555',
        time: '5.000000007',
      },
      { kind: 'gap', span: { first: 2, last: 2 }, why: 'QEMU dropped 17 events' },
      { kind: 'event', name: 'event #77', time: '9223372036.854775808' },
    ]);
    const [first, , last] = records;
    expect(first?.kind === 'event' && first.tid).toBe(version >= 3 ? 4242 : undefined);
    expect(last?.kind === 'event' && last.args).toBeUndefined();
    const word = isLittle ? '0100000000000000' : '0000000000000001';
    expect(last?.kind === 'event' && last.text.startsWith(word)).toBe(true);
  });

  it('says what is missing where numbers have no names', () => {
    const { records, problems } = read(writeTrace({ ...file, names: [] }));
    expect(records.map((record) => record.kind === 'event' && record.name)).toEqual([
      'event #2',
      false,
      'event #77',
    ]);
    expect(problems.map(({ message }) => message)).toEqual(
      version === 4
        ? ['event #2 has no name', 'event #77 has no name']
        : [expect.stringContaining('--trace-events')],
    );
  });
});

it('a string of version 0 is its address', () => {
  const bytes = writeTrace({
    version: 0,
    isLittle: true,
    events: [{ id: 0n, time: 1n, pid: 0, values: [0x5555n, 3n] }],
  });
  const { records } = read(bytes, declared('said(const char *name, int n) "%s:%d"'));
  expect(records).toMatchObject([{ args: { name: '0x5555', n: '3' } }]);
});

it('times and values are exact, whether a number holds them or not', () => {
  const integer = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 53n }),
    fc.tuple(fc.nat(20_000_000), fc.integer({ min: 0, max: 1 })).map(([s, by]) => {
      return BigInt(s + 1) * 1_000_000_000n - BigInt(by);
    }),
    fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 32n, 2n ** 32n - 1n),
  );
  const event = fc.record({ time: integer, value: integer });
  fc.assert(
    fc.property(fc.array(event), fc.boolean(), (events, isLittle) => {
      const bytes = writeTrace({
        version: 3,
        isLittle,
        events: events.map(({ time, value }) => ({ id: 0n, time, pid: 1, values: [value] })),
      });
      const { records } = read(bytes, declared('f(uint64_t n) "%" PRIu64'));
      expect(
        records.map((record) => record.kind === 'event' && [record.time, record.text]),
      ).toEqual(
        events.map(({ time, value }) => {
          const padded = String(time).padStart(10, '0');
          return [`${padded.slice(0, -9)}.${padded.slice(-9)}`, String(value)];
        }),
      );
    }),
  );
});

it('a number of version 4 may be given to another event', () => {
  const of = (name: string): Buffer =>
    writeTrace({
      version: 4,
      isLittle: true,
      names: [[1n, name]],
      events: [{ id: 1n, time: 1n, pid: 1, values: [7n] }],
    });
  const { records } = read(
    Buffer.concat([of('one'), of('two').subarray(24)]),
    declared('one(int a) "%d"', 'two(int b) "%x"'),
  );
  expect(records).toMatchObject([
    { name: 'one', args: { a: '7' } },
    { name: 'two', args: { b: '7' } },
  ]);
});

it('of several forms the one counts whose types fill the record, and of those the newest', () => {
  const events = [[1n], ['a', 1n], ['a'], [0x5555n, 2n], [0x5555n]] as const;
  const names = [[1n, 'vhost_section'] as const, [2n, 'vhost_vdpa_reset_device'] as const];
  const bytes = writeTrace({
    version: 4,
    isLittle: true,
    names,
    events: events.map((values, i) => ({
      id: i < 3 ? 1n : 2n,
      time: 1n,
      pid: 1,
      values: [...values],
    })),
  });
  const { records, problems } = read(bytes);
  expect(records.map((record) => record.kind === 'event' && record.args)).toEqual([
    false,
    { name: 'a', r: '1' },
    { name: 'a' },
    { dev: '0x5555', status: '0x2' },
    { dev: '0x5555' },
  ]);
  expect(problems.map(({ message, span }) => [message.split(' ')[0], span.first])).toEqual([
    ['vhost_section', 1],
  ]);
});

describe('damage', () => {
  const head = writeTrace({
    version: 4,
    isLittle: true,
    names: [[1n, 'vhost_commit']],
    events: [],
  });
  const event = writeTrace({
    version: 4,
    isLittle: true,
    events: [{ id: 1n, time: 1n, pid: 1, values: [1n, 1n] }],
  }).subarray(24);

  function patched(at: number, value: number): Buffer {
    const bytes = Buffer.from(event);
    bytes.writeUInt32LE(value, at);
    return bytes;
  }

  it.each([
    ['a length below the header', patched(24, 3)],
    ['a length beyond QEMU’s buffer', patched(24, 0xffff_ffff)],
    ['a type that is none', patched(0, 9)],
    ['a name without letters', Buffer.alloc(20)],
    ['a name of a gigabyte', Buffer.concat([Buffer.alloc(16), Buffer.from([0, 0, 0, 0x40])])],
  ])('%s ends the reading with a problem', (_, bytes) => {
    const reading = read(Buffer.concat([head, event, bytes, event, event]));
    expectEveryLineOnce(reading);
    expect(reading.records.map(({ kind }) => kind)).toEqual(['event', 'gap']);
    expect(reading.problems.map(({ code, span }) => [code, span.first])).toEqual([
      ['EVENT_UNREAD', 2],
    ]);
  });

  it('a string that claims more than its record is a gap, or kept where not every form is known', () => {
    const names = [[1n, 'vhost_section'] as const, [2n, 'loadvm_postcopy_handle_listen'] as const];
    const bytes = writeTrace({
      version: 4,
      isLittle: true,
      names,
      events: [1n, 2n].map((id) => ({ id, time: 1n, pid: 1, values: ['abcd'] })),
    });
    bytes.writeUInt32LE(5, bytes.length - 8);
    bytes.writeUInt32LE(5, bytes.length - 8 - 40);
    const { records, problems } = read(bytes);
    expect(records).toMatchObject([
      { kind: 'gap' },
      { name: 'loadvm_postcopy_handle_listen', text: '0500000061626364' },
    ]);
    expect(problems).toHaveLength(2);
  });

  it('of any kind never throws, and every record counts once', () => {
    const version = fc.constantFrom(...versions);
    const odd = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(fc.constantFrom(0, 1, 8, 24, 0xff), { maxLength: 200 })
        .map((bytes) => Uint8Array.from(bytes)),
      fc.constant(new Uint8Array(event)),
    );
    fc.assert(
      fc.property(
        version,
        fc.boolean(),
        fc.array(odd, { maxLength: 6 }),
        fc.integer({ min: 1, max: 64 }),
        (v, isLittle, parts, size) => {
          const start = writeTrace({
            version: v,
            isLittle,
            ...(v === 4 ? { names: [[1n, 'vhost_commit']] } : {}),
            events: [],
          });
          const bytes = Buffer.concat([start, ...parts]);
          const reading = read(bytes, builtInEvents(), size);
          expectEveryLineOnce(reading);
          expect(reading).toEqual(read(bytes));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('as a capture', () => {
  const [name = ''] = formatCases('input.bin').filter((one) => one.includes('start-of'));
  const bytes = readFileSync(caseFile(name, 'input.bin'));

  it('is read out of gzip, too', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'trace-1'), bytes);
    writeFileSync(join(folder, 'trace-1.gz'), gzipSync(bytes));
    const plain = await readCapture(join(folder, 'trace-1'));
    const packed = await readCapture(join(folder, 'trace-1.gz'));
    expect(plain.reading).toEqual(read(bytes));
    expect(packed.reading).toEqual(plain.reading);
    expect(plain.info.bytes).toBe(bytes.length);
  });

  it('is quoted from its records', async () => {
    const path = join(tempDir(), 'trace-1');
    writeFileSync(path, bytes);
    const { reading } = await readCapture(path);
    expect(quoteRecord(reading, 2)).toBe('vhost_user_write req:1 flags:0x1');
  });

  it('is quoted in a report', async () => {
    const path = join(tempDir(), 'trace-1');
    const values = [0x5555573f9c50n, 0x7ffe24038550n, 28672n, 1n, 2n ** 64n - 1n, 0x7ffe24038590n];
    const names = [[0n, 'vhost_vdpa_set_log_base']] as const;
    const events = [{ id: 0n, time: 7n, pid: 1, values }];
    writeFileSync(path, writeTrace({ version: 4, isLittle: true, names, events }));
    const judging = { options: { assumeOrdered: false }, policy: { only: [], rules: {} } };
    const { report, lines } = await checkFile(path, judging, undefined);
    const violations = report.findings.filter(({ verdict }) => verdict === 'violation');
    expect(violations.map(({ rule }) => rule)).toEqual(['ST-BASE-EQ']);
    expect(lines.get(1)).toBe(
      'vhost_vdpa_set_log_base dev: 0x5555573f9c50 base: 0x7ffe24038550 size: 28672 refcnt: 1 fd: -1 log: 0x7ffe24038590',
    );
  });
});

const shared = besideRepository('shared/captures/qemu10-vhost-user');

describe.skipIf(shared === undefined)(
  'one run in three forms (skipped where the captures are not beside)',
  () => {
    const file = (name: string): string => join(shared ?? '', name);
    // Functions, because the body of a skipped describe() runs all the same.
    const text = (name: string): Reading => readText(readFileSync(file(name), 'utf8'));
    const binary = (): Reading => read(readFileSync(file('08h-simple.trace.bin')));
    const printed = (): Reading => text('08h-simple.simpletrace.txt');
    // The log alone knows threads and the time of day, the others alone the process.
    const withoutStamp = (record: CaptureRecord): unknown => ({
      ...record,
      tid: undefined,
      pid: undefined,
      time: undefined,
    });

    it.each([
      ['the binary file', binary],
      ['simpletrace.py', printed],
    ])('%s says what the log says', (_, readIt) => {
      const reading = readIt();
      const log = text('08h-simple-same-run.trace.log');
      expect(reading.lines).toBe(6954);
      expect(reading.records.map(withoutStamp)).toEqual(log.records.map(withoutStamp));
      const factsOf = (one: Reading): unknown =>
        buildRun(one, { assumeOrdered: false }).facts.map((fact) => ({
          ...fact,
          thread: undefined,
        }));
      expect(factsOf(reading)).toEqual(factsOf(log));
      const info = { path: 'a', sha256: '0'.repeat(64), bytes: 1 };
      const judged = (one: Reading): unknown =>
        checkCaptures([{ info, reading: one }], { assumeOrdered: false }).findings.map(
          ({ rule, verdict }) => [rule, verdict],
        );
      expect(judged(reading)).toEqual(judged(log));
    });
  },
);
