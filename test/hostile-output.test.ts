/** Whatever a capture, a file name or a word of the command line says: no command prints what a terminal, a CI system or a browser obeys. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printable } from '../src/base/printable.js';
import { flowReporters } from '../src/reporters/flow/index.js';
import { reporters } from '../src/reporters/index.js';
import { callCli } from './helpers/call-cli.js';
import { program, runCli } from './helpers/run-cli.js';
import type { CliResult } from './helpers/run-cli.js';
import { hasTmux, TerminalSession } from './tui/terminal-session.js';

const captures = join(import.meta.dirname, '..', 'fixtures', 'captures');

/** Text of a line; a file name cannot have a slash. */
const EVIL =
  '\x1b[31m\x1b]0;title\x07\r::error::planted ]]><script>alert(1)<script>\u202e\u2066\x9b';
const BASELINE = `${EVIL}.json`;
const NAME = `a\n::error::planted\n${EVIL}.txt`;

// Tabs and line ends are what text is laid out with.
// eslint-disable-next-line no-control-regex -- control characters are what must not be there
const OBEYED = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const cwd = mkdtempSync(join(tmpdir(), 'vhtrace-hostile-'));

beforeAll(async () => {
  const plain = readFileSync(join(captures, 'vring-never-logged.gdb.txt'), 'utf8');
  const planted = plain
    .replaceAll('../hw/virtio/vhost.c', `../hw/${EVIL}/vhost.c`)
    .replaceAll('"live_migration"', `"${EVIL}"`)
    .replace(
      '\n',
      `\n${EVIL}\nvirtio_set_status vdev 0x1 val 15 ${EVIL}\nqemu-kvm: ../a.c:1: f: Assertion \`${EVIL}' failed.\n`,
    );
  expect(planted).not.toBe(plain);
  writeFileSync(join(cwd, NAME), planted);
  writeFileSync(join(cwd, 'plain.txt'), plain);
  writeFileSync(join(cwd, 'prose.txt'), `${EVIL}\n`);
  mkdirSync(join(cwd, 'configured'));
  writeFileSync(
    join(cwd, 'configured', 'vhtrace.config.json'),
    JSON.stringify({ [EVIL]: EVIL, failOn: EVIL }),
  );
  await runCli(['ingest', NAME, '--db', 'runs.db'], { cwd });
});
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true });
});

function expectHarmless({ stdout, stderr }: CliResult): void {
  expect(stdout).not.toMatch(OBEYED);
  expect(stderr).not.toMatch(OBEYED);
  // What begins a line there is a command to GitHub.
  expect(`${stdout}\n${stderr}`).not.toMatch(/^::error::planted/m);
  // A file name with line ends makes no further line.
  expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('vhtrace: '))).toEqual(
    [],
  );
}

/** Command lines with a title that is harmless itself. */
function lines(
  ...all: readonly (readonly string[])[]
): { title: string; words: readonly string[] }[] {
  return all.map((words) => ({ title: printable(words.join(' ')), words }));
}

describe('what a capture and its name say', () => {
  test.each(Object.keys(reporters))('check --format %s', async (format) => {
    const result = await callCli(['check', NAME, '--all', '--format', format], cwd);
    expect(result.code).toBe(1);
    expectHarmless(result);
    if (format === 'junit') expect(result.stdout).not.toMatch(/]]>|<script/);
    if (format === 'github') {
      for (const line of result.stdout.split('\n').filter((each) => each.startsWith('::'))) {
        expect(line).toMatch(/^::(?:error|warning|notice) file=/);
      }
    }
  });

  test.each(
    Object.entries(flowReporters).flatMap(([by, formats]) =>
      Object.keys(formats).map((format) => ({ by, format })),
    ),
  )('flows --by $by --format $format', async ({ by, format }) => {
    const words = ['flows', NAME, '--by', by, '--format', format, '--unfold'];
    const result = await callCli(words, cwd);
    expect(result.code).toBe(0);
    expectHarmless(result);
    if (format === 'html') expect(result.stdout).not.toContain('<script>alert');
  });

  test.each(
    lines(
      ['check'],
      ['ls'],
      ['ls', '--json'],
      ['flows'],
      ['ingest', NAME],
      ['ingest', NAME, '--json'],
      ['diff', NAME, 'plain.txt'],
      ['diff', NAME, 'plain.txt', '--exact'],
      ['diff', NAME, 'plain.txt', '--json'],
      ['show', ':2', NAME],
      ['show', ':2', NAME, '--json'],
      ['show', 'LS-ALL-RINGS', NAME],
      ['show', '#1', NAME],
      ['sql', 'SELECT * FROM v_record'],
      ['sql', 'SELECT * FROM v_record', '--json'],
      ['sql', 'SELECT path, args FROM v_frame'],
      ['export', 'otlp', NAME],
      ['baseline', 'write', NAME, '--reason', EVIL],
      ['baseline', 'check', NAME],
      ['baseline', 'check', 'plain.txt', '--json'],
      ['baseline', 'check', 'prose.txt'],
      ['check', NAME, '--baseline', 'vhtrace-baseline.json'],
      ['check', 'prose.txt'],
      [
        'baseline',
        'write',
        'plain.txt',
        '--reason',
        'r',
        '--baseline',
        `\n::error::planted\n${BASELINE}`,
      ],
    ),
  )('$title', async ({ words }) => {
    const usesStore = ['check', 'ls', 'flows', 'ingest', 'sql'].includes(words[0] ?? '');
    const result = await callCli(usesStore ? [...words, '--db', 'runs.db'] : words, cwd);
    expect(result.stderr).not.toContain('internal error');
    expectHarmless(result);
  });
});

test('scrub writes a capture as it is, but not to a terminal', async (context) => {
  const piped = await runCli(['scrub', 'prose.txt'], { cwd });
  expect(piped.stdout).toBe(`${EVIL}\n`);
  context.skip(!hasTmux, 'needs tmux');
  const session = new TerminalSession(200, 10);
  session.run(`node ${program} scrub ${join(cwd, 'prose.txt')}`);
  await session.shows('\\x1b]0;title\\x07\\x0d::error::planted');
  expect(session.raw()).not.toContain('\x1b]0;title');
});

describe('what the command line and a configuration file say', () => {
  test.each(
    lines(
      [EVIL],
      ['help', EVIL],
      ['check', `--${EVIL}`],
      ['check', EVIL],
      ['check', `missing\n${EVIL}*`],
      ['check', 'plain.txt', '--only', EVIL],
      ['check', 'plain.txt', '--severity', EVIL],
      ['check', 'plain.txt', '--fail-on', EVIL],
      ['check', 'plain.txt', '--qemu-version', EVIL],
      ['check', 'plain.txt', '--output', EVIL],
      ['check', 'plain.txt', '--output', `json=none/${EVIL}`],
      ['check', 'plain.txt', '--baseline', `${EVIL}\n${EVIL}`],
      ['check', 'plain.txt', '--trace-events', EVIL],
      ['ls', '--db', EVIL],
      ['explain', EVIL],
      ['probes', EVIL],
      ['probes', 'gdb', '--rule', EVIL],
      ['schema', EVIL],
      ['completion', EVIL],
      ['diff', EVIL, 'plain.txt'],
      ['baseline', EVIL],
      ['baseline', 'write', 'plain.txt', '--reason', 'r', '--expires', EVIL],
      ['flows', EVIL],
      ['ingest', EVIL, '--db', 'new.db'],
    ),
  )('$title', async ({ words }) => {
    const result = await callCli(words, cwd);
    expect(result.code).toBe(2);
    expectHarmless(result);
    expect(result.stderr).not.toContain('internal error');
  });

  test('vhtrace.config.json', async () => {
    const result = await callCli(['config'], join(cwd, 'configured'));
    expect(result.code).toBe(2);
    expectHarmless(result);
  });

  test('config shows values', async () => {
    const result = await callCli(['config', '--baseline', `x\n${EVIL}`], cwd);
    expect(result.code).toBe(0);
    expectHarmless(result);
  });
});
