/** Ingest keeps neither lines nor records: what it makes of a capture in pieces is what a whole reading gives. */
import fc from 'fast-check';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { beside } from '../src/base/beside.js';
import { Recent } from '../src/base/recent.js';
import { progressText } from '../src/commands/shared/reading-progress.js';
import { FactBuilder } from '../src/flows/fact-builder.js';
import type { Facts } from '../src/flows/fact-builder.js';
import { buildRun } from '../src/flows/run.js';
import { createReader } from '../src/formats/reader.js';
import type { Fact } from '../src/model/fact.js';
import type { Reading } from '../src/model/record.js';
import { runIngest } from '../src/pipeline/ingest.js';
import { readCapture } from '../src/pipeline/read-capture.js';
import { StoredFacts } from '../src/store/browse-facts.js';
import { loadCaptures } from '../src/store/load-capture.js';
import { openStore } from '../src/store/open-store.js';
import { readText } from './helpers/read-text.js';
import { runsOf } from './helpers/share.js';
import { tempDir } from './helpers/temp-dir.js';
import { anyRun, textOf } from './model/legitimate.js';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

type Found = Pick<Facts, 'facts' | 'sessions' | 'ordered' | 'hindsight'>;

/** Facts taken after every `step` records. */
function inPieces({ records }: Reading, step: number, builder: FactBuilder): Found {
  const taken: Fact[] = [];
  records.forEach((record, i) => {
    builder.add(record);
    if (i % step === 0) taken.push(...builder.take());
  });
  const { facts, total, ...rest } = builder.finish();
  // The fact of a call in the kernel comes when the call has returned.
  const all = [...taken, ...facts].sort((a, b) => a.seq - b.seq);
  expect(total).toBe(all.length);
  return { facts: all, ...rest };
}

/** Gives how often the capture had to be read again. */
function expectSame(reading: Reading, step: number): number {
  const { facts, sessions, ordered } = buildRun(reading, { assumeOrdered: false });
  const whole = { facts, sessions, ordered, hindsight: undefined };
  expect(inPieces(reading, step, new FactBuilder('capture'))).toEqual(whole);
  const first = inPieces(reading, step, new FactBuilder('session'));
  if (first.hindsight === undefined) {
    expect(first).toEqual(whole);
    return 0;
  }
  expect(inPieces(reading, step, new FactBuilder('session', first.hindsight))).toEqual(whole);
  return 1;
}

const inputs = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => /(?:^|\/)(?:input\.\w+|[^/]+\.(?:gdb\.txt|trace\.log))$/.test(name))
  .map((name) => join(fixtures, name));

test('facts of all fixtures', { timeout: 120_000 }, async () => {
  expect(inputs.length).toBeGreaterThan(200);
  for (const input of inputs) {
    const { reading } = await readCapture(input);
    expect(expectSame(reading, 3)).toBe(0);
  }
});

test('facts of several captures in one file', { timeout: 120_000 }, () => {
  const texts = inputs
    .map((input) => readFileSync(input, 'latin1'))
    .filter((text) => text.length < 20_000);
  const several = fc.array(fc.constantFrom(...texts), { minLength: 2, maxLength: 8 });
  let sessions = 0;
  fc.assert(
    fc.property(several, (parts) => {
      const reading = readText(parts.join('\n'));
      sessions = Math.max(sessions, buildRun(reading, { assumeOrdered: false }).sessions);
      expectSame(reading, 5);
    }),
    { numRuns: runsOf(300), seed: 2, endOnFailure: true },
  );
  expect(sessions).toBeGreaterThan(4);
});

test('facts of events with stacks, other processes and words between them', () => {
  const start = '700@1763780000.000001:vhost_dev_start 0x55d000:virtio-net vrings:1\n';
  const parts = [
    start,
    '701@1763780000.000002:vhost_user_write req:1 flags:0x1\n',
    '[Inferior 1 (process 12) exited normally]\n',
    'Breakpoint 1 at 0x11b0: file th.c, line 6.\n',
    '(gdb) break vhost_dev_start\nBreakpoint 2 at 0x11b0: file th.c, line 6.\n',
    '#0  vhost_dev_start (hdev=0x55d000, vdev=0x1, vrings=true) at ../hw/virtio/vhost.c:1\n\n',
    '#0  vhost_dev_cleanup (hdev=0x55d000) at ../hw/virtio/vhost.c:1\n#1  main () at main.c:1\n\n',
    'strange words\n',
    '(gdb) delete\n',
    '(gdb) break vhost_dev_start if vrings\n',
    'Breakpoint 2, vhost_dev_start (hdev=0x55d000, vdev=0x1, vrings=true) at ../hw/virtio/vhost.c:1\n',
    '#0  vhost_user_set_features (dev=0x55d000) at v.c:1\n#1  vhost_dev_start (hdev=0x55d000) at v.c:2\n\n',
    '#0  vhost_dev_set_log (dev=0x55d000) at v.c:1\n#1  vhost_log_global_start (listener=0x55d010) at v.c:2\n\n',
    '#0  vhost_log_global_stop (listener=0x55d010) at v.c:2\n\n',
    ' qemu-575 [001] ..... 47.976344: vn_ioctl: (vhost_net_ioctl+0x4/0x9c0 [vhost_net]) cmd=0x4008af00\n',
    ' qemu-575 [001] ..... 47.976345: vn_ioctl_ret: (__x64_sys_ioctl+0x94/0xc0 <- vhost_net_ioctl) ret=0\n',
    'CPU:1 [LOST 100 EVENTS]\n',
  ];
  let again = 0;
  let results = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 24 }), fc.nat(4), (text, step) => {
      const reading = readText(text.join(''));
      again += expectSame(reading, step + 1);
      results += buildRun(reading, { assumeOrdered: false }).facts.filter(
        ({ result }) => result === '0',
      ).length;
    }),
    { numRuns: runsOf(500) },
  );
  expect(again).toBeGreaterThan(0);
  expect(results).toBeGreaterThan(0);
});

test('facts of runs of the model', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(anyRun, (run) => {
      expectSame(readText(textOf(run)), 7);
    }),
    { numRuns: runsOf(60), endOnFailure: true },
  );
});

test(
  'what is stored while it is read is what a whole reading holds',
  { timeout: 60_000 },
  async () => {
    const folder = tempDir();
    const gdb = readFileSync(join(fixtures, 'captures/reset-during-migration.gdb.txt'), 'utf8');
    const trace = readFileSync(join(fixtures, 'captures/cancelled-migration.trace.log'), 'utf8');
    const path = join(folder, 'both.txt');
    const moved = (i: number): string => gdb.replace(/0x5555(5[67]\w+)/g, `0x55${i % 10}5$1`);
    writeFileSync(path, trace.repeat(60) + Array.from({ length: 12 }, (_, i) => moved(i)).join(''));
    const database = join(folder, 'store.db');
    await runIngest([path, join(fixtures, 'captures/vring-never-logged.gdb.txt')], database);
    const { reading, info } = await readCapture(path);
    const store = await openStore(database, 'read');
    const [loaded] = await loadCaptures(store);
    expect(loaded?.info).toEqual(info);
    expect(loaded?.reading.records.length).toBeGreaterThan(30_000);
    expect(loaded?.reading).toEqual(reading);
    const { facts } = buildRun(reading, { assumeOrdered: false });
    expect(await new StoredFacts(store, 1).window(0, facts.length + 1)).toEqual(facts);
    await store.close();
  },
);

test('what a later session shows of an earlier one is stored, too', async () => {
  const path = join(tempDir(), 'other-layout.txt');
  const listener = 'vhost_log_global_start (listener=0x555556001010) at ../hw/virtio/vhost.c:1';
  const device =
    'vhost_dev_set_log (dev=0x555556001000, enable_log=true) at ../hw/virtio/vhost.c:1';
  const main = 'main () at main.c:1';
  const end = '[Inferior 1 (process 12) exited normally]\n';
  writeFileSync(
    path,
    `#0  ${listener}\n#1  ${main}\n\n${end}#0  ${device}\n#1  ${listener}\n#2  ${main}\n`,
  );
  const { reading } = await readCapture(path);
  expect(expectSame(reading, 1)).toBe(1);
  await runIngest([path], `${path}.db`);
  const store = await openStore(`${path}.db`, 'read');
  const facts = await new StoredFacts(store, 1).window(0, 10);
  expect(facts.map((fact) => [fact.session, fact.device])).toEqual([
    [0, '0x555556001000'],
    [1, '0x555556001000'],
    [1, '0x555556001000'],
  ]);
  expect(facts).toEqual(buildRun(reading, { assumeOrdered: false }).facts);
  await store.close();
});

test('what was used lately is remembered, and little else', () => {
  const recent = new Recent<number>(12);
  recent.set('-1', -1);
  for (let i = 0; i < 1000; i++) {
    recent.set(String(i), i);
    expect(recent.get('-1')).toBe(-1);
    expect(recent.get(String(i - 5))).toBe(i < 5 ? (i === 4 ? -1 : undefined) : i - 5);
  }
  expect(recent.get('900')).toBeUndefined();
});

test('what is remembered of an object is seen by nobody else', () => {
  const [one, other] = [beside<object, number>(), beside<object, number>()];
  const owner = Object.freeze({ a: 1 });
  expect(one.get(owner)).toBeUndefined();
  one.set(owner, 5);
  one.set(owner, 6);
  other.set(owner, 7);
  expect([one.get(owner), other.get(owner), one.get({ ...owner })]).toEqual([6, 7, undefined]);
  expect(owner).toStrictEqual({ a: 1 });
  expect(Reflect.ownKeys(owner)).toEqual(['a']);
});

test('what is remembered of a line keeps nothing else of the file', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const reader = createReader();
  const chunks = 64;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < chunks; i++) {
    const stop = `Thread ${i} "CPU ${i}/KVM" hit Breakpoint 3, vhost_commit_${i} (idx=${i}) at ../hw/virtio/vhost.c:${i}`;
    const frame = `#0  vhost_commit_${i} (idx=${i}) at ../hw/virtio/vhost.c:${i}`;
    // The second one is read by what is known of the first.
    const chunk = Buffer.from(`${stop}\n${frame}\n`.padEnd(1 << 19)).toString('latin1');
    for (let again = 0; again < 2; again++) {
      reader.push(chunk.slice(0, stop.length));
      reader.push(chunk.slice(stop.length + 1, stop.length + 1 + frame.length));
    }
    reader.take();
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan((chunks << 19) / 4);
  expect(reader.finish().lines).toBe(4 * chunks);
});

test('progress tells bytes, rate and what is left', () => {
  expect(progressText('a.txt', 30e6, 1000e6, 2)).toBe(
    'a.txt: 30 of 1000 MB, 15.0 MB/s, 1 min 5 s left',
  );
  expect(progressText('a.txt', 30e6, 60e6, 2)).toBe('a.txt: 30 of 60 MB, 15.0 MB/s, 2 s left');
  expect(progressText('a.txt', 90e6, 60e6, 2)).toBe('a.txt: 90 of 60 MB, 45.0 MB/s, 0 s left');
  expect(progressText('-', 5e6, undefined, 2)).toBe('-: 5 MB, 2.5 MB/s');
});
