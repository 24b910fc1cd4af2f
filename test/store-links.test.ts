/** What SQLite does with links where a store and its files are: one that the user names is followed, a planted one is not. */
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { callCli } from './helpers/call-cli.js';
import { program, runCli } from './helpers/run-cli.js';
import { tempDir } from './helpers/temp-dir.js';

const root = join(import.meta.dirname, '..');
const capture = join(root, 'fixtures', 'captures', 'reset-during-migration.gdb.txt');
const VICTIM = 'not a file of ours\n';

function ingest(cwd: string): ReturnType<typeof runCli> {
  return runCli(['ingest', capture, '--db', 'runs.db'], { cwd });
}

/** A link `runs.db-wal` or the like, to a file that must not be touched. */
function plant(cwd: string, ending: string): string {
  const victim = join(cwd, 'victim');
  writeFileSync(victim, VICTIM);
  symlinkSync('victim', join(cwd, `runs.db${ending}`));
  return victim;
}

test('a store that is a link is the file that it names', async () => {
  const cwd = tempDir();
  symlinkSync('elsewhere.db', join(cwd, 'runs.db'));
  expect((await ingest(cwd)).code).toBe(0);
  expect(lstatSync(join(cwd, 'runs.db')).isSymbolicLink()).toBe(true);
  expect(readdirSync(cwd).sort()).toEqual(['elsewhere.db', 'runs.db']);
});

describe.each(['-wal', '-shm', '-journal'])('a planted link runs.db%s', (ending) => {
  test('beside a new store: what it points to stays as it is', async () => {
    const cwd = tempDir();
    const victim = plant(cwd, ending);
    const { code, stderr } = await ingest(cwd);
    // SQLite takes files of a store that is not there for leftovers, and removes them: the link, not its target.
    if (code !== 0) expect(stderr).toContain(`runs.db${ending}: is a symbolic link`);
    expect(readFileSync(victim, 'utf8')).toBe(VICTIM);
  });

  test('beside a store: it is refused, by name', async () => {
    const cwd = tempDir();
    expect((await ingest(cwd)).code).toBe(0);
    const victim = plant(cwd, ending);
    for (const words of [['ls'], ['check'], ['ingest', capture]]) {
      const { code, stderr } = await callCli([...words, '--db', 'runs.db'], cwd);
      expect(code).toBe(2);
      expect(stderr).toContain(
        `runs.db${ending}: is a symbolic link, and none is followed beside a store`,
      );
    }
    expect(readFileSync(victim, 'utf8')).toBe(VICTIM);
  });
});

test('stores, reports and baselines get the permissions that the umask leaves', () => {
  const cwd = tempDir();
  const vhtrace = `${process.execPath} ${program}`;
  const script = [
    `umask 077`,
    `${vhtrace} ingest ${capture} --db runs.db`,
    `${vhtrace} check ${capture} --output sarif=out.sarif`,
    `${vhtrace} baseline write ${capture} --reason x --baseline known.json`,
  ];
  execFileSync('bash', ['--norc', '-ec', script.join('\n')], { cwd, stdio: 'ignore' });
  const modes = readdirSync(cwd).map((name) => [name, statSync(join(cwd, name)).mode & 0o777]);
  expect(modes).toEqual([
    ['known.json', 0o600],
    ['out.sarif', 0o600],
    ['runs.db', 0o600],
  ]);
});
