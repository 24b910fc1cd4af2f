/** What a frame says by itself. Found once for each Frame object: the reader interns them. */
import { beside } from '../../base/beside.js';
import { detached } from '../../base/detached.js';
import { Recent } from '../../base/recent.js';
import type { Frame } from '../../model/record.js';
import { isOfCalls, makeCall, netDevice } from './calls.js';
import type { Call } from './calls.js';
import {
  globals,
  globalVariables,
  isOfSigns,
  isOutermost,
  returnAddress,
  stageOf,
} from './process-signs.js';
import type { Constant } from './process-signs.js';

export interface FrameMeaning {
  /** Undefined when no rule knows its function. */
  readonly call: Call | undefined;
  /** See {@link netDevice}. */
  readonly netDevice: string | undefined;
  /** It ends the stack of its thread. */
  readonly isOutermost: boolean;
  /** See {@link stageOf}. */
  readonly stage: 'run' | 'end' | undefined;
  /** Addresses of global objects that it shows. */
  readonly globals: readonly Constant[];
  /** Where the outermost function of its thread returns to. */
  readonly returnAddress: Constant | undefined;
}

const known = beside<Frame, FrameMeaning>();

export function meaningOf(frame: Frame): FrameMeaning {
  let meaning = known.get(frame);
  if (meaning === undefined) {
    meaning = read(frame);
    known.set(frame, meaning);
  }
  return meaning;
}

function read(frame: Frame): FrameMeaning {
  if (!mayMean(frame.func)) {
    const shown = globalVariables(frame);
    return shown.length === 0 ? NOTHING : { ...NOTHING, globals: shown };
  }
  return {
    call: makeCall(frame),
    netDevice: netDevice(frame),
    isOutermost: isOutermost(frame),
    stage: stageOf(frame),
    globals: globals(frame),
    returnAddress: returnAddress(frame),
  };
}

const NOTHING: FrameMeaning = {
  call: undefined,
  netDevice: undefined,
  isOutermost: false,
  stage: undefined,
  globals: [],
  returnAddress: undefined,
};

/** Functions that are remembered; programs have few in their stacks. */
const functions = new Recent<boolean>(4096);

/** Whether the name of its function may give a frame a meaning: most frames have none but by a global variable. */
function mayMean(func: string): boolean {
  let may = functions.get(func);
  if (may === undefined) {
    may = isOfCalls(func) || isOfSigns(func);
    functions.set(detached(func), may);
  }
  return may;
}

/** The call that a frame shows, or undefined when no rule knows its function. */
export function callOf(frame: Frame): Call | undefined {
  return meaningOf(frame).call;
}
