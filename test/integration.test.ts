/** Gates in repositories of others: the GitHub action, the GitLab snippet and the pre-commit hook, run as they are written. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
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

const FAULTY = 'vring-never-logged.gdb.txt';
const LEGITIMATE = 'reset-during-migration.gdb.txt';

/** A git repository with these captures in its folder `captures`. */
function repositoryWith(...captures: readonly string[]): string {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'captures'));
  for (const name of captures) {
    copyFileSync(join(root, 'fixtures', 'captures', name), join(cwd, 'captures', name));
  }
  for (const args of [
    ['init', '--quiet'],
    ['add', '.'],
  ]) {
    expect(spawnSync('git', args, { cwd }).status).toBe(0);
  }
  return cwd;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As runners call bash. */
function bash(script: string, cwd: string, env: Readonly<Record<string, string>>): Ran {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
    { cwd, encoding: 'utf8', env: { PATH: `${installed.bin}:${process.env.PATH ?? ''}`, ...env } },
  );
  return { code: status, stdout, stderr };
}

describe('action.yml', () => {
  interface Action {
    readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
    readonly runs: {
      readonly using: string;
      readonly steps: readonly {
        readonly run: string;
        readonly shell: string;
        readonly env?: Readonly<Record<string, string>>;
      }[];
    };
  }
  const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as Action;

  /** The steps one after the other, until one fails. */
  function run(cwd: string, given: Readonly<Record<string, string>>): Ran & { summary: string } {
    const summary = join(tempDir(), 'summary.md');
    writeFileSync(summary, '');
    let result: Ran = { code: 0, stdout: '', stderr: '' };
    for (const { run: script, env = {} } of action.runs.steps) {
      const filled = Object.entries(env).map(([name, text]) => [
        name,
        text.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, input: string) => {
          expect(Object.keys(action.inputs)).toContain(input);
          return given[input] ?? action.inputs[input]?.default ?? '';
        }),
      ]);
      result = bash(script, cwd, {
        GITHUB_ACTION_PATH: installed.root,
        GITHUB_WORKSPACE: cwd,
        GITHUB_STEP_SUMMARY: summary,
        ...(Object.fromEntries(filled) as Record<string, string>),
      });
      if (result.code !== 0) break;
    }
    return { ...result, summary: readFileSync(summary, 'utf8') };
  }

  test('is a composite action that puts no input into a script', () => {
    expect(action.runs.using).toBe('composite');
    for (const { run: script, shell } of action.runs.steps) {
      expect(shell).toBe('bash');
      expect(script).not.toContain('${{');
    }
  });

  test('a faulty capture fails it: annotation, summary and SARIF', () => {
    const cwd = repositoryWith(FAULTY, LEGITIMATE);
    const { code, stdout, summary } = run(cwd, { files: 'captures/*.txt', sarif: 'out.sarif' });
    expect(code).toBe(1);
    expect(stdout).toContain(`::error file=captures/${FAULTY},line=689,title=LS-ALL-RINGS`);
    expect(summary).toContain('LS-ALL-RINGS');
    expect(readFileSync(join(cwd, 'out.sarif'), 'utf8')).toContain('"ruleId": "LS-ALL-RINGS"');
  });

  test('a legitimate one passes', () => {
    const cwd = repositoryWith(LEGITIMATE);
    const { code, stdout, summary } = run(cwd, { files: `\n  captures/${LEGITIMATE}\n` });
    expect(code).toBe(0);
    expect(stdout).toBe('vhtrace: 0 errors, 0 warnings, 0 notes; 40 passed, 8 inconclusive\n');
    expect(summary.split('\n')[0]).toBe(
      'vhtrace: no violation found; 40 checks passed, 8 inconclusive',
    );
    expect(summary).toContain(`captures/${LEGITIMATE}: gdb, 1,448 lines, 75 protocol`);
  });

  test('inputs are flags of check', () => {
    const cwd = repositoryWith(FAULTY);
    const files = 'captures/*.txt';
    expect(run(cwd, { files, 'fail-on': 'never' }).code).toBe(0);
    expect(run(cwd, { files, 'fail-on': 'never', strict: 'true' }).code).toBe(3);
    expect(run(cwd, { files, 'fail-on': 'never', strict: 'false' }).code).toBe(0);
    const write = `vhtrace baseline write ${files} --reason known --baseline known.json`;
    expect(bash(write, cwd, {}).code).toBe(0);
    expect(run(cwd, { files, baseline: 'known.json' }).code).toBe(0);
  });

  test('what cannot be checked fails it, too', () => {
    const cwd = repositoryWith(LEGITIMATE);
    expect(run(cwd, { files: 'captures/missing.txt' }).code).toBe(2);
    expect(run(cwd, { files: ' \n ' }).code).toBe(2);
    const files = 'captures/*.txt';
    expect(run(cwd, { files, strict: 'yes' })).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('::error::the input "strict"') as string,
    });
    expect(run(cwd, { files, 'fail-on': 'errors' }).code).toBe(2);
    expect(run(cwd, { files, baseline: 'missing.json' }).code).toBe(2);
    expect(run(cwd, { files, sarif: 'no/such/folder.sarif' }).code).toBe(2);
    writeFileSync(join(cwd, 'captures', 'empty.txt'), 'nothing of vhost\n');
    expect(run(cwd, { files: 'captures/empty.txt' }).code).toBe(3);
  });

  test('an input is text, whatever is in it', () => {
    const cwd = repositoryWith(LEGITIMATE);
    const { code } = run(cwd, { files: '$(touch planted)\n`touch planted`\n--db=planted\n-x' });
    expect(code).toBe(2);
    expect(existsSync(join(cwd, 'planted'))).toBe(false);
    copyFileSync(join(cwd, 'captures', LEGITIMATE), join(cwd, "--it's one.txt"));
    expect(run(cwd, { files: "--it's one.txt" }).code).toBe(0);
  });
});

describe('.pre-commit-hooks.yaml', () => {
  const [hook] = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as {
    readonly id: string;
    readonly entry: string;
    readonly language: string;
    readonly files: string;
  }[];

  /** As pre-commit calls it: the entry, then the files of the commit that its pattern takes. */
  function run(cwd: string): Ran {
    const listed = bash('git ls-files', cwd, {}).stdout.trim().split('\n');
    const files = listed.filter((path) => new RegExp(hook?.files ?? '').test(path));
    expect(files).not.toEqual([]);
    return bash(`${hook?.entry ?? ''} ${files.join(' ')}`, cwd, {});
  }

  test('a faulty capture keeps the commit back, a legitimate one does not', () => {
    expect(hook).toMatchObject({ id: 'vhtrace', language: 'node' });
    expect(run(repositoryWith(FAULTY, LEGITIMATE)).code).toBe(1);
    expect(run(repositoryWith(LEGITIMATE)).code).toBe(0);
  });
});

describe('bin/prepare.js', () => {
  /** The calls of npm, and what they are told of --global, as an installation from git makes them. */
  function callsOf(cwd: string): string[] {
    const bin = tempDir();
    const log = join(bin, 'log');
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$npm_config_global $*" >> ${log}\n`);
    chmodSync(join(bin, 'npm'), 0o755);
    mkdirSync(join(cwd, 'bin'), { recursive: true });
    copyFileSync(join(root, 'bin', 'prepare.js'), join(cwd, 'bin', 'prepare.mjs'));
    const script = `PATH=${bin}:$PATH\nnode bin/prepare.mjs`;
    expect(bash(script, cwd, { npm_config_global: 'true' }).code).toBe(0);
    return readFileSync(log, 'utf8').trim().split('\n');
  }

  test('installs what the build needs where it is missing, and builds', () => {
    const cwd = tempDir();
    expect(callsOf(cwd)).toEqual([
      expect.stringMatching(/^false ci .*--include=dev/),
      'false run build',
    ]);
    mkdirSync(join(cwd, 'node_modules', 'typescript'), { recursive: true });
    expect(callsOf(cwd)).toEqual(['false run build']);
  });
});

describe('README', () => {
  const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```yaml\n(.*?)```/gs)]
    .map(([, text = '']) => parse(text) as unknown)
    .filter((block) => block !== null);

  interface Job {
    readonly before_script: readonly string[];
    readonly script: string;
    readonly artifacts: { readonly reports: { readonly codequality: string } };
  }

  test('the GitLab job', () => {
    const found = blocks.find((block) => (block as { vhtrace?: Job }).vhtrace !== undefined);
    const {
      before_script: before,
      script,
      artifacts,
    } = (found as { readonly vhtrace: Job }).vhtrace;
    expect(before).toEqual([
      'npm ci --prefix tools/vhtrace --ignore-scripts',
      'npm run build --prefix tools/vhtrace',
    ]);
    const run = (cwd: string): Ran => {
      mkdirSync(join(cwd, 'tools'));
      // What was installed and built there is the package that is tested.
      symlinkSync(installed.root, join(cwd, 'tools', 'vhtrace'));
      return bash(script, cwd, { CI_PROJECT_DIR: cwd });
    };
    const cwd = repositoryWith(FAULTY, LEGITIMATE);
    expect(run(cwd).code).toBe(1);
    const report = readFileSync(join(cwd, artifacts.reports.codequality), 'utf8');
    expect(report).toContain(`"path": "captures/${FAULTY}"`);
    expect(run(repositoryWith(LEGITIMATE)).code).toBe(0);
  });

  test('the GitHub steps name inputs of the action', () => {
    const steps = blocks.find(
      (block) => Array.isArray(block) && block.some((step: object) => 'uses' in step),
    ) as { readonly uses: string; readonly with?: Readonly<Record<string, string>> }[];
    const own = steps.find(({ uses }) => uses === './tools/vhtrace');
    expect(Object.keys(own?.with ?? {})).toEqual(['files']);
  });
});
