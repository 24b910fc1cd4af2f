/** The package as users install it: what is in it, that every command runs from it, and what starting it loads. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackage } from './helpers/installed-package.js';
import type { InstalledPackage } from './helpers/installed-package.js';
import { tempDir } from './helpers/temp-dir.js';

const root = join(import.meta.dirname, '..');
const prefix = mkdtempSync(join(tmpdir(), 'vhtrace-installed-'));
let installed: InstalledPackage;

beforeAll(() => {
  installed = installPackage(prefix);
});
afterAll(() => {
  rmSync(prefix, { recursive: true, force: true });
});

function vhtrace(
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(join(installed.bin, 'vhtrace'), words, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', ...env },
  });
}

test('it holds the program and nothing else, and is small', () => {
  const odd = installed.files.filter(
    (path) =>
      !/^dist\/bundle\/(?:[\w-]+\/)*[\w-]+\.js$/.test(path) &&
      !['LICENSE', 'README.md', 'bin/run.js', 'oclif.manifest.json', 'package.json'].includes(path),
  );
  expect(odd).toEqual([]);
  expect(installed.files).toContain('dist/bundle/commands/check.js');
  expect(installed.size).toBeLessThan(1_000_000);
});

describe('from an empty folder', () => {
  /** How each command is tried; others by their help. */
  const runs: Readonly<Record<string, readonly string[]>> = {
    baseline: ['baseline', 'write', 'capture.txt', '--reason', 'try'],
    check: ['check', 'capture.txt'],
    completion: ['completion', 'bash'],
    config: ['config'],
    diff: ['diff', 'capture.txt', 'capture.txt'],
    explain: ['explain', 'LS-ALL-RINGS'],
    flows: ['flows', 'capture.txt'],
    ingest: ['ingest', 'capture.txt'],
    ls: ['ls', '--db', 'runs.db'],
    probes: ['probes', 'gdb'],
    rules: ['rules'],
    schema: ['schema', 'check'],
    export: ['export', 'otlp', 'capture.txt'],
    scrub: ['scrub', 'capture.txt'],
    show: ['show', ':1', 'capture.txt'],
    sql: ['sql', 'SELECT path FROM v_capture', '--db', 'runs.db'],
  };
  const commands = readdirSync(join(root, 'src', 'commands'), { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(({ name }) => name.replace(/\.tsx?$/, ''));

  test.each(commands)('%s', (name) => {
    const cwd = tempDir();
    const capture = join(root, 'fixtures', 'captures', 'reset-during-migration.gdb.txt');
    copyFileSync(capture, join(cwd, 'capture.txt'));
    if (name === 'ls' || name === 'sql') vhtrace(['ingest', 'capture.txt', '--db', 'runs.db'], cwd);
    const { status, stdout, stderr } = vhtrace(runs[name] ?? [name, '--help'], cwd);
    expect(status, stderr).toBe(0);
    // What was replaced is told beside the text.
    if (name !== 'scrub') expect(stderr).toBe('');
    expect(stdout).not.toBe('');
  });
});

describe('starting', () => {
  const HEAVY = ['ink', 'react', 'slice-ansi', 'sqlite3', 'yaml', 'yoga-layout'];

  interface Loaded {
    /** Scripts of the package, relative to it. */
    readonly own: readonly string[];
    /** Names of the packages of which something is loaded. */
    readonly packages: readonly string[];
  }

  function loadedBy(words: readonly string[]): Loaded {
    const folder = tempDir();
    const { status } = vhtrace(words, folder, { NODE_V8_COVERAGE: folder });
    expect(status).toBe(0);
    const urls = readdirSync(folder)
      .filter((name) => name.startsWith('coverage-'))
      .flatMap((name) => {
        const text = readFileSync(join(folder, name), 'utf8');
        return (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url);
      });
    const home = `${pathToFileURL(realpathSync(installed.root)).href}/`;
    const packages = urls.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]);
    return {
      own: urls.filter((url) => url.startsWith(home)).map((url) => url.slice(home.length)),
      packages: [...new Set(packages.filter((name) => name !== undefined))],
    };
  }

  function sizeOf(paths: readonly string[]): number {
    return paths.reduce((sum, path) => sum + statSync(join(installed.root, path)).size, 0);
  }

  // What takes time is reading scripts; the clock of a busy machine would say less.
  test('--version loads no package and no command', () => {
    const { own, packages } = loadedBy(['--version']);
    expect(own).toContain('bin/run.js');
    expect(sizeOf(own)).toBeLessThan(10_000);
    expect(packages).toEqual(['vhtrace']);
  });

  test('the help loads oclif and the shell around it, no command', () => {
    const { own, packages } = loadedBy(['--help']);
    expect(sizeOf(own)).toBeLessThan(15_000);
    expect(packages).toContain('@oclif/core');
    for (const name of HEAVY) expect(packages).not.toContain(name);
  });

  test('a capture is checked without the database and the interactive view', () => {
    const capture = join(root, 'fixtures', 'captures', 'reset-during-migration.gdb.txt');
    const { own, packages } = loadedBy(['check', capture]);
    expect(own).toContain('dist/bundle/commands/check.js');
    for (const name of HEAVY.filter((each) => each !== 'yaml')) {
      expect(packages).not.toContain(name);
    }
  });
});
