/** Stacks of gdb that are of two stops, or of a part of one, where the lines between are missing. */
import { describe, expect, test } from 'vitest';
import { markLostStacks } from '../src/facts/stacks/lost-stacks.js';
import { buildSteps } from '../src/facts/steps.js';
import { readText } from './helpers/read-text.js';

const OUTER = [
  '0x000055555588d0c3 in vhost_migration_log (listener=0x5555562b1f08, enable=true) at vhost.c:1081',
  '0x000055555588d138 in vhost_log_global_start (listener=0x5555562b1f08) at vhost.c:1113',
  '0x00005555558f0663 in migration_thread (opaque=0x5555562b4d60) at migration.c:3691',
  '0x0000555555d48942 in qemu_thread_start (args=0x55555649e0c0) at qemu-thread-posix.c:541',
  '0x00007ffff7c251f5 in start_thread (arg=<optimized out>) at pthread_create.c:442',
  '0x00007ffff7ca58ec in clone3 () at clone3.S:81',
];
const OUTER_MAIN = [
  '0x000055555588d138 in vhost_log_global_stop (listener=0x5555562b1f08) at vhost.c:1130',
  '0x0000555555d63a68 in os_host_main_loop_wait (timeout=0) at main-loop.c:310',
  '0x00005555558c6ad1 in qemu_main_loop () at runstate.c:835',
  '0x0000555555555555 in main (argc=5, argv=0x7fffffffe0a8) at main.c:47',
];
const SET_LOG_CALL = 'vhost_dev_set_log (dev=0x5555562b1f00, enable_log=true) at vhost.c:1009';
const CALLER = `0x000055555588cede in ${SET_LOG_CALL.replace('1009', '1028')}`;
const FEATURES_CALL = 'vhost_dev_set_features (dev=0x5555562b1f00, enable_log=true) at vhost.c:977';

function numbered(frames: readonly string[]): string[] {
  return frames.map((frame, i) => `#${i}  ${frame}`);
}

function hit(frames: readonly string[], thread = 6): string[] {
  const [inner = ''] = frames;
  const number = ['vhost_dev_set_features', 'vhost_migration_log'].indexOf(
    inner.replace(/ .*/, ''),
  );
  return [
    '',
    `Thread ${thread} "qemu" hit Breakpoint ${number + 4}, ${inner}`,
    ...numbered(frames),
  ];
}

const SHALLOW = hit([SET_LOG_CALL, ...OUTER]);
const DEEP = hit([FEATURES_CALL, CALLER, ...OUTER]);
const MAIN = hit(
  ['vhost_migration_log (listener=0x5555562b1f08, enable=false) at vhost.c:1061', ...OUTER_MAIN],
  1,
);

/** The one stack up to a level, and the other from the next one on. */
function joined(one: readonly string[], level: number, other: readonly string[]): string[] {
  const end = one.findIndex((line) => line.startsWith(`#${level} `));
  return [
    ...one.slice(0, end + 1),
    ...other.slice(other.findIndex((line) => line.startsWith(`#${level + 1} `))),
  ];
}

describe('two stacks joined where lines are missing', () => {
  function holesOf(lines: readonly string[]): (readonly number[] | undefined)[] {
    const { records } = readText(lines.join('\n'));
    return records.flatMap((record) => (record.kind === 'backtrace' ? [record.parted] : []));
  }

  test('whole ones have no hole', () => {
    expect(holesOf([...SHALLOW, ...DEEP, ...SHALLOW, ...MAIN])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([1, 2, 3])('level %i of the one and a deeper one', (level) => {
    expect(holesOf([...DEEP, ...joined(SHALLOW, level, DEEP)])[1]).toEqual([level + 1]);
  });

  test.each([3, 4])('level %i of the one and a less deep one', (level) => {
    expect(holesOf([...DEEP, ...joined(DEEP, level, SHALLOW)])[1]).toEqual([level + 1]);
  });

  test('a function that calls itself with another value has none', () => {
    const calls = [3, 2, 1].map((n) => `0x0000555555555555 in visit (depth=${n}) at v.c:9`);
    expect(holesOf(hit([SET_LOG_CALL, ...calls, ...OUTER]))).toEqual([undefined]);
  });

  const twice = [4, 4].map(
    (line) => `0x000055555555517e in walk (n=0x555555558010) at r.c:${line}`,
  );
  const first = '0x000055555555518a in walk (n=0x555555558010) at r.c:4';
  test.each([
    ['with a third call', ['leaf (x=0) at r.c:3', first, ...twice]],
    ['where it stopped', ['walk (n=0x555555558010) at r.c:4', ...twice]],
    ['where it calls what has no name', ['0x00aee654 in ?? ()', ...twice]],
    ['as a part of the stack shows alone', twice],
    [
      'with another function',
      [
        first,
        ...[1, 2].flatMap(() => ['0x5555555551a7 in visit (k=7) at w.c:4', ...twice.slice(1)]),
      ],
    ],
  ])('a function that calls itself twice with the same value has none, %s', (_, stack) => {
    expect(holesOf([...numbered([...stack, ...OUTER])])).toEqual([undefined]);
  });

  test('a function that calls another one where it calls itself has one', () => {
    expect(holesOf(numbered(['leaf (x=0) at r.c:3', ...twice, ...OUTER]))).toEqual([[2]]);
  });

  test('a function that calls itself over and over with the same value has none', () => {
    const call = '0x0000555555555555 in ram_init_bitmaps (rs=0x5555555591b0) at ram.c:497';
    expect(holesOf(hit([SET_LOG_CALL, call, call, call, ...OUTER]))).toEqual([undefined]);
  });

  test('where calls may have become jumps, a caller may be missing', () => {
    const jumped = hit([FEATURES_CALL.replace('dev=', 'dev=dev@entry='), ...OUTER.slice(1)]);
    const before = hit([FEATURES_CALL, '0x0000555555555555 in f (x=1) at f.c:1', ...OUTER]);
    expect(holesOf([...before, ...jumped])).toEqual([undefined, undefined]);
  });
});

describe('stacks that are not of the thread that stopped', () => {
  function callsOf(lines: readonly string[]): (string | boolean)[][] {
    const { steps } = buildSteps(readText(lines.join('\n')).records);
    return steps.map(({ calls, gapBefore }) => [gapBefore, ...calls.map(({ func }) => func)]);
  }

  test('show their innermost frame alone, with gaps around it', () => {
    const steps = callsOf([...SHALLOW, ...MAIN, ...joined(SHALLOW, 2, MAIN), ...SHALLOW]);
    expect(steps.map(([gap]) => gap)).toEqual([false, false, true, true]);
    expect(steps[2]).toEqual([true, 'vhost_dev_set_log']);
    expect(steps[3]).toContain('vhost_migration_log');
  });

  test('a number that is given to another thread is of that one from its second stack on', () => {
    const again = hit([SET_LOG_CALL, ...OUTER_MAIN]);
    expect(callsOf([...SHALLOW, ...again, ...again]).at(-1)).toContain('vhost_log_global_stop');
  });

  test('what the thread was made for is called once', () => {
    const completion =
      '0x00005555558ef0b3 in migration_completion (s=0x5555562b4d60) at migration.c:3004';
    const [, , begin = ''] = OUTER;
    const other = begin.replace('3691', '3715');
    const twice = hit([SET_LOG_CALL, ...OUTER.slice(0, 3), completion, other, ...OUTER.slice(3)]);
    expect(callsOf([...SHALLOW, ...twice]).at(-1)).toEqual([true, 'vhost_dev_set_log']);
  });
});

describe('stacks that begin or end too early', () => {
  function gapsBefore(lines: readonly string[]): boolean[] {
    const built = buildSteps(readText(lines.join('\n')).records);
    markLostStacks(built);
    return built.steps.map(({ gapBefore }) => gapBefore);
  }

  test.each([
    ['start_thread', 1],
    ['qemu_thread_start', 2],
  ])('the outermost one is %s once', (_, count) => {
    const lines = [...SHALLOW, ...DEEP, ...SHALLOW.slice(0, -count), ...DEEP];
    expect(gapsBefore(lines)).toEqual([false, false, false, true]);
  });

  test('the outermost one is seldom shown', () => {
    const lines = [...SHALLOW, ...DEEP.slice(0, -1), ...SHALLOW.slice(0, -1), ...DEEP.slice(0, -1)];
    expect(gapsBefore(lines)).toEqual([false, false, false, false]);
  });

  test('a thread that makes another one stands in clone3(), which is outermost still', () => {
    const maker = [
      'clone3 () at clone3.S:62',
      '0x00007ffff7ed793d in __clone_internal () at c.c:1',
    ];
    const lines = [
      '',
      'Thread 1 (LWP 5 "qemu"):',
      ...numbered([...maker, ...OUTER_MAIN.slice(-1)]),
    ];
    const ofMain = [MAIN, MAIN, MAIN].flat();
    expect(gapsBefore([...lines, ...SHALLOW, ...DEEP, ...ofMain])).not.toContain(true);
  });

  const outer = SHALLOW.slice(4);
  test.each([
    ['where nothing was typed', [], true],
    ['behind `continue`', ['(gdb) c', 'Continuing.'], true],
    ['asked for where it stands', ['(gdb) bt -6'], false],
    ['asked for where nothing is known', ['(gdb) c', 'Continuing.', '', '(gdb) bt'], true],
  ])('frames from #1 on, %s', (_, typed, isLost) => {
    expect(
      gapsBefore([
        ...SHALLOW,
        '(gdb) p 1',
        '$1 = 1',
        '(gdb) bt',
        ...numbered([SET_LOG_CALL, ...OUTER]),
        ...typed,
        ...outer,
      ]).at(-1),
    ).toBe(isLost);
  });
});
