/**
 * Migrations of a session: their phases and outcome, from whatever shows them.
 *
 * Trace events name the states (migrate_set_state). In gdb logs a migration is a thread that runs
 * migration_thread(); its stacks show phases but never the outcome for certain.
 * Source: migration/migration.c, migration_thread(), migrate_set_state().
 */
import { append } from '../base/append.js';
import { own } from '../base/own.js';
import { plainName } from '../facts/functions.js';
import { showsCalls } from '../facts/step.js';
import type { Step } from '../facts/step.js';
import type { FactKind } from '../model/fact.js';
import type { CutMigration, MigrationSummary } from '../model/report.js';
import type { Activation } from './activations/activation.js';
import { isSnapshot, phaseOfSnapshot, phaseOfStack } from './stack-phases.js';

/** A migration with the steps between which it is known to run. */
export interface Migration extends Omit<MigrationSummary, 'capture'> {
  readonly first: number;
  readonly last: number;
}

interface Draft {
  session: number;
  outcome: MigrationSummary['outcome'];
  phases: string[];
  first: number;
  last: number;
  /** Its states are shown: what stacks show of its phases is known. */
  isTraced: boolean;
  what?: NonNullable<MigrationSummary['what']>;
}

/** States of the VM (qapi/run-state.json) in which one that is no outgoing migration takes place. */
const WHAT_IN: Readonly<Record<string, 'incoming' | 'snapshot'>> = {
  inmigrate: 'incoming',
  'save-vm': 'snapshot',
};

const ENDS: Readonly<Record<string, MigrationSummary['outcome']>> = {
  completed: 'completed',
  cancelled: 'cancelled',
  failed: 'failed',
};

/** All migrations in order of appearance. Pure. */
export function buildMigrations(
  steps: readonly Step[],
  atStep: readonly (readonly Activation[])[],
): Migration[] {
  const drafts: Draft[] = [];
  const byThread = new Map<string, Draft>();
  /** Sessions in which a thread of a migration is named. */
  const named = new Set<number>();
  /** By session, as traces of two processes may take turns. */
  const traced = new Map<number, TracedMigrations>();
  for (const step of steps) {
    const kind = step.event?.row.kind;
    let events = traced.get(step.session);
    if (events === undefined) traced.set(step.session, (events = new TracedMigrations()));
    if (kind === 'runstate_set') events.followRunState(step);
    else if (kind === 'incoming_migration') events.followIncoming(step);
    else if (kind === 'migration_state') {
      const begun = events.followState(step);
      if (begun !== undefined) drafts.push(begun);
    }
    if (step.returned?.func === 'migration_thread') byThread.delete(threadKey(step));
    if (!showsCalls(step)) continue;
    const thread = atStep[step.index]?.find((a) => a.kind === 'migration_thread');
    const isOfSnapshot = thread === undefined && isSnapshot(step.frames);
    // Of a call without its stack the thread alone tells what it is of.
    const isInside = !step.stackKnown && byThread.has(threadKey(step));
    if (thread === undefined && !isOfSnapshot && !isInside) {
      const outside = step.frames.map(({ func }) => OUTSIDE.get(plainName(func)));
      const phase = outside.find((shown) => shown !== undefined);
      if (phase !== undefined) addOutside(lastOf(drafts, step), phase);
      continue;
    }
    // Stacks that are cut hide that it is the same call: a thread runs one migration.
    const key = isOfSnapshot ? `${step.session} snapshot` : threadKey(step, thread?.id);
    const phase = isOfSnapshot ? phaseOfSnapshot(step.frames) : phaseOfStack(step.frames);
    // Torn, or without a name among others: it is of the migration beside it, as far as anyone can tell.
    if (step.thread !== undefined) named.add(step.session);
    const hidesThread = step.thread === undefined && (step.partial || named.has(step.session));
    const isTorn = hidesThread && !isOfSnapshot;
    const tornKey = `${step.session} torn`;
    let draft = byThread.get(key);
    if (!isOfSnapshot) draft ??= isTorn ? lastOf(drafts, step) : byThread.get(tornKey);
    if (draft === undefined || isAnother(draft, phase)) {
      // There is one migration at a time: trace events and stacks may both show it.
      const shownByEvents = events.last;
      draft = shownByEvents?.outcome === 'unknown' ? shownByEvents : newDraft(step);
      if (isOfSnapshot) draft.what = 'snapshot';
      if (draft !== shownByEvents) drafts.push(draft);
    }
    if (!isOfSnapshot) byThread.delete(tornKey);
    byThread.set(isTorn ? tornKey : key, draft);
    draft.last = step.index;
    if (!draft.isTraced && phase !== undefined) addPhase(draft, phase);
  }
  return drafts.map(({ isTraced: _, ...migration }) => migration);
}

function lastOf(drafts: readonly Draft[], { session }: Step): Draft | undefined {
  return drafts.findLast((draft) => draft.session === session && draft.what !== 'snapshot');
}

/** Of a step whose thread nobody names it is that of its call. */
function threadKey({ session, thread }: Step, call = -1): string {
  return `${session} ${thread ?? `call ${call}`}`;
}

/**
 * Sessions without a migration in which stacks end amid the work of one: a snapshot of the VM (savevm) does the same work,
 * and only callers that are cut off would tell which it is. Pure.
 */
export function findCutMigrations(
  steps: readonly Step[],
  atStep: readonly (readonly Activation[])[],
  migrations: readonly Migration[],
): Omit<CutMigration, 'capture'>[] {
  const told = new Set(migrations.map(({ session }) => session));
  return steps.flatMap((step) => {
    const { session, line } = step;
    const func = step.complete ? undefined : step.frames.at(-1)?.func;
    if (func === undefined || told.has(session)) return [];
    if (atStep[step.index]?.some(({ kind }) => WORK.has(kind)) !== true) return [];
    told.add(session);
    return [{ session, line, func: plainName(func) }];
  });
}

const WORK: ReadonlySet<FactKind> = new Set([
  'savevm_state_setup',
  'savevm_state_cleanup',
  'ram_init_bitmaps',
  'ram_save_complete',
  'ram_save_cleanup',
  'migration_bitmap_sync',
  'migration_completion',
  'migration_cleanup',
]);

/** Of a note those of a session are one: how many there are depends on an order that is not known. Pure. */
export function withoutCount(migrations: readonly Migration[]): Migration[] {
  const sessions = new Map<number, Migration[]>();
  for (const migration of migrations) append(sessions, migration.session, migration);
  return [...sessions.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const isAlike = own.every(({ outcome }) => outcome === first.outcome);
    const phases = new Set(own.flatMap((migration) => migration.phases));
    return [{ ...first, outcome: isAlike ? first.outcome : 'unknown', phases: [...phases] }];
  });
}

/** Of an outgoing migration, in the main loop; a snapshot of the VM (savevm) cleans up without it. */
const OUTSIDE: ReadonlyMap<string, string> = new Map([
  ['migration_cancel', 'cancel'],
  ['migrate_fd_cancel', 'cancel'],
  ['migration_cleanup', 'cleanup'],
  ['migrate_fd_cleanup', 'cleanup'],
]);

/** It is no step of the migration's own time, `last` stays. QEMU cancels when it quits, too, what has ended long ago. */
function addOutside(draft: Draft | undefined, phase: string): void {
  if (draft?.isTraced !== false) return;
  if (phase === 'cleanup' || !draft.phases.includes('cleanup')) addPhase(draft, phase);
}

/** The setup comes once: a thread that is in it later is the next one that has this number. */
function isAnother({ isTraced, phases }: Draft, shown: string | undefined): boolean {
  return !isTraced && shown === 'setup' && phases.some((phase) => phase !== 'setup');
}

/**
 * Migrations that trace events show, of one session. Several QEMUs may write there, source and destination, too: a thread
 * is of one of them, and all that it reports.
 */
class TracedMigrations {
  #last: Draft | undefined;
  /** That of which a thread reported a state last. */
  readonly #byThread = new Map<string, Draft>();
  /** Those that QEMU sends and that have not ended, as far as is known; others are taken out when they are met. */
  readonly #sent: Draft[] = [];
  /** State of the VM by the thread that reports it: the main loop begins migrations and snapshots. */
  readonly #runStates = new Map<string | undefined, string>();
  /** Threads that took a migration in of which no state was seen. */
  readonly #incoming = new Set<string | undefined>();

  get last(): Draft | undefined {
    return this.#last;
  }

  /** A trace that begins in the middle shows the state of the VM when that ends. */
  followRunState({ event, thread }: Step): void {
    const { current_state_str: from, new_state_str: to } = event?.record.args ?? {};
    if (to !== undefined) this.#runStates.set(thread, to);
    const draft = this.#draftOf(thread);
    if (from === undefined || draft?.outcome !== 'unknown') return;
    const what = own(WHAT_IN, from);
    if (what !== undefined) draft.what = what;
  }

  /** Behind the setup, or when all is over. */
  followIncoming({ thread }: Step): void {
    const draft = thread === undefined ? this.#last : this.#byThread.get(thread);
    if (draft === undefined || (draft.outcome !== 'unknown' && draft.what === undefined))
      this.#incoming.add(thread);
    else draft.what = 'incoming';
  }

  /** Gives the migration that begins with it. */
  followState(step: Step): Draft | undefined {
    const { thread } = step;
    const state = step.event?.record.args?.new_state ?? 'unknown';
    const before = this.#draftOf(thread);
    const begins =
      before === undefined ||
      (state === 'setup' ? !this.#isSetupAgain(before, thread) : isGoneOn(before, state));
    const draft = begins ? newDraft(step, true) : before;
    if (begins) this.#begin(draft, thread, state);
    if (thread !== undefined) this.#byThread.set(thread, draft);
    draft.last = step.index;
    addPhase(draft, state);
    const outcome = own(ENDS, state);
    if (outcome !== undefined) draft.outcome = outcome;
    return begins ? draft : undefined;
  }

  #begin(draft: Draft, thread: string | undefined, state: string): void {
    const what = own(WHAT_IN, this.#runStates.get(thread) ?? '');
    if (what !== undefined) draft.what = what;
    if (this.#incoming.delete(thread) && state !== 'setup') draft.what = 'incoming';
    this.#last = draft;
    this.#sent.push(draft);
  }

  /** A thread that has reported none is of the migration that QEMU sends. */
  #draftOf(thread: string | undefined): Draft | undefined {
    if (thread === undefined) return this.#last;
    const known = this.#byThread.get(thread);
    if (known !== undefined) return known;
    let sent = this.#sent.at(-1);
    while (sent !== undefined && (sent.outcome !== 'unknown' || sent.what !== undefined)) {
      this.#sent.pop();
      sent = this.#sent.at(-1);
    }
    return sent ?? this.#last;
  }

  /** The same event, which stands there twice. */
  #isSetupAgain(draft: Draft, thread: string | undefined): boolean {
    const isNew = draft.outcome === 'unknown' && draft.phases.every((phase) => phase === 'setup');
    return isNew && (thread === undefined || this.#byThread.get(thread) === draft);
  }
}

/** One that has ended does not go on: in older QEMUs (7.2) the first state of one that is taken in is `active`. */
function isGoneOn({ outcome }: Draft, state: string): boolean {
  return state === 'active' && outcome !== 'unknown';
}

function newDraft({ session, index }: Step, isTraced = false): Draft {
  return { session, outcome: 'unknown', phases: [], first: index, last: index, isTraced };
}

function addPhase(draft: Draft, phase: string): void {
  if (draft.phases.at(-1) !== phase) draft.phases.push(phase);
}
