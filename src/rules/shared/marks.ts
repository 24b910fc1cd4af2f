/** Marks of what a pass says: the lines at which a reader sees it, see {@link Judgement.seenAt}. All pure. */
import type { Activation } from '../../flows/activations/activation.js';
import type { Run } from '../../flows/run.js';
import { known } from '../../protocol/replay.js';
import type { Toggle } from './calls/log-toggles.js';
import type { Mark, SessionContext } from '../rule.js';

/** The first line of a call, of a step or of a message; none where there is no such thing. */
export function mark(at: { readonly line: number } | undefined, role: string): readonly Mark[] {
  return at === undefined ? [] : [{ line: at.line, role }];
}

/** The calls one by one: the name of each is what it shows. */
export function marksOfCalls(calls: readonly Activation[]): readonly Mark[] {
  return calls.flatMap((call) => mark(call, call.func));
}

/** Where a call is over: nothing that is missing in it can come behind that. */
export function endMark({ steps, exits }: Run, call: Activation): readonly Mark[] {
  const { func, closed, result, thread } = call;
  if (result !== undefined) return mark(result, `${func} returns`);
  if (closed === undefined || closed < steps.length)
    return mark(steps[closed ?? -1], `${func} has returned by then`);
  return mark(
    exits.find((exit) => exit.thread === thread && exit.after + 1 === closed),
    `its thread ends: ${func} has returned`,
  );
}

/** Messages or requests to the kernel one by one: the name of each is what it shows. */
export function marksOfRequests(
  requests: readonly {
    readonly line: number;
    readonly name: string;
    readonly vring?: number | undefined;
  }[],
): readonly Mark[] {
  return requests.flatMap((request) => {
    const { name, vring } = request;
    return mark(request, vring === undefined ? name : `${name} of vring ${vring}`);
  });
}

/** The last log start or stop of a device before what is judged. */
export function toggleMark({ activation, enable }: Toggle): readonly Mark[] {
  return mark(activation, `the log ${enable ? 'start' : 'stop'} before it`);
}

/** Since where it is certain, of a device just before a step, whether it runs, whether it logs, or whether it holds a log. */
export function marksOfState(
  context: SessionContext,
  device: string,
  step: number,
  ...parts: readonly ('run' | 'log' | 'base')[]
): readonly Mark[] {
  const state = context.stateBefore(device, step);
  const since = context.sinceBefore(device, step);
  return parts.flatMap((part) => {
    const last = since[part];
    if (last === undefined || last.state !== known<string>(state[part])) return [];
    const implied = last.implied === undefined ? '' : ', as this implies';
    return mark(last, `${NAMES[part]} ${last.state}${implied}`);
  });
}

const NAMES = { run: 'the device:', log: 'logging:', base: 'its log:' } as const;
