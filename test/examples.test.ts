/** Every example of every help page does what it says: it runs as written, in bash, and ends with the right exit code. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callCli } from './helpers/call-cli.js';
import { program } from './helpers/run-cli.js';
import type { CliResult } from './helpers/run-cli.js';

const root = join(import.meta.dirname, '..');
const captures = join(root, 'fixtures', 'captures');
interface Manifest {
  readonly commands: Readonly<Record<string, { readonly examples?: readonly string[] }>>;
}

const { commands } = JSON.parse(
  readFileSync(join(root, 'oclif.manifest.json'), 'utf8'),
) as Manifest;

/** Exit codes other than 0, where the example is about that. */
const CODES: readonly (readonly [example: RegExp, code: number])[] = [
  [/^vhtrace check .*--strict/, 3],
  [/^vhtrace diff good\.txt bad\.txt|\| vhtrace diff/, 1],
  // Ctrl-C ends it, here after a second.
  [/--follow/, 130],
  // There is no terminal here, and it says so; test/tui has one.
  [/vhtrace tui/, 2],
  // Nobody listens here; export-otlp.test.ts has a receiver.
  [/--endpoint/, 2],
];

/** What `zstd -c` and `xz -c` make of three calls of vhost_dev_start(). */
const ZSTD =
  '28b52ffd643b00ed020022c5121780cb0348097991c3bb2e24a8efdba884e90aae0e6b8c1340772f04a254a95bfa' +
  'c9990921f6c7836cacb7bb30d41e7031d5c633d1ada864b1e2e9f6324e81dd3ebfee65747eeb7ce60e0205004f36' +
  '88b385d60160701a2a004e223f6d1f';
const XZ =
  'fd377a585a000004e6d6b4460200210116000000742fe5a3e0013a005e5d00118c0038f4d3acaffdabb555528cec' +
  '7d5bc0a733a6abe444749294ffa93bc84c4c8b0dbc8ba0aaa23518d895b685da29134afa3db99d95cd448b0c2850' +
  'baa22b7a47e569b8e0412657775be5873b9af65e184c49b5c6e86ca196ae8e970000000025d402d0daa894200001' +
  '7abb02000000f40bf2a4b1c467fb020000000004595a';

/** A folder with all files that examples name, and one with the programs that they pipe into. */
const cwd = mkdtempSync(join(tmpdir(), 'vhtrace-examples-'));
const bin = mkdtempSync(join(tmpdir(), 'vhtrace-bin-'));

beforeAll(async () => {
  const good = readFileSync(join(captures, 'reset-during-migration.gdb.txt'));
  const bad = readFileSync(join(captures, 'vring-never-logged.gdb.txt'));
  for (const name of ['captures', 'logs']) mkdirSync(join(cwd, name));
  const files: Readonly<Record<string, string | Buffer>> = {
    'gdb.txt': good,
    'gdb.txt.gz': gzipSync(good),
    'run1.txt': good,
    'run2.txt': bad,
    'good.txt': good,
    'bad.txt': bad,
    'bad.gz': gzipSync(bad),
    'qemu-9.1.gdb.txt': good,
    'qemu-10.0.gdb.txt': good,
    'notes.txt': readFileSync(join(captures, 'note-on-dirty-bitmap.txt')),
    'captures/one.txt': good,
    'logs/one.gz': gzipSync(good),
    'run.zst': Buffer.from(ZSTD, 'hex'),
    'facts.sql': 'SELECT path, facts FROM v_capture\n',
    'trace.log.xz': Buffer.from(XZ, 'hex'),
    'vhtrace-baseline.json': '{ "schemaVersion": 1, "findings": [] }\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const programs: Readonly<Record<string, string>> = {
    vhtrace: `exec ${process.execPath} ${program} "$@"`,
    'flamegraph.pl': 'exec cat',
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  for (const db of ['vhtrace.db', 'runs.db']) {
    expect((await callCli(['ingest', 'good.txt', '--db', db], cwd)).code).toBe(0);
  }
});
afterAll(() => {
  for (const folder of [cwd, bin]) rmSync(folder, { recursive: true, force: true });
});

/** Words that bash hands on as they are, quotes aside: such a command needs no process of its own. */
const PLAIN = /^vhtrace(?: (?:[\w./:=,-]+|'[^']*'))+$/;

async function run(example: string): Promise<Pick<CliResult, 'code' | 'stderr'>> {
  const own = /--follow|--endpoint|vhtrace tui/.test(example);
  if (!own && PLAIN.test(example)) {
    const words = [...example.matchAll(/ (?:'([^']*)'|(\S+))/g)];
    return await callCli(
      words.map(([, quoted, word = '']) => quoted ?? word),
      cwd,
    );
  }
  const script = example.includes('--follow')
    ? `timeout --preserve-status --signal=INT 2 ${example}`
    : example;
  const { status, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
    {
      cwd,
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env.PATH ?? ''}` },
    },
  );
  return { code: status, stderr };
}

function expectedCode(example: string): number {
  return CODES.find(([pattern]) => pattern.test(example))?.[1] ?? 0;
}

describe.each(Object.entries(commands))('%s --help', (name, { examples = [] }) => {
  test('has examples', () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.join('\n')).toContain(` ${name}`);
  });

  test.each(examples.map((example) => example.replaceAll('<%= config.bin %>', 'vhtrace')))(
    '%s',
    async (example) => {
      const { code, stderr } = await run(example);
      expect(code, stderr).toBe(expectedCode(example));
    },
  );
});

test('the examples of vhtrace --help', async () => {
  const { stdout } = await callCli(['--help'], cwd);
  const examples = [...stdout.matchAll(/^ {2}\$ (vhtrace .*?) {2,}/gm)].map(
    ([, text = '']) => text,
  );
  expect(examples.length).toBeGreaterThan(5);
  for (const example of examples) {
    const { code, stderr } = await run(example);
    // The store holds run2.txt by then, which is faulty.
    expect(code, `${example}\n${stderr}`).toBe(
      example === 'vhtrace check' ? 1 : expectedCode(example),
    );
  }
});
