/** Steps, activations, devices, probes and order, on small transcripts in gdb's words. */
import { describe, expect, test } from 'vitest';
import { learnListenerOffset } from '../src/facts/stacks/device.js';
import { functionTable, plainName } from '../src/facts/functions.js';
import { eventTable } from '../src/facts/trace-events.js';
import { hasFailed, hasSucceeded } from '../src/flows/activations/activation.js';
import { buildRun } from '../src/flows/run.js';
import { qemuEvents } from '../src/formats/qemu/qemu-events.js';
import type { Run } from '../src/flows/run.js';
import { readText } from './helpers/read-text.js';

/** Reads a transcript; frames are numbered here, so that stacks can be put together freely. */
function run(...lines: readonly string[]): Run {
  let level = 0;
  const numbered = lines.map((line) => {
    if (line.startsWith('#0')) level = 0;
    return line.replace(/^#\d+ +/, () => `#${level++}`.padEnd(4));
  });
  return buildRun(readText(numbered.join('\n')), { assumeOrdered: false });
}

const BOTTOM = '#9  0x00007ffff7ca58ec in clone3 () at clone3.S:81';
const hit = (n: number, func: string, args: string, thread = '1 "qemu"'): string[] => [
  '',
  `Thread ${thread} hit Breakpoint ${n}, ${func} (${args}) at ../hw/virtio/vhost.c:10`,
  `#0  ${func} (${args}) at ../hw/virtio/vhost.c:10`,
];
const frame = (level: number, func: string, args: string): string =>
  `#${level}  0x000055555588cd5${level} in ${func} (${args}) at ../hw/virtio/vhost.c:2${level}`;

const SET_LOG = frame(1, 'vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true');
const MIGRATION_LOG = frame(2, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true');

describe('steps', () => {
  test('a stop and its backtrace are one entry', () => {
    const { steps } = run(...hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'), BOTTOM);
    expect(
      steps.map(({ entry, thread, stackKnown, complete }) => [entry, thread, stackKnown, complete]),
    ).toEqual([[true, '0/1', true, true]]);
  });

  test('a second bt at the same stop is no second call', () => {
    const once = hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00');
    const { activations, steps } = run(
      '(gdb) c',
      ...once,
      BOTTOM,
      '(gdb) bt',
      ...once.slice(2),
      BOTTOM,
    );
    expect(steps.map(({ entry }) => entry)).toEqual([true, false]);
    expect(activations.map(({ func, entered }) => [func, entered])).toEqual([
      ['vhost_dev_stop', true],
    ]);
  });

  test('silent commands print one stack for each stop, unless somebody asked for another', () => {
    const silent = hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00').slice(2);
    const entries = (...lines: readonly string[]): boolean[] =>
      run(...lines).steps.map(({ entry }) => entry);
    expect(entries('(gdb) run', ...silent, BOTTOM, ...silent, BOTTOM)).toEqual([true, true]);
    expect(entries(...silent, BOTTOM, '(gdb) bt', ...silent, BOTTOM)).toEqual([true, false]);
  });

  test('commands that print a stack twice report one stop', () => {
    const once = hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00');
    const { steps } = run(...once, BOTTOM, ...once.slice(2), BOTTOM);
    expect(steps.map(({ entry }) => entry)).toEqual([true, false]);
  });

  test('the backtrace of a stop may be asked for at the prompt', () => {
    const [blank = '', stop = '', ...stack] = hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00');
    const { steps } = run(
      blank,
      stop,
      '(gdb) p hdev',
      '$1 = 1',
      '(gdb) bt',
      ...stack,
      BOTTOM,
      '(gdb) c',
    );
    expect(steps.map(({ entry, stackKnown }) => [entry, stackKnown])).toEqual([[true, true]]);
  });

  test('the stacks of other threads in "thread apply all bt" are no calls', () => {
    const { steps } = run(
      ...hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      BOTTOM,
      '',
      'Thread 2 (Thread 0x7ffff7afc6c0 (LWP 7) "worker"):',
      '#0  vhost_dev_set_log (dev=0x5555562b1f00, enable_log=true) at ../hw/virtio/vhost.c:10',
      BOTTOM,
    );
    expect(steps.map(({ entry, thread }) => [entry, thread])).toEqual([
      [true, '0/1'],
      [false, '0/2'],
    ]);
  });

  test('the stack of the thread that stopped is found among those of all threads', () => {
    const [blank = '', stop = '', first = ''] = hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00');
    const { steps } = run(
      ...[blank, stop, '', 'Thread 2 (Thread 0x7ffff7afc6c0 (LWP 7) "worker"):'],
      ...['#0  vhost_log_put (dev=0x5555562b1f00, sync=true) at ../hw/virtio/vhost.c:10', BOTTOM],
      ...['', 'Thread 1 (Thread 0x7ffff7afd9c0 (LWP 5) "qemu"):', first, BOTTOM],
    );
    expect(steps.map(({ entry, thread, stackKnown }) => [entry, thread, stackKnown])).toEqual([
      [false, '0/2', true],
      [true, '0/1', true],
    ]);
  });

  test('the stacks of all threads without headers (thread apply all -q bt): those that wait are passed over', () => {
    const idle = [
      '#0  0x00007ffff7c9826f in __GI___poll (fds=0x7fffec0031e0, nfds=3, timeout=-1) at poll.c:29',
      '#1  0x0000555555b1db54 in iothread_run (opaque=0x5555562bcc20) at ../iothread.c:70',
      '#2  0x00007ffff7ca58ec in clone3 () at ../sysdeps/unix/sysv/linux/x86_64/clone3.S:81',
    ];
    const [blank = '', stop = '', ...stack] = hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00');
    const seen = (...lines: readonly string[]): unknown[] =>
      run(...lines).steps.map(({ entry, stackKnown, calls }) => [entry, stackKnown, calls.length]);
    const alone = seen(blank, stop, ...stack, BOTTOM);
    expect(seen(blank, stop, ...idle, ...stack, BOTTOM, ...idle)).toEqual(alone);
    expect(seen(...stack, BOTTOM, ...idle)).toEqual(alone);
  });

  test('a call ended by the debugger is marked, and what follows is not a whole record', () => {
    const { steps } = run(
      ...hit(1, 'vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true'),
      BOTTOM,
      '(gdb) return (int)0',
      '(gdb) c',
      'Continuing.',
      ...hit(2, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      BOTTOM,
    );
    expect(steps.map(({ altered, gapBefore }) => [altered?.command, gapBefore])).toEqual([
      ['return (int)0', false],
      [undefined, true],
    ]);
  });

  test('a thread that is alive cannot begin: what follows is another process', () => {
    const log = [
      '[New Thread 0x7ffff7afc6c0 (LWP 7)]',
      ...hit(1, 'vhost_dev_stop', 'hdev=0x10'),
      BOTTOM,
    ];
    const exit = '[Thread 0x7ffff7afc6c0 (LWP 7) exited]';
    expect(run(...log, ...log).sessions).toBe(2);
    expect(run(...log, exit, ...log).sessions).toBe(1);
  });

  test('a process that executes another program begins anew', () => {
    const stop = [...hit(1, 'vhost_dev_stop', 'hdev=0x10'), BOTTOM];
    const program = 'is executing new program: /usr/bin/qemu-system-x86_64';
    expect(run(...stop, `process 7 ${program}`, ...stop).sessions).toBe(2);
    expect(run(...stop, `Remote target ${program}`, ...stop).sessions).toBe(2);
    expect(run('Starting program: /bin/sh', `process 7 ${program}`, ...stop).sessions).toBe(1);
  });

  test('another return address of the same outermost function is another process', () => {
    const other = BOTTOM.replace('58ec', '60ec');
    const { sessions, devices } = run(
      ...hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      BOTTOM,
      ...hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      other,
    );
    expect(sessions).toBe(2);
    expect(devices.map(({ session, address }) => [session, address])).toEqual([
      [0, '0x5555562b1f00'],
      [1, '0x5555562b1f00'],
    ]);
  });
});

describe('activations', () => {
  const feature = (on: boolean): string[] => [
    ...hit(2, 'vhost_dev_set_features', `dev=0x5555562b1f00, enable_log=${String(on)}`),
    SET_LOG,
    MIGRATION_LOG,
    BOTTOM,
  ];
  const ring = [
    ...hit(
      3,
      'vhost_virtqueue_set_addr',
      'dev=0x5555562b1f00, vq=0x5555562b2190, idx=0, enable_log=true',
    ),
    SET_LOG,
    MIGRATION_LOG,
    BOTTOM,
  ];

  test('successive stacks share the calls that they both show', () => {
    const { activations } = run(...feature(true), ...ring);
    expect(activations.map(({ func, parent, entered }) => [func, parent?.func, entered])).toEqual([
      ['vhost_migration_log', undefined, false],
      ['vhost_dev_set_log', 'vhost_migration_log', false],
      ['vhost_dev_set_features', 'vhost_dev_set_log', true],
      ['vhost_virtqueue_set_addr', 'vhost_dev_set_log', true],
    ]);
  });

  test('a stack before every line that names a thread is of the thread that goes on with it', () => {
    const { activations } = run(
      '(gdb) bt',
      ...hit(1, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true').slice(2),
      BOTTOM,
      '(gdb) c',
      ...hit(2, 'vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true'),
      frame(1, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true'),
      BOTTOM,
    );
    expect(activations.map(({ func, thread }) => [func, thread])).toEqual([
      ['vhost_migration_log', '0/1'],
      ['vhost_dev_set_log', '0/1'],
    ]);
  });

  test('a call has returned when a whole stack of its thread no longer shows it', () => {
    const { activations } = run(
      ...feature(true),
      ...ring,
      ...hit(4, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      BOTTOM,
    );
    expect(activations.map(({ func, closed }) => [func, closed])).toEqual([
      ['vhost_migration_log', 2],
      ['vhost_dev_set_log', 2],
      ['vhost_dev_set_features', 1],
      ['vhost_virtqueue_set_addr', 2],
      ['vhost_dev_stop', undefined],
    ]);
  });

  test('a stack that is cut short proves no return', () => {
    const { activations } = run(
      ...feature(true),
      ...hit(4, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
    );
    expect(activations.map(({ closed }) => closed)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('up shows an outer frame and proves no return of the inner ones', () => {
    const up =
      '#2  0x000055555588cd52 in vhost_migration_log (listener=0x5555562b1f08, enable=true) at ../hw/virtio/vhost.c:22';
    const text = [...feature(true).slice(1), '(gdb) up', up, ''];
    const { activations } = buildRun(readText(text.join('\n').replace('#9', '#3')), {
      assumeOrdered: false,
    });
    expect(activations.map(({ func, closed }) => [func, closed])).toEqual([
      ['vhost_migration_log', undefined],
      ['vhost_dev_set_log', undefined],
      ['vhost_dev_set_features', undefined],
    ]);
  });

  test('another thread proves no return, the end of the thread does', () => {
    const stop = [...hit(4, 'vhost_dev_stop', 'hdev=0x5555562b1f00', '2 "worker"'), BOTTOM];
    const first = ['[Switching to Thread 0x7ffff7afd9c0 (LWP 5)]', ...feature(true)];
    expect(run(...first, ...stop).activations[0]?.closed).toBeUndefined();
    const gone = run(...first, '[Thread 0x7ffff7afd9c0 (LWP 5) exited]', ...stop);
    expect(gone.activations[0]?.closed).toBe(1);
  });

  test('a return that names its thread is that of the thread, whoever stopped last', () => {
    const start = (thread: string, device: string): string[] => [
      ...hit(1, 'vhost_dev_start', `hdev=${device}`, thread),
      BOTTOM,
    ];
    const { activations } = run(
      ...start('2 "worker"', '0x5555562b1f00'),
      ...start('3 "CPU 0/KVM"', '0x5555562c1f00'),
      'vhtrace-probes 1 return vhost_dev_start thread 2 value -22.',
      'vhtrace-probes 1 return vhost_dev_start thread 3 value 0.',
    );
    expect(
      activations.map(({ thread, closed, result }) => [thread, closed, result?.value]),
    ).toEqual([
      ['0/2', 2, '-22'],
      ['0/3', 3, '0'],
    ]);
  });

  test('a program of one thread names it in no stop, so that every return is its own', () => {
    const { activations } = run(
      'Breakpoint 1, vhost_dev_start (hdev=0x5555562b1f00) at ../hw/virtio/vhost.c:10',
      '#0  vhost_dev_start (hdev=0x5555562b1f00) at ../hw/virtio/vhost.c:10',
      'vhtrace-probes 1 return vhost_dev_start thread 1 value 0.',
      'vhtrace-probes 1 return vhost_dev_start thread 1 value -22.',
    );
    expect(activations.map(({ closed, result }) => [closed, result?.value])).toEqual([[1, '0']]);
  });

  test.each([
    ['vhost_log_global_start', 'listener=0x5555562b1f08', 'false', true, false],
    ['vhost_log_global_start', 'listener=0x5555562b1f08', 'true', false, true],
    ['vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true', '-22', true, false],
    ['vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true', '0', false, true],
  ])('%s (%s) that returns %s', (func, args, value, fails, succeeds) => {
    const { activations } = run(
      ...hit(1, func, args),
      BOTTOM,
      `vhtrace-probes 1 return ${func} thread 1 value ${value}.`,
    );
    for (const activation of activations) {
      expect([hasFailed(activation), hasSucceeded(activation)]).toEqual([fails, succeeds]);
    }
  });

  test('limited backtraces are aligned at the calls that both show', () => {
    const { activations } = run(
      ...hit(1, 'vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true'),
      frame(1, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true'),
      '(More stack frames follow...)',
      ...hit(2, 'vhost_dev_set_features', 'dev=0x5555562b1f00, enable_log=true'),
      SET_LOG,
      '(More stack frames follow...)',
    );
    expect(activations.map(({ func, parent }) => [func, parent?.func])).toEqual([
      ['vhost_migration_log', undefined],
      ['vhost_dev_set_log', 'vhost_migration_log'],
      ['vhost_dev_set_features', 'vhost_dev_set_log'],
    ]);
  });

  test('a whole stack behind a limited one shows who called, and proves no return', () => {
    const { activations } = run(
      ...hit(1, 'vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true'),
      '(More stack frames follow...)',
      ...hit(2, 'vhost_dev_set_features', 'dev=0x5555562b1f00, enable_log=true'),
      SET_LOG,
      frame(2, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true'),
      BOTTOM,
    );
    expect(activations.map(({ func, parent, closed }) => [func, parent?.func, closed])).toEqual([
      ['vhost_dev_set_log', 'vhost_migration_log', undefined],
      ['vhost_migration_log', undefined, undefined],
      ['vhost_dev_set_features', 'vhost_dev_set_log', undefined],
    ]);
  });

  test('what was open before a limited stack goes on where a whole one shows it again', () => {
    const { activations } = run(
      ...hit(1, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true'),
      BOTTOM,
      ...hit(
        2,
        'vhost_user_set_log_base',
        'dev=0x5555562b1f00, base=140737311748096, log=0x7f0000',
      ),
      ...hit(3, 'vhost_log_put', 'dev=0x5555562b1f00, sync=true'),
      frame(1, 'vhost_dev_log_resize', 'dev=0x5555562b1f00, size=640'),
      ...hit(4, 'vhost_dev_set_features', 'dev=0x5555562b1f00, enable_log=true'),
      SET_LOG,
      frame(2, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true'),
      BOTTOM,
    );
    expect(activations.map(({ func, parent, isLoose }) => [func, parent?.func, isLoose])).toEqual([
      ['vhost_migration_log', undefined, false],
      ['vhost_user_set_log_base', undefined, true],
      ['vhost_dev_log_resize', undefined, true],
      ['vhost_log_put', 'vhost_dev_log_resize', true],
      ['vhost_dev_set_log', 'vhost_migration_log', false],
      ['vhost_dev_set_features', 'vhost_dev_set_log', false],
    ]);
  });

  test('what was open before limited stacks does not go on once its function is entered again', () => {
    const { activations } = run(
      ...hit(1, 'vhost_dev_stop', 'hdev=<optimized out>'),
      frame(1, 'virtio_set_status', 'vdev=0x5555562b1ee0, val=0'),
      BOTTOM,
      ...hit(1, 'vhost_dev_stop', 'hdev=<optimized out>'),
      frame(1, 'vm_state_notify', 'running=0, state=RUN_STATE_FINISH_MIGRATE'),
      '(More stack frames follow...)',
      ...hit(2, 'vhost_virtqueue_stop', 'dev=0x5555562b1f00, idx=0'),
      frame(1, 'vhost_dev_stop', 'hdev=<optimized out>'),
      frame(2, 'vm_state_notify', 'running=<optimized out>, state=RUN_STATE_FINISH_MIGRATE'),
      '(More stack frames follow...)',
      ...hit(3, 'vhost_log_put', 'dev=0x5555562b1f00, sync=true'),
      frame(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      '(More stack frames follow...)',
    );
    const first = activations.find(({ func }) => func === 'vhost_dev_stop');
    expect(first?.last).toBe(first?.first);
  });

  test('a call that a torn stack hid ends none of those inside it', () => {
    const { activations } = run(
      ...hit(1, 'vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true'),
      MIGRATION_LOG.slice(0, 30),
      frame(2, 'vhost_log_global_start', 'listener=0x5555562b1f08'),
      BOTTOM,
      ...hit(2, 'vhost_dev_set_features', 'dev=0x5555562b1f00, enable_log=true'),
      SET_LOG,
      frame(2, 'vhost_migration_log', 'listener=0x5555562b1f08, enable=true'),
      frame(3, 'vhost_log_global_start', 'listener=0x5555562b1f08'),
      BOTTOM,
    );
    const [start] = activations.filter(
      ({ func, entered }) => func === 'vhost_dev_set_log' && entered,
    );
    expect(start?.closed).toBeUndefined();
  });
});

describe('migrations', () => {
  test('a VM that arrives, or is saved, is no outgoing migration', () => {
    const runState = (from: string, to: string): string =>
      `runstate_set current_run_state 1 (${from}) new_state 2 (${to})`;
    const state = (name: string): string => `migrate_set_state new state ${name}`;
    const { migrations } = run(
      state('active'),
      runState('inmigrate', 'running'),
      state('completed'),
      runState('running', 'save-vm'),
      state('setup'),
      state('completed'),
      runState('save-vm', 'running'),
      state('setup'),
      state('active'),
    );
    expect(migrations.map(({ what }) => what)).toEqual(['incoming', 'snapshot', undefined]);
  });

  const MIGRATION = frame(2, 'migration_thread', 'opaque=0x5555561c2d00');
  const ITERATION = frame(1, 'migration_iteration_run', 's=0x5555561c2d00');
  const THREAD = '7 "live_migration"';
  const setup = [
    ...hit(1, 'qemu_savevm_state_setup', 'f=0x5555561c2e00', THREAD),
    MIGRATION,
    BOTTOM,
  ];
  const completion = [
    ...hit(2, 'migration_completion', 's=0x5555561c2d00', THREAD),
    ITERATION,
    MIGRATION,
    BOTTOM,
  ];

  test('a thread runs one, and several stacks of one switchover are one', () => {
    const cut = hit(3, 'vhost_dev_sync_region', 'dev=0x5555562b1f00', THREAD);
    const { migrations } = run(...setup, ...cut, ...completion, ...cut, ...completion);
    expect(migrations.map(({ phases }) => phases)).toEqual([['setup', 'switchover']]);
  });

  test('migration_iteration_run() shows the iterations, but as the caller of the switchover', () => {
    const iteration = [
      ...hit(4, 'qemu_savevm_state_iterate', 'f=0x5555561c2e00', THREAD),
      ITERATION,
      MIGRATION,
      BOTTOM,
    ];
    const { migrations } = run(...setup, ...iteration, ...completion);
    expect(migrations.map(({ phases }) => phases)).toEqual([['setup', 'iterate', 'switchover']]);
  });

  test('one that trace events and stacks show is listed once', () => {
    const state = (name: string): string => `7@1.000000:migrate_set_state new state ${name}`;
    const { migrations } = run(
      state('setup'),
      ...setup,
      state('active'),
      ...completion,
      state('completed'),
    );
    expect(migrations.map(({ outcome, phases }) => [outcome, phases])).toEqual([
      ['completed', ['setup', 'active', 'completed']],
    ]);
  });
});

describe('printed structures', () => {
  const [blank = '', stop = '', own = ''] = hit(
    1,
    'vhost_user_set_vring_addr',
    'dev=0x5555562b1f00, addr=0x7ffff4bfe8a0',
  );
  const SET_ADDR = frame(1, 'vhost_virtqueue_set_addr', 'dev=0x5555562b1f00, idx=0');
  const RING =
    '$1 = {index = 0, flags = 1, desc_user_addr = 4096, used_user_addr = 8192, avail_user_addr = 12288, log_guest_addr = 16384}';
  const printed = (...lines: readonly string[]): [string, string | undefined][] =>
    run(...lines)
      .activations.filter((a) => (a.printed?.size ?? 0) > 0)
      .map((a) => [a.func, a.printed?.get('flags')]);
  const seen = [['vhost_user_set_vring_addr', '1']];

  test('are those of the innermost call, printed before or behind its backtrace', () => {
    expect(printed(blank, stop, own, SET_ADDR, RING)).toEqual(seen);
    expect(printed(blank, stop, RING, own, SET_ADDR)).toEqual(seen);
    expect(printed(blank, stop, RING)).toEqual(seen);
  });

  test('are those of a silent stop once its commands are seen to print behind the backtrace', () => {
    const [, , other = ''] = hit(2, 'vhost_dev_start', 'hdev=0x5555562b1f00');
    expect(printed(other, BOTTOM, own, SET_ADDR, RING, other, BOTTOM)).toEqual(seen);
    expect(printed(own, SET_ADDR, RING, other, BOTTOM)).toEqual([]);
  });

  test('may be one member at the prompt', () => {
    expect(printed(blank, stop, own, '(gdb) p addr->flags', '$1 = 1')).toEqual(seen);
    expect(printed(blank, stop, own, '(gdb) p other->flags', '$1 = 1')).toEqual([]);
  });

  test.each([
    ['another variable', [blank, stop, own, '(gdb) p *other', RING]],
    ['another frame', [blank, stop, own, '(gdb) up', '(gdb) p *addr', RING]],
    ['another moment', [blank, stop, own, '(gdb) finish', '(gdb) p *addr', RING]],
    ['a silent stop that may print first', [RING, own, SET_ADDR, RING, own, SET_ADDR]],
    ['another structure', [blank, stop, own, '$1 = {index = 0, flags = 1}']],
  ])('are not taken from %s', (_what, lines) => {
    expect(printed(...lines)).toEqual([]);
  });
});

describe('devices and rings', () => {
  test('dev, hdev, net and listener - 8 are one device', () => {
    const { devices } = run(
      ...hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      frame(1, 'vhost_net_stop_one', 'net=0x5555562b1f00, dev=0x555556e820f0'),
      BOTTOM,
      ...hit(2, 'vhost_log_global_stop', 'listener=0x5555562b1f08'),
      BOTTOM,
    );
    expect(devices.map(({ address }) => address)).toEqual(['0x5555562b1f00']);
  });

  test('an address that is used again after a cleanup is another device', () => {
    const log = 'dev=0x5555562b1f00, enable_log=true';
    const { facts } = run(
      ...hit(1, 'vhost_dev_set_log', log),
      BOTTOM,
      ...hit(2, 'vhost_dev_cleanup', 'hdev=0x5555562b1f00'),
      BOTTOM,
      ...hit(3, 'vhost_dev_init', 'hdev=0x5555562b1f00, opaque=0x1'),
      BOTTOM,
      ...hit(1, 'vhost_dev_set_log', log),
      BOTTOM,
    );
    expect(facts.map(({ kind, incarnation }) => [kind, incarnation])).toEqual([
      ['vhost_dev_set_log', 0],
      ['vhost_dev_cleanup', 0],
      ['vhost_dev_init', 1],
      ['vhost_dev_set_log', 1],
    ]);
  });

  test('another distance between listener and device is learned', () => {
    const { steps } = run(
      ...hit(1, 'vhost_dev_set_log', 'dev=0x5555562b1f00, enable_log=true'),
      frame(1, 'vhost_migration_log', 'listener=0x5555562b1f10, enable=true'),
      BOTTOM,
    );
    expect(learnListenerOffset(steps)).toBe(16n);
    expect(learnListenerOffset([])).toBe(8n);
  });

  test('the second pair of a kernel device: ring 3 of the device is ring 1 of the backend', () => {
    const result = run(
      '#0  vhost_kernel_set_vring_addr (dev=0x5555573f9c50, addr=0x7fffe3dff190) at ../hw/virtio/vhost-backend.c:110',
      frame(
        1,
        'vhost_virtqueue_set_addr',
        'dev=0x5555573f9c50, vq=0x5555573f9f60, idx=1, enable_log=false',
      ),
      frame(
        2,
        'vhost_virtqueue_start',
        'dev=0x5555573f9c50, vdev=0x555558419170, vq=0x5555573f9f60, idx=3',
      ),
      BOTTOM,
    );
    expect(result.devices).toEqual([
      {
        session: 0,
        address: '0x5555573f9c50',
        backend: 'kernel',
        backendLine: 1,
        name: undefined,
        vrings: [1],
      },
    ]);
    const [start] = result.activations;
    expect(start && result.rings.vqIndexOf(start)).toBe(2);
    expect(result.facts.map(({ kind, vring }) => [kind, vring])).toEqual([
      ['vhost_virtqueue_start', 1],
      ['vhost_virtqueue_set_addr', 1],
      ['op_set_vring_addr', 1],
    ]);
  });
});

describe('probes', () => {
  const stop = [...hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'), BOTTOM];

  test('what was reported once is watched throughout; what was not is not', () => {
    const { probes } = run(...stop);
    expect(probes.watching('vhost_dev_stop', 0, 9)?.how).toBe('reported');
    expect(probes.watching('vhost_dev_start', 0, 9)).toBeUndefined();
  });

  test('a breakpoint that is named where it was set is watched from there on', () => {
    const { probes } = run(
      ...stop,
      '(gdb) b vhost_dev_start',
      'Breakpoint 2 at 0x33b8df: file ../hw/virtio/vhost.c, line 2009.',
      '(gdb) c',
      'Continuing.',
      ...hit(1, 'vhost_dev_stop', 'hdev=0x5555562b1f00'),
      BOTTOM,
    );
    expect(probes.watching('vhost_dev_start', 1, 1)?.how).toBe('breakpoint set');
    expect(probes.watching('vhost_dev_start', 0, 1)).toBeUndefined();
  });

  test('a declared function is watched before it is ever called, a partly watched one never', () => {
    const { probes } = run(
      'Breakpoint 2 at 0x33b8df: file ../hw/virtio/vhost.c, line 2009.',
      'Breakpoint 3 at 0x33b8df: vhost_log_put. (2 locations)',
      'vhtrace-probes 1 watched vhost_dev_start breakpoint 2.',
      'vhtrace-probes 1 partly vhost_log_put breakpoint 3.',
      'vhtrace-probes 1 absent vhost_dev_force_stop.',
      ...stop,
      ...hit(3, 'vhost_log_put', 'dev=0x5555562b1f00, sync=true'),
      BOTTOM,
    );
    expect(probes.watching('vhost_dev_start', 0, 9)?.how).toBe('declared');
    expect(probes.watching('vhost_dev_stop', 0, 9)?.how).toBe('reported');
    expect(probes.watching('vhost_log_put', 0, 9)).toBeUndefined();
    expect(probes.watching('vhost_dev_force_stop', 0, 9)).toBeUndefined();
  });

  test('a breakpoint that is pending watches nothing', () => {
    const { probes } = run(
      '(gdb) b vhost_dev_start',
      'Make breakpoint pending on future shared library load? (y or [n]) y',
      'Breakpoint 2 (vhost_dev_start) pending.',
      ...stop,
    );
    expect(probes.watching('vhost_dev_start', 0, 9)).toBeUndefined();
  });

  test('the op of a device whose backend is not known is watched where that of each backend is', () => {
    const declared = (backends: readonly string[]): Run =>
      run(
        ...backends.map(
          (name, i) => `vhtrace-probes 1 watched vhost_${name}_set_log_base breakpoint ${i + 1}.`,
        ),
        ...stop,
      );
    const few = declared(['kernel', 'user']).probes;
    expect(few.watching('op_set_log_base', 0, 9)).toBeUndefined();
    expect(few.watching('op_set_log_base', 0, 9, 'user')?.func).toBe('vhost_user_set_log_base');
    const { probes } = declared(['kernel', 'user', 'vdpa']);
    expect(probes.watching('op_set_log_base', 0, 9)).toBeDefined();
  });

  test('what was reported of one process says nothing of another', () => {
    const other = hit(2, 'vhost_dev_start', 'hdev=0x5555562b1f00');
    const { probes, sessions } = run(
      ...stop,
      '[Inferior 1 (process 5) exited normally]',
      ...other,
      BOTTOM,
    );
    expect(sessions).toBe(2);
    expect(probes.watching('vhost_dev_stop', 0, 0)).toBeDefined();
    expect(probes.watching('vhost_dev_stop', 1, 1)).toBeUndefined();
  });

  test('a breakpoint number that changes its function is another debugger', () => {
    const { sessions } = run(...stop, ...hit(1, 'vhost_dev_start', 'hdev=0x5555562b1f00'), BOTTOM);
    expect(sessions).toBe(2);
  });

  test('a conditional breakpoint watches nothing, a deleted one nothing more', () => {
    const conditional = run(
      '(gdb) b vhost_dev_stop if hdev == 0',
      'Breakpoint 1 at 0x1: file a.c, line 1.',
      ...stop,
    );
    expect(conditional.probes.watching('vhost_dev_stop', 0, 0)).toBeUndefined();
    const deleted = run(...stop, '(gdb) delete', '(gdb) c', ...stop);
    expect(deleted.probes.watching('vhost_dev_stop', 0, 0)).toBeDefined();
    expect(deleted.probes.watching('vhost_dev_stop', 0, 1)).toBeUndefined();
  });
});

describe('order', () => {
  const bt = (func: string): string[] => [
    `#0  ${func} (dev=0x5555562b1f00) at ../hw/virtio/vhost.c:10`,
    BOTTOM,
  ];

  test('words between dumps make a note, words around them do not', () => {
    const words = 'Then the log is switched on by the migration thread.';
    expect(
      run(...bt('vhost_dev_set_log'), '', words, '', ...bt('vhost_dev_set_features')).ordered,
    ).toBe(false);
    expect(run(words, '', ...bt('vhost_dev_set_log'), '', words).ordered).toBe(true);
  });

  test('times that run backwards make a note', () => {
    const events = Array.from(
      { length: 20 },
      (_, i) => `4711@1795320809.2234${String(10 + i)}:vhost_commit Started: 1 Changed: ${i % 2}`,
    );
    expect(run(...events).ordered).toBe(true);
    const note = run(...events.toReversed());
    expect(note.ordered).toBe(false);
    expect(note.note).toEqual({ line: 9, why: 'times that run backwards' });
    // What was measured since the line before is no clock.
    const since = [5, 1, 4, 2, 3, 1, 9, 1, 8, 1, 7, 2, 6, 1, 5, 1, 4, 1, 3, 1, 2, 1];
    const calls = since.map(
      (n) => `4711 0.00000${n} ioctl(13</dev/vhost-net>, VHOST_RESET_OWNER) = 0`,
    );
    expect(run(...calls).ordered).toBe(true);
  });

  describe('times that a collector puts around each line', () => {
    const text = 'VHOST_CONFIG: (/tmp/s) read message VHOST_USER_SET_VRING_ADDR';
    const stampOf = (i: number): string => `2026-11-22T03:27:38.${100 + i}Z`;
    const rowOf: Readonly<Record<string, (i: number) => string[]>> = {
      'of logcli': (i) => [`${stampOf(i)} {app="ovs"} ${text}`],
      'of logcli, as objects': (i) => [JSON.stringify({ line: text, timestamp: stampOf(i) })],
      'of Grafana': (i) => [
        '  {',
        `    "line": ${JSON.stringify(text)},`,
        `    "timestamp": "17953204581234567${10 + i}",`,
        `    "date": "${stampOf(i)}"`,
        '  },',
      ],
      'of Kibana': (i) => [`"Nov 22, 2026 @ 03:27:38.${100 + i}","${text}"`],
      'of a clock of seconds': (i) => [`2026-11-22T03:27:3${Math.floor(i / 6)}Z {} ${text}`],
    };
    test('not a number of the entry that runs back where the clock does not', () => {
      const rows = [3, 4, 5].map((i) =>
        JSON.stringify({ id: `${1_234_567_899 - i}`, line: text, timestamp: stampOf(i) }),
      );
      expect(run(...rows).ordered).toBe(true);
    });
    test.each(Object.entries(rowOf))('%s', (of, row) => {
      const head = of === 'of Kibana' ? ['"@timestamp",message'] : [];
      const rows = Array.from({ length: 18 }, (_, i) => row(i));
      expect(run(...head, ...rows.flat())).toMatchObject({ ordered: true, steps: { length: 18 } });
      const note = run(...head, ...rows.toReversed().flat());
      expect(note.note).toMatchObject({ why: 'times that run backwards' });
      expect(note.steps).toHaveLength(18);
    });
  });

  describe('the files of strace -ff, one behind the other', () => {
    const call = (head: string): string => `${head}ioctl(13</dev/vhost-net>, VHOST_SET_OWNER) = 0`;
    const signOf = (...lines: readonly string[]): string | undefined => run(...lines).note?.why;
    const why = 'files of single threads, one behind the other';
    const clock = ['10:00:02.000001 ', '10:00:01.000001 '];
    const seconds = ['1795736670.000002 ', '1795736670.000001 '];

    test.each([
      ['a clock that goes back', clock.map(call)],
      ['seconds that go back', seconds.map(call)],
      ['a thread that has ended', [call(''), '+++ exited with 0 +++', call('')]],
      ['a thread that is traced no more', ['futex(0x7f00, FUTEX_WAIT <detached ...>', call('')]],
    ])('%s', (_, lines) => {
      expect(signOf(...lines)).toBe(why);
    });

    test.each([
      ['lines that name their thread', clock.map((head, i) => call(`${4711 + i} ${head}`))],
      ['midnight', [call('23:59:59.9 '), call('00:00:00.1 ')]],
      ['what has passed since the line before', [call('     0.000009 '), call('     0.000001 ')]],
      [
        'another thread that is traced',
        [call(clock[0] ?? ''), 'strace: Process 7 attached', call(clock[1] ?? '')],
      ],
    ])('not %s', (_, lines) => {
      expect(signOf(...lines)).toBeUndefined();
    });
  });

  test('two bt of different stacks with no run between them make a note', () => {
    const note = run(
      '(gdb) bt',
      ...bt('vhost_dev_set_log'),
      '',
      '(gdb) bt',
      ...bt('vhost_dev_set_features'),
    );
    expect(note.note?.why).toBe('backtraces with no run between them');
    const session = run(
      '(gdb) bt',
      ...bt('vhost_dev_set_log'),
      '(gdb) c',
      'Continuing.',
      '(gdb) bt',
      ...bt('vhost_dev_set_features'),
    );
    expect(session.ordered).toBe(true);
  });
});

test('compiler clone suffixes are no part of a name', () => {
  expect(
    ['vhost_log_put.part.0', 'f.constprop.0.isra.1', 'f.cold', 'vhost_dev_stop'].map(plainName),
  ).toEqual(['vhost_log_put', 'f', 'f', 'vhost_dev_stop']);
});

describe('the tables of known functions and events', () => {
  test('every event row is declared, with the arguments that it names', () => {
    for (const [name, row] of eventTable) {
      const line = qemuEvents.split('\n').filter((text) => text.startsWith(`${name}(`));
      expect(line.length, name).toBeGreaterThan(0);
      for (const argument of [row.device, row.enable, row.value, row.vring]) {
        if (argument === undefined) continue;
        const isDeclared = line.some((text) => new RegExp(`[ *]${argument}[,)]`).test(text));
        expect(isDeclared, `${name}: ${argument}`).toBe(true);
      }
    }
  });

  test('every row names its source', () => {
    for (const [name, { source }] of [...functionTable, ...eventTable])
      expect(source, name).toMatch(/\/[a-z-]+(?:\.c)?$/);
  });
});
