/**
 * What stops the watching in the middle of a gdb log: the debugger lets the program go, breakpoints are switched off in
 * an indirect way, output goes elsewhere, the program runs backwards. A call that is missing behind that proves nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from './helpers/check.js';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'rules', 'DS-RINGBASE');
const LINES = readFileSync(join(FOLDER, 'violation-vring-not-fetched', 'input.txt'), 'utf8').split(
  '\n',
);
/** The stop of the device goes on here: vring 1 should have been fetched before. */
const MISSED = LINES.findLastIndex((line) => line.includes('hit Breakpoint 14, vhost_log_put'));

function alarmsAt(index: number, said: readonly string[]): string[] {
  const text = [...LINES.slice(0, index), ...said, ...LINES.slice(index)].join('\n');
  return check('gdb.txt', text)
    .findings.filter(({ verdict, severity }) => verdict === 'violation' && severity !== 'note')
    .map(({ rule }) => rule);
}

function alarms(...said: readonly string[]): string[] {
  return alarmsAt(MISSED, said);
}

const DETACHING = 'Detaching from program: /usr/bin/qemu-system-x86_64, process 14434';
const DETACHED = '[Inferior 1 (process 14434) detached]';

describe('the program runs without the debugger', () => {
  test.each([
    ['detached', ['(gdb) detach', DETACHING, DETACHED]],
    ['and attached again', ['(gdb) detach', DETACHING, DETACHED, '(gdb) attach 14434']],
    ['detached by a script', [DETACHED]],
    ['detached by a gdb before 8', [DETACHING]],
    ['nothing answers', ['(gdb) detach']],
    ['by the machine interface', ['(gdb) interpreter-exec mi "-target-detach"', '^done']],
    ['gdb is left', ['(gdb) q', '# gdb -p 14434']],
    ['a remote one', ['(gdb) disconnect', 'Ending remote debugging.']],
    ['attached', ['(gdb) attach 14434']],
  ])('%s', (_, said) => {
    expect(alarms(...said)).toEqual([]);
  });

  test('but not where a child of it is let go', () => {
    expect(alarms('[Detaching after fork from child process 18029]')).toEqual(['DS-RINGBASE']);
  });
});

describe('breakpoints may be switched off', () => {
  test.each([
    ['by Python', ['(gdb) python gdb.breakpoints()[14].enabled = False']],
    ['by Python in short', ['(gdb) py [b.delete() for b in gdb.breakpoints()]']],
    ['by Python that prints', ['(gdb) python print(gdb.execute("disable", to_string=True))']],
    [
      'by a block of Python',
      ['(gdb) python', '>for b in gdb.breakpoints():', '>  b.enabled = False', '>end'],
    ],
    ['by Guile', ['(gdb) guile (set-breakpoint-enabled! b #f)']],
    ['in a block', ['(gdb) if 1', ' >disable 15 43', ' >end']],
    ['in a loop', ['(gdb) while $i < 9', ' >disable $i', ' >set $i = $i + 1', ' >end']],
    ['by the machine interface', ['(gdb) interpreter-exec mi "-break-disable 15 43"', '^done']],
    ['by a text that is put together', ['(gdb) eval "disable %d", 15']],
    ['by a file', ['(gdb) source quiet.gdb']],
    ['by a command defined elsewhere', ['(gdb) quiet_all']],
    ['by a definition', ['(gdb) define hook-quiet', '>disable', '>end']],
    ['by an alias', ['(gdb) alias quiet = disable 15', '(gdb) quiet']],
    ['under another setting', ['(gdb) with language c -- disable 15']],
    ['with its output in a pipe', ['(gdb) pipe disable 15 | cat', '(gdb) | delete 3 | cat']],
    ['for each frame', ['(gdb) frame apply 1 -q disable 15']],
    ['for each thread', ['(gdb) thread apply all -s disable 15']],
    ['and a table is empty', ['(gdb) info breakpoints', 'No breakpoints or watchpoints.']],
    [
      'and a table of gdb 15 is empty',
      ['(gdb) i b', 'No breakpoints, watchpoints, tracepoints, or catchpoints.'],
    ],
    ['and all are deleted', ['Delete all breakpoints? (y or n) y']],
    [
      'and all are deleted by gdb 15',
      [
        'Delete all breakpoints, watchpoints, tracepoints, and catchpoints? (y or n) [answered Y; input not from terminal]',
      ],
    ],
    [
      'and one is lost',
      ['Error in re-setting breakpoint 19: Function "vhost_user_get_vring_base" not defined.'],
    ],
  ])('%s', (_, said) => {
    expect(alarms(...said)).toEqual([]);
  });

  test.each([
    ['a command that gdb does not know', ['(gdb) foo', 'Undefined command: "foo".  Try "help".']],
    ['a remark', ['(gdb) # now it is stopped']],
    ['Python that only prints', ['(gdb) python print(gdb.parse_and_eval("dev"))']],
    ['a block of harmless commands', ['(gdb) if 1', ' >info threads', ' >else', ' >bt 1', ' >end']],
    ['a setting for one command', ['(gdb) with print pretty -- info sharedlibrary']],
    ['a harmless alias', ['(gdb) alias ll = info line']],
    ['a harmless definition', ['(gdb) define hi', '>echo hi\\n', '>end', '(gdb) hi']],
    ['stacks of all threads', ['(gdb) thread apply all info frame']],
    ['a file that is logged to', ['(gdb) set logging enabled on', 'Copying output to gdb.txt.']],
    ['nothing is deleted', ['Delete all breakpoints? (y or n) n']],
    ['what the program says behind a prompt', ['(gdb) char device redirected to /dev/pts/3']],
  ])('but not by %s', (_, said) => {
    expect(alarms(...said)).toEqual(['DS-RINGBASE']);
  });

  test('but what a file did before the program ran does not matter where breakpoints stop later', () => {
    const said = ['(gdb) b vhost_dev_start', '(gdb) source hooks.gdb', '(gdb) py import hooks'];
    const empty = ['(gdb) info breakpoints', 'No breakpoints or watchpoints.', '(gdb) c'];
    expect(alarmsAt(0, said)).toEqual(['DS-RINGBASE']);
    expect(alarmsAt(0, empty)).toEqual(['DS-RINGBASE']);
  });

  test('before the program ran, and one never stops', () => {
    const set = 'Breakpoint 19 at 0x555555866010: file ../hw/virtio/vhost-user.c, line 1293.';
    const early = ['(gdb) b vhost_user_get_vring_base', set];
    const isOther = (line: string): boolean => !line.includes('vhost_user_get_vring_base');
    const verdict = (...said: readonly string[]): string | undefined =>
      check('gdb.txt', [...early, ...said, ...LINES.filter(isOther)].join('\n')).findings.find(
        ({ rule, vring }) => rule === 'DS-RINGBASE' && vring === 1,
      )?.verdict;
    expect(verdict()).toBe('violation');
    expect(verdict('(gdb) source quiet.gdb')).not.toBe('violation');
  });
});

test.each([
  [['(gdb) set logging redirect on', 'Redirecting output to gdb.txt.', 'Done logging to gdb.txt.']],
  [['(gdb) set logging enabled off', '(gdb) set logging enabled on']],
])('the output goes elsewhere: %j', (said) => {
  expect(alarms(...said)).toEqual([]);
});

describe('the program runs backwards', () => {
  test.each([
    ['(gdb) reverse-continue'],
    ['(rr) rc'],
    ['(gdb) reverse-finish'],
    ['(gdb) reverse-stepi'],
    ['(gdb) rn'],
    ['(gdb) record goto begin'],
    ['(gdb) restart 1'],
    ['(gdb) interpreter-exec mi "-exec-continue --reverse"'],
  ])('%s', (command) => {
    expect(alarms(command, 'Continuing.')).toEqual([]);
  });

  test('as long as that is the direction, and what follows is not what came before', () => {
    expect(alarms('(gdb) set exec-direction reverse')).toEqual(['DS-RINGBASE']);
    expect(alarms('(gdb) set exec-direction reverse', '(gdb) c')).toEqual([]);
    const back = [
      '(gdb) set exec-direction reverse',
      '(gdb) c',
      '(gdb) set exec-direction forward',
    ];
    expect(alarms(...back, '(gdb) c')).toEqual([]);
  });
});

describe('a stack without a stop line', () => {
  const isFetch = (line: string): boolean =>
    line.includes('Breakpoint 19, vhost_user_get_vring_base');
  const FIRST = LINES.findIndex(isFetch);
  const stops = LINES.map((line, i) => ({ line, i })).filter(({ line }) => isFetch(line));

  /** The stop lines of one function are left out, or there is something else in their place. */
  function withoutStops(...instead: readonly string[]): string[] {
    return LINES.flatMap((line) => (isFetch(line) ? instead : [line]));
  }

  function verdictOf(lines: readonly string[]): string | undefined {
    return check('gdb.txt', lines.join('\n')).findings.find(
      ({ rule, vring, device }) =>
        rule === 'DS-RINGBASE' && vring === 1 && device === '0x5555562b1f00',
    )?.verdict;
  }

  /** The stop of the other device, which fetches its ring, is not in the log. */
  function onlyOnce(lines: readonly string[]): string[] {
    const first = LINES.slice(FIRST).indexOf('') + FIRST;
    const block = LINES.slice(FIRST + 1, first);
    const at = lines.indexOf(block[0] ?? '');
    return lines.filter((_, i) => i < at - 2 || i >= at + block.length);
  }

  test('is of silent commands where it comes again', () => {
    expect(stops.length).toBe(2);
    expect(verdictOf(withoutStops('(gdb) c', 'Continuing.', '(gdb) bt'))).toBe('violation');
    expect(verdictOf(withoutStops('(gdb) c', 'Continuing.'))).toBe('violation');
  });

  test.each([
    [['(gdb) c', 'Continuing.', '(gdb) bt']],
    [['(gdb) c', 'Continuing.', '(gdb) frame']],
    [
      [
        'Thread 6 "mig/src/main" received signal SIGINT, Interrupt.',
        '[Switching to Thread 0x7ffff4bff6c0 (LWP 14475)]',
      ],
    ],
  ])('shows no breakpoint where it comes once: %j', (instead) => {
    expect(verdictOf(onlyOnce(withoutStops(...instead)))).not.toBe('violation');
  });
});

test.each([
  ['that is initialized is stopped, and needs no pass', 'vhost_dev_init', []],
  [
    'that may run needs one',
    'memory_global_dirty_log_start',
    ['LS-ALL-RINGS', 'LS-BASE-FIRST', 'LS-FEAT-BEFORE-VRING', 'LS-FEATURES', 'LS-UNIFORM'],
  ],
])('a log start of a device %s', (_, caller, rules) => {
  const stack = [
    '#0  vhost_log_global_start (listener=0x563989cf7be0) at hw/virtio/vhost.c:920',
    `#1  0x0000563985fd6956 in ${caller} (hdev=0x563989cf7bd8) at hw/virtio/vhost.c:1385`,
    '#2  0x0000563986300200 in main (argc=30, argv=0x7ffd0, envp=0x7ffd8) at softmmu/main.c:49',
  ];
  const { findings } = check('gdb.txt', stack.join('\n'));
  const unseen = findings.filter(({ missing }) => missing.includes('probe vhost_dev_set_log'));
  expect(unseen.map(({ rule }) => rule)).toEqual(rules);
});
