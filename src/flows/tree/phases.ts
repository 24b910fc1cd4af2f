/**
 * In which part of a migration a fact stands.
 *
 * Trace events name the states (migrate_set_state); in gdb logs the functions of the migration thread
 * show them. Work of other threads (a device start by a vCPU) belongs to the part that is going on, where the
 * migration is known to be in it before and after.
 * Source: migration/migration.c, migration_thread(), migration_iteration_run(), migration_completion().
 */
import { own } from '../../base/own.js';
import type { Fact, FactKind } from '../../model/fact.js';
import { NO_MIGRATION } from '../../model/flow.js';
import type { Phase } from '../../model/flow.js';
import type { Frame } from '../../model/record.js';
import { phaseOfStack } from '../stack-phases.js';

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

/** What a fact shows of the phase by itself. */
export interface PhaseSign {
  readonly phase: Phase;
  /** Id of the outermost call that shows it, below that of the thread; undefined where its name or an event shows it. */
  readonly call: number | undefined;
  readonly thread: string | undefined;
}

/** A fact of which the stack is known, innermost frame first, and the outermost call below that of the thread. */
export interface StackOf {
  readonly frames: readonly Frame[];
  readonly call: number;
}

/** Undefined for the work of others. Pure. */
export function phaseSign(fact: PhaseFact, stack: StackOf | undefined): PhaseSign | undefined {
  const inner = stack === undefined ? undefined : phaseOfStack(stack.frames);
  const phase = inner === undefined ? phaseOf(fact) : inner === 'iterate' ? 'iterations' : inner;
  if (phase === undefined) return undefined;
  return { phase, call: inner === undefined ? undefined : stack?.call, thread: fact.thread };
}

type PhaseFact = Pick<Fact, 'kind' | 'value' | 'thread'>;

/** Follows the outermost facts of a session in their order. */
export class PhaseTracker {
  private phase: Phase = 'before the migration';
  private migration = -1;
  /** Last state that trace events show; a migration whose states are shown is over at a final one only. */
  private state: string | undefined;
  /** Last one of the migration's own work. */
  private sign: PhaseSign | undefined;

  /** `sign`: what the fact shows; `next`: what the first later fact shows that shows anything. */
  place(fact: PhaseFact, sign: PhaseSign | undefined, next: PhaseSign | undefined): Place {
    if (fact.kind === 'migration_state') this.state = fact.value ?? '';
    // Where states are shown, they are the authority.
    const own = this.state === undefined ? sign : phaseSign(fact, undefined);
    if (own !== undefined) this.enter(own, fact.kind);
    else this.leave(fact, next);
    const isInside = !NO_MIGRATION.has(this.phase);
    return { phase: this.phase, migration: isInside ? this.migration : undefined };
  }

  private isOver(): boolean {
    return LAST.has(this.phase) && (this.state === undefined || FINAL.has(this.state));
  }

  /** Work that shows no phase stands in the last one that is shown, as long as that is known to go on. */
  private leave(fact: PhaseFact, next: PhaseSign | undefined): void {
    if (this.isOver()) {
      if (!isOfMigration(fact)) this.phase = 'outside a migration';
    } else if (
      this.state === undefined &&
      this.sign !== undefined &&
      !NO_MIGRATION.has(this.phase)
    ) {
      if (goesOn(this.sign, fact, next)) this.phase = this.sign.phase;
      else this.phase = isSameMigration(next) ? 'phase not shown' : 'during or after the migration';
    }
  }

  private enter(sign: PhaseSign, kind: FactKind): void {
    const { phase: next, call } = sign;
    if (this.phase === 'phase not shown') this.phase = this.sign?.phase ?? this.phase;
    if (kind === 'migration_bitmap_sync' && call === undefined && !NO_MIGRATION.has(this.phase)) {
      // The first sync is part of the setup; a trace that shows the states shows the end of it.
      if (this.phase === 'setup' ? this.state !== undefined : NOT_BACK.has(this.phase)) return;
    }
    // Postcopy iterates, too, and so does what leads to the switchover.
    if (call !== undefined && next === 'iterations' && NOT_BACK.has(this.phase)) {
      if (!LAST.has(this.phase)) return;
    }
    // QEMU cancels when it quits, too, whether there is a migration or none (migration_shutdown()).
    if (kind === 'migration_cancel' && this.phase === 'outside a migration') return;
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
    this.sign = sign;
  }
}

/** Whether a phase still goes on at a fact of others: its own thread is there, or comes back to it. */
function goesOn(
  { phase, call, thread }: PhaseSign,
  fact: PhaseFact,
  next: PhaseSign | undefined,
): boolean {
  if (call === undefined && thread !== undefined && thread === fact.thread) return true;
  if (next?.phase !== phase) return false;
  // There is one setup in a migration: another call is that of the next one.
  return phase !== 'setup' || (call !== undefined && next.call === call);
}

/** A migration that begins does not tell whether the one before was over. */
function isSameMigration(next: PhaseSign | undefined): boolean {
  return next !== undefined && next.phase !== 'setup';
}

function phaseOf({ kind, value }: PhaseFact): Phase | undefined {
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
