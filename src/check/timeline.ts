/**
 * Activations of a device → signals → the set of states it can be in at each step.
 *
 * Openings and returns of calls become signals in the order of the capture; see `protocol/replay.ts`
 * for what is done with what the capture does not show.
 */
import { firstIndex } from '../base/search.js';
import type { Activation } from '../flows/activations/activation.js';
import type { Run } from '../flows/run.js';
import type { Backend, FactKind } from '../model/fact.js';
import { hasRingReset } from '../model/values.js';
import { hasGap } from '../flows/run.js';
import {
  anyState,
  relax,
  sinceAfter,
  sinceNothing,
  step as replayStep,
} from '../protocol/replay.js';
import type { DeviceState, Shown, Signal, Silent, Since } from '../protocol/replay.js';
import { momentsOf } from './moments.js';
import { signalsOfOpening, signalsOfReturn } from './signals.js';

/** A class: a timeline has many, and V8 would make literals old where those of a run live long. */
class Snapshot {
  constructor(
    readonly step: number,
    /** After a return; those of one step come before what opens there. */
    readonly returned: boolean,
    /** Just before, silent moves included. */
    readonly before: DeviceState,
    /** Between the signals of one report: a start is certain until the next of them is taken in. */
    readonly between: readonly DeviceState[],
    readonly state: DeviceState,
    /** What led from the one to the other. */
    readonly shown: Shown,
    /** Single rings may be stopped, by the features; undefined where those are not known. */
    readonly ringReset: boolean | undefined,
    readonly backend: Backend | undefined,
    /** What an open call is switching the log to. */
    readonly toggling: boolean | undefined,
  ) {}
}

/** From where on something may have happened unseen, and what is known of the device there. */
type Whence = Pick<Snapshot, 'step' | 'ringReset' | 'backend'>;

interface SteadySilent extends Pick<Snapshot, 'ringReset' | 'backend'> {
  readonly from: number;
  readonly until: number;
  readonly silent: Silent;
}

/** What is known of a device from a step on. */
export interface Known {
  /** Index of the run's steps. */
  readonly step: number;
  /** From there up to the step of the next one. */
  readonly state: DeviceState;
  /** What an open call is switching the log to; undefined where none is open, or does not show it. */
  readonly toggling: boolean | undefined;
}

/** All states of one device of one session, by step. Made once, linear in the calls of the device; asked in any order. */
export class Timeline {
  private readonly snapshots: Snapshot[] = [];
  /** Of the first snapshots, see {@link sinceAt}. */
  private readonly since: Since[] = [];
  /** What {@link silentBetween} gives as long as nothing begins or ceases to be watched. */
  private steady: SteadySilent | undefined;

  constructor(
    private readonly run: Run,
    /** What works on the device, see {@link DeviceWork}. */
    private readonly own: readonly Activation[],
    /** For a picture: a start goes on until its end is shown, and a socket stays open. */
    private readonly asShown = false,
  ) {
    const begin = own[0]?.first ?? 0;
    let last = new Snapshot(
      begin,
      false,
      anyState,
      [],
      anyState,
      { line: 0, implies: false },
      undefined,
      undefined,
      undefined,
    );
    let toggles: readonly Activation[] = [];
    for (const { step, activation, returned } of momentsOf(own)) {
      const ringReset = returned ? last.ringReset : mayResetRings(activation, last.ringReset);
      const isToggle = TOGGLES.has(activation.kind);
      const silent = this.silentBetween(last, step);
      const backend = run.rings.backendOf(activation) ?? last.backend;
      // The call itself may be the first to show the backend, as vhost_dev_init() does.
      const within =
        backend === last.backend ? silent : this.silentBetween({ step, ringReset, backend }, step);
      const before = hasGap(run, last.step, step) ? anyState : relax(last.state, silent);
      let state = before;
      let between: readonly DeviceState[] = [];
      if (activation.device === undefined) {
        state = anyState;
      } else {
        const signals = returned
          ? this.signalsOfReturn(activation, step)
          : signalsOfOpening(run, activation);
        for (const [i, signal] of signals.entries()) {
          if (i > 0) between = [...between, state];
          state = replayStep(state, signal, i === 0 ? silent : within);
        }
        // From here on the flag may be as asked; the return says so, and it may be seen late or never.
        // Where vhost_dev_set_log() is not watched, every call inside may be the last one before that.
        const isBlind = run.probes.watching('vhost_dev_set_log', step, step) === undefined;
        if (!returned && (isToggle || (toggles.length > 0 && isBlind))) {
          state = replayStep(state, { machine: 'log-unsure' }, silent);
        }
      }
      if (isToggle) toggles = openToggles(toggles, activation, returned);
      const toggling = toggles.length > 0 ? targetOf(toggles.at(-1)) : undefined;
      const { kind, line } = activation;
      const next = new Snapshot(
        step,
        returned,
        before,
        between,
        state,
        { line, implies: !returned && IMPLYING.has(kind) },
        ringReset,
        backend,
        toggling,
      );
      if (this.snapshots.length > 0 && saysNothing(next, last) && !hasGap(run, last.step, step))
        continue;
      last = next;
      this.snapshots.push(last);
    }
  }

  /**
   * What each report shows, and what is left of it until the next one where calls go unwatched or records
   * may be missing.
   */
  *course(): Generator<Known> {
    for (const [i, snapshot] of this.snapshots.entries()) {
      const { step, state, toggling } = snapshot;
      const next = this.snapshots[i + 1]?.step ?? this.run.steps.length - 1;
      if (next === step && i + 1 < this.snapshots.length) continue;
      yield { step, state, toggling };
      if (next <= step) continue;
      if (hasGap(this.run, step, next))
        yield { step: step + 1, state: anyState, toggling: undefined };
      else
        yield {
          step: step + 1,
          state: relax(state, this.silentBetween(snapshot, next)),
          toggling,
        };
    }
  }

  /** States just before a step, silent moves included. */
  before(step: number): DeviceState {
    const last = this.lastBefore(step);
    return last === undefined ? anyState : relax(last.state, this.silentBetween(last, step));
  }

  /** Lines that made certain what is known just before a step. */
  sinceBefore(step: number): Since {
    return this.sinceAt(this.placeBefore(step));
  }

  /** Of a snapshot, by its place: few are asked for, and each needs those before it. */
  private sinceAt(place: number): Since {
    for (let i = this.since.length; i <= place; i++) {
      const known = this.since[i - 1] ?? sinceNothing;
      const last = this.snapshots[i - 1]?.state ?? anyState;
      const snapshot = this.snapshots[i];
      if (snapshot === undefined) break;
      const { before, between, state, shown } = snapshot;
      const isSame = before === last && state === before;
      this.since.push(isSame ? known : sinceAfter(known, [before, ...between, state], shown));
    }
    return this.since[place] ?? sinceNothing;
  }

  /** The last snapshot before a step, unless records may be missing after it. */
  private lastBefore(step: number): Snapshot | undefined {
    return this.snapshots[this.placeBefore(step)];
  }

  /** Where that stands, -1 for nowhere. */
  private placeBefore(step: number): number {
    // What a step shows to have returned did so before it.
    const next = firstIndex(this.snapshots.length, (i) => {
      const snapshot = this.snapshots[i];
      return snapshot === undefined || snapshot.step > step || isOpening(snapshot, step);
    });
    const last = this.snapshots[next - 1];
    return last === undefined || hasGap(this.run, last.step, step) ? -1 : next - 1;
  }

  /** What came after a return that was within a gap is unknown, and may have changed the device again. */
  private signalsOfReturn(activation: Activation, step: number): Signal[] {
    if (hasGap(this.run, activation.last, step)) return [];
    return signalsOfReturn(this.run, activation, this.inside(activation, step));
  }

  /** What a thread does on the device within a call of its own, which has returned by a step. */
  private inside({ first, thread }: Activation, end: number): Activation[] {
    const { own } = this;
    const found: Activation[] = [];
    for (
      let i = firstIndex(own.length, (at) => (own[at]?.first ?? end) > first);
      i < own.length;
      i++
    ) {
      const other = own[i];
      if (other === undefined || other.first >= end) break;
      if (other.thread === thread) found.push(other);
    }
    return found;
  }

  /** What may have happened unseen after a snapshot and before a step. */
  private silentBetween(snapshot: Whence, to: number): Silent {
    const { step: from, ringReset, backend } = snapshot;
    const { steady } = this;
    const isSteady =
      steady !== undefined &&
      steady.from <= from &&
      to < steady.until &&
      steady.ringReset === ringReset &&
      steady.backend === backend;
    if (isSteady) return steady.silent;
    const silent = this.findSilent(snapshot, to);
    const { from: begin, until } = this.run.probes.steadyAround(from);
    if (to < until) this.steady = { from: begin, until, ringReset, backend, silent };
    return silent;
  }

  private findSilent({ step: from, ringReset, backend }: Whence, to: number): Silent {
    const { probes } = this.run;
    const has = (kind: FactKind): boolean => probes.watching(kind, from, to) !== undefined;
    // The op of one backend says nothing of a device of another.
    const hasOp = (kind: FactKind): boolean =>
      backend !== undefined && probes.watching(kind, from, to, backend) !== undefined;
    return {
      closing: !this.asShown && (backend === undefined || backend === 'user'),
      ...(this.asShown ? { ending: false } : {}),
      startStop: !(has('vhost_dev_start') && has('vhost_dev_stop')),
      toggle: !(
        has('vhost_migration_log') ||
        (has('vhost_log_global_start') && has('vhost_log_global_stop'))
      ),
      zeroing: !(has('vhost_dev_init') || has('vhost_dev_cleanup')),
      ringStop:
        ringReset !== false &&
        ((ringReset === true && backend !== 'kernel') ||
          !(has('vhost_virtqueue_stop') || hasOp('op_get_vring_base'))),
      ringAddress: !has('vhost_virtqueue_set_addr'),
      base: !(hasOp('op_set_log_base') && has('vhost_log_put')),
    };
  }
}

/** Nothing was known before, and nothing is: of calls that show no device there may be thousands for each that does. */
function saysNothing(next: Snapshot, last: Snapshot): boolean {
  return (
    last.state === anyState &&
    next.before === anyState &&
    next.state === anyState &&
    next.between.length === 0 &&
    next.ringReset === last.ringReset &&
    next.backend === last.backend &&
    next.toggling === last.toggling
  );
}

/** Calls that switch the log and have not returned, outermost first: what opens lies inside its callers only. */
function openToggles(
  open: readonly Activation[],
  activation: Activation,
  returned: boolean,
): readonly Activation[] {
  if (activation.device === undefined) return [];
  if (returned) return open.filter((other) => other !== activation);
  const callers = new Set<Activation>();
  for (let a = activation.parent; a !== undefined; a = a.parent) callers.add(a);
  return [...open.filter((other) => callers.has(other)), activation];
}

function targetOf(activation: Activation | undefined): boolean | undefined {
  if (activation?.kind === 'vhost_log_global_start') return true;
  return activation?.kind === 'vhost_log_global_stop' ? false : activation?.enable;
}

function isOpening({ step, returned }: Snapshot, at: number): boolean {
  return step === at && !returned;
}

/**
 * Whether the features of the current start allow a ring reset. QEMU hw/net/virtio-net.c virtio_net_queue_reset() tells a
 * tap backend (vhost_net_virtqueue_reset()), and no other: that passes over the ring from then on, with no call to show it.
 */
function mayResetRings(
  { kind, value }: Activation,
  before: boolean | undefined,
): boolean | undefined {
  if (kind === 'vhost_dev_start') return undefined;
  return kind === 'op_set_features' ? hasRingReset(value) : before;
}

/** Calls that change `log_enabled` before they return. */
const TOGGLES: ReadonlySet<FactKind> = new Set([
  'vhost_dev_set_log',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
]);

/** Calls whose entry changes no state: QEMU makes them in one alone, which is all that they tell. */
const IMPLYING: ReadonlySet<FactKind> = new Set(['vhost_dev_log_resize', 'vhost_dev_set_log']);
