/** What a rule may ask of one session: its calls, events and requests, and the states of its devices. */
import { append } from '../base/append.js';
import type { Step } from '../facts/step.js';
import type { Activation } from '../flows/activations/activation.js';
import { distinctFacts } from '../flows/distinct-facts.js';
import type { Subject } from '../flows/distinct-facts.js';
import type { Run } from '../flows/run.js';
import type { FactKind } from '../model/fact.js';
import type { DeviceState, Since } from '../protocol/replay.js';
import type { Judgement, SessionContext } from '../rules/rule.js';
import { DeviceWork } from './device-work.js';
import { Timeline } from './timeline.js';

export class Session implements SessionContext {
  readonly wired: readonly Step[];
  private readonly calls = new ByKind<Activation>(({ id }) => id);
  private readonly traced = new ByKind<Step>(({ index }) => index);
  private readonly requests = new ByKind<Step>(({ index }) => index);
  private readonly altered: Step[] = [];
  private readonly made = new Map<string, unknown>();
  private readonly madeFor = new Map<readonly Activation[], Map<string, unknown>>();
  private foundAltered: ReadonlySet<number> | undefined;
  private readonly timelines = new Map<string, Timeline>();

  /** Besides the run only what is of the session. */
  constructor(
    readonly run: Run,
    readonly session: number,
    readonly steps: readonly Step[],
    readonly activations: readonly Activation[],
    /** See {@link distinctFacts}; none where only one rule is asked. */
    readonly distinctFacts: readonly Subject[],
  ) {
    for (const activation of this.activations) this.calls.add(activation.kind, activation);
    const wired: Step[] = [];
    for (const step of this.steps) {
      if (step.event !== undefined) this.traced.add(step.event.row.kind, step);
      if (step.altered !== undefined) this.altered.push(step);
      if (step.wire === undefined) continue;
      this.requests.add(step.wire.kind, step);
      wired.push(step);
    }
    this.wired = wired;
  }

  once<T>(key: string, make: () => T): T {
    return remembered(this.made, key, make);
  }

  onceFor<T>(calls: readonly Activation[], key: string, make: () => T): T {
    let made = this.madeFor.get(calls);
    if (made === undefined) {
      made = new Map();
      this.madeFor.set(calls, made);
    }
    return remembered(made, key, make);
  }

  of(...kinds: readonly FactKind[]): readonly Activation[] {
    return this.calls.of(kinds);
  }

  events(...kinds: readonly FactKind[]): readonly Step[] {
    return this.traced.of(kinds);
  }

  wires(...kinds: readonly FactKind[]): readonly Step[] {
    return this.requests.of(kinds);
  }

  /** By order of appearance: addresses differ from run to run. */
  deviceOrdinal(address: string | undefined): number {
    const ordinals = this.once('device ordinals', () => {
      const own = this.run.devices.filter(({ session }) => session === this.session);
      return new Map(own.map((device, ordinal) => [device.address, ordinal]));
    });
    return ordinals.get(address ?? '') ?? -1;
  }

  /** By order of appearance on the wire: file descriptors and process ids differ from run to run. */
  endpointOrdinal(endpoint: string): number {
    const ordinals = this.once('endpoints', () => {
      const seen = new Map<string, number>();
      for (const { wire } of this.wired) {
        if (wire?.endpoint !== undefined && !seen.has(wire.endpoint))
          seen.set(wire.endpoint, seen.size);
      }
      return seen;
    });
    return ordinals.get(endpoint) ?? -1;
  }

  /** The verdict rests on a call that the debugger ended, made or changed. */
  isAltered({ verdict, line, evidence = [] }: Judgement): boolean {
    if (verdict !== 'pass' && verdict !== 'violation') return false;
    const lines = (this.foundAltered ??= this.alteredLines());
    if (lines.size === 0) return false;
    return lines.has(line) || evidence.some((mark) => lines.has(mark.line));
  }

  private alteredLines(): ReadonlySet<number> {
    const altered = this.activations.filter((activation) => activation.altered);
    return new Set([
      ...altered.map(({ line }) => line),
      ...this.altered.flatMap(({ line, callLines }) => [line, ...callLines]),
    ]);
  }

  stateBefore(device: string, step: number): DeviceState {
    return this.timeline(device).before(step);
  }

  sinceBefore(device: string, step: number): Since {
    return this.timeline(device).sinceBefore(step);
  }

  private timeline(device: string): Timeline {
    let timeline = this.timelines.get(device);
    if (timeline === undefined) {
      const work = this.once('device work', () => new DeviceWork(this.activations));
      timeline = new Timeline(this.run, work.on(device));
      this.timelines.set(device, timeline);
    }
    return timeline;
  }
}

/** The sessions of a run. */
export function sessionsOf(run: Run): Session[] {
  const activations = run.ofSession.map((): Activation[] => []);
  for (const activation of run.activations) activations[activation.session]?.push(activation);
  const facts = distinctFacts(run);
  return run.ofSession.map(
    (steps, session) =>
      new Session(run, session, steps, activations[session] ?? [], facts[session] ?? []),
  );
}

/** Items by kind, in their order; several kinds together are put in order once. */
class ByKind<T> {
  private readonly lists = new Map<string, T[]>();
  /** By the first of the kinds. */
  private readonly together = new Map<string, Together<T>[]>();

  constructor(private readonly orderOf: (item: T) => number) {}

  add(kind: FactKind, item: T): void {
    append(this.lists, kind, item);
  }

  /** Most rules ask for what is not there, or for one of several kinds that is. */
  of(kinds: readonly FactKind[]): readonly T[] {
    let only: readonly T[] = NOTHING;
    let found = 0;
    for (const kind of kinds) {
      const list = this.lists.get(kind);
      if (list === undefined) continue;
      only = list;
      found++;
    }
    return found < 2 ? only : this.merged(kinds);
  }

  private merged(kinds: readonly FactKind[]): readonly T[] {
    const known = this.together.get(kinds[0] ?? '')?.find((one) => areSame(one.kinds, kinds));
    if (known !== undefined) return known.items;
    const items = kinds
      .flatMap((kind) => this.lists.get(kind) ?? [])
      .sort((a, b) => this.orderOf(a) - this.orderOf(b));
    append(this.together, kinds[0] ?? '', { kinds, items });
    return items;
  }
}

/** Items of several kinds. */
interface Together<T> {
  readonly kinds: readonly FactKind[];
  readonly items: readonly T[];
}

const NOTHING: readonly never[] = [];

function areSame(a: readonly FactKind[], b: readonly FactKind[]): boolean {
  return a.length === b.length && a.every((kind, i) => kind === b[i]);
}

function remembered<T>(made: Map<string, unknown>, key: string, make: () => T): T {
  const known = made.get(key);
  if (known !== undefined || made.has(key)) return known as T;
  const value = make();
  made.set(key, value);
  return value;
}
