/**
 * Logs that a person shortened or put together: a call that they only name, or left out with a mark, was not missing, and
 * what stands above and below their words may be of two stacks.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { functionTable } from '../src/facts/functions.js';
import { NamedCalls } from '../src/formats/gdb/named-calls.js';
import { alarms } from './helpers/alarms.js';
import { readText } from './helpers/read-text.js';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'rules', 'LS-ALL-RINGS');
const LINES = readFileSync(join(FOLDER, 'violation-last-vring-missed', 'input.txt'), 'utf8').split(
  '\n',
);
/** vhost_virtqueue_set_addr() of vring 1 is missing above this stop. */
const PLACE = LINES.findIndex((line) => /hit Breakpoint 15, .*add=true/.test(line));

/** Rules that report the log with these lines, a blank one below them, where the stop is missing. */
function reportedWith(...lines: readonly string[]): string[] {
  const text = [...LINES.slice(0, PLACE), ...lines, '', ...LINES.slice(PLACE)].join('\n');
  return alarms(text).map((alarm) => alarm.split(' ')[0] ?? '');
}

describe('the call that is missing is not reported where', () => {
  test.each([
    ['a stack has names only', '#0  vhost_virtqueue_set_addr', '#1  vhost_dev_set_log'],
    ['the innermost frame alone is named', '#0  vhost_virtqueue_set_addr'],
    ['the stop is shortened', 'Breakpoint 10, vhost_virtqueue_set_addr ...'],
    ['a chain names it', 'vhost_virtqueue_set_addr <- vhost_dev_set_log <- vhost_migration_log'],
    ['a list names it', '[0] vhost_virtqueue_set_addr', '[1] vhost_dev_set_log'],
    [
      'a frame lost its level',
      'vhost_virtqueue_set_addr (dev=0x5, idx=1) at ../hw/virtio/vhost.c:956',
    ],
    ['it was the same', '(vhost_virtqueue_set_addr: same)'],
    ['a frame stands for the stack', '#0  (same)'],
    ['dots do', '#0 ...'],
    ['dots stand below each other', '.', '.', '.'],
    ["its breakpoint is switched off at gdb-dashboard's prompt", '>>> disable 10', '>>> c'],
    ['that is quoted without its prompt', '> disable 10'],
    ['all are deleted by keys typed ahead', 'delete'],
  ])('%s', (_, ...lines) => {
    expect(reportedWith(...lines)).toEqual([]);
  });

  test.each([
    '. . .',
    '&hellip;',
    '(\u2026)',
    '\u22ee',
    '{...}',
    '| ... |',
    '**...**',
    '- ...',
    '> ...',
    '\u2022\u2022\u2022',
    '-- ... --',
    '`...`',
    '[gap]',
    '-- 30 lines --',
    '*** 30 lines dropped ***',
    '[message clipped]  View entire message',
    '# and so on',
    '// vring 1, 2 etc.',
    '(and so on)',
    '$ sed -n 200,260p gdb.txt',
    "# sed -n '200,$p' gdb.txt",
    '[root@host qemu]# tail -40 gdb.txt',
    'me@host:~/logs$ zcat gdb.txt.gz | head -n 60 | tail -n 20',
    '[detached (from session 0)]',
  ])('%s marks a cut', (mark) => {
    expect(reportedWith(mark)).toEqual([]);
  });

  test.each(['==> gdb2.txt <==', '$ cat gdb2.txt', 'me@host:~$ less gdb2.txt', '# zcat a.gz'])(
    'another file begins: %s',
    (head) => {
      expect(reportedWith(head)).toEqual([]);
    },
  );

  test.each([
    '---',
    '***',
    '___',
    '#####',
    '+++++',
    '* * *',
    '1)',
    '(2)',
    '**second run**',
    '<b>second</b>',
    'Run #2',
    '=== run 2 ===',
    '[Attempt 3]',
    '# second attempt',
    '// 2nd run',
  ])('a person divides the dumps: %s', (mark) => {
    expect(reportedWith(mark)).toEqual([]);
  });
});

test('a part of a file that is shown behind the log is no cut of it', () => {
  const [above, below] = [LINES.slice(0, PLACE), LINES.slice(PLACE)];
  const gaps = (...lines: readonly string[]): number =>
    readText(lines.join('\n')).records.filter(({ kind }) => kind === 'gap').length;
  const shown = ['$ head -28 /proc/cpuinfo', 'processor\t: 0', 'vendor_id\t: GenuineIntel'];
  expect(gaps(...LINES, ...shown)).toBe(gaps(...LINES));
  expect(gaps(...above, ...shown, ...below)).toBe(gaps(...LINES) + 1);
});

test.each([
  ['nothing', ''],
  ['words of the program', 'vrings=2 flags=0x1'],
  ['what the script prints of the next stop', 'vhost_dev_elect_mem_logger hit'],
  ['what QEMU says', 'qemu-system-x86_64: vhost_virtqueue_set_addr failed'],
  ['a variable', 'vhost_log_devs[2] = (nil)'],
  ['another command of the shell', '$ ls -l gdb.txt'],
  ['what a test in the guest counts', '=== iteration 2 ==='],
  ['a comment on a list', '# head of the list'],
  ['a breakpoint set at the prompt of gdb-dashboard', '>>> tbreak vhost_dev_cleanup'],
])('it is reported behind %s', (_, line) => {
  expect(reportedWith(line)).toEqual(['LS-ALL-RINGS']);
});

test('every function of vhost and of dirty logging that a rule knows is known by its name', () => {
  const funcs = [...functionTable.keys()].filter((func) => /vhost_|dirty_log/.test(func));
  expect(funcs.length).toBeGreaterThan(50);
  const unknown = funcs.filter((func) => {
    const named = new NamedCalls();
    named.seeLine(`(${func}: same)`);
    return !named.begin('migration_thread');
  });
  expect(unknown).toEqual([]);
});

describe('a label between backtraces that stand alone', () => {
  const bare = LINES.filter((line) => /^(?:#|$)/.test(line)).join('\n');

  test.each(['[1]', '2:', '`vhost_dev_set_log`', '--> stop', '\u2192 stop', 'Run #1'])(
    '%s',
    (label) => {
      expect(alarms(bare).join()).toContain('LS-ALL-RINGS');
      expect(alarms(bare.replace(/\n\n(?=#0 )/g, `\n\n${label}\n`))).toEqual([]);
    },
  );
});

describe('words between two frames', () => {
  const features =
    '#0  vhost_dev_set_features (dev=0x5555573f9c50, enable_log=true) at ../hw/virtio/vhost.c:989';
  const log =
    '#1  0x0000555555b919e5 in vhost_dev_set_log (dev=0x5555573f9c50, enable_log=true) at ../hw/virtio/vhost.c:1024';
  const stop =
    '#2  0x0000555555b91c0f in vhost_migration_log (listener=0x5555573f9c58, enable=false) at ../hw/virtio/vhost.c:1086';

  test.each([
    ['in a paragraph', ['', 'and at cancel the same two, but below them:', '']],
    ['on one line', ['and at cancel the same two, but below them:']],
  ])('%s: they may be of two stacks', (_, words) => {
    const text = ['At start:', '', features, log, ...words, stop].join('\n');
    expect(alarms(text)).toEqual([]);
    // People write into a stack as well: it is counted as one.
    const parts = readText(text).records.filter(({ kind }) => kind === 'backtrace');
    expect(parts).toMatchObject([{ levels: [0, 1, 2], parted: [2] }]);
  });

  test('what one side shows is judged', () => {
    const text = ['At start:', '', features.replace('true', 'false'), log, 'at cancel:', stop];
    expect(alarms([features, log, stop].join('\n')).join()).toContain('ST-ENABLE');
    expect(alarms(text.join('\n'))).toEqual([]);
  });
});

describe('the log of another debugger behind it has other breakpoints', () => {
  const folder = join(import.meta.dirname, '..', 'fixtures', 'captures');
  /** Without what tells the processes apart. */
  const log = readFileSync(join(folder, 'reset-during-migration.gdb.txt'), 'utf8').replace(
    /^(?:\[(?:New|Switching|Thread|Inferior)|Using host|Starting program).*\n/gm,
    '',
  );
  const unwatched = log
    .split('\n\n')
    .filter((report) => !/hit Breakpoint \d+, vhost_user_set_log_base /.test(report))
    .join('\n\n');

  test.each([
    'GNU gdb (GDB) 13.1',
    'Script started on 2026-11-22 05:03:37+00:00 [COMMAND="./dbg"]',
    'Script done on 2026-11-22 05:03:43+00:00 [COMMAND_EXIT_CODE="0"]',
  ])('%s', (banner) => {
    expect(unwatched.length).toBeLessThan(log.length);
    expect(alarms([log, banner, unwatched].join('\n'))).toEqual([]);
  });

  test('nothing stands between them, but the first ends in vm_shutdown()', () => {
    expect(alarms(`${log}\n${unwatched}`)).toEqual([]);
  });

  test('unless its version was asked for', () => {
    const version = ['(gdb) show version', 'GNU gdb (GDB) 13.1'];
    const asked = [...LINES.slice(0, PLACE), ...version, ...LINES.slice(PLACE)].join('\n');
    expect(alarms(asked)).toHaveLength(1);
  });
});
