/** Files that no program would print: read to their end, in a heap that a small machine has. */
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MOST_CALLS } from '../src/facts/step.js';
import type { Activation } from '../src/flows/activations/activation.js';
import { buildRun } from '../src/flows/run.js';
import { readText } from './helpers/read-text.js';
import { runCli } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

const HEAP = { NODE_OPTIONS: '--max-old-space-size=640' };

interface Hostile {
  readonly name: string;
  /** Pieces of the file, and how often each is repeated. */
  readonly pieces: readonly (readonly [string, number])[];
  readonly code: number;
  readonly says: RegExp;
}

const files: readonly Hostile[] = [
  {
    name: 'one line of 100 MB',
    pieces: [
      ['#0  f (a="', 1],
      ['x'.repeat(1 << 20), 100],
      ['") at x.c:1\n', 1],
    ],
    code: 3,
    says: /a line of over a million characters is not read/,
  },
  { name: 'only NULs', pieces: [['\0'.repeat(1 << 20), 20]], code: 2, says: /binary, not text/ },
  {
    name: 'a log that a crash left NULs in',
    pieces: [
      ['#0  vhost_dev_start (hdev=0x5555) at x.c:1\n', 1],
      ['\0'.repeat(1 << 20), 20],
    ],
    code: 0,
    says: /1 protocol fact/,
  },
  {
    name: 'a million frames #0',
    pieces: [['#0  f () at x.c:1\n'.repeat(1000), 1000]],
    code: 3,
    says: /gdb, 1,000,000 lines/,
  },
  {
    name: 'lines #0 without a frame',
    pieces: [['#0\n'.repeat(1000), 300]],
    code: 3,
    says: /300,000 lines/,
  },
  {
    name: 'values nested 10,000 deep',
    pieces: [
      [`#0  f (a=${'{'.repeat(10_000)}${'}'.repeat(10_000)}) at x.c:1\n`, 1],
      [`#1  0x1 in g${'<'.repeat(10_000)}${'>'.repeat(10_000)} (a=1) at x.c:1\n`, 1],
      [`#2  0x1 in h (a=${'('.repeat(10_000)}) at x.c:1\n`, 1],
    ],
    code: 3,
    says: /3 lines/,
  },
  {
    name: 'a recursion of 100,000 frames',
    pieces: [
      [Array.from({ length: 100_000 }, (_, n) => `#${n}  0x5555 in f () at x.c:1\n`).join(''), 1],
    ],
    code: 3,
    says: /gdb, 100,000 lines/,
  },
  {
    name: 'thousands of devices amid as many calls that do not show theirs',
    pieces: Array.from({ length: 3000 }, (_, n) => [strangerAnd(n), 1]),
    code: 0,
    says: /no violation found/,
  },
];

/** A start of a device that is not shown, and a log start of one that is. */
function strangerAnd(n: number): string {
  const address = (below: number): string =>
    `0x5555${(0x1000 * n + below).toString(16).padStart(8, '0')}`;
  return [
    ['vhost_dev_start (hdev=<optimized out>, vdev=0x555, vrings=true) at ../hw/virtio/vhost.c:20'],
    [
      `vhost_dev_set_log (dev=${address(0)}, enable_log=true) at ../hw/virtio/vhost.c:90`,
      `vhost_migration_log (listener=${address(8)}, enable=true) at ../hw/virtio/vhost.c:95`,
    ],
  ]
    .map((calls) => stop([...calls, 'main () at ../system/main.c:48']))
    .join('');
}

/** What gdb prints at a breakpoint: the line of the stop and the backtrace, innermost call first. */
function stop(calls: readonly string[]): string {
  const frames = calls.map((call, i) => `#${i}  ${i === 0 ? '' : '0x0000555500000000 in '}${call}`);
  return [`\nThread 1 "qemu" hit Breakpoint 1, ${calls[0] ?? ''}`, ...frames, ''].join('\n');
}

test.each(files)('$name', async ({ pieces, code, says }) => {
  const cwd = tempDir();
  const path = join(cwd, 'hostile.txt');
  writeFileSync(path, '');
  for (const [piece, times] of pieces) {
    for (let i = 0; i < times; i++) appendFileSync(path, piece);
  }
  const result = await runCli(['check', 'hostile.txt'], { cwd, env: HEAP });
  expect(`${result.stdout}${result.stderr}`).toMatch(says);
  expect(result.code).toBe(code);
});

/** `vhost_dev_set_log` in `vhost_migration_log` in `vhost_dev_set_log`..., which QEMU never is. */
function nested(depth: number): string {
  const calls = Array.from({ length: depth }, (_, i) =>
    i % 2 === 0
      ? `vhost_dev_set_log (dev=0x5555573f9c50, enable_log=true) at ../hw/virtio/vhost.c:${i}`
      : `vhost_migration_log (listener=0x5555573f9c58, enable=true) at ../hw/virtio/vhost.c:${i}`,
  );
  return stop([...calls, 'main () at ../system/main.c:48']);
}

/** One call around the other without an end, two in each of the stacks, which are cut short. */
function nestedByAndBy(depth: number): string {
  const device = (i: number): string => `0x5555${(0x1000 * i).toString(16).padStart(8, '0')}`;
  const outer = (i: number): string =>
    `vhost_dev_${i % 2 === 0 ? 'start' : 'stop'} (hdev=${device(i)}, vdev=0x55, vrings=true) at ../hw/virtio/vhost.c:20`;
  return Array.from({ length: depth }, (_, i) => {
    const call = `vhost_dev_set_log (dev=${device(i)}, enable_log=true) at ../hw/virtio/vhost.c:90`;
    return `${stop([call, outer(i), outer(i + 1)])}(More stack frames follow...)\n`;
  }).join('');
}

describe('calls of known functions nested without end', () => {
  /** A folder with both files. */
  function folder(): string {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'deep.txt'), nested(5_000));
    writeFileSync(join(cwd, 'chain.txt'), nestedByAndBy(2_000));
    return cwd;
  }

  test.each([
    { args: ['flows'] },
    { args: ['flows', '--json'] },
    { args: ['flows', '--format', 'html'] },
    { args: ['export', 'otlp', '--out', 'traces.jsonl'] },
  ])('$args', async ({ args }) => {
    const result = await runCli([...args, 'deep.txt', 'chain.txt'], { cwd: folder(), env: HEAP });
    expect(result.stderr).not.toContain('internal error');
    expect(result.code).toBe(0);
  });

  test('check says what it does not judge', async () => {
    const { stdout } = await runCli(['check', '--all', 'deep.txt'], { cwd: folder(), env: HEAP });
    expect(stdout).toMatch(/a backtrace with fewer\s+than 64 calls of known\s+functions/);
  });

  test('ingest keeps every frame', async () => {
    const { stdout } = await runCli(['ingest', 'deep.txt', '--json'], { cwd: folder() });
    expect(JSON.parse(stdout)).toMatchObject({ captures: [{ backtraces: 1, frames: 5_001 }] });
  });

  test.each([nested(2_000), nestedByAndBy(2_000)])('is cut', (text) => {
    const run = buildRun(readText(text), { assumeOrdered: false });
    const depths = run.activations.map((activation) => {
      let depth = 0;
      for (let a: Activation | undefined = activation; a !== undefined; a = a.parent) depth++;
      return depth;
    });
    expect(Math.max(...depths)).toBeLessThan(3 * MOST_CALLS);
  });
});

test('a list of commands for thousands of breakpoints names them once', async () => {
  const cwd = tempDir();
  const ranges = Array.from({ length: 30 }, () => '1-9999').join(' ');
  const list = `(gdb) commands ${ranges}\n>silent\n${'>p x\n'.repeat(20_000)}>end\n`;
  writeFileSync(
    join(cwd, 'lists.txt'),
    `${list}${'(gdb) commands 1-9999\n>silent\n>end\n'.repeat(1000)}`,
  );
  const result = await runCli(['ingest', 'lists.txt'], { cwd, env: HEAP });
  expect(result.code).toBe(0);
  expect(statSync(join(cwd, 'vhtrace.db')).size).toBeLessThan(4 << 20);
});
