/** Files that no program would print: read to their end, in a heap that a small machine has. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
    name: 'a million lines #0 without a frame',
    pieces: [['#0\n'.repeat(1000), 1000]],
    code: 3,
    says: /1,000,000 lines/,
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
];

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
