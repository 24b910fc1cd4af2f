/** Whether a stack without a stop line stands where a breakpoint stopped, or where the program came to in any way. */
import type { Frame, Stop } from '../../model/record.js';
import type { DebuggerPosition } from './position.js';
import { plainName } from '../functions.js';
import type { StepMaker } from '../step-maker.js';

export function isOfBreakpoint({ reason }: Stop): boolean {
  return reason === 'breakpoint' || reason === 'temporary-breakpoint';
}

export class BareStacks {
  /** The last stop was not one of a breakpoint, and its stack may still come. */
  wasInterrupted = false;
  /** A breakpoint told of itself by its number. */
  private sawBreakpoint = false;
  /** Functions that some stop was in, and those of stacks that stand alone. */
  private readonly reported = new Set<string>();

  constructor(
    private readonly maker: StepMaker,
    private readonly position: DebuggerPosition,
  ) {}

  onStop(stop: Stop): void {
    this.sawBreakpoint ||= stop.reason === 'breakpoint';
    this.wasInterrupted = !isOfBreakpoint(stop);
  }

  /** The program goes on. */
  onRun(): void {
    this.wasInterrupted = false;
  }

  /** A breakpoint stopped in the function of this frame. */
  onHit({ func }: Frame): void {
    this.reported.add(plainName(func));
  }

  /**
   * A stack that somebody asked for, of a function that was never reported, in a log where breakpoints tell of
   * themselves, or behind another stop than that of a breakpoint: the program may have come there in any way.
   */
  isBare({ func }: Frame): boolean {
    const isFirst = !this.reported.has(plainName(func));
    this.reported.add(plainName(func));
    const { wasInterrupted } = this;
    this.wasInterrupted = false;
    // It may be one more call of a function that is watched.
    if (wasInterrupted && !isFirst) this.maker.lose('what ran before gdb was interrupted');
    return wasInterrupted || (isFirst && this.position.wasAsked && this.sawBreakpoint);
  }
}
