/** Two runs compared by steps of the protocol: equal runs are equal, and one fault is one difference. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { align } from '../src/base/align.js';
import { diffRuns } from '../src/flows/diff/diff.js';
import { buildRun } from '../src/flows/run.js';
import type { DiffCounts, SessionDiff } from '../src/model/diff.js';
import { NO_DAMAGE } from './model/damage.js';
import { anyRun, textOf } from './model/legitimate.js';
import { besideRepository, readText } from './helpers/read-text.js';
import { runsOf } from './helpers/share.js';

const captures = besideRepository('shared/captures') ?? '';
const LIMITS = { endOnFailure: true, numRuns: runsOf(80) };

function diff(a: string, b: string, exact = false): SessionDiff[] {
  const [runA, runB] = [a, b].map((text) => buildRun(readText(text), { assumeOrdered: false }));
  if (runA === undefined || runB === undefined) throw new Error('two texts');
  return diffRuns(runA, runB, { exact, context: 3 });
}

function differences(a: string, b: string): Omit<DiffCounts, 'same' | 'doubtful'>[] {
  return diff(a, b).map(({ counts: { missing, extra, moved, changed } }) => ({
    missing,
    extra,
    moved,
    changed,
  }));
}

/** Another run of the same program: other addresses, other lines of the source. */
function renamed(text: string): string {
  return text
    .replace(
      // What a call returns is no address.
      /(?<!arg1=)\b(0x)?((?:5[56]|7f)[0-9a-f]{10})\b/g,
      (_, sign: string | undefined, digits: string) =>
        `${sign ?? ''}${(BigInt(`0x${digits}`) + 0x100000n).toString(16)}`,
    )
    .replace(
      /(\.c:|\.c, line )(\d+)/g,
      (_, before: string, line: string) => before + String(Number(line) + 7),
    );
}

describe('alignment', () => {
  const items = fc.array(fc.nat(4), { maxLength: 40 }).map((list) => Int32Array.from(list));

  test('pairs ascend, are equal, and are as many as can be', () => {
    fc.assert(
      fc.property(items, items, (a, b) => {
        const pairs = align(a, b);
        for (const [at, [x, y]] of pairs.entries()) {
          expect(a[x]).toBe(b[y]);
          const [before, below] = pairs[at - 1] ?? [-1, -1];
          expect(x).toBeGreaterThan(before);
          expect(y).toBeGreaterThan(below);
        }
        expect(pairs).toHaveLength(longest(a, b));
      }),
    );
  });

  test('long sequences without anything in common end soon', () => {
    const a = Int32Array.from({ length: 100_000 }, (_, i) => i);
    expect(
      align(
        a,
        Int32Array.from(a, (i) => -1 - i),
      ),
    ).toEqual([]);
  });
});

/** Length of the longest common subsequence, by the table. */
function longest(a: Int32Array, b: Int32Array): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    for (const [j, y] of b.entries()) {
      next.push(x === y ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe('simulated runs', () => {
  test('a run is equal to itself, also with other addresses and source lines', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const text = textOf({ ...run, damage: NO_DAMAGE });
        for (const { first } of diff(text, text, true)) expect(first).toBeNull();
        for (const { first } of diff(text, renamed(text))) expect(first).toBeNull();
      }),
      LIMITS,
    );
  });

  test('what A lacks of B is what B has more than A', () => {
    fc.assert(
      fc.property(anyRun, anyRun, (one, other) => {
        const [a, b] = [one, other].map((run) => textOf({ ...run, damage: NO_DAMAGE }));
        if (a === undefined || b === undefined) return;
        const [there, back] = [diff(a, b), diff(b, a)];
        for (const [at, { counts, compared, onlyA, onlyB }] of there.entries()) {
          const mirror = back[at];
          expect(new Set(mirror?.compared)).toEqual(new Set(compared));
          expect(new Set(mirror?.onlyA)).toEqual(new Set(onlyB));
          expect(new Set(mirror?.onlyB)).toEqual(new Set(onlyA));
          expect((mirror?.counts.same ?? 0) > 0).toBe(counts.same > 0);
          expect(mirror?.first === null).toBe(there[at]?.first === null);
        }
      }),
      LIMITS,
    );
  });
});

describe.skipIf(captures === '')('real captures (skipped without ../shared/captures)', () => {
  const text = (path: string): string => readFileSync(join(captures, path), 'utf8');

  it.each(['02-migrate-complete', '03-cancel', '02c-complete-then-cont'])(
    '%s: gdb and trace of one run do not differ',
    (name) => {
      const folder = `qemu9.1.0-vhost-user/${name}`;
      const found = differences(text(`${folder}.gdb.txt`), text(`${folder}.trace.log`));
      expect(found).toEqual([{ missing: 0, extra: 0, moved: 0, changed: 0 }]);
    },
  );

  it.each(['02-migrate-complete', '03-cancel'])('%s: QEMU 9.1 and 10.0 do the same', (name) => {
    const [new_, old] = ['qemu10-vhost-user', 'qemu9.1.0-vhost-user'].map((folder) =>
      text(`${folder}/${name}.gdb.txt`),
    );
    expect(differences(new_ ?? '', old ?? '')).toEqual([
      { missing: 0, extra: 0, moved: 0, changed: 0 },
    ]);
  });

  it('one report that is left out is the one step that is missing', () => {
    const good = text('qemu10-vhost-user/02-migrate-complete.gdb.txt');
    const reports = good.split(/(?=^\n?Thread .* hit Breakpoint )/m);
    const leaf = reports.findIndex((report) => report.includes('vhost_user_set_log_base (dev'));
    expect(leaf).toBeGreaterThan(0);
    const [found] = diff(good, reports.filter((_, at) => at !== leaf).join(''));
    expect(found?.first?.at.a?.name).toBe('vhost_user_set_log_base');
    expect(found?.counts).toMatchObject({ missing: 1, extra: 0, moved: 0, changed: 0 });
  });

  it('every capture is equal to itself', () => {
    for (const folder of ['qemu10-vhost-user', 'qemu10-vhost-kernel', 'qemu10-log-resize']) {
      const path = join(captures, folder);
      if (!existsSync(path)) continue;
      for (const name of readdirSync(path).filter((each) => /\.(txt|log)$/.test(each))) {
        const own = readFileSync(join(path, name), 'utf8');
        for (const { first } of diff(own, own)) expect(first, name).toBeNull();
      }
    }
  });
});

describe('builds and versions', () => {
  const WATCHED = [
    'memory_global_dirty_log_start',
    'memory_global_dirty_log_do_start',
    'vhost_log_global_start',
    'vhost_migration_log',
    'vhost_log_sync',
    'vhost_sync_dirty_bitmap',
  ];
  const FRAMES: Readonly<Record<string, string>> = {
    memory_global_dirty_log_start: 'memory_global_dirty_log_start (flags=1)',
    memory_global_dirty_log_do_start: 'memory_global_dirty_log_do_start ()',
    vhost_log_global_start: 'vhost_log_global_start (listener=0x555556b22da8)',
    vhost_migration_log: 'vhost_migration_log (listener=0x555556b22da8, enable=true)',
    vhost_log_sync: 'vhost_log_sync (listener=0x555556b22da8, section=0x7ffff4bfe860)',
    vhost_sync_dirty_bitmap:
      'vhost_sync_dirty_bitmap (dev=0x555556b22da0, section=0x7ffff4bfe860, first=0, last=9)',
    migration_thread: 'migration_thread (opaque=0x555555f283a0)',
    start_thread: 'start_thread (arg=0x0)',
    clone3: 'clone3 ()',
  };

  /** Stops in functions under the script of `vhtrace probes gdb`, each with its callers, the innermost first. */
  function underRecipe(...stacks: readonly (readonly string[])[]): string {
    const head = WATCHED.map((func, i) => `vhtrace-probes 1 watched ${func} breakpoint ${i + 1}.`);
    const stops = stacks.map((stack) => {
      const number = WATCHED.indexOf(stack[0] ?? '') + 1;
      const frames = [...stack, 'migration_thread', 'start_thread', 'clone3'].map(
        (func, i) =>
          `${i === 0 ? '' : '0x000055555587ee0a in '}${FRAMES[func] ?? ''} at a.c:${i + 9}`,
      );
      const lines = frames.map((frame, i) => `#${i}  ${frame}`);
      return ['', `Thread 6 "q" hit Breakpoint ${number}, ${frames[0] ?? ''}`, ...lines].join('\n');
    });
    return [...head, ...stops, ''].join('\n');
  }

  const [START, DO, LOG, SET] = WATCHED as [string, string, string, string];
  const SYNC = ['vhost_sync_dirty_bitmap', 'vhost_log_sync'];
  const plain = underRecipe([START], [LOG, START], [SET, LOG, START], ['vhost_log_sync'], SYNC);

  test('a call that is inlined at the very beginning of its caller is told in its stead', () => {
    const inlined = underRecipe([START], [SET, LOG, START], ['vhost_log_sync'], SYNC);
    const none = { missing: 0, extra: 0, moved: 0, changed: 0 };
    expect(differences(plain, inlined)).toEqual([none]);
    const left = underRecipe([START], [SET, START], ['vhost_log_sync'], SYNC);
    expect(differences(plain, left)).toEqual([{ ...none, missing: 1 }]);
  });

  test('a call between two others leaves those what they are', () => {
    const none = { missing: 0, extra: 0, moved: 0, changed: 0 };
    const split = underRecipe(
      ...[[START], [DO, START], [LOG, DO, START], [SET, LOG, DO, START]],
      ...[['vhost_log_sync'], SYNC],
    );
    expect(differences(plain, split)).toEqual([{ ...none, extra: 1 }]);
    // The last call of vhost_log_sync() is a jump.
    const jump = underRecipe(
      [START],
      [LOG, START],
      [SET, LOG, START],
      ['vhost_log_sync'],
      ['vhost_sync_dirty_bitmap'],
    );
    expect(differences(plain, jump)).toEqual([none]);
  });
});

test('two events of one call are one call of a debugger', () => {
  const gdb = [
    'Thread 6 "mig" hit Breakpoint 2, migration_cleanup (s=0x5555562b1f00) at ../migration/migration.c:1200',
    '#0  migration_cleanup (s=0x5555562b1f00) at ../migration/migration.c:1200',
    'Thread 6 "mig" hit Breakpoint 1, ram_save_complete (f=0x5555562b1f00) at ../migration/ram.c:3370',
    '#0  ram_save_complete (f=0x5555562b1f00) at ../migration/ram.c:3370',
  ].join('\n');
  const begin = ['migration_cleanup ', 'ram_save_complete dirty=56900, done=0'];
  const whole = [...begin, 'ram_save_complete dirty=0, done=1'].join('\n');
  const none = { missing: 0, extra: 0, moved: 0, changed: 0 };
  expect(differences(gdb, whole)).toEqual([none]);
  expect(differences(gdb, [...begin, begin[1]].join('\n'))).toEqual([{ ...none, extra: 1 }]);
});
