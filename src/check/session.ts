/** What a rule may ask of one session: its calls, events and requests, and the states of its devices. */
import { append } from '../base/append.js';
import type { Step } from '../facts/step.js';
import type { Activation } from '../flows/activations.js';
import type { Run } from '../flows/run.js';
import type { Fact, FactKind } from '../model/fact.js';
import type { DeviceState, Since } from '../protocol/replay.js';
import type { Judgement, SessionContext } from '../rules/rule.js';
import { DeviceWork, Timeline } from './timeline.js';

export class Session implements SessionContext {
  private readonly calls = new ByKind<Activation>(({ id }) => id);
  private readonly traced = new ByKind<Step>(({ index }) => index);
  private readonly requests = new ByKind<Step>(({ index }) => index);
  private readonly made = new Map<string, unknown>();
  private readonly timelines = new Map<string, Timeline>();

  /** Besides the run only what is of the session. */
  constructor(
    readonly run: Run,
    readonly session: number,
    readonly steps: readonly Step[],
    readonly activations: readonly Activation[],
    readonly facts: readonly Fact[],
  ) {
    for (const activation of this.activations) this.calls.add(activation.kind, activation);
    for (const step of this.steps) {
      if (step.event !== undefined) this.traced.add(step.event.row.kind, step);
      if (step.wire !== undefined) this.requests.add(step.wire.kind, step);
    }
  }

  once<T>(key: string, make: () => T): T {
    const made = this.made.get(key);
    if (made !== undefined || this.made.has(key)) return made as T;
    const value = make();
    this.made.set(key, value);
    return value;
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
      for (const { wire } of this.steps) {
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
    const lines = this.once('altered lines', () => this.alteredLines());
    return lines.size > 0 && [line, ...evidence.map((mark) => mark.line)].some((l) => lines.has(l));
  }

  private alteredLines(): ReadonlySet<number> {
    const altered = this.activations.filter((activation) => activation.altered);
    const steps = this.steps.filter((step) => step.altered !== undefined);
    return new Set([
      ...altered.map(({ line }) => line),
      ...steps.flatMap(({ line, callLines }) => [line, ...callLines]),
    ]);
  }

  stateBefore(device: string, step: number): DeviceState {
    return this.timeline(device).before(step);
  }

  /** Lines that made certain what is known of a device just before a step. */
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
  const lists = Array.from({ length: run.sessions }, () => ({
    steps: [] as Step[],
    activations: [] as Activation[],
    facts: [] as Fact[],
  }));
  for (const step of run.steps) lists[step.session]?.steps.push(step);
  for (const activation of run.activations) {
    lists[activation.session]?.activations.push(activation);
  }
  for (const fact of run.facts) lists[fact.session]?.facts.push(fact);
  return lists.map(
    ({ steps, activations, facts }, session) =>
      new Session(run, session, steps, activations, facts),
  );
}

/** Items by kind, in their order; several kinds together are put in order once. */
class ByKind<T> {
  private readonly lists = new Map<string, T[]>();

  constructor(private readonly orderOf: (item: T) => number) {}

  add(kind: FactKind, item: T): void {
    append(this.lists, kind, item);
  }

  of(kinds: readonly FactKind[]): readonly T[] {
    const key = kinds.join(' ');
    const known = this.lists.get(key);
    if (known !== undefined || kinds.length === 1) return known ?? [];
    const all = kinds.flatMap((kind) => this.lists.get(kind) ?? []);
    all.sort((a, b) => this.orderOf(a) - this.orderOf(b));
    this.lists.set(key, all);
    return all;
  }
}
