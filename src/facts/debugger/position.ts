/**
 * Where a debugger stands, by what it printed and what was typed: whether a backtrace shows a new stop, or once more
 * where the program stands anyway. Source: gdb/infrun.c, normal_stop(); gdb/stack.c, backtrace_command().
 */
import { isSameFunction } from '../../model/function-names.js';
import type { Backtrace, Frame } from '../../model/record.js';

export class DebuggerPosition {
  /** The innermost frame of the program where it stands; undefined when it runs. */
  private stopped: Frame | undefined;
  /** The backtrace that showed first where it stands, if one did. */
  private shown: Backtrace | undefined;
  /** A stop line told of where the debugger stands: without another one it stands there still. */
  private hasStopLine = false;
  /** A command was typed and the program did not go on: what is printed now was asked for. */
  wasAsked = false;
  /** `next` or the like was typed: the program stands where that led to. */
  private hasStepped = false;
  /** `thread N` was typed: what is shown is not what stopped. */
  otherSelected = false;
  /** `up`, `frame 2` was typed: what is printed is not of the innermost call. */
  frameSelected = false;

  /** Something told where it stands since the program went on. */
  get isShown(): boolean {
    return this.stopped !== undefined;
  }

  /** The program stopped; where is still to be shown. */
  stop(): void {
    this.leave();
    this.frameSelected = false;
    this.hasStepped = false;
    this.otherSelected = false;
    this.wasAsked = false;
  }

  /** A command let the program go on; `hasStepped`: by a step. */
  resume(hasStepped: boolean): void {
    this.leave();
    this.hasStepped = hasStepped;
    this.otherSelected = false;
    this.wasAsked = false;
  }

  /** It no longer stands where it stood. */
  leave(): void {
    this.stopped = undefined;
    this.shown = undefined;
  }

  /** It stands in this frame, as a stop line told. */
  stand(frame: Frame): void {
    this.stopped = frame;
    this.hasStopLine = true;
  }

  /** It stands in the innermost frame of a backtrace; `again`: where it was known to stand. */
  show(bt: Backtrace, isOfStop: boolean, again: boolean): void {
    this.hasStopLine = isOfStop || (again && this.hasStopLine);
    this.stopped = bt.frames[0];
    if (!again) this.shown = bt;
  }

  /**
   * True when a backtrace repeats where the debugger already stands. Silent breakpoint commands print
   * nothing else: unless somebody asked, a second backtrace of theirs is a second stop. Behind a `next` it
   * shows how far the call has come: a breakpoint on the way would have told of itself.
   */
  isShownAgain(bt: Backtrace): boolean {
    if (this.otherSelected || (this.hasStepped && this.wasAsked)) return true;
    const func = bt.frames[0]?.func;
    if (this.stopped === undefined || func === undefined) return false;
    if (!isSameFunction(this.stopped.func, func)) return false;
    return this.hasStopLine || this.wasAsked || this.showsMoreOrLess(bt);
  }

  /**
   * Of the stack that was shown first more is printed now, or less: `bt 2` and `bt` in the commands of one breakpoint.
   * As much as at first is what they print at the next stop.
   */
  private showsMoreOrLess({ frames, incomplete }: Backtrace): boolean {
    const { shown } = this;
    if (shown === undefined || shown.incomplete || incomplete) return false;
    const [less, more] =
      shown.frames.length < frames.length ? [shown.frames, frames] : [frames, shown.frames];
    // Equal frames near each other are one object.
    return less.length < more.length && less.every((frame, i) => frame === more[i]);
  }
}
