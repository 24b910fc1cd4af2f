/**
 * Where a debugger stands, by what it printed and what was typed: whether a backtrace shows a new stop, or once more
 * where the program stands anyway. Source: gdb/infrun.c, normal_stop(); gdb/stack.c, backtrace_command().
 */
import type { Frame } from '../../model/record.js';

export class DebuggerPosition {
  /** The innermost frame of the program where it stands; undefined when it runs. */
  private stopped: Frame | undefined;
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
  }

  /** It stands in this frame, as a stop line told. */
  stand(frame: Frame): void {
    this.stopped = frame;
    this.hasStopLine = true;
  }

  /** It stands in the innermost frame of a backtrace; `again`: where it was known to stand. */
  show(innermost: Frame, isOfStop: boolean, again: boolean): void {
    this.hasStopLine = isOfStop || (again && this.hasStopLine);
    this.stopped = innermost;
  }

  /**
   * True when a backtrace repeats where the debugger already stands. Silent breakpoint commands print
   * nothing else: unless somebody asked, a second backtrace of theirs is a second stop. Behind a `next` it
   * shows how far the call has come: a breakpoint on the way would have told of itself.
   */
  isShownAgain(innermost: Frame): boolean {
    if (this.otherSelected || (this.hasStepped && this.wasAsked)) return true;
    return this.stopped?.func === innermost.func && (this.hasStopLine || this.wasAsked);
  }
}
