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
    ['in a block', ['(gdb) if 1', ' >disable 19 43', ' >end']],
    ['in a loop', ['(gdb) while $i < 9', ' >disable $i', ' >set $i = $i + 1', ' >end']],
    ['by the machine interface', ['(gdb) interpreter-exec mi "-break-disable 19 43"', '^done']],
    ['by a text that is put together', ['(gdb) eval "disable %d", 15']],
    ['by a file', ['(gdb) source quiet.gdb']],
    ['by a command defined elsewhere', ['(gdb) quiet_all']],
    ['by a definition', ['(gdb) define hook-quiet', '>disable', '>end']],
    ['by an alias', ['(gdb) alias quiet = disable 19', '(gdb) quiet']],
    ['under another setting', ['(gdb) with language c -- disable 19']],
    ['with its output in a pipe', ['(gdb) pipe disable 19 | cat', '(gdb) | delete 3 | cat']],
    ['for each frame', ['(gdb) frame apply 1 -q disable 19']],
    ['for each thread', ['(gdb) thread apply all -s disable 19']],
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
    ['for one call', ['(gdb) enable once 19']],
    ['up to an end that gdb refuses', ['(gdb) disable 19-2 5-19999']],
    ['one of its places', ['(gdb) disable 19.1-3']],
    ['and several are told to be deleted', ['Deleted breakpoints 3 19 ']],
    [
      'by a front end, for one call',
      [
        '=breakpoint-modified,bkpt={number="19",type="breakpoint",disp="dis",enabled="y",addr="0x1",func="vhost_user_get_vring_base",file="../hw/virtio/vhost-user.c",line="1293",times="1",original-location="vhost_user_get_vring_base"}',
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
    [
      'breakpoints of other functions',
      ['(gdb) disable 15 20-24', '(gdb) delete 12', '(gdb) d 1.1'],
    ],
    ['a condition of another one', ['(gdb) condition 15 dev == 0', '(gdb) ignore 15 3']],
    ['another one that is told to be deleted', ['Deleted breakpoint 15 ']],
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
    const stops = LINES.join('\n').split('\n\n');
    const others = stops.filter((stop) => !stop.includes('vhost_user_get_vring_base'));
    const verdict = (...said: readonly string[]): string | undefined =>
      check('gdb.txt', [...early, ...said, others.join('\n\n')].join('\n')).findings.find(
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

describe('a number that nothing stopped at is of the log base op, by elimination', () => {
  const lines = readFileSync(
    join(FOLDER, '..', 'LS-BASE-FIRST', 'violation-by-elimination', 'input.txt'),
    'utf8',
  ).split('\n');
  const stops = lines.filter((line) => line.includes(' hit Breakpoint '));
  const numbers = new Set(stops.map((line) => Number(/Breakpoint (\d+)/.exec(line)?.[1])));
  const silent = [...numbers].map((number) => number - 1).find((n) => n > 1 && !numbers.has(n));
  const verdicts = (said: string): string[] =>
    check('gdb.txt', [said, ...lines].join('\n'))
      .findings.filter(({ rule, verdict }) => rule === 'LS-BASE-FIRST' && verdict === 'violation')
      .map(({ rule }) => rule);

  test('with nothing said of it', () => {
    expect(verdicts('')).toEqual(['LS-BASE-FIRST']);
  });

  test.each([
    `Dprintf ${silent ?? ''} at 0x555555866010: file ../hw/virtio/vhost.c, line 396.`,
    `Catchpoint ${silent ?? ''} (syscall 'ioctl' [16])`,
    `=breakpoint-created,bkpt={number="${silent ?? ''}",type="catchpoint",disp="keep",enabled="y",what="syscall \\"ioctl\\"",times="0"}`,
    `(gdb) disable ${silent ?? ''}`,
    `(gdb) enable ${silent ?? ''}`,
  ])('not where it is told what it is of: %s', (said) => {
    expect(verdicts(said)).toEqual([]);
  });
});
