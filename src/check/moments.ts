/**
 * When calls on one device open and return, in the order of the capture: what happened, of which a timeline makes states.
 */
import { firstIndex } from '../base/search.js';
import type { Activation } from '../flows/activations/activation.js';
import { undoingOf } from '../flows/activations/undone-start.js';

export interface Moment {
  readonly step: number;
  readonly activation: Activation;
  readonly returned: boolean;
}

/** Calls that are inside of no other on the device, or of few, in order. */
interface Begins {
  readonly inits: readonly Activation[];
  readonly starts: readonly Activation[];
}

/** Openings and returns by step; at one step inner calls return before outer ones and before new ones open. */
export function momentsOf(activations: readonly Activation[]): Moment[] {
  const otherThread = nextOfOtherThread(activations);
  const begins = {
    inits: activations.filter(({ kind }) => kind === 'vhost_dev_init'),
    starts: activations.filter(({ kind }) => kind === 'vhost_dev_start'),
  };
  const returns: Moment[] = [];
  for (const activation of activations) {
    const end = returnOf(activation, activations, otherThread, begins);
    if (end !== undefined) returns.push({ step: end, activation, returned: true });
  }
  returns.sort((a, b) => a.step - b.step || b.activation.id - a.activation.id);
  const moments: Moment[] = [];
  let next = 0;
  for (const activation of activations) {
    const step = activation.first;
    for (let r = returns[next]; r !== undefined && r.step <= step; r = returns[++next])
      moments.push(r);
    moments.push({ step, activation, returned: false });
  }
  return moments.concat(returns.slice(next));
}

/**
 * When a call must have returned. The thread's own next stack may come much later than work of
 * another thread on the same device; the BQL keeps the two apart, so that work comes after the return.
 */
function returnOf(
  activation: Activation,
  sameDevice: readonly Activation[],
  otherThread: readonly number[],
  { inits, starts }: Begins,
): number | undefined {
  const next = firstIndex(
    sameDevice.length,
    (i) => (sameDevice[i]?.first ?? activation.last) > activation.last,
  );
  const isOther = sameDevice[next]?.thread !== activation.thread;
  const other = sameDevice[isOther ? next : (otherThread[next] ?? sameDevice.length)];
  // Nothing that is done on a device contains its init, whatever the stacks leave out.
  const end = earlier(
    earlier(activation.closed, other?.thread === undefined ? undefined : other.first),
    firstBehind(inits, activation),
  );
  if (activation.kind !== 'vhost_dev_stop' && undoingOf(activation) === undefined) return end;
  // Neither does a stop, nor a start that undoes itself, contain a start.
  return earlier(end, firstBehind(starts, activation));
}

function firstBehind(calls: readonly Activation[], activation: Activation): number | undefined {
  return calls[firstIndex(calls.length, (i) => isAfter(calls[i], activation))]?.first;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

function isAfter(later: Activation | undefined, { last }: Activation): boolean {
  return (later?.first ?? Number.POSITIVE_INFINITY) > last;
}

/** For each activation the index of the next one of another thread. */
function nextOfOtherThread(activations: readonly Activation[]): number[] {
  const next = new Array<number>(activations.length);
  for (let i = activations.length - 1; i >= 0; i--) {
    const isSame = activations[i]?.thread === activations[i + 1]?.thread;
    next[i] = isSame ? (next[i + 1] ?? i + 1) : i + 1;
  }
  return next;
}
