/**
 * Trace events that name no process may be of several: two QEMUs write to one standard error, a tracer listens to
 * the whole host, or a container is started again with the same small thread ids. What one QEMU cannot report
 * shows it: then events of another process may stand between any two of its own.
 *
 * Source: system/runstate.c runstate_set(), which reports the state that it leaves; migration/migration.c
 * migrate_init(), of which the states of the migration before must be over, and migration_thread(); in older
 * QEMUs (7.2) process_incoming_migration_co(), whose first state is `active`; system/memory.c memory_global_dirty_log_start() and
 * _do_stop(), which set bits of global_dirty_tracking or clear some.
 */
import { goesBack } from '../base/clock.js';
import { bigintOf } from '../model/values.js';
import { showsCalls } from './step.js';
import type { Step, Steps } from './step.js';

/** Marks gaps everywhere in such sessions, and returns them. */
export function markMixedProcesses({ steps }: Steps): ReadonlySet<number> {
  const followers = new Map<number, ProcessFollower>();
  const mixed = new Set<number>();
  for (const step of steps) {
    if (step.event === undefined || mixed.has(step.session)) continue;
    let follower = followers.get(step.session);
    if (follower === undefined) followers.set(step.session, (follower = new ProcessFollower()));
    if (follower.isOther(step)) mixed.add(step.session);
  }
  if (mixed.size === 0) return mixed;
  for (const step of steps) {
    if (mixed.has(step.session) && !showsCalls(step)) step.gapBefore = true;
  }
  return mixed;
}

/** States of a VM whose devices have not run yet. */
const BEFORE_START: ReadonlySet<string> = new Set(['preconfig', 'prelaunch', 'inmigrate']);

/** After one of them another migration may begin. */
const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'none']);

class ProcessFollower {
  private runState: string | undefined;
  private hasStarted = false;
  private isMigrating = false;
  /** When the last migration ended; undefined where another may have begun. */
  private ended: string | undefined;
  /** Threads that have reported states of migrations. */
  private readonly reporters = new Set<string>();
  /** That of the migration. */
  private thread: string | undefined;
  /** Who wants dirty pages to be tracked. */
  private tracking: bigint | undefined;

  /** The event cannot be of the process that those before it are of. */
  isOther({ event, thread, gapBefore }: Step): boolean {
    const { row, record } = event ?? {};
    if (gapBefore) this.forget();
    switch (row?.kind) {
      case 'vhost_dev_start':
        this.hasStarted = true;
        return false;
      case 'runstate_set':
        return this.changesState(record?.args ?? {});
      case 'migration_state':
        return this.changesMigration(record?.args?.new_state ?? '', thread, record?.time);
      case 'savevm_state':
        // Without one of its own it has that in which a debugger stands.
        return record?.tid !== undefined && this.isOtherThread(thread);
      case 'global_dirty_changed':
        return this.changesTracking(bigintOf(record?.args?.bitmask));
      default:
        return false;
    }
  }

  /** What was lost may have led to anything. */
  private forget(): void {
    this.runState = undefined;
    this.hasStarted = false;
    this.isMigrating = false;
    this.ended = undefined;
    this.thread = undefined;
    this.tracking = undefined;
  }

  /** Up to 3.1 the state that is left is not reported. */
  private changesState(args: Readonly<Record<string, string>>): boolean {
    const { current_state_str: left, new_state_str: next } = args;
    if (left === undefined) return false;
    const isOther =
      this.runState === undefined
        ? this.hasStarted && BEFORE_START.has(left)
        : left !== this.runState;
    this.runState = next;
    return isOther;
  }

  private changesMigration(
    state: string,
    thread: string | undefined,
    time: string | undefined,
  ): boolean {
    const isOther = state === 'setup' ? this.isMigrating : this.isEarlier(state, thread, time);
    if (state === 'setup') this.isMigrating = true;
    else if (ENDS.has(state)) this.isMigrating = false;
    if (state === 'setup' || ENDS.has(state)) this.thread = undefined;
    this.ended = ENDS.has(state) ? time : undefined;
    if (thread !== undefined) this.reporters.add(thread);
    return isOther;
  }

  /** Goes on where none does, in a thread of its own and before the last one ended: a log stands behind another one. */
  private isEarlier(state: string, thread: string | undefined, time: string | undefined): boolean {
    const isNew = thread !== undefined && !this.reporters.has(thread);
    return state === 'active' && isNew && goesBack(this.ended, time);
  }

  /** Bits are set, or bits are cleared; 6.2 reports also what changes nothing. */
  private changesTracking(next: bigint | undefined): boolean {
    const { tracking: left } = this;
    this.tracking = next;
    if (left === undefined || next === undefined) return false;
    return (next & ~left) !== 0n && (left & ~next) !== 0n;
  }

  /** One thread writes the stream of a migration. */
  private isOtherThread(thread: string | undefined): boolean {
    const isOther = this.isMigrating && this.thread !== undefined && thread !== this.thread;
    this.thread = thread;
    return isOther;
  }
}
