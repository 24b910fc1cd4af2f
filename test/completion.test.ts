/** The scripts of `vhtrace completion`, loaded by the shells that they are for, where those are installed. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

const hasShell = (name: string): boolean => spawnSync(name, ['-c', 'true']).status === 0;

/** The script as a file in a folder of its own. */
async function scriptFor(shell: string): Promise<{ readonly cwd: string; readonly path: string }> {
  const cwd = tempDir();
  const { stdout, code } = await runCli(['completion', shell], { cwd });
  expect(code).toBe(0);
  const path = join(cwd, 'script');
  writeFileSync(path, stdout);
  return { cwd, path };
}

function linesOf(shell: string, args: readonly string[], cwd: string): readonly string[] {
  const { stdout, stderr, status } = spawnSync(shell, args, { cwd, encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  /** What bash offers after these words, as it splits them itself. */
  async function offers(...words: readonly string[]): Promise<readonly string[]> {
    const { cwd, path } = await scriptFor('bash');
    const code = `set -u; source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vhtrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf('bash', ['-c', code, path, 'vhtrace', ...words], cwd);
  }

  test.each([
    { words: ['ch'], expected: ['check'] },
    { words: ['check', '--fail'], expected: ['--fail-on'] },
    { words: ['check', '--format', 'j'], expected: ['json', 'junit'] },
    { words: ['check', '--format', '=', 'sa'], expected: ['sarif'] },
    { words: ['check', '--fail-on', '='], expected: ['error', 'warning', 'note', 'inconclusive', 'never'] }, // prettier-ignore
    { words: ['check', '--only', 'LS-ALL-'], expected: ['LS-ALL-DEVICES', 'LS-ALL-RINGS'] },
    { words: ['explain', 'ST-IDX'], expected: ['ST-IDX'] },
    { words: ['probes', ''], expected: ['gdb', 'uprobes', 'qemu', 'ftrace', 'strace'] },
    { words: ['check', 'gdb'], expected: [] },
    { words: ['check', '--', '--fail'], expected: [] },
    { words: ['check', '--db', ''], expected: [] },
  ])('$words', async ({ words, expected }) => {
    expect(await offers(...words)).toEqual(expected);
  });

  test('every command and the help of each', async () => {
    const commands = await offers('');
    expect(commands).toEqual(expect.arrayContaining(['check', 'completion', 'flows', '--help']));
    expect(await offers('ls', '-')).toEqual(expect.arrayContaining(['--db', '--json', '--help']));
  });
});

describe.skipIf(!hasShell('zsh'))('zsh', () => {
  test('takes the script and knows the command', async () => {
    const { cwd, path } = await scriptFor('zsh');
    const code = 'autoload -U compinit; compinit -D -u; source $1; print ${_comps[vhtrace]}';
    expect(linesOf('zsh', ['-f', '-c', code, 'zsh', path], cwd)).toEqual(['_vhtrace']);
  });
});

describe.skipIf(!hasShell('fish'))('fish', () => {
  test.each([
    { line: 'vhtrace chec', expected: ['check'] },
    { line: 'vhtrace check --form', expected: ['--format'] },
    { line: 'vhtrace check --format sa', expected: ['sarif'] },
    { line: 'vhtrace check -- --form', expected: [] },
    { line: 'vhtrace explain LS-ALL-R', expected: ['LS-ALL-RINGS'] },
  ])('$line', async ({ line, expected }) => {
    const { cwd, path } = await scriptFor('fish');
    const code = 'source $argv[1]; complete -C $argv[2]';
    const offered = linesOf('fish', ['--no-config', '-c', code, path, line], cwd);
    expect(offered.map((each) => each.split('\t', 1)[0])).toEqual(expected);
  });
});
