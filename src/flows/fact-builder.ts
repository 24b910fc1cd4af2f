/**
 * Records, one by one → facts, for captures larger than memory: of a record only what facts need is kept.
 *
 * Up to the first stack every fact is certain at once: what an event says depends on nothing that comes later.
 * What a call says may: which ring and which backend it is about, and where `struct vhost_dev` has its listener.
 */
import type { Report } from '../facts/step.js';
import { StepBuilder } from '../facts/steps.js';
import type { Fact } from '../model/fact.js';
import type { BreakpointSet, CaptureRecord } from '../model/record.js';
import { EventLives } from './activations.js';
import { factShownBy } from './facts.js';
import { NoteSignFinder } from './order.js';
import { understand } from './run.js';

/** What is found where nothing was assumed, see `Run`. */
export interface Facts {
  /** Those that were not taken before. */
  readonly facts: readonly Fact[];
  /** How many there are with those that were taken. */
  readonly total: number;
  readonly sessions: number;
  readonly ordered: boolean;
}

export class FactBuilder {
  private readonly steps = new StepBuilder('calls', (step) => {
    this.makeFact(step);
  });
  private readonly breakpoints: BreakpointSet[] = [];
  private readonly note = new NoteSignFinder();
  private readonly lives = new EventLives();
  private made: Fact[] = [];
  private count = 0;

  add(record: CaptureRecord): void {
    this.steps.add(record);
    this.note.follow(record);
    if (record.kind === 'breakpoint-set') this.breakpoints.push(record);
  }

  /** The facts that are certain by now, handed over once. */
  take(): readonly Fact[] {
    const made = this.made;
    this.made = [];
    return made;
  }

  finish(): Facts {
    const built = this.steps.finish();
    const before = { facts: this.count, lives: this.lives };
    const { facts } = understand(built, this.breakpoints, undefined, before);
    return {
      facts: [...this.take(), ...facts],
      total: this.count + facts.length,
      sessions: built.sessions,
      ordered: this.note.found === undefined,
    };
  }

  private makeFact(step: Report): void {
    this.lives.enter(step.session);
    const fact = factShownBy(step, this.count, this.lives.follow(step));
    if (fact === undefined) return;
    this.made.push(fact);
    this.count++;
  }
}
