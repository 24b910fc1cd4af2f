/** What `finish` and the debugger's own hand do to calls, on small transcripts in gdb's words. */
import { describe, expect, test } from 'vitest';
import { alters } from '../src/facts/debugger/commands.js';
import { buildRun } from '../src/flows/run.js';
import type { Run } from '../src/flows/run.js';
import { check } from './helpers/check.js';
import { readText } from './helpers/read-text.js';

function run(...lines: readonly string[]): Run {
  return buildRun(readText(lines.join('\n')), { assumeOrdered: false });
}

const START = 'vhost_dev_start (hdev=0x5555562b1f00, vdev=0x5555562a0010, vrings=true)';
const PLACE = 'at ../hw/virtio/vhost.c:2009';
const CALLER = '#1  0x000055555583f0aa in vhost_net_start_one (net=0x5555562b1f00) at net.c:283';
const BOTTOM = '#2  0x00007ffff7ca58ec in clone3 () at clone3.S:81';
const stopped = ['', `Thread 5 "CPU 0/TCG" hit Breakpoint 3, ${START} ${PLACE}`];
const shown = ['(gdb) bt', `#0  ${START} ${PLACE}`, CALLER, BOTTOM];
const finished = [
  '(gdb) finish',
  `Run till exit from #0  ${START} ${PLACE}`,
  '0x000055555583f0aa in vhost_net_start_one (net=0x5555562b1f00) at net.c:283',
];

describe('a step', () => {
  const later = [`#0  ${START} at ../hw/virtio/vhost.c:2011`, CALLER, BOTTOM];

  test.each(['n', 'next', 's', 'si', 'nexti', 'until', 'advance 2011'])(
    'by `%s` leaves the debugger in the same call',
    (command) => {
      const moved = [`(gdb) ${command}`, '2011\t    hdev->started = true;', '(gdb) where'];
      const { activations, steps } = run(...stopped, ...shown, ...moved, ...later);
      expect(steps.map(({ entry }) => entry)).toEqual([true, false]);
      expect(activations.map(({ func }) => func)).toEqual(['vhost_dev_start']);
    },
  );

  test('that a silent breakpoint cuts short shows another call', () => {
    const { steps } = run(...stopped, ...shown, '(gdb) n', ...shown.slice(1));
    expect(steps.map(({ entry }) => entry)).toEqual([true, true]);
  });

  test('is over when the program goes on', () => {
    const { steps } = run(...stopped, ...shown, '(gdb) n', '(gdb) c', ...shown);
    expect(steps.map(({ entry }) => entry)).toEqual([true, true]);
  });
});

describe('a stack of silent commands', () => {
  const stack = shown.slice(1);
  const short = stack.slice(0, 2);

  test.each([
    ['bt 2, bt', [short, stack]],
    ['bt, bt 2', [stack, short]],
    ['bt 2, bt, bt 1', [short, stack, stack.slice(0, 1)]],
  ])('is of the same stop as the one above that shows more or less of it: %s', (_, stacks) => {
    const asked = stacks.slice(1).map(() => false);
    const { steps, activations } = run(...stacks.flat(), ...stacks.flat());
    expect(steps.map(({ entry }) => entry)).toEqual([true, ...asked, true, ...asked]);
    expect(activations.map(({ line }) => line)).toEqual([1, stacks.flat().length + 1]);
  });

  test('is another one where a caller differs', () => {
    const other = [...short.slice(0, 1), CALLER.replace('0aa', '0bb'), BOTTOM];
    const { steps } = run(...short, ...other);
    expect(steps.map(({ entry }) => entry)).toEqual([true, true]);
  });
});

describe('finish', () => {
  test('gives the call its value and its end', () => {
    const { activations, steps } = run(
      ...stopped,
      ...shown,
      ...finished,
      'Value returned is $1 = -22',
    );
    expect(activations.map(({ func, result, closed }) => [func, result?.value, closed])).toEqual([
      ['vhost_dev_start', '-22', 1],
    ]);
    expect(steps.map(({ returned }) => returned?.func)).toEqual([
      undefined,
      'vhost_dev_start',
      'vhost_dev_start',
    ]);
  });

  test('ends a void function without a value', () => {
    const { activations } = run(...stopped, ...shown, ...finished, '(gdb) c');
    expect(activations.map(({ closed, result }) => [closed, result])).toEqual([[1, undefined]]);
  });

  test('without a backtrace before it ends the call of the stop line', () => {
    const { activations } = run(...stopped, ...finished, 'Value returned is $4 = 0');
    expect(activations.map(({ closed, result }) => [closed, result?.value])).toEqual([[1, '0']]);
  });

  test('that a breakpoint cuts short says nothing', () => {
    const inner = 'vhost_dev_set_features (dev=0x5555562b1f00, enable_log=false)';
    const { activations } = run(
      ...stopped,
      ...shown,
      ...finished.slice(0, 2),
      '',
      `Thread 5 "CPU 0/TCG" hit Breakpoint 4, ${inner} ${PLACE}`,
      '(gdb) finish',
      `Run till exit from #0  ${inner} ${PLACE}`,
      `0x000055555583f0bb in ${START} ${PLACE}`,
      'Value returned is $1 = 0',
    );
    expect(activations.map(({ func, result }) => [func, result?.value])).toEqual([
      ['vhost_dev_start', undefined],
      ['vhost_dev_set_features', '0'],
    ]);
  });

  test('a start that failed leaves no vring running', () => {
    const ring =
      'vhost_virtqueue_set_addr (dev=0x5555562b1f00, vq=0x5555562b2190, idx=0, enable_log=false)';
    const log = [
      'vhost_dev_start',
      'vhost_dev_stop',
      'vhost_virtqueue_set_addr',
      'vhost_virtqueue_stop',
      'vhost_dev_set_log',
    ].map((name, i) => `Breakpoint ${i + 1} at 0x8${i}11c8: ${name}. (1 location)`);
    const text = (value: string): string =>
      [
        ...log,
        ...stopped.map((line) => line.replace('Breakpoint 3', 'Breakpoint 1')),
        ...shown,
        '(gdb) c',
        '',
        `Thread 5 "CPU 0/TCG" hit Breakpoint 6, vhost_user_set_mem_table (dev=0x5555562b1f00) ${PLACE}`,
        '(gdb) bt',
        `#0  vhost_user_set_mem_table (dev=0x5555562b1f00) ${PLACE}`,
        `#1  0x000055555588d111 in ${START} ${PLACE}`,
        CALLER.replace('#1', '#2'),
        BOTTOM.replace('#2', '#3'),
        '(gdb) c',
        '',
        `Thread 5 "CPU 0/TCG" hit Breakpoint 3, ${ring} ${PLACE}`,
        '(gdb) bt',
        `#0  ${ring} ${PLACE}`,
        `#1  0x000055555588c111 in vhost_virtqueue_start (dev=0x5555562b1f00, vdev=0x5555562a0010, vq=0x5555562b2190, idx=0) ${PLACE}`,
        `#2  0x000055555588d111 in ${START} ${PLACE}`,
        CALLER.replace('#1', '#3'),
        BOTTOM.replace('#2', '#4'),
        '(gdb) up 2',
        `#2  0x000055555588d111 in ${START} ${PLACE}`,
        '(gdb) finish',
        `Run till exit from #2  0x000055555588d111 in ${START} ${PLACE}`,
        '0x000055555583f0aa in vhost_net_start_one (net=0x5555562b1f00) at net.c:283',
        `Value returned is $1 = ${value}`,
        '(gdb) c',
        '',
        `Thread 6 "mig/src/main" hit Breakpoint 5, vhost_dev_set_log (dev=0x5555562b1f00, enable_log=true) ${PLACE}`,
        '(gdb) bt',
        `#0  vhost_dev_set_log (dev=0x5555562b1f00, enable_log=true) ${PLACE}`,
        BOTTOM.replace('#2', '#1'),
        '(gdb) finish',
        `Run till exit from #0  vhost_dev_set_log (dev=0x5555562b1f00, enable_log=true) ${PLACE}`,
        `0x000055555588c222 in vhost_migration_log (listener=0x5555562b1f08, enable=true) ${PLACE}`,
        'Value returned is $2 = 0',
      ].join('\n');
    const violations = (value: string): readonly string[] =>
      check('gdb.txt', text(value))
        .findings.filter(({ verdict }) => verdict === 'violation')
        .map(({ rule, vring }) => `${rule} ${String(vring)}`);
    expect(violations('0')).toEqual(['LS-ALL-RINGS 0']);
    expect(violations('-22')).toEqual([]);
  });
});

describe("the debugger's own hand", () => {
  test.each([
    'return',
    'return (int)0',
    'set var enable_log = 0',
    'set variable dev->log_enabled=0',
    'set dev->log_enabled = 1',
    'set $rip = 0x5555',
    'p dev->log_enabled = 0',
    'print/x i++',
    'p (enable_log=0)',
    'printf "%d\\n", enable_log=0',
    'p vhost_dev_stop(dev)',
    'call vhost_dev_stop (dev, vdev, false)',
    'jump 1040',
    'kill',
    'signal 0',
    'p $pc++',
    'p ++$dev->n_ring',
    'p $dev->n_ring++',
    'p x[$i++] = 5',
    'p $1++',
  ])('%s alters', (command) => {
    expect(alters(command)).toBe(true);
  });

  test.each([
    'bt',
    'p *dev',
    'p dev->log_enabled == 0',
    'p a >= b',
    'p sizeof(struct vhost_dev)',
    'p (struct vhost_dev *)0x5555',
    'p $_',
    'set $n = $n + 1',
    'p $n = 1',
    'p $i++',
    'p dev->vqs[$i++]',
    'p *dev->vqs[--$i].desc',
    'p/x $i--',
    'printf "%d\\n", $i++',
    'set width 0',
    'set print pretty on',
    'set pagination off',
    'info args',
    'continue',
    'finish',
    'x/4gx $sp',
    'printf "sync=%d\\n", sync == 1',
  ])('%s does not', (command) => {
    expect(alters(command)).toBe(false);
  });

  test.each(['p (enable_log=0)', 'display enable_log=0'])('is seen in `%s`', (command) => {
    const next = ['(gdb) c', 'Continuing.', '', ...stopped, ...shown];
    const run = [...stopped, ...shown, `(gdb) ${command}`, '$1 = false', ...next];
    expect(check('gdb.txt', run.join('\n')).alterations).not.toEqual([]);
  });

  test('marks the stop it was typed at, and is told in the report', () => {
    const report = check('gdb.txt', [...stopped, ...shown, '(gdb) return (int)0'].join('\n'));
    expect(report.alterations).toMatchObject([
      { func: 'vhost_dev_start', line: 2, command: 'return (int)0', commandLine: 7 },
    ]);
  });

  test('marks a stop whose backtrace comes later', () => {
    const { steps } = run(...stopped, '(gdb) set var hdev->log_enabled = 0', ...shown);
    expect(steps.map(({ altered }) => altered?.command)).toEqual(['set var hdev->log_enabled = 0']);
  });

  test('in the commands of a breakpoint marks each of its hits', () => {
    const { steps } = run(
      '(gdb) commands 3',
      'Type commands for breakpoint(s) 3, one per line.',
      'End with a line saying just "end".',
      '>silent',
      '>return (int)0',
      '>end',
      ...stopped,
      ...shown,
    );
    expect(steps.map(({ altered }) => altered)).toEqual([{ line: 5, command: 'return (int)0' }]);
  });

  test('in a command of its own marks where that is typed', () => {
    const { steps } = run(
      '(gdb) define skip',
      '>return',
      '>end',
      ...stopped,
      ...shown,
      '(gdb) skip',
    );
    expect(steps.map(({ altered }) => altered?.command)).toEqual(['skip']);
  });

  test('made a call that the stack shows to come from gdb', () => {
    const { steps } = run(...stopped, `#0  ${START} ${PLACE}`, '#1  <function called from gdb>');
    expect(steps.map(({ altered }) => altered?.command)).toEqual(['call']);
  });
});

describe('sessions', () => {
  const start = (outer: string): readonly string[] => [
    '',
    `Thread 6 "mig/src/main" hit Breakpoint 1, vhost_log_global_start (listener=0x5555562b1f08) ${PLACE}`,
    `#0  vhost_log_global_start (listener=0x5555562b1f08) ${PLACE}`,
    `#1  0x0000555555d2a0e5 in ${outer} at ../migration/migration.c:3691`,
  ];
  const sessions = (...outers: readonly string[]): readonly number[] =>
    run(...outers.flatMap(start)).steps.map(({ session }) => session);

  test.each([
    [
      'another MigrationState',
      'migration_thread (opaque=0x5555562b0650)',
      'migration_thread (opaque=0x5555562b4d60)',
    ],
    [
      'its name in another function',
      'migration_thread (opaque=0x5555562b0650)',
      'migrate_fd_cleanup (s=0x5555562b4d60)',
    ],
    [
      'a global elsewhere',
      'ram_save_setup (opaque=0x555556203de0 <ram_state>)',
      'ram_save_setup (opaque=0x55b056203de0 <ram_state>)',
    ],
  ])('%s is another process', (_what, first, second) => {
    expect(sessions(first, first, second, second)).toEqual([0, 0, 1, 1]);
  });

  test.each([
    [
      'the same MigrationState',
      'migration_thread (opaque=0x5555562b0650)',
      'migrate_fd_cleanup (s=0x5555562b0650)',
    ],
    [
      'a RAMState of each migration',
      'ram_init_bitmaps (rs=0x7fffb8050cd0)',
      'ram_init_bitmaps (rs=0x7fffb8050aa0)',
    ],
    [
      'a value that is not shown',
      'migration_thread (opaque=0x5555562b0650)',
      'migration_thread (opaque=<optimized out>)',
    ],
  ])('%s is the same process', (_what, first, second) => {
    expect(sessions(first, second)).toEqual([0, 0]);
  });

  test('each inferior is a process, and goes on where it was', () => {
    const stop = (thread: string): readonly string[] =>
      start('migration_thread (opaque=0x5555562b0650)').map((l) => l.replace('Thread 6', thread));
    const threads = ['Thread 1.6', 'Thread 2.5', 'Thread 1.6', 'Thread 3.1', 'Thread 2.5'];
    const { steps } = run(...threads.flatMap(stop));
    expect(steps.map(({ session }) => session)).toEqual([0, 1, 0, 2, 1]);
  });

  test('the notice of a switch is for the inferior whose stop stands below', () => {
    const log = (thread: string, lwp: number): readonly string[] => [
      `[Switching to Thread 0x7ffff4dff6c0 (LWP ${lwp})]`,
      ...start('migration_thread (opaque=0x5555562b0650)').map((l) =>
        l.replace('Thread 6', thread),
      ),
    ];
    const [one, two] = [log('Thread 1.6', 11), log('Thread 2.5', 22)];
    const { steps, exits } = run(...one, ...two, ...one, ...two, '[LWP 22 exited]');
    expect(steps.map(({ session }) => session)).toEqual([0, 1, 0, 1]);
    expect(exits.map(({ thread }) => thread)).toEqual(['1/2.5']);
  });

  test('a thread with another LWP than before is of another process', () => {
    const log = (lwp: number): readonly string[] => [
      `[Switching to Thread 0x7ffff4dff6c0 (LWP ${lwp})]`,
      ...start('migration_thread (opaque=0x5555562b0650)'),
    ];
    const { steps } = run(...log(7), ...log(7), ...log(9));
    expect(steps.map(({ session }) => session)).toEqual([0, 0, 1]);
  });

  test('another pid is another process, and the first may go on', () => {
    const line = (pid: number): string =>
      `vhost_dev_start 1.000 pid=${pid} dev=0x5555 name=net vrings=0x1`;
    const { steps } = run(line(7), line(7), line(9), line(7), line(9));
    expect(steps.map(({ session }) => session)).toEqual([0, 0, 1, 0, 1]);
  });

  const said = 'vhost_dev_start 0x5555:virtio-net vrings:1';
  test.each([
    [
      'LTTng with vpid',
      (pid: number) =>
        `[03:27:38.1] (+0.1) host qemu:vhost_dev_start: { cpu_id = 3 }, { vpid = ${pid}, vtid = 8 }, { dev = 0x5555, name = "virtio-net", vrings = 1 }`,
    ],
    [
      'ftrace with record-tgid',
      (pid: number) => `  qemu-8 (    ${pid}) [003] ..... 1.223469: tracing_mark_write: ${said}`,
    ],
    [
      'the journal',
      (pid: number) =>
        `Nov 22 03:27:38.061685 host qemu-system-x86_64[${pid}]: 8@1795320035.061685:${said}`,
    ],
    ['docker compose', (pid: number) => `vm${pid}-1  | 8@1795320035.061685:${said}`],
    [
      'the journal of a script that starts it',
      (pid: number) => `Nov 22 03:27:38.061685 host test.sh[${pid}]: 8@1795320035.061685:${said}`,
    ],
  ])('%s names the process of each event', (_what, line) => {
    const { steps } = run(line(7), line(9), line(7));
    expect(steps.map(({ session }) => session)).toEqual([0, 1, 0]);
    expect(steps.map(({ thread }) => thread)).toEqual(['0/tid 8', '1/tid 8', '0/tid 8']);
  });

  test("each start in libvirt's log of a guest is another process", () => {
    const start =
      '2026-11-26 19:31:20.147+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.4';
    const end = '2026-11-26 19:32:20.447+0000: shutting down, reason=migrated';
    const { steps } = run(start, 'LC_ALL=C \\', '/usr/bin/qemu', said, said, end, start, said);
    expect(steps.map(({ session }) => session)).toEqual([0, 0, 1]);
  });

  test('what the kernel does for several processes stays together', () => {
    const marker = (pid: number): string =>
      `  qemu-${pid} (    ${pid}) [003] ..... 1.223469: tracing_mark_write: ${said}`;
    const kernel = `  vhost-7-8 (    8) [003] ..... 1.223470: vhost_net_ioctl: (vhost_net_ioctl+0x0/0x9c0 [vhost_net]) cmd=0xaf01`;
    const { steps } = run(marker(7), kernel, marker(9), kernel);
    expect(steps.map(({ session }) => session)).toEqual([0, 0, 1, 0]);
  });

  test('what is left of a torn trace line is a place where records may be missing', () => {
    const line = (name: string): string => `22610@1795323389.551377:${name}`;
    const write = line('vhost_user_write req:6 flags:0x1');
    const gapAfter = (...torn: readonly string[]): boolean | undefined =>
      run(write, ...torn, write).steps.at(-1)?.gapBefore;
    expect(gapAfter()).toBe(false);
    expect(gapAfter(line('savevm_state_setup'))).toBe(false);
    expect(gapAfter('22610@1795323')).toBe(true);
    expect(gapAfter(line('vhost_user_re'))).toBe(true);
    expect(gapAfter('ser_read req:6 flags:0x5')).toBe(true);
    expect(gapAfter('q:6 flags:0x5')).toBe(true);
    expect(gapAfter('qemu-kvm: warning: TSC frequency mismatch')).toBe(false);
    expect(gapAfter('Welcome to Debian! This is the guest.')).toBe(false);
    const sections = [line('vhost_section ram:1'), line('vhost_section ram')];
    for (const guest of ['login:', 'debian login:', 'done', 'Booting Linux'])
      expect(gapAfter(...sections, guest)).toBe(false);
    expect(gapAfter(...sections, 'am:1')).toBe(true);
    expect(gapAfter('ser_write')).toBe(true);
  });

  test('events without a thread, between stops of several, are of one process', () => {
    const event = (text: string): string => `2026-11-22T04:00:00.000137Z ${text}`;
    const stop = (thread: number): readonly string[] =>
      start('vhost_log_sync (listener=0x5555562b1f08)').map((text) =>
        text.replace('Thread 6', `Thread ${thread}`),
      );
    const { steps } = run(
      ...stop(1),
      event('migrate_set_state new state setup'),
      event('savevm_state_setup '),
      ...stop(6),
      event('savevm_state_iterate '),
      ...stop(1),
      event('savevm_state_iterate '),
    );
    expect(steps.filter(({ event: said }) => said !== undefined)).toHaveLength(4);
    expect(steps.some(({ gapBefore }) => gapBefore)).toBe(false);
  });

  test('the end of a process opens no session by itself', () => {
    const { sessions: count } = run(...stopped, '[Inferior 1 (process 7) exited normally]');
    expect(count).toBe(1);
  });
});

describe('records are missing elsewhere than where the text says so', () => {
  const gaps = (...lines: readonly string[]): readonly boolean[] => {
    const { steps, gapAtEnd } = run(...lines);
    return [...steps.map(({ gapBefore }) => gapBefore), gapAtEnd];
  };

  test('on one CPU: since its last row', () => {
    const row = (cpu: number): string =>
      `  qemu-8 [00${cpu}] ..... 1.2: tracing_mark_write: vhost_commit Started: 1 Changed: 0`;
    const lost = 'CPU:2 [LOST 3 EVENTS]';
    expect(gaps(row(2), row(1), row(2), row(1), lost, row(2), row(1))).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(gaps(row(1), '##### CPU 2 buffer started ####', row(2), row(2))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('of the simple backend: from the note before to a buffer behind', () => {
    const said = 'vhost_commit 1.000 pid=7 started=0x1 changed=0x0';
    const dropped = 'Dropped_Event 1.000 pid=7 num_events_dropped=0x1';
    const behind = Array.from({ length: 10_930 }, () => said);
    const found = gaps(said, said, dropped, ...behind);
    expect(found.slice(0, 3)).toEqual([true, true, true]);
    expect(found.lastIndexOf(true)).toBe(1 + 10_923);
  });

  test.each([
    'WARNING: Number of errors: 0, skipped probes: 7',
    'WARNING: There were 3 transport failures.',
    '[warning] Tracer discarded 12 events between [05:59:14.121] and [05:59:14.321] in trace UUID 1.',
    'WARNING: Tracer discarded 12 events between [2026-11-22 04:59:14.121] and [2026-11-22 04:59:14.321] in trace "ust".',
  ])('anywhere: %s', (notice) => {
    const event = '4242@1763782058123456789 vhost_commit Started: 1 Changed: 0';
    expect(gaps(notice, event, event)).toEqual([true, true, true]);
    expect(gaps(event, event, notice)).toEqual([true, true, true]);
    expect(gaps(event, event, 'WARNING: Number of errors: 0, skipped probes: 0')[0]).toBe(false);
  });

  test('before: what syslog tells when the interval is over', () => {
    const event = 'Nov 22 03:27:38 host qemu[7]: vhost_commit Started: 1 Changed: 0';
    const notice = 'Nov 22 03:27:44 host systemd-journald[3]: Suppressed 25 messages from x';
    expect(gaps(event, event, notice, event, event)).toEqual([true, true, true, false, false]);
  });
});

describe('a stack of which a part was lost', () => {
  const stop = [...stopped, ...shown, '(gdb) c'];
  const torn = [...stopped, ...shown.slice(0, -1), '(gdb) c'];
  const gaps = (...lines: readonly string[]): readonly boolean[] => {
    const { steps, gapAtEnd } = run(...lines);
    return [...steps.map(({ gapBefore }) => gapBefore), gapAtEnd];
  };

  test('is a gap behind it, where others go on to the bottom of the thread', () => {
    expect(gaps(...stop, ...torn, ...stop)).toEqual([false, false, true, false]);
    expect(gaps(...stop, ...stop, ...torn)).toEqual([false, false, false, true]);
  });

  test('is none where most stacks are limited', () => {
    expect(gaps(...torn, ...stop, ...torn)).toEqual([false, false, false, false]);
  });

  test('is a gap on both sides where nothing of it is left', () => {
    expect(gaps(...stop, ...stopped, '(gdb) c', ...stop)).toEqual([false, true, true, false]);
  });
});

test('a thread without a name that may have ended is not the one that makes the same call', () => {
  const migration = (line: number): string =>
    `#1  0x00005555558c5f32 in migration_thread (opaque=0x5555562817b0) at migration.c:${line}`;
  const log = 'vhost_log_global_start (listener=0x5555562b1f08) at vhost.c:1123';
  const stop =
    'vhost_dev_stop (hdev=0x5555562b1f00, vdev=0x5555562a0010, vrings=true) at vhost.c:9';
  const threads = (...between: readonly string[]): number =>
    run(
      `#0  ${log}`,
      migration(3507),
      ...between,
      '',
      `Thread 7 "mig/src/main" hit Breakpoint 3, ${stop}`,
      `#0  ${stop}`,
      migration(3531),
    ).activations.filter(({ func }) => func === 'migration_thread').length;
  expect(threads()).toBe(1);
  expect(threads('[Thread 0x7ffff4dff6c0 (LWP 22469) exited]')).toBe(2);
});

describe("a function of another program is none of QEMU's, although its name is", () => {
  const facts = (...lines: readonly string[]): number =>
    check('gdb.txt', lines.join('\n')).captures[0]?.facts ?? -1;

  test.each([
    'vhost_user_set_features (dev=0x17ffd2d40, features=1) at /src/dpdk/lib/librte_vhost/vhost_user.c:137',
    'vhost_user_set_features (dev=0x17ffd2d40, features=1) at ../lib/vhost/vhost_user.c:400',
    'vhost_user_set_features (dev=0x17ffd2d40, features=1) at vhost_user.c:400',
    'vhost_user_set_log_base (pdev=0x7fffefffe2c8, ctx=0x7fffefffe2d0)',
    'vhost_user_set_log_base (dev=0x17ffd2d40, msg=0x7fffefffe2d0)',
    '0x00007ffff7c01010 in vhost_user_set_mem_table () from /usr/lib64/librte_vhost.so.24',
    'vhost_dev_stop (dev=0xffff888104a80000) at drivers/vhost/vhost.c:846',
    'vhost_dev_cleanup (dev=0xffff888104a80000)',
    '0xffffffff81c3f004 in vhost_dev_stop ()',
    'vhost_vdpa_set_features (v=0xffff888104a80000, featurep=0x7ffe1c2b3a40) at ../drivers/vhost/vdpa.c:420',
  ])('%s', (frame) => {
    expect(facts(`#0  ${frame}`, '#1  0x0000000000401136 in main () at m.c:9')).toBe(0);
    expect(facts(`Thread 2 "x" hit Breakpoint 1, ${frame}`, '')).toBe(0);
  });

  test('and what the handler of messages calls is told by it', () => {
    const set = '#0  vhost_user_set_features (dev=0x17ffd2d40, features=1)';
    expect(facts(set, '#1  0x00000000004f5b10 in vhost_user_msg_handler (vid=0, fd=24)')).toBe(0);
  });

  test.each([
    'vhost_user_set_features (dev=0x5555562b1f00, features=1) at ../hw/virtio/vhost-user.c:1447',
    'vhost_user_set_features (dev=0x5555562b1f00, features=1)',
    'vhost_user_set_features (dev=0x5555562b1f00, features=1) at /lib/vhost/qemu/hw/virtio/vhost-user.c:1447',
    '0x0000555555a1acc0 in vhost_dev_stop ()',
    'vhost_dev_stop (hdev=0x7fff880008c0, vdev=0x7fff880006a0) at vhost.c:2009',
  ])("QEMU's own stays one: %s", (frame) => {
    expect(facts(`#0  ${frame}`, '#1  0x0000000000401136 in main () at m.c:9')).toBe(1);
  });

  test('nor does its breakpoint watch the function of QEMU', () => {
    const set = (file: string): string[] => [
      '(gdb) b vhost_dev_stop',
      `Breakpoint 1 at 0x4f3a20: file ${file}, line 846.`,
    ];
    const watched = (file: string): boolean =>
      run(...set(file), ...stopped, ...shown).probes.watching('vhost_dev_stop', 0, 0) !== undefined;
    expect([watched('../hw/virtio/vhost.c'), watched('drivers/vhost/vhost.c')]).toEqual([
      true,
      false,
    ]);
  });
});
