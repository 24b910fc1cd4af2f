/** Migrations that stacks show: which there are, in which parts. */
import { describe, expect, test } from 'vitest';
import { buildFlows } from '../src/flows/tree/flow.js';
import { buildRun } from '../src/flows/run.js';
import { check } from './helpers/check.js';
import { readText } from './helpers/read-text.js';

/** A stop of a thread, with what is between its innermost function and that in which it begins. */
function stop(thread: number, lwp: number, number: number, ...funcs: readonly string[]): string {
  const frames = funcs.map(
    (func, i) => `#${i}  ${i === 0 ? '' : '0x000055555581 in '}${func} () at x.c:${10 + i}`,
  );
  const head = `Thread ${thread} "t${lwp}" hit Breakpoint ${number}, ${funcs[0] ?? ''} () at x.c:10`;
  const end = `#${funcs.length}  0x00007ffff76b08ec in clone3 () at clone3.S:81`;
  return ['', head, '10\tx', ...frames, end].join('\n');
}

const SETUP = stop(6, 16, 2, 'qemu_savevm_state_setup', 'migration_thread');
const CANCEL = stop(1, 11, 3, 'migration_cancel', 'qmp_migrate_cancel', 'main');
const CLEANUP = stop(1, 11, 4, 'migration_cleanup', 'aio_bh_poll', 'main');
const SNAPSHOT = [
  stop(1, 11, 2, 'qemu_savevm_state_setup', 'qemu_savevm_state', 'save_snapshot', 'main'),
  stop(1, 11, 5, 'qemu_savevm_state_cleanup', 'qemu_savevm_state', 'save_snapshot', 'main'),
].join('\n');

function migrations(...stops: readonly string[]): unknown[] {
  const { migrations: found } = check('gdb.txt', stops.join('\n'));
  return found.map(({ what, phases }) => [what ?? 'migration', ...phases]);
}

test('a migration that is cancelled', () => {
  expect(migrations(SETUP, CANCEL, CLEANUP)).toEqual([['migration', 'setup', 'cancel', 'cleanup']]);
});

test('a stack of which frames are missing is of the migration beside it', () => {
  const torn = stop(6, 16, 7, 'vhost_dev_log_resize', 'vhost_commit', 'migration_thread');
  const cut = torn.replace(/#1 .*\n/, '');
  expect(cut).not.toBe(torn);
  for (const stops of [
    [cut, SETUP],
    [SETUP, cut],
    [SETUP, cut, cut, CLEANUP],
  ])
    expect(migrations(...stops)).toHaveLength(1);
  expect(migrations(SNAPSHOT, cut, SETUP, SNAPSHOT)).toHaveLength(3);
});

test('a whole stack that nothing names is of the migration of the threads that are named', () => {
  const main = stop(1, 11, 8, 'vm_stop', 'main');
  const silent = stop(6, 16, 9, 'migration_iteration_run', 'migration_thread').replace(
    /^\nThread.*\n.*\n/,
    '',
  );
  expect(silent).toMatch(/^#0/);
  expect(migrations(SETUP, main, silent)).toEqual([['migration', 'setup', 'iterate']]);
});

/** A row of a uprobe, which shows no stack. */
function row(tid: number, probe: string): string {
  return `qemu-system-x86 100/${tid} [000]   100.000001: probe_qemu:${probe}`;
}

test('uprobes show by the thread what a call is of', () => {
  const thread = (tid: number): string[] => [
    row(tid, 'migration_thread: (555555551000) opaque=0x555556f43a40'),
    row(tid, 'qemu_savevm_state_setup: (555555552000) f=0x555556f43b00'),
    row(tid, 'qemu_savevm_state_setup__return: (555555552000 <- 555555551100) arg1=0x0'),
    row(tid, 'migration_completion: (555555553000) s=0x555556f43a40'),
    row(tid, 'migration_thread__return: (555555551000 <- 555555559000) arg1=0x0'),
  ];
  const phases = ['migration', 'setup', 'switchover'];
  expect(migrations(...thread(11), ...thread(11), ...thread(12))).toEqual([phases, phases, phases]);
  const other = row(13, 'qemu_savevm_state_setup: (555555552000) f=0x555556f43b00');
  expect(migrations(...thread(11), other)).toEqual([phases]);
});

test('QEMU cancels when it quits what has ended', () => {
  expect(migrations(SETUP, CLEANUP, CANCEL)).toEqual([['migration', 'setup', 'cleanup']]);
  expect(migrations(CANCEL)).toEqual([]);
});

test('snapshots of the VM are called so, and each is one', () => {
  const snapshot = ['snapshot', 'setup', 'cleanup'];
  expect(migrations(SNAPSHOT, SNAPSHOT, SETUP)).toEqual([
    snapshot,
    snapshot,
    ['migration', 'setup'],
  ]);
});

test('the end of a migration is none of the snapshot between', () => {
  expect(migrations(SETUP, SNAPSHOT, CANCEL, CLEANUP)).toEqual([
    ['migration', 'setup', 'cancel', 'cleanup'],
    ['snapshot', 'setup', 'cleanup'],
  ]);
});

test('the flow names them, too', () => {
  const reading = readText([SNAPSHOT, SETUP].join('\n'));
  const run = buildRun(reading, { assumeOrdered: false });
  const info = { path: 'gdb.txt', sha256: '0'.repeat(64), bytes: 1 };
  const [flow] = buildFlows(info, reading, run);
  expect(flow?.nodes.map(({ name }) => name)).toEqual(['snapshot', 'migration']);
});

const state = (thread: number, name: string): string =>
  `${thread}@1.000000:migrate_set_state new state ${name}`;
const channel = (thread: number): string =>
  `${thread}@1.000000:migration_set_incoming_channel ioc=0x559c668d4470 ioctype=qio-channel-socket`;

function traced(...lines: readonly string[]): unknown[] {
  const { migrations: found } = check('trace.txt', lines.join('\n'));
  return found.map(({ what, outcome, phases }) => [what ?? 'migration', outcome, ...phases]);
}

test('a migration that does not arrive is incoming, too', () => {
  const failed = [state(7, 'setup'), channel(7), state(7, 'active'), state(7, 'failed')];
  expect(traced(...failed)).toEqual([['incoming', 'failed', 'setup', 'active', 'failed']]);
  expect(traced(...failed.slice(1))).toEqual([['incoming', 'failed', 'active', 'failed']]);
  expect(traced(...failed.slice(0, 3))).toEqual([['incoming', 'unknown', 'setup', 'active']]);
});

test('source and destinations in one log, by their threads', () => {
  const source = [state(1, 'setup'), state(2, 'active'), state(1, 'cancelling')];
  const killed = [state(3, 'setup'), channel(3), state(3, 'active')];
  const arrived = [state(4, 'setup'), channel(4), state(4, 'active'), state(4, 'completed')];
  const [end, lost] = [state(1, 'cancelled'), ['incoming', 'unknown', 'setup', 'active']];
  const cancelled = ['migration', 'cancelled', 'setup', 'active', 'cancelling', 'cancelled'];
  const completed = ['incoming', 'completed', 'setup', 'active', 'completed'];
  expect(traced(...source, end, ...killed, ...arrived)).toEqual([cancelled, lost, completed]);
  const [begin = '', ...rest] = source;
  expect(traced(begin, ...arrived, ...rest, ...killed, end)).toEqual([cancelled, completed, lost]);
});

test('a VM that has arrived is sent on', () => {
  const arrived = [state(4, 'setup'), channel(4), state(4, 'active'), state(4, 'completed')];
  expect(traced(...arrived, state(4, 'setup'), state(9, 'active'))).toEqual([
    ['incoming', 'completed', 'setup', 'active', 'completed'],
    ['migration', 'unknown', 'setup', 'active'],
  ]);
});

describe('states of a migration, and those of a thread that has reported none', () => {
  const state = (tid: number, time: string, name: string): string =>
    `${tid}@17960112${time}:migrate_set_state new state ${name}`;
  const source = [
    state(7206, '05.107428', 'setup'),
    state(7218, '05.663150', 'active'),
    state(7206, '08.115707', 'cancelling'),
    state(7206, '08.181692', 'cancelled'),
  ];
  const sent = ['migration', 'setup', 'active', 'cancelling', 'cancelled'];
  const taken = ['migration', 'active', 'failed'];
  const isMixed = (lines: readonly string[]): boolean =>
    buildRun(readText(lines.join('\n')), { assumeOrdered: false }).mixed.size > 0;

  test('threads of one QEMU have numbers of their own', () => {
    expect(migrations(...source)).toEqual([sent]);
    expect(isMixed(source)).toBe(false);
  });

  test('an older destination, whose log stands behind it, begins with `active`', () => {
    const both = [
      ...source,
      state(7213, '05.111918', 'active'),
      state(7213, '08.115987', 'failed'),
    ];
    expect(migrations(...both)).toEqual([sent, taken]);
    expect(isMixed(both)).toBe(true);
  });

  test('a setup that is missing shows no other QEMU', () => {
    const next = [state(7219, '09.000000', 'active'), state(7219, '10.000000', 'failed')];
    expect(migrations(...source, ...next)).toEqual([sent, taken]);
    expect(isMixed([...source, ...next])).toBe(false);
  });
});
