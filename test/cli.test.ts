/**
 * Runs every `fixtures/cli/*.scenario`: files to make, then commands with what they must print.
 *
 *     -- file gdb.txt --             the lines below, until the next section
 *     -- hex garbage.bin --          the same as bytes
 *     -- folder logs --
 *     -- commands --
 *     $ VAR=value vhtrace check - < gdb.txt
 *     a line of standard output
 *     ! a line of standard error
 *     ? 1                            the exit code
 *     $ files                        names what is in the folder
 *
 * Outputs are golden: `npm test -- -u` rewrites them, the commands stay. ␛ stands for ESC.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { callCli } from './helpers/call-cli.js';
import { program, runCli } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

const folder = fileURLToPath(new URL('../fixtures/cli', import.meta.url));
const scenarios = readdirSync(folder).filter((name) => name.endsWith('.scenario'));

test.each(scenarios)('%s', async (name) => {
  const file = join(folder, name);
  const [setup = '', commands = ''] = readFileSync(file, 'utf8').split('-- commands --\n');
  const cwd = tempDirOf(setup);
  const results: string[] = [];
  for (const line of commands.split('\n')) {
    if (line.startsWith('$ ')) results.push(line, ...(await run(line.slice(2), cwd)), '');
    else if (line.startsWith('# ')) results.push(line);
  }
  await expect(`${setup}-- commands --\n${results.join('\n')}`).toMatchFileSnapshot(file);
});

// 1 would say that violations were found.
test.skipIf(!existsSync('/dev/full'))('output that cannot be written ends with 2', () => {
  const full = openSync('/dev/full', 'w');
  const run = (words: string[], stdout: number | 'pipe', stderr: number | 'pipe') =>
    spawnSync(process.execPath, [program, ...words], {
      stdio: ['ignore', stdout, stderr],
      encoding: 'utf8',
    });
  const lost = run(['rules'], full, 'pipe');
  expect(lost.status).toBe(2);
  expect(lost.stderr).toMatch(/^vhtrace: standard output: could not be written: ENOSPC.*\n$/);
  expect(run(['check', 'nosuch.txt'], 'pipe', full).status).toBe(2);
});

function tempDirOf(setup: string): string {
  const cwd = tempDir();
  for (const section of setup.split(/^-- (?=\w+ \S+ --$)/m).slice(1)) {
    const [header = '', ...content] = section.split('\n');
    const [kind, path = ''] = header.split(' ');
    const text = content.join('\n');
    if (kind === 'folder') mkdirSync(join(cwd, path));
    else
      writeFileSync(
        join(cwd, path),
        kind === 'hex' ? Buffer.from(text.replace(/\s/g, ''), 'hex') : text,
      );
  }
  return cwd;
}

async function run(command: string, cwd: string): Promise<string[]> {
  if (command === 'files') return readdirSync(cwd).sort();
  const words = command.split(' ');
  const start = words.indexOf('vhtrace');
  const env: Record<string, string> = {};
  for (const word of words.slice(0, start)) {
    const [name = '', value = ''] = word.split('=');
    env[name] = value;
  }
  const input = words.indexOf('<');
  const args = words.slice(start + 1, input === -1 ? undefined : input);
  const { stdout, stderr, code } =
    start === 0 && input === -1
      ? await callCli(args, cwd)
      : await runCli(args, {
          cwd,
          env,
          ...(input === -1 ? {} : { stdin: join(cwd, words[input + 1] ?? '') }),
        });
  return [...linesOf(stdout), ...linesOf(stderr).map((line) => `! ${line}`.trimEnd()), `? ${code}`];
}

function linesOf(output: string): string[] {
  if (output === '') return [];
  expect(output.endsWith('\n'), 'output ends with a newline').toBe(true);
  return output.slice(0, -1).replaceAll('\x1b', '␛').split('\n');
}

test('a home that is closed is no matter', async () => {
  const cwd = tempDirOf('');
  // What would be read there cannot be read: a test may run as root, who may read everything.
  mkdirSync(join(cwd, 'vhtrace', 'package.json'), { recursive: true });
  const { code, stderr } = await runCli(['rules'], { cwd, env: { XDG_DATA_HOME: cwd } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('the program ends with its reader', async () => {
  const cwd = tempDirOf('');
  const capture = fileURLToPath(
    new URL('../fixtures/captures/vring-never-logged.gdb.txt', import.meta.url),
  );
  await callCli(['ingest', capture], cwd);
  const endless = 'with recursive c(x) as (select 1 union all select x + 1 from c) select x from c';
  writeFileSync(join(cwd, 'long.txt'), 'a line of a capture\n'.repeat(1e6));
  for (const args of [
    ['sql', endless, '--format', 'csv'],
    ['scrub', 'long.txt'],
  ]) {
    const child = spawn(process.execPath, [program, ...args], { cwd });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code, args[0]).toBe(0);
  }
  expect(readdirSync(cwd).sort()).toEqual(['long.txt', 'vhtrace.db']);
});
