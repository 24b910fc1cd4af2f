/** What a frame says by itself. Found once for each Frame object: the reader interns them. */
import type { Frame } from '../model/record.js';
import { makeCall, netDevice } from './calls.js';
import type { Call } from './calls.js';
import { globals, isOutermost, returnAddress } from './process-signs.js';
import type { Constant } from './process-signs.js';

export interface FrameMeaning {
  /** Undefined when no rule knows its function. */
  readonly call: Call | undefined;
  /** See {@link netDevice}. */
  readonly netDevice: string | undefined;
  /** It ends the stack of its thread. */
  readonly isOutermost: boolean;
  /** Addresses of global objects that it shows. */
  readonly globals: readonly Constant[];
  /** Where the outermost function of its thread returns to. */
  readonly returnAddress: Constant | undefined;
}

const known = new WeakMap<Frame, FrameMeaning>();

export function meaningOf(frame: Frame): FrameMeaning {
  let meaning = known.get(frame);
  if (meaning === undefined) {
    meaning = {
      call: makeCall(frame),
      netDevice: netDevice(frame),
      isOutermost: isOutermost(frame),
      globals: globals(frame),
      returnAddress: returnAddress(frame),
    };
    known.set(frame, meaning);
  }
  return meaning;
}

/** The call that a frame shows, or undefined when no rule knows its function. */
export function callOf(frame: Frame): Call | undefined {
  return meaningOf(frame).call;
}
