/**
 * Which phase of a migration a stack of its thread is in.
 * Source: migration/migration.c, migration_thread(), migration_iteration_run(), migration_completion().
 */
import type { Frame } from '../model/record.js';

export type StackPhase = 'setup' | 'iterate' | 'postcopy' | 'switchover';

/** Functions whose presence in a stack of the migration thread names a phase. */
const PHASE_OF: ReadonlyMap<string, StackPhase> = new Map([
  ['qemu_savevm_state_setup', 'setup'],
  ['migration_iteration_run', 'iterate'],
  ['qemu_savevm_state_pending_exact', 'iterate'],
  ['qemu_savevm_state_iterate', 'iterate'],
  ['migrate_pending_exact', 'iterate'],
  ['qemu_savevm_query_pending_iter', 'iterate'],
  ['postcopy_start', 'postcopy'],
  ['migration_completion', 'switchover'],
]);

/** In the order in which a migration goes through them. */
const PHASES: readonly StackPhase[] = ['setup', 'iterate', 'postcopy', 'switchover'];

/** The latest that a stack shows: migration_iteration_run() calls what begins the switchover, too. Pure. */
export function phaseOfStack(frames: readonly Frame[]): StackPhase | undefined {
  const shown = new Set(frames.map(({ func }) => PHASE_OF.get(func)));
  return PHASES.findLast((phase) => shown.has(phase));
}

/** The stack is of a snapshot of the VM (savevm): QEMU migration/savevm.c, save_snapshot(). Pure. */
export function isSnapshot(frames: readonly Frame[]): boolean {
  return frames.some(({ func }) => func === 'save_snapshot' || func === 'qemu_savevm_state');
}

/** Its setup and its cleanup are those of a migration. Pure. */
export function phaseOfSnapshot(frames: readonly Frame[]): 'setup' | 'cleanup' | undefined {
  if (frames.some(({ func }) => func === 'qemu_savevm_state_cleanup')) return 'cleanup';
  return phaseOfStack(frames) === 'setup' ? 'setup' : undefined;
}
