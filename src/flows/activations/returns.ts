/** Returns that a capture shows by themselves (`finish`, a return probe) → which calls of their thread have ended. */
import { plainName } from '../../facts/functions.js';
import type { Step } from '../../facts/step.js';
import { isEntryOf } from '../../facts/uprobes.js';
import type { FunctionReturn } from '../../model/record.js';
import { inheritedDevice } from './activation.js';
import type { Activation } from './activation.js';
import { encloseWithInlined } from './inlined-calls.js';
import { closeAll } from './thread-state.js';
import type { ThreadState } from './thread-state.js';

/** The innermost open call of that function has ended, and those inside it; or the value of one that has is printed. */
export function followReturn(
  state: ThreadState,
  { returned, index, line }: Step,
  gapsNow: number,
): void {
  if (returned === undefined) return;
  if (returned.address !== undefined) {
    followProbedReturn(state, returned, index, gapsNow);
    return;
  }
  const func = returned.func === undefined ? undefined : plainName(returned.func);
  const is = (a: Activation): boolean => func === undefined || a.func === func;
  if (!state.open.some(is) && state.outer?.open.some(is) === true) {
    // It ends what was called inside, too.
    state.open = [...state.outer.open, ...state.open];
    state.height = Math.max(state.outer.height, state.height);
    state.outer = undefined;
  }
  const at = state.open.findLastIndex(is);
  // The value of `finish` stands behind the place to which it came back.
  const before = state.returned;
  const isLate = returned.value !== undefined && before?.result === undefined;
  const ended =
    isLate && before !== undefined && is(before)
      ? before
      : (state.open[at] ?? state.bare.last(func));
  if (ended === undefined) return;
  if (returned.value !== undefined) ended.result = { value: returned.value, line };
  if (ended.closed === undefined) {
    const inner = at < 0 ? [ended] : state.open.slice(at);
    for (const activation of inner) activation.closed ??= index;
    if (at >= 0) state.open = state.open.slice(0, at);
  }
  state.returned = ended;
}

/**
 * A uprobe tells where the function begins that came back, and so which of its copies that was. What the thread
 * has called since it was entered was called inside.
 */
function followProbedReturn(
  state: ThreadState,
  { func, address, value, span }: FunctionReturn,
  index: number,
  gapsNow: number,
): void {
  const at = state.probed.findLastIndex(
    ({ activation: { func: own, closed, call } }) =>
      own === func && closed === undefined && isEntryOf(address, call.frame.address),
  );
  const entry = state.probed[at];
  if (entry === undefined) return;
  const { activation, gaps } = entry;
  if (value !== undefined) activation.result = { value, line: span.first };
  const inside = state.probed.slice(at + 1).map((probed) => probed.activation);
  closeAll([activation, ...inside], index);
  // Where a return may be lost, this may be that of a later call.
  if (gaps !== gapsNow) return;
  state.probed = state.probed.slice(0, at + 1);
  for (const caller of encloseWithInlined(activation, inside)) passOn(caller, caller.children);
}

/** The device, also to what returned before them and was called inside. */
function passOn(caller: Activation, called: readonly Activation[]): void {
  for (const child of called) {
    if (child.device !== undefined) continue;
    child.device = inheritedDevice(child.call, caller);
    child.incarnation = caller.incarnation;
    if (child.device !== undefined) passOn(child, child.children);
  }
}
