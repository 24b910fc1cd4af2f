/** What a log of gdb says of its breakpoints: where they stop, and whether each time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildSteps } from '../src/facts/steps.js';
import type { Steps } from '../src/facts/step.js';
import { breakCommand } from '../src/model/break-command.js';
import { buildRun } from '../src/flows/run.js';
import { check } from './helpers/check.js';
import { readLines, readText } from './helpers/read-text.js';

function steps(...lines: readonly string[]): Steps {
  return buildSteps(readText(lines.join('\n')).records);
}

const HIT = 'vhost_log_put (dev=0x5555562b1f00, sync=true) at ../hw/virtio/vhost.c';
const SET = 'Breakpoint 3 at 0x555555866010: file ../hw/virtio/vhost.c, line 396.';

/** The breakpoint is hit at a line, and shows a whole stack. */
function hit(number: number, line: number): string[] {
  return [
    `Thread 5 "CPU 0/TCG" hit Breakpoint ${number}, ${HIT}:${line}`,
    `#0  ${HIT}:${line}`,
    '#1  0x00007ffff7ca58ec in clone3 () at clone3.S:81',
    '',
  ];
}

describe('a break command', () => {
  test.each([
    ['b f', 'f', false],
    ['hbreak f', 'f', false],
    ['b ns::f', 'ns::f', false],
    ['b vhost.c:f', 'f', false],
    ['b *f', 'f', false],
    ['b f if x == 1', 'f', true],
    ['b f if(x)', 'f', true],
    ['b f thread 6 if x', 'f', true],
    ['b vhost-user.c:f if x', 'f', true],
    ['b -function f if x', 'f', true],
    ['b -qualified f if x', 'f', true],
    ['b -force-condition f if x', 'f', true],
    ['b', undefined, false],
    ['b if x', undefined, true],
    ['b 1040', undefined, false],
    ['b +2', undefined, false],
    ['b vhost.c:1040', undefined, false],
    ['b *0x55 if $rdi == 1', undefined, true],
    ['b -source vhost.c -line 3 if x', undefined, true],
  ])('%s', (command, func, narrowed) => {
    expect(breakCommand(command)).toEqual({ func, narrowed });
  });

  test('is no other command', () => {
    expect(breakCommand('bt')).toBeUndefined();
  });
});

describe('a hit inside of a function is no entry', () => {
  const entries = (...lines: readonly string[]): boolean[] =>
    steps(...lines).steps.map(({ entry }) => entry);
  const atLine = ['(gdb) b vhost.c:410', SET.replace('396', '410')];

  test('where the breakpoint was set at a line', () => {
    expect(entries(...atLine, ...hit(3, 410))).toEqual([false]);
  });

  test('unless that is where the function begins', () => {
    const atEntry = ['(gdb) b vhost.c:396', SET, '(gdb) b vhost_log_put'];
    const other = SET.replace('Breakpoint 3', 'Breakpoint 4');
    expect(entries(...atEntry, other, ...hit(3, 396))).toEqual([true]);
  });

  test('where another breakpoint stops at an earlier line of it', () => {
    expect(entries(...hit(9, 410), ...hit(3, 396), ...hit(9, 410))).toEqual([false, true, false]);
  });

  test('nor another process, of a breakpoint at inlined calls that stops in functions inlined into each other', () => {
    const set = 'Breakpoint 1 at 0x5b1310: vhost_log_global_stop. (2 locations)';
    const stop = 'Thread 1 "qemu" hit Breakpoint';
    const inner = 'vhost_migration_log (enable=false, listener=0x5555573c9368) at vhost.c:1079';
    const outer = 'vhost_log_global_stop (listener=0x5555573c9368) at vhost.c:1138';
    const hits = [`${stop} 1.1, ${inner}`, '', `${stop} 1.2, ${outer}`];
    expect(steps(set, '', ...hits).sessions).toBe(1);
    expect(steps(SET.replace('3', '1'), '', ...hits).sessions).toBe(2);
  });

  test('nor a third process, by where a breakpoint of the first one stopped', () => {
    const stop = 'Thread 1 "qemu" hit Breakpoint 1,';
    const first = `${stop} vhost_log_global_stop (listener=0x5555573c9368) at vhost.c:1138`;
    const second = `${stop} vhost_dev_start (hdev=0x5555573c9360) at vhost.c:1514`;
    const exit = '[Inferior 1 (process 7) exited normally]';
    const other =
      'Thread 1 "qemu" hit Breakpoint 2, vhost_dev_stop (hdev=0x5555573c9360) at vhost.c:9';
    expect(steps(first, exit, '', other, '', second).sessions).toBe(2);
  });

  test('where the compiler cut the function in two, and gdb stops in both parts', () => {
    const file = 'at hw/virtio/vhost-user.c';
    const whole = 'vhost_user_set_vring_enable (dev=0x555555d7c880, enable=1)';
    const part =
      '0x000055555585ab38 in vhost_user_set_vring_enable (enable=<optimized out>, dev=<optimized out>)';
    const outer = '0x00007ffff7ca58ec in clone3 () at clone3.S:81';
    const stop = 'Thread 1 "qemu-system-x86" hit Breakpoint';
    const lines = [
      'Breakpoint 48 at 0x306b20: vhost_user_set_vring_enable. (2 locations)',
      `${stop} 48.1, ${whole} ${file}:1218`,
      ...[`#0  ${whole} ${file}:1218`, `#1  ${outer}`, ''],
      `${stop} 48.2, ${part} ${file}:1225`,
      ...[`#0  ${part} ${file}:1225`, `#1  ${whole} ${file}:1217`, `#2  ${outer}`, ''],
    ];
    expect(entries(...lines)).toEqual([true, false]);
    const run = buildRun(readText(lines.join('\n')), { assumeOrdered: false });
    expect(run.activations.map(({ func, device }) => [func, device])).toEqual([
      ['vhost_user_set_vring_enable', '0x555555d7c880'],
    ]);
  });

  test('but one breakpoint may have several places', () => {
    expect(entries(...hit(3, 410), ...hit(3, 396))).toEqual([true, true]);
  });
});

describe('not every call is reported', () => {
  const table = [
    '(gdb) info breakpoints',
    'Num     Type           Disp Enb Address            What',
  ];
  const row =
    '3       breakpoint     keep y   0x0000555555866010 in vhost_log_put at ../hw/virtio/vhost.c:396';
  const listed = ['(gdb) commands', '>silent'];
  const rest = ['>continue', '>end', '(gdb) c', 'Continuing.'];

  test.each([
    ['a condition', ['(gdb) b vhost-backend.c:vhost_log_put if sync', SET]],
    ['a condition at a line', ['(gdb) b vhost.c:396 if sync', SET]],
    ['one thread', ['(gdb) break vhost_log_put thread 6', SET]],
    ['commands echoed with a plus', ['+b vhost_log_put if sync', SET]],
    [
      'a silent list with a condition',
      ['(gdb) b vhost_log_put', SET, ...listed, '>if sync', '>bt', '>end', ...rest],
    ],
    ['a silent list without a stack', ['(gdb) b vhost_log_put', SET, ...listed, ...rest]],
    ['a condition in a table', [SET, ...table, row, '\tstop only if sync']],
    ['one thread in a table', [SET, ...table, `${row} thread 6`, '\tstop only in thread 6']],
    [
      'an ignore count in a table',
      [SET, ...table, row, '\tbreakpoint already hit 2 times', '\tignore next 3 hits'],
    ],
    ['switched off in a table', [SET, ...table, row.replace('keep y', 'keep n')]],
    ['until it is hit, in a table', [SET, ...table, row.replace('keep y', 'dis  y')]],
    ['once, in a table', [SET, ...table, row.replace('keep y', 'del  y')]],
    [
      'so many hits, in a table',
      [SET, ...table, row.replace('keep', 'dis '), '\tdisable after next 3 hits'],
    ],
  ])('%s', (_, lines) => {
    expect([...steps(...lines, '', ...hit(3, 396)).conditional]).toEqual(['vhost_log_put']);
  });

  test('a temporary breakpoint that is silent', () => {
    const [, ...silent] = hit(3, 396);
    const { conditional } = steps(SET.replace('Breakpoint', 'Temporary breakpoint'), '', ...silent);
    expect([...conditional]).toEqual(['vhost_log_put']);
  });

  test('gone from a table', () => {
    const other = row.replace('3 ', '4 ').replaceAll('log_put', 'log_get');
    const { conditional } = steps('(gdb) b vhost_log_put', SET, ...table, other, ...hit(3, 396));
    expect([...conditional]).toEqual(['vhost_log_put']);
  });

  test.each([
    ['(gdb) c 2'],
    ['(gdb) continue 3'],
    ['(gdb) fg 2'],
    ['(gdb) en once 3'],
    ['(gdb) enable breakpoints count 2 3'],
    ['(gdb) disa 3'],
    ['(gdb) delet 3'],
    ['Will ignore next crossing of breakpoint 3.  Continuing.'],
    ['Will ignore next 2 crossings of breakpoint 3.  Continuing.'],
    ['Deleted breakpoint 3 '],
  ])('from `%s` on', (line) => {
    const { narrowed } = steps('(gdb) b vhost_log_put', SET, ...hit(3, 396), line, ...hit(3, 396));
    expect(narrowed).toMatchObject([{ from: 1 }]);
  });

  test.each([
    ['(gdb) enable 3', [3]],
    ['(gdb) en 3', [3]],
    ['(gdb) ena breakpoints 2-3 5', [2, 3, 5]],
    ['(gdb) enable br 3.1', [3]],
    ['(gdb) enable', undefined],
    ['(gdb) enable $bpnum', undefined],
  ])('up to `%s`', (line, numbers) => {
    const text = ['(gdb) b vhost_log_put', SET, ...hit(3, 396), line, ...hit(3, 396)];
    expect(steps(...text).enabled).toEqual([{ from: 1, numbers: numbers && new Set(numbers) }]);
    const run = buildRun(readText(text.join('\n')), { assumeOrdered: false });
    expect(run.probes.ofSession(0).map(({ func, from }) => [func, from])).toEqual([
      ['vhost_log_put', 1],
    ]);
  });

  test.each([['(gdb) enable 4'], ['(gdb) enable display 3'], ['(gdb) enable pretty-printer']])(
    'but for `%s`',
    (line) => {
      const text = ['(gdb) b vhost_log_put', SET, ...hit(3, 396), line, ...hit(3, 396)];
      const run = buildRun(readText(text.join('\n')), { assumeOrdered: false });
      expect(run.probes.ofSession(0).map(({ from }) => from)).toEqual([0]);
    },
  );

  test('where it stops as a temporary one that was mentioned as one that stays', () => {
    const set = ['(gdb) thbreak vhost_log_put', `Hardware assisted b${SET.slice(1)}`];
    const stop = hit(3, 396).map((line) => line.replace('hit B', 'hit Temporary b'));
    expect([...steps(...set, ...stop).conditional]).toEqual(['vhost_log_put']);
  });

  test.each([
    ['(gdb) c'],
    ['(gdb) c 1'],
    ['(gdb) c -a'],
    ['(gdb) disassemble vhost_log_put'],
    ['(gdb) enable 3'],
    ['(gdb) delete display 1'],
    ['(gdb) info breakpoints 4'],
    ['Will stop next time breakpoint 3 is reached.'],
  ])('but for `%s`', (line) => {
    const { narrowed, conditional } = steps('(gdb) b vhost_log_put', SET, line, ...hit(3, 396));
    expect([narrowed, [...conditional]]).toEqual([[], []]);
  });

  test.each([
    ['(gdb) b vhost_log_put if sync', SET.replace('3', '4')],
    [
      '-break-insert -c "sync" vhost_log_put',
      '^done,bkpt={number="4",type="breakpoint",disp="keep",enabled="y",addr="0x0000555555866010",func="vhost_log_put",file="vhost.c",line="396",cond="sync",times="0"}',
    ],
  ])('but where another breakpoint stops at each call: `%s`', (...other) => {
    const { conditional } = steps('(gdb) b vhost_log_put', SET, ...hit(3, 396), ...other);
    expect([...conditional]).toEqual([]);
  });

  test('but for a list that shows each stack, and a table that has each breakpoint', () => {
    const set = ['(gdb) b vhost_log_put', SET, ...listed, '>bt', ...rest, ...table, row];
    const { narrowed, conditional } = steps(...set, '', ...hit(3, 396));
    expect([narrowed, [...conditional]]).toEqual([[], []]);
  });
});

describe('a function with several breakpoints', () => {
  const second = SET.replace('Breakpoint 3', 'Breakpoint 4');
  const set = ['(gdb) b vhost_log_put', SET, '(gdb) b vhost_log_put', second];
  const other = hit(5, 12).map((line) => line.replace('vhost_log_put', 'vhost_log_get'));
  /** At which of the three hits of another breakpoint it is known to be watched. */
  const watched = (first: readonly string[], then: readonly string[]): readonly boolean[] => {
    const text = [...first, ...other, ...then, ...other, ...other].join('\n');
    const { probes, steps: built } = buildRun(readText(text), { assumeOrdered: false });
    return built.map(({ index }) => probes.watching('vhost_log_put', index, index) !== undefined);
  };

  test.each([
    [set, [], [true, true, true]],
    [set, ['(gdb) disable 3'], [true, true, true]],
    [set, ['(gdb) disable 4'], [true, true, true]],
    [set, ['(gdb) disable 3', '(gdb) delete 4'], [true, false, false]],
    [set, ['(gdb) disable'], [true, false, false]],
    [set, ['(gdb) enable 3'], [true, true, true]],
    [set, ['(gdb) enable 3-4'], [false, true, true]],
    [
      ['(gdb) tbreak vhost_log_put', `Temporary b${SET.slice(1)}`, ...set.slice(2)],
      ['(gdb) enable 4'],
      [false, true, true],
    ],
    [set.slice(0, 2), set.slice(2), [true, true, true]],
    [set.slice(0, 2), ['(gdb) disable 3', ...set.slice(2)], [true, true, true]],
  ])('%j, then %j', (first, then, expected) => {
    expect(watched(first, then)).toEqual(expected);
  });
});

describe('a function that is inlined', () => {
  const fault = readFileSync(
    join(
      import.meta.dirname,
      '../fixtures/rules/MG-LOGGER/violation-log-start-elects-nobody/input.txt',
    ),
    'utf8',
  );
  const [passes = '', election = ''] = fault.split(/(?=^Thread 6 .*, vhost_dev_elect_mem_logger)/m);
  const one = 'Breakpoint 15 at 0x3327: file ../hw/virtio/vhost.c, line 164.';
  const stops = `(gdb) break vhost_dev_elect_mem_logger\n${one}\n`;
  const several = 'Breakpoint 15 at 0x3327: vhost_dev_elect_mem_logger. (6 locations)\n';
  const older = stops.replace('164.', '164. (6 locations)');
  /** The last call of it comes from the same caller, with the other flag. */
  const off = election.replaceAll('add=true', 'add=false').replaceAll('log=true', 'log=false');
  const inlined = off.replace(/^(#1 {2})0x\w+ in /m, '$1');

  test.each([
    ['stops at one place', stops + passes, true],
    ['stops at several, of which one is of that caller', several + fault, true],
    ['stops at several', several + passes, false],
    ['stops at several, in an older gdb', older + passes, false],
    ['stops elsewhere', stops + passes + off, true],
    ['stops at several, elsewhere', several + passes + off, false],
    ['stops where it is seen to be inlined', passes + inlined, false],
  ])('its breakpoint %s', (_name, text, isMissed) => {
    const found = check('capture', text).findings.filter(({ rule }) => rule === 'MG-LOGGER');
    expect(found.some(({ verdict }) => verdict === 'violation')).toBe(isMissed);
  });
});

describe('a breakpoint is taken to be gone', () => {
  const CALL = 'vhost_virtqueue_set_addr (dev=0x5555562b1f00, vq=0x55, idx=0, enable_log=false)';
  const CALLER = 'vhost_virtqueue_start (dev=0x5555562b1f00, vdev=0x55, vq=0x55, idx=0)';
  const report = (frame: string): string[] => [
    `#0  ${frame} at ../hw/virtio/vhost.c:1`,
    '#1  0x00007ffff7ca58ec in clone3 () at clone3.S:81',
    '',
  ];
  /** At the first and at the last step. */
  const watched = (...frames: readonly string[]): boolean[] => {
    const text = frames.flatMap(report).join('\n');
    const { probes, steps: built } = buildRun(readText(text), { assumeOrdered: false });
    return [0, built.length - 1].map(
      (at) => probes.watching('vhost_virtqueue_set_addr', at, at) !== undefined,
    );
  };

  test('where three callers of its function do not reach it', () => {
    expect(watched(CALLER, CALL, CALLER, CALLER, CALLER)).toEqual([true, false]);
  });

  test('but not for what a QEMU left out once or twice', () => {
    expect(watched(CALLER, CALL, CALLER, CALLER, CALLER, CALL)).toEqual([true, true]);
    expect(watched(CALLER, CALL, CALLER, CALLER)).toEqual([true, true]);
  });
});

test('a hit whose commands show nothing, told by `set trace-commands on`, is a gap', () => {
  const traced = (...lines: readonly string[]): (boolean | undefined)[] =>
    steps('+b vhost_log_put', SET, '', ...hit(3, 396), ...lines, ...hit(3, 396)).steps.map(
      ({ gapBefore }) => gapBefore,
    );
  expect(traced('+continue')).toEqual([false, false]);
  expect(traced('+continue', '+continue')).toEqual([false, true]);
  expect(traced('+continue', '+print sync', '$1 = true', '+continue')).toEqual([false, true]);
  // of the script of `vhtrace probes gdb`
  const { records } = readLines([...hit(3, 396), '+vhtrace-return', '+continue']);
  expect(records.filter(({ kind }) => kind === 'command')).toHaveLength(2);
});

describe('what one debugger was told to watch', () => {
  /** In the first process and in the last. */
  const watched = (...lines: readonly string[]): (readonly string[])[] => {
    const { probes, steps: built } = buildRun(readText(lines.join('\n')), { assumeOrdered: false });
    return [0, built.at(-1)?.session ?? 0].map((session) =>
      probes.ofSession(session).map(({ func }) => func),
    );
  };
  const declared = 'vhtrace-probes 1 watched vhost_log_sync breakpoint 22.';
  const set = 'Breakpoint 22 at 0x1c8a50: file hw/virtio/vhost.c, line 234.';

  const put = ['vhost_log_put'];
  const both = ['vhost_log_put', 'vhost_log_sync'];

  test.each([
    ['that gives its numbers anew', [SET]],
    ['of another place with the same number', [set.replace('234', '235')]],
  ])('and never ran says nothing of one %s', (_, other) => {
    expect(watched(set, declared, ...hit(3, 396))).toEqual([both, both]);
    expect(watched(set, declared, ...other, ...hit(3, 396))).toEqual([put, put]);
  });

  test('is known of its own process where the next debugger gives its numbers anew', () => {
    const first = [set, declared, ...hit(3, 396), '[Inferior 1 (process 12) exited normally]'];
    expect(watched(...first, SET, ...hit(3, 396))).toEqual([both, put]);
  });

  test('stays what it is where more is said of a number', () => {
    const more = ['Deleted breakpoint 3 ', set, declared.replace('log_sync', 'log_get')];
    expect(watched(SET, set, declared, ...more, ...hit(4, 396))[1]).toContain('vhost_log_sync');
  });
});
