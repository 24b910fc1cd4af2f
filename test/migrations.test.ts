/** Migrations that stacks show: which there are, in which parts. */
import { expect, test } from 'vitest';
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
