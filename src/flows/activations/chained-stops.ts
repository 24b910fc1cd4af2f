/**
 * Stop lines without stacks → who made each call, where only one can have: all functions that call it are watched, and
 * so it was the one of them that its thread entered last for the device.
 *
 * Another that was entered before would still be open around that one; none of these calls itself, and one that is
 * called in another is told apart. What the thread entered between the caller and the call was called inside the caller,
 * and has returned. A stop of which the caller is not known leaves open what those call that may have made it.
 * Where an argument is lost anywhere in a session, nothing is linked in it.
 */
import type { FactKind } from '../../model/fact.js';
import { hasRingReset } from '../../model/values.js';
import type { Probes } from '../probes.js';
import type { VersionRange } from '../profile.js';
import type { Rings } from '../rings.js';
import type { Activation } from './activation.js';
import { callersOf, isLocked, mayCall } from './callers.js';

/** The first thing that these do is to call vhost_dev_set_features(). */
const BEGIN_WITH_FEATURES: ReadonlySet<FactKind> = new Set([
  'vhost_dev_start',
  'vhost_dev_set_log',
]);

/** Since then stops do their work in do_vhost_dev_stop() and do_vhost_virtqueue_stop(), which are called from elsewhere, too. */
const STOPS_HAVE_BODIES = 1001;
const BODIES: ReadonlySet<FactKind> = new Set(['vhost_dev_stop', 'vhost_virtqueue_stop']);

/** Since then the guest may have a single vring of the kernel's stopped and started: hw/net/vhost_net.c. */
const SINGLE_RESET = 702;
const OF_RESET: ReadonlySet<FactKind> = new Set(['vhost_virtqueue_start', 'vhost_virtqueue_stop']);

/** What is known of the run beside its calls. */
export interface Around {
  readonly probes: Probes;
  readonly rings: Rings;
  /** By session. */
  readonly profiles: readonly VersionRange[];
  /** Number of gaps before or at each step. */
  readonly gapsUpTo: readonly number[];
}

/** Links them. `calls`: all of a run, in order. Linear in them, but for what is open at one time. */
export function linkChainedStops(calls: readonly Activation[], around: Around): void {
  const sessions = new Map<number, Chains>();
  for (const call of calls) {
    let chains = sessions.get(call.session);
    if (chains === undefined) sessions.set(call.session, (chains = new Chains(around)));
    chains.meet(call);
  }
  for (const call of calls) sessions.get(call.session)?.follow(call);
  // A caller stands before what it calls.
  for (const call of calls) {
    const end = call.isLinked ? call.parent?.closed : undefined;
    if (end !== undefined && (call.closed ?? end) >= end) call.closed = end;
  }
}

/** One session. */
class Chains {
  private readonly threads = new Map<string, Chain>();
  private last: Chain | undefined;
  /** By device the step at which it was last stopped, made or cleaned up. */
  private readonly stopped = new Map<string, number>();
  /** Threads of which a stack is shown: what that tells goes before, and is told for all of the thread. */
  private readonly withStacks = new Set<string>();
  /** An argument is lost somewhere: what it was of cannot be told apart from others. */
  private isLossy = false;

  constructor(private readonly around: Around) {}

  /** All of them first. */
  meet(call: Activation): void {
    const { thread, entered, parent, isInsideReturned } = call;
    const isAlone = entered && (parent === undefined || isInsideReturned);
    if (thread !== undefined && !isAlone) this.withStacks.add(thread);
    const { row, idx } = call.call;
    this.isLossy ||=
      (row.device !== undefined && call.device === undefined) ||
      (row.enable !== undefined && call.enable === undefined) ||
      (row.idx !== undefined && idx === undefined);
  }

  follow(call: Activation): void {
    const { thread, entered, kind, first, device } = call;
    if (thread === undefined) {
      // It may be of any.
      for (const chain of this.threads.values()) chain.loosen(call);
      this.threads.clear();
      this.last = undefined;
      return;
    }
    let chain = this.threads.get(thread);
    if (chain === undefined)
      this.threads.set(thread, (chain = new Chain(this.around, this.stopped)));
    if (entered && isLocked(kind)) {
      // The other thread has given the big lock back.
      if (this.last !== chain) this.last?.end(first);
      this.last = chain;
    }
    if (!this.withStacks.has(thread) && !this.isLossy) chain.follow(call);
    if (device !== undefined && ENDS.has(kind)) this.stopped.set(device, first);
  }
}

const ENDS: ReadonlySet<FactKind> = new Set([
  'vhost_dev_stop',
  'vhost_dev_init',
  'vhost_dev_cleanup',
]);

interface Latest {
  readonly call: Activation;
  /** Its caller was not told by a return. */
  readonly isOpen: boolean;
}

/** A stop whose caller is known if that one is seen to go on behind it. */
interface Likely {
  readonly caller: Activation;
  /** What it leaves open until then. */
  readonly loosened: readonly Activation[];
}

/** One thread. */
class Chain {
  /** By kind, and by kind and device, which is none where it is not shown. */
  private readonly latest = new Map<string, Latest>();
  /** Stops without a stack whose calls may go on, in order. */
  private open: Activation[] = [];
  private readonly likely = new Map<Activation, Likely>();

  /** `stopped`: by device the step behind which what it was called for is over. */
  constructor(
    private readonly around: Around,
    private readonly stopped: ReadonlyMap<string, number>,
  ) {}

  follow(call: Activation): void {
    const { kind, device, first } = call;
    this.open = this.open.filter(({ closed }) => closed === undefined || closed > first);
    // Otherwise a return that was watched tells who called it.
    const isOpen = call.parent === undefined;
    if (isOpen) {
      const caller = this.candidateOf(call);
      if (caller !== undefined && this.isOnly(call, caller)) {
        this.goOn(caller, first);
        call.link(caller);
      } else {
        const loosened = this.loosen(call);
        if (caller !== undefined) this.likely.set(call, { caller, loosened });
      }
      this.open.push(call);
    }
    const latest = { call, isOpen };
    this.latest.set(kind, latest);
    this.latest.set(`${kind} ${device ?? ''}`, latest);
  }

  /** All of them have returned. */
  end(at: number): void {
    for (const call of this.open) if (call.isLinked || call.children.length > 0) call.closed ??= at;
    this.open = [];
    this.likely.clear();
  }

  /** Gives those that may have made the call inside. */
  loosen(call: Activation): readonly Activation[] {
    const loosened = this.open.filter((outer, i) => this.mayHold(outer, i, call));
    for (const outer of loosened) outer.loosen(1);
    return loosened;
  }

  /** `at`: where the outer one stands in {@link open}. */
  private mayHold(outer: Activation, at: number, call: Activation): boolean {
    const { device, kind, enable, first, session } = call;
    if (device !== undefined && outer.device !== undefined && outer.device !== device) return false;
    if (outer.isWatched || !mayCall(outer.kind, kind)) return false;
    const { kinds = [], isAll = false } = callersOf(kind, enable) ?? {};
    if (!isAll || kinds.includes(outer.kind)) return true;
    const { atMost = STOPS_HAVE_BODIES } = this.around.profiles[session] ?? {};
    return kinds.some((each) => {
      if (!mayCall(outer.kind, each)) return false;
      const isWatched = this.around.probes.watching(each, outer.first, first) !== undefined;
      const isHidden = !isWatched || (atMost >= STOPS_HAVE_BODIES && BODIES.has(each));
      return isHidden || this.open.some((inner, i) => i > at && inner.kind === each);
    });
  }

  /** The caller is at work at that step: what it has called by then has returned. */
  private goOn(caller: Activation, step: number): void {
    for (const inner of this.open.splice(this.open.indexOf(caller) + 1)) {
      inner.closed ??= step;
      const likely = this.likely.get(inner);
      this.likely.delete(inner);
      if (likely?.caller !== caller) continue;
      const others = callersOf(inner.kind, inner.enable)?.kinds ?? [];
      if (others.some((kind) => mayCall(caller.kind, kind))) continue;
      inner.link(caller);
      for (const call of likely.loosened) call.loosen(-1);
    }
  }

  /** The last call of a function that may have made this one. */
  private candidateOf(call: Activation): Activation | undefined {
    const { kind, device, first, enable } = call;
    const callers = callersOf(kind, enable);
    if (!callers?.isAll) return undefined;
    const hasDevice = call.call.row.device !== undefined;
    if (hasDevice && device === undefined) return undefined;
    const last = this.lastOf(callers.kinds, hasDevice ? device : undefined);
    if (last?.isOpen !== true) return undefined;
    const { call: caller } = last;
    if (hasDevice && caller.device === undefined) return undefined;
    // What it was called for decides what the call inside means.
    if (caller.call.row.enable !== undefined && caller.enable === undefined) return undefined;
    // What began before a stop of the device is over; the stop line of a later call may not be printed (`silent`).
    if (caller.first < (this.stopped.get(caller.device ?? '') ?? 0)) return undefined;
    const { gapsUpTo } = this.around;
    const isWhole = gapsUpTo[caller.first] === gapsUpTo[first] && !caller.altered;
    return isWhole && this.open.includes(caller) ? caller : undefined;
  }

  /** For a device or one that is not shown; without a device, for any. */
  private lastOf(kinds: readonly FactKind[], device: string | undefined): Latest | undefined {
    const keys = kinds.flatMap((kind) =>
      device === undefined ? [kind] : [`${kind} ${device}`, `${kind} `],
    );
    let last: Latest | undefined;
    for (const key of keys) {
      const latest = this.latest.get(key);
      if (latest !== undefined && (last === undefined || latest.call.first > last.call.first))
        last = latest;
    }
    return last;
  }

  /** No other function can have called it. */
  private isOnly(call: Activation, caller: Activation): boolean {
    const { kind, enable, session } = call;
    const { children } = caller;
    if (kind === 'vhost_dev_set_features' && BEGIN_WITH_FEATURES.has(caller.kind))
      if (children.length === 0) return true;
    if (kind === 'vhost_log_put' && caller.kind === 'vhost_dev_log_resize')
      return children.every((child) => child.kind !== kind);
    const kinds = callersOf(kind, enable)?.kinds ?? [];
    const { atMost = STOPS_HAVE_BODIES } = this.around.profiles[session] ?? {};
    if (kinds.some((each) => mayCall(each, caller.kind))) return false;
    if (atMost >= STOPS_HAVE_BODIES && kinds.some((each) => BODIES.has(each))) return false;
    if (atMost >= SINGLE_RESET && OF_RESET.has(kind) && this.mayBeReset(call, caller)) return false;
    return kinds.every((each) => this.isRuledOut(each, caller, call, atMost));
  }

  /** A function of this kind would be seen behind the caller, if it were the one. */
  private isRuledOut(
    kind: FactKind,
    caller: Activation,
    call: Activation,
    atMost: number,
  ): boolean {
    const { probes } = this.around;
    const isWatched = (each: FactKind): boolean =>
      probes.watching(each, caller.first, call.first) !== undefined;
    if (isWatched(kind)) return true;
    if (kind === 'vhost_dev_prepare_inflight') {
      // A log toggle is of a device that runs, and this one prepares a start.
      const isToggle = caller.kind === 'vhost_dev_set_log';
      return isToggle && atMost < STOPS_HAVE_BODIES && isWatched('vhost_dev_stop');
    }
    if (kind !== 'vhost_dev_start' || !isWatched('vhost_dev_set_features')) return false;
    // It may be what the start would be seen by.
    if (call.kind === 'vhost_dev_set_features') return false;
    const features = this.lastOf(['vhost_dev_set_features'], call.device)?.call;
    return (
      features === undefined ||
      features.first < caller.first ||
      (features.isLinked && features.parent?.kind !== kind)
    );
  }

  /**
   * vhost_net_virtqueue_reset() and its restart are not known: of the kernel's devices, where the guest has the feature.
   * What restarts has been started before.
   */
  private mayBeReset(call: Activation, caller: Activation): boolean {
    const { idx } = call.call;
    const isFirst =
      idx !== undefined &&
      caller.children.every(
        ({ kind, call: { idx: other } }) =>
          kind !== call.kind || (other !== undefined && other !== idx),
      );
    if (call.kind === 'vhost_virtqueue_start' && isFirst) return false;
    const backend = this.around.rings.backendOf(call);
    if (backend === 'user' || backend === 'vdpa') return false;
    const features = this.latest.get(`op_set_features ${call.device ?? ''}`);
    return hasRingReset(features?.call.value) ?? true;
  }
}
