/** The built program in a real terminal; without tmux these tests are skipped. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { program } from '../helpers/run-cli.js';
import { hasTmux, TerminalSession } from './terminal-session.js';

const GDB = resolve('fixtures/captures/vring-never-logged.gdb.txt');
const crashing = resolve('test/tui/crashing.mjs');
const open = `node ${program} tui ${GDB}`;

const ENTERED = '\x1b[?1049h';
/** Wrapping, the cursor and the screen of before, given back in this order. */
const RESTORED = '\x1b[m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** What stands on the screen may be there before all is written that gives the terminal back. */
async function expectRestored(session: TerminalSession): Promise<void> {
  const isRestored = (raw: string): boolean =>
    raw.split(RESTORED).length === raw.split(ENTERED).length;
  for (let i = 0; i < 100 && !isRestored(session.raw()); i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  const raw = session.raw();
  expect(raw.split(ENTERED).length).toBeGreaterThan(1);
  expect(raw.split(RESTORED).length).toBe(raw.split(ENTERED).length);
  expect(raw.lastIndexOf(RESTORED)).toBeGreaterThan(raw.lastIndexOf(ENTERED));
  // Nothing hides the cursor afterwards, and neither screen nor scrollback was ever cleared.
  expect(raw.slice(raw.lastIndexOf(RESTORED))).not.toContain('\x1b[?25l');
  // eslint-disable-next-line no-control-regex -- the sequences in question
  expect(raw.match(/\x1b\[[23]J/g)).toBeNull();
}

describe.skipIf(!hasTmux)('in a terminal (needs tmux)', () => {
  test('a CI job has nobody to press keys, and says how to do it all the same', async () => {
    const session = new TerminalSession(120, 24, { CI: 'true' });
    session.run(open);
    await session.shows(
      'this is a CI job (the variable CI is set) (unset CI to use it interactively)',
    );
  });

  test('open, search, jump to the violation, detail, resize, editor, quit', async () => {
    const session = new TerminalSession(80, 24);
    const editor = join(session.folder, 'editor');
    const calls = join(session.folder, 'calls');
    writeFileSync(editor, `#!/bin/sh\nstty -a > ${calls}\necho "$@" >> ${calls}\nread answer\n`);
    chmodSync(editor, 0o755);
    session.run('echo scrollback stays');
    session.run(`EDITOR=${editor} ${open}; echo left with $?`);
    await session.shows('1 error');
    session.keys('/');
    session.run('log_put');
    await session.shows(/>.*vhost_log_put/);
    session.keys('g', 'e');
    await session.shows(/>✗ +689 vhost_dev_set_log/);
    await session.shows('LS-ALL-RINGS violation at line 689');
    session.keys('Tab', 'G');
    await session.shows(/>.*701 #12/);
    await session.shows('33/33');
    session.resize(40, 10);
    // Texts are wrapped anew; the cursor stays where it was in the list.
    expect(await session.shows(/^─ Detail: line 689 ─+ 33\/\d+$/m)).not.toContain('Findings');
    session.resize(120, 40);
    await session.shows('─ Findings');
    session.keys('o');
    await expect.poll(() => readFileSync(calls, 'utf8'), { timeout: 20_000 }).toContain('fixtures');
    const said = readFileSync(calls, 'utf8');
    expect(said).toContain(`${GDB}\n`);
    expect(said).toMatch(/ icanon/);
    session.keys('Enter');
    await session.shows('─ Findings');
    session.keys('?');
    await session.shows('next violation');
    session.keys('q', 'q');
    const after = await session.shows('left with 0');
    expect(after).toContain('scrollback stays');
    await expectRestored(session);
  });

  test.each([
    [
      'Ctrl-C',
      (session: TerminalSession) => {
        session.keys('C-c');
      },
      130,
    ],
    [
      'SIGTERM',
      (session: TerminalSession) => {
        process.kill(Number(readFileSync(join(session.folder, 'pid'), 'utf8')), 'SIGTERM');
      },
      143,
    ],
  ])('the terminal is given back after %s', async (_, end, code) => {
    const session = new TerminalSession(80, 24);
    session.run(`sh -c 'echo $$ > ${session.folder}/pid; exec ${open}'; echo left with $?`);
    await session.shows('─ Timeline');
    end(session);
    await session.shows(`left with ${code}`);
    await expectRestored(session);
  });

  test.each(['later', 'in a frame'])(
    'the terminal is given back after a crash %s',
    async (when) => {
      const session = new TerminalSession(80, 24);
      session.run(`node ${crashing} '${when}'; echo left with $?`);
      expect(await session.shows(/left with \d/)).toMatch(/crashed: on purpose\nleft with 7/);
      await expectRestored(session);
    },
  );

  test('Ctrl-Z gives the terminal back until fg', async () => {
    const session = new TerminalSession(80, 24);
    session.run(open);
    await session.shows('1 error');
    session.keys('C-z');
    await session.shows('Stopped');
    await expectRestored(session);
    session.run('fg');
    await session.shows('─ Findings');
    session.keys('j');
    await session.shows(/>.* 12 vhost_dev_prepare_inflight/);
    session.keys('C-z');
    await session.shows(/Stopped[^]*Stopped/);
    session.resize(60, 12);
    session.run('fg');
    await session.shows(/q quit *$/m);
    session.keys('q');
    await session.shows('$');
    await expectRestored(session);
  });

  test('a pipe is the capture, keys come from the terminal', async () => {
    const session = new TerminalSession(80, 24);
    session.run(`cat ${GDB} | node ${program} tui -; echo left with $?`);
    await session.shows('1 error');
    session.keys('e');
    await session.shows('LS-ALL-RINGS violation at line 689');
    session.keys('o');
    await session.shows('standard input is no file to open');
    session.keys('q');
    await session.shows('left with 0');
    await expectRestored(session);
  });

  test('a terminal that cannot move its cursor is refused', async () => {
    const session = new TerminalSession(120, 24, { TERM: 'dumb' });
    session.run(`${open}; echo left with $?`);
    expect(await session.shows('left with 2')).toContain('TERM=dumb');
  });

  test('without colour nothing is coloured', async () => {
    const session = new TerminalSession(80, 24, { NO_COLOR: '1' });
    session.run(open);
    await session.shows('1 error');
    session.keys('e', 'q');
    await session.shows('$');
    // eslint-disable-next-line no-control-regex -- the sequences in question
    expect(session.raw().match(/\x1b\[\d+(?:;\d+)*m/g)).toBeNull();
  });
});
