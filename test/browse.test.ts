/** What the interactive view is told: the same from memory and from a store, and as the captures show it. */
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { BrowseFilter, Browser, BrowseRow, DeviceLane } from '../src/model/browse.js';
import { openBrowser } from '../src/pipeline/browse.js';
import { runIngest } from '../src/pipeline/ingest.js';
import { defaults } from '../src/settings/options.js';
import { judgeWithoutThread } from './helpers/judge-without-thread.js';
import { tempDir } from './helpers/temp-dir.js';

const folder = join(import.meta.dirname, '..', 'fixtures', 'captures');
const NAMES = [
  'vring-never-logged.gdb.txt',
  'cancelled-migration.trace.log',
  'note-on-dirty-bitmap.txt',
  'log-resize-loses-memory.gdb.txt',
];

async function open(paths: readonly string[], database = 'none'): Promise<Browser> {
  const request = { ...defaults, paths, database };
  const { browser } = await openBrowser(request, judgeWithoutThread);
  onTestFinished(() => browser.close());
  return browser;
}

/** The same captures from files and from a store. */
async function openBoth(names: readonly string[]): Promise<[files: Browser, store: Browser]> {
  const paths = names.map((name) => join(folder, name));
  const database = join(tempDir(), 'vhtrace.db');
  await runIngest(paths, database);
  return [await open(paths), await open([], database)];
}

async function allRows(browser: Browser, filter: BrowseFilter = {}): Promise<readonly BrowseRow[]> {
  const list = await browser.list(filter);
  return await list.rows(0, list.length);
}

test('memory and store give the same captures, choices and rows', async () => {
  const [files, store] = await openBoth(NAMES);
  expect(store.captures).toEqual(files.captures);
  expect(await store.choices()).toEqual(await files.choices());
  const rows = await allRows(files);
  expect(await allRows(store)).toEqual(rows);
  expect(rows.map(({ row }) => row)).toEqual(rows.map((_, i) => i));
  expect(new Set(rows.map(({ capture }) => capture)).size).toBeGreaterThan(1);
});

test('memory and store give the same windows, places and details under any filter', async () => {
  const both = await openBoth(NAMES);
  const { devices, threads, kinds } = await both[0].choices();
  const texts = fc.constantFrom(
    'vring',
    'TID',
    '0X5555',
    'mem',
    '1',
    'set_features',
    'Thread 6',
    '0x14',
    'no such text',
    '%',
    '_',
  );
  const filters = fc.record(
    {
      device: fc.constantFrom(...devices, '0x1'),
      thread: fc.constantFrom(...threads),
      kind: fc.constantFrom(...kinds),
      text: texts,
    },
    { requiredKeys: [] },
  );
  const place = fc.integer({ min: -5, max: 1200 });
  const window = fc.record({ filter: filters, from: place, count: fc.nat(60), text: texts });
  await fc.assert(
    fc.asyncProperty(window, fc.nat(2500), async ({ filter, from, count, text }, line) => {
      const answers = await Promise.all(
        both.map(async (browser) => {
          const list = await browser.list(filter);
          const rows = await list.rows(from, count);
          const [first] = rows;
          return {
            length: list.length,
            rows,
            next: await list.find(text, from, 1),
            previous: await list.find(text, from, -1),
            place: await list.placeOf(Math.max(0, from)),
            atLine: await browser.rowAtLine(line % 4, line),
            detail: first && (await browser.detail(first)),
          };
        }),
      );
      expect(answers[1]).toEqual(answers[0]);
    }),
    { numRuns: 150 },
  );
});

test('a search finds the nearest row on either side, in the list that is filtered', async () => {
  const browser = await open([join(folder, NAMES[0]!)]);
  const list = await browser.list({ kind: 'vhost_dev_set_log' });
  const rows = await list.rows(0, list.length);
  const device = rows[3]!.device!;
  const places = rows.flatMap((row, place) => (row.device === device ? [place] : []));
  expect(await list.find(device.toUpperCase(), places[1]!, 1)).toBe(places[1]);
  expect(await list.find(device, places[1]! - 1, -1)).toBe(places.findLast((p) => p < places[1]!));
  expect(await list.find(device, places.at(-1)! + 1, 1)).toBeUndefined();
  expect(await list.placeOf(rows[2]!.row)).toBe(2);
  expect(await list.placeOf(rows.at(-1)!.row + 1)).toBe(list.length);
});

test('what is shown in place of addresses and numbers is found, too', async () => {
  for (const browser of await openBoth(['vring-never-logged.gdb.txt'])) {
    await browser.judged();
    const list = await browser.list({});
    for (const text of ['USER #1', 'cpu 0/t', 'mig/src']) {
      expect(await list.find(text, 0, 1), text).toBeDefined();
      expect((await browser.list({ text })).length).toBeGreaterThan(0);
    }
    const { devices, threads } = await browser.choices();
    const [device = '', raw = ''] = [devices[0], devices.find((one) => /^[\da-f]+$/.test(one))];
    expect([device, threads[0]]).toEqual(['vhost-user #1', 'CPU 0/TCG']);
    for (const filter of [{ device }, { device: raw }, { device: 'user' }, { thread: 'CPU' }]) {
      expect((await allRows(browser, filter)).length).toBeGreaterThan(0);
    }
    expect(await allRows(browser, { device: 'no such' })).toEqual([]);
  }
});

test('a detail has the lines of the capture, and its record once the file is another', async () => {
  const path = join(tempDir(), 'gdb.txt');
  copyFileSync(join(folder, NAMES[0]!), path);
  const browser = await open([path]);
  const lines = readFileSync(path, 'utf8').split('\n');
  const row = (await allRows(browser)).find(({ kind }) => kind === 'vhost_dev_set_log')!;
  const detail = await browser.detail(row);
  expect(detail.lines.map(({ text }) => text)).toEqual(
    detail.lines.map(({ number }) => lines[number - 1]),
  );
  expect(detail.frames.map(({ func }) => func).slice(0, 3)).toEqual([
    'vhost_dev_set_log',
    'vhost_migration_log',
    'vhost_log_global_start',
  ]);
  expect(detail.args).toContainEqual({ name: 'enable_log', value: 'true' });
  appendFileSync(path, 'more\n');
  const quoted = await browser.detail(row);
  expect(quoted.lines.map(({ number }) => number)).toEqual(
    detail.lines.map(({ number }) => number),
  );
  expect(quoted.lines[0]?.text).toMatch(/^#0 {2}.*vhost_dev_set_log \(dev=/);
  expect({ ...quoted, lines: [] }).toEqual({ ...detail, lines: [] });
});

test('lines far inside of a file are found by their number', async () => {
  const path = join(tempDir(), 'trace.log');
  const event = (i: number): string =>
    `7@1.${String(i).padStart(6, '0')}:vhost_commit Started: 1 Changed: ${i}`;
  const count = 4321;
  writeFileSync(path, Array.from({ length: count }, (_, i) => event(i)).join('\r\n'));
  const browser = await open([path]);
  const list = await browser.list({});
  for (const place of [0, 998, 999, 1000, 1001, 2000, count - 1]) {
    const [row] = await list.rows(place, 1);
    const { lines } = await browser.detail(row!);
    expect(lines).toEqual([{ number: place + 1, text: event(place) }]);
  }
});

/** `row run log rings` with + for a logged ring. */
function printLane({ name, spans }: DeviceLane): string[] {
  return [
    name,
    ...spans.map(({ row, state: { run, log, vrings } }) =>
      [row, run, log, ...vrings.map((v) => `${v.vring}${v.logged ? '+' : '-'}`)].join(' '),
    ),
  ];
}

test('lanes show the log of each device go on and off, and the ring that never had the flag', async () => {
  const [files, store] = await openBoth([NAMES[0]!]);
  const { lanes, report, flows, threads } = await files.judged();
  // As the backtraces show it: the last pass of #1 returns unseen, that of #2 elects its logger; ring 1 of #2 is left out.
  expect(lanes.map(printLane)).toMatchInlineSnapshot(`
    [
      [
        "vhost-user #1",
        "0 unknown off",
        "4 starting off",
        "9 starting off 0-",
        "40 starting enabling 0-",
        "42 started enabling 0-",
        "49 started enabling 0+",
        "52 started disabling 0+",
        "62 started disabling 0-",
        "65 started off 0-",
        "79 stopping off 0-",
        "83 stopping off",
        "86 stopped off",
      ],
      [
        "vhost-user #2",
        "0 unknown unknown",
        "11 starting unknown",
        "13 starting off",
        "17 starting off 0-",
        "20 starting off 0- 1-",
        "22 starting enabling 0- 1-",
        "29 started enabling 0- 1-",
        "37 started enabling 0+ 1-",
        "40 started on 0+ 1-",
        "67 started disabling 0+ 1-",
        "72 started disabling 0- 1-",
        "77 started off 0- 1-",
        "86 stopping off 0- 1-",
        "88 stopping off 1-",
        "90 stopping off",
      ],
    ]
  `);
  expect(report.summary.violations.error).toBe(1);
  expect(flows).toHaveLength(1);
  expect(threads.slice(0, 2)).toEqual([
    { capture: 0, number: '5', line: 9, name: 'CPU 0/TCG' },
    { capture: 0, number: '6', line: 573, name: 'mig/src/main' },
  ]);
  expect(await store.judged()).toEqual({ report, lanes, flows, threads });
});

test('what check is told counts here, too: backend, version, rules', async () => {
  const path = join(folder, '../rules/ST-SHARE/inconclusive-backend-unknown/input.txt');
  const told = { backend: 'kernel', only: ['ST-SHARE'], rules: { 'ST-SHARE': 'note' } } as const;
  const request = { ...defaults, ...told, paths: [path], database: 'none' };
  const { browser } = await openBrowser(request, judgeWithoutThread);
  onTestFinished(() => browser.close());
  const { findings } = (await browser.judged()).report;
  expect(findings).toMatchObject([{ rule: 'ST-SHARE', verdict: 'violation', severity: 'note' }]);
  await expect(openBrowser({ ...request, qemuVersion: 'x' })).rejects.toThrow('no QEMU version');
});

test('a thread of its own judges the same, and can be stopped', async () => {
  const path = join(folder, NAMES[0]!);
  const built = join(import.meta.dirname, '..', 'dist', 'pipeline', 'browse.js');
  const script = `
    const { openBrowser } = await import(process.argv[1]);
    const request = { paths: [process.argv[2]], database: 'none', assumeOrdered: false, only: [], rules: {} };
    const { browser } = await openBrowser(request);
    console.log(JSON.stringify(await browser.judged()));
    await browser.close();
    const { browser: other } = await openBrowser(request);
    const judged = other.judged().catch(({ message }) => message);
    await other.close();
    console.log(JSON.stringify(await judged));`;
  const args = ['--input-type=module', '-e', script, pathToFileURL(built).href, path];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
  const [judged, stopped] = stdout.trim().split('\n');
  const expected = await (await open([path])).judged();
  expect(JSON.parse(judged!)).toEqual(JSON.parse(JSON.stringify(expected)));
  expect(JSON.parse(stopped!)).toBe('judging was stopped');
});

test('rows of lanes count the facts of the captures before', async () => {
  const [name] = NAMES;
  const alone = await (await open([join(folder, name!)])).judged();
  const first = await open([join(folder, 'note-on-dirty-bitmap.txt'), join(folder, name!)]);
  const shift = first.captures[0]!.facts;
  const { lanes } = await first.judged();
  expect(shift).toBeGreaterThan(0);
  expect(lanes.filter(({ capture }) => capture === 1).map(({ spans }) => spans)).toEqual(
    alone.lanes.map(({ spans }) => spans.map(({ row, state }) => ({ row: row + shift, state }))),
  );
  // In a note nothing is known of time.
  for (const lane of lanes.filter(({ capture }) => capture === 0)) {
    expect(lane.spans.map(({ state }) => [state.run, state.log])).toEqual([['unknown', 'unknown']]);
  }
});
