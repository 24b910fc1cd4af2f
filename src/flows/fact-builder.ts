/**
 * Records, one by one → facts, for captures larger than memory: of a record only what facts need is kept, and
 * that no longer than to the end of its session. Memory is linear in the longest session.
 *
 * Up to the first stack of a session every fact is certain at once: what an event says depends on nothing that
 * comes later, but for the result of a call in the kernel. What a stack says does, until its session has ended:
 * which ring and which backend a call is about.
 *
 * Two things are known at the end of the capture only, see {@link Hindsight}: another session may outvote this
 * one, or show that a breakpoint was not what it seemed. They hardly ever turn out otherwise than they look
 * when the session ends. Where they do, the capture is to be read again with what was learned.
 */
import type { Call } from '../facts/stacks/calls.js';
import { ListenerVotes } from '../facts/stacks/device.js';
import type { Report, Step, Steps } from '../facts/step.js';
import { StepBuilder } from '../facts/steps.js';
import type { Fact } from '../model/fact.js';
import type { BreakpointSet, CaptureRecord } from '../model/record.js';
import { buildActivations } from './activations/activations.js';
import { EventLives } from './activations/event-lives.js';
import { buildFacts, factShownBy } from './facts.js';
import { NoteSignFinder } from './order/order.js';
import { ProbeFinder } from './probe-finder.js';
import { Rings } from './rings.js';

/** What is found where nothing was assumed, see `Run`. */
export interface Facts {
  /** Those that were not taken before, see {@link FactBuilder.take}. */
  readonly facts: readonly Fact[];
  /** How many there are with those that were taken. */
  readonly total: number;
  readonly sessions: number;
  readonly ordered: boolean;
  /** Facts that were taken may be wrong: a {@link FactBuilder} that is given this makes them right. */
  readonly hindsight: Hindsight | undefined;
}

/** What facts of calls depend on that the whole capture shows. */
export interface Hindsight {
  /** See `learnListenerOffset()`. */
  readonly listenerOffset: bigint;
  /** By session: every start of a device is reported, see `Rings`. */
  readonly seesStarts: readonly boolean[];
}

const START = 'vhost_dev_start';

export class FactBuilder {
  private readonly steps: StepBuilder;
  private readonly probes = new ProbeFinder(START);
  /** What was set since steps were followed. */
  private sets: BreakpointSet[] = [];
  private readonly votes = new ListenerVotes();
  private readonly note = new NoteSignFinder();
  private readonly lives = new EventLives();
  private made: Fact[] = [];
  private count = 0;
  /** Calls in the kernel whose result may come yet, with the numbers of their facts. */
  private readonly open = new Map<Report, number>();
  private activations = 0;
  /** Offsets that facts were made with. */
  private readonly offsets = new Set<bigint>();
  /** By session, as its facts were made. */
  private readonly seesStarts: boolean[] = [];
  /** Sessions whose facts depend on that. */
  private readonly dependent = new Set<number>();

  /**
   * `wait`: for the end of each session, or of the capture; nothing is assumed then, for what cannot be read again.
   * `known`: of a first reading.
   */
  constructor(
    wait: 'session' | 'capture',
    private readonly known?: Hindsight,
  ) {
    this.steps = new StepBuilder('calls', {
      take: (step, isOpen) => {
        this.takeStep(step, isOpen);
      },
      settle: (step) => {
        this.settle(step);
      },
      ...(wait === 'session' && {
        takeSessions: (built: Steps): void => {
          this.makeFacts(built);
        },
      }),
    });
  }

  add(record: CaptureRecord): void {
    if (record.kind === 'breakpoint-set') this.sets.push(record);
    this.steps.add(record);
    this.note.follow(record);
  }

  /** The facts that are made by now, handed over once; where calls in the kernel return later, not in their order. */
  take(): readonly Fact[] {
    const made = this.made;
    this.made = [];
    return made;
  }

  finish(): Facts {
    const built = this.steps.finish();
    this.makeFacts(built);
    return {
      facts: this.take(),
      total: this.count,
      sessions: built.sessions,
      ordered: this.note.found === undefined,
      hindsight: this.learn(built),
    };
  }

  private takeStep(step: Report, isOpen: boolean): void {
    this.lives.enter(step.session);
    if (isOpen) {
      this.open.set(step, this.count++);
      return;
    }
    const fact = factShownBy(step, this.count, this.lives.follow(step));
    if (fact === undefined) return;
    this.made.push(fact);
    this.count++;
  }

  private settle(step: Report): void {
    const fact = factShownBy(step, this.open.get(step) ?? 0, undefined);
    if (fact !== undefined) this.made.push(fact);
    this.open.delete(step);
  }

  /** The facts of sessions that have ended. */
  private makeFacts(built: Steps): void {
    const { steps, exits } = built;
    this.followBreakpoints(steps);
    for (const step of steps) this.votes.add(step.calls);
    for (const session of new Set(steps.map((step) => step.session))) {
      this.seesStarts[session] =
        this.known?.seesStarts[session] ?? this.probes.watchesAll(START, session, built);
    }
    const offset = this.known?.listenerOffset ?? this.votes.offset;
    if (steps.some(({ calls }) => calls.some(isOfListener))) this.offsets.add(offset);
    const activations = buildActivations(steps, exits, offset, this.lives, this.activations);
    const rings = new Rings(activations.all, this.seesStarts);
    const facts = buildFacts(steps, activations, rings, this.count);
    for (const fact of facts) this.made.push(fact);
    for (const session of rings.dependent) this.dependent.add(session);
    this.count += facts.length;
    this.activations += activations.all.length;
  }

  /** A breakpoint comes before the steps behind it. */
  private followBreakpoints(steps: readonly Step[]): void {
    const { sets } = this;
    this.sets = [];
    let next = 0;
    for (const step of steps) {
      for (
        let set = sets[next];
        set !== undefined && set.span.first <= step.line;
        set = sets[++next]
      )
        this.probes.set(set);
      this.probes.follow(step);
    }
    for (const set of sets.slice(next)) this.probes.set(set);
  }

  /** Undefined where the facts were made with what the whole capture shows. */
  private learn(built: Steps): Hindsight | undefined {
    const { offset } = this.votes;
    const seesStarts = this.seesStarts.map((_, session) =>
      this.probes.watchesAll(START, session, built),
    );
    const isRight =
      [...this.offsets].every((used) => used === offset) &&
      [...this.dependent].every((session) => this.seesStarts[session] === seesStarts[session]);
    return isRight ? undefined : { listenerOffset: offset, seesStarts };
  }
}

/** Which device it is about depends on where that has its listener. */
function isOfListener({ row, pointer }: Call): boolean {
  return row.device === 'listener' && pointer !== undefined;
}
