/**
 * In which part of a migration a fact stands.
 *
 * Trace events name the states (migrate_set_state); in gdb logs the functions of the migration thread
 * show them. Work of other threads (a device start by a vCPU) belongs to the part that is going on.
 * Source: migration/migration.c, migration_thread(), migration_iteration_run(), migration_completion().
 */
import { own } from '../../base/own.js';
import type { Fact, FactKind } from '../../model/fact.js';
import { NO_MIGRATION } from '../../model/flow.js';
import type { Phase } from '../../model/flow.js';

const BY_STATE: Readonly<Record<string, Phase>> = {
  setup: 'setup',
  active: 'iterations',
  'postcopy-active': 'postcopy',
  'postcopy-paused': 'postcopy',
  'pre-switchover': 'switchover',
  device: 'switchover',
  completed: 'completion',
  cancelling: 'cancel',
  cancelled: 'cancel',
  failing: 'failure',
  failed: 'failure',
};

const BY_KIND: Partial<Record<FactKind, Phase>> = {
  savevm_state_setup: 'setup',
  ram_init_bitmaps: 'setup',
  migration_setup_complete: 'iterations',
  migration_bitmap_sync: 'iterations',
  postcopy_start: 'postcopy',
  migration_completion: 'switchover',
  ram_save_complete: 'switchover',
  savevm_query_pending_final: 'switchover',
  migration_cancel: 'cancel',
  migration_error: 'failure',
  migration_cleanup: 'cleanup',
  savevm_state_cleanup: 'cleanup',
  ram_save_cleanup: 'cleanup',
};

/** Later parts: what a sync round inside them shows does not lead back to the iterations. */
const NOT_BACK: ReadonlySet<Phase> = new Set([
  'postcopy',
  'switchover',
  'completion',
  'cancel',
  'failure',
  'cleanup',
]);

/** After these a migration is over, as soon as something happens that is not its own. */
const LAST: ReadonlySet<Phase> = new Set(['completion', 'cancel', 'failure', 'cleanup']);

/** Source: migration/migration.c, migration_has_finished() and its users. */
const FINAL: ReadonlySet<string> = new Set(['completed', 'cancelled', 'failed', 'none']);

export interface Place {
  readonly phase: Phase;
  /** 0-based number of the migration; undefined outside of one. */
  readonly migration: number | undefined;
}

/** Follows the outermost facts of a session in their order. */
export class PhaseTracker {
  private phase: Phase = 'before the migration';
  private migration = -1;
  /** Last state that trace events show; a migration whose states are shown is over at a final one only. */
  private state: string | undefined;

  place(fact: Pick<Fact, 'kind' | 'value'>): Place {
    const next = phaseOf(fact);
    if (fact.kind === 'migration_state') this.state = fact.value ?? '';
    if (next !== undefined) this.enter(next, fact.kind);
    else if (this.isOver() && !isOfMigration(fact)) this.phase = 'outside a migration';
    const isInside = !NO_MIGRATION.has(this.phase);
    return { phase: this.phase, migration: isInside ? this.migration : undefined };
  }

  private isOver(): boolean {
    return LAST.has(this.phase) && (this.state === undefined || FINAL.has(this.state));
  }

  private enter(next: Phase, kind: FactKind): void {
    if (kind === 'migration_bitmap_sync' && !NO_MIGRATION.has(this.phase)) {
      // The first sync is part of the setup; a trace that shows the states shows the end of it.
      if (this.phase === 'setup' ? this.state !== undefined : NOT_BACK.has(this.phase)) return;
    }
    // A cancelled migration says so when the cleanup is done.
    if (this.phase === 'cleanup' && LAST.has(next)) return;
    const isNew =
      // The cleanup may come late, after work of other threads.
      (NO_MIGRATION.has(this.phase) && (next !== 'cleanup' || this.migration < 0)) ||
      (next === 'setup' && this.phase !== 'setup') ||
      (next === 'iterations' && LAST.has(this.phase));
    // What is left of a migration whose beginning is not shown belongs to no other one.
    if (isNew) this.migration++;
    this.phase = next;
  }
}

function phaseOf({ kind, value }: Pick<Fact, 'kind' | 'value'>): Phase | undefined {
  if (kind === 'migration_state') return own(BY_STATE, value ?? '');
  // The guest is stopped for the switchover before the state says so.
  if (kind === 'runstate_set' && value === 'finish-migrate') return 'switchover';
  return BY_KIND[kind];
}

/** The migration's own work, not that of devices meanwhile. */
export function isOfMigration({ kind, value }: Pick<Fact, 'kind' | 'value'>): boolean {
  const isOwn = /^(?:migration|migrate|savevm|ram|memory_global|global_dirty|postcopy)_/.test(kind);
  return isOwn || (kind === 'runstate_set' && value === 'postmigrate');
}
