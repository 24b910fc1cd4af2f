/** Records, one by one → facts, for captures larger than memory: of a record only what facts need is kept. */
import { StepBuilder } from '../facts/steps.js';
import type { Fact } from '../model/fact.js';
import type { BreakpointSet, CaptureRecord } from '../model/record.js';
import { NoteSignFinder } from './order.js';
import { understand } from './run.js';

/** What is found where nothing was assumed, see `Run`. */
export interface Facts {
  readonly facts: readonly Fact[];
  readonly sessions: number;
  readonly ordered: boolean;
}

export class FactBuilder {
  private readonly steps = new StepBuilder('calls');
  private readonly breakpoints: BreakpointSet[] = [];
  private readonly note = new NoteSignFinder();

  add(record: CaptureRecord): void {
    this.steps.add(record);
    this.note.follow(record);
    if (record.kind === 'breakpoint-set') this.breakpoints.push(record);
  }

  finish(): Facts {
    const built = this.steps.finish();
    const { facts } = understand(built, this.breakpoints, undefined);
    return { facts, sessions: built.sessions, ordered: this.note.found === undefined };
  }
}
