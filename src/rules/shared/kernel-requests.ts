/**
 * Requests to vhost devices of the kernel, as strace and kprobes show them.
 *
 * One ioctl() passes through several functions (vhost_net_ioctl(), vhost_dev_ioctl(),
 * vhost_vring_ioctl()), and all of them may be traced: only the outermost counts.
 */
import { append } from '../../base/append.js';
import { firstIndex } from '../../base/search.js';
import type { Step } from '../../facts/step.js';
import { hasGap } from '../../flows/run.js';
import type { FactKind } from '../../model/fact.js';
import type { SessionContext } from '../rule.js';
import { outcomeOf } from './outcome.js';
import type { Outcome } from './outcome.js';

export interface KernelRequest {
  readonly step: number;
  readonly line: number;
  /** `VHOST_SET_FEATURES` */
  readonly name: string;
  readonly kind: FactKind;
  readonly endpoint: string | undefined;
  readonly thread: string | undefined;
  /** Undefined where the text does not say what the request returned. */
  readonly outcome: Outcome | undefined;
}

/** How to see requests with what they return. */
export const REQUESTS_RECIPE =
  'requests with their results: strace -f -tt -e trace=ioctl, or kprobes on vhost_net_ioctl with cmd=%si:x32 and its kretprobe with ret=$retval:s32';

/** Functions that are handed a request by another one, innermost last. */
const INNER = ['vhost_dev_ioctl', 'vhost_vring_ioctl'];

/** All requests whose number is known, in order. */
export function kernelRequests(context: SessionContext): readonly KernelRequest[] {
  return context.once('kernel requests', () => {
    const depths = context.wired.map(depthOf);
    const outermost = depths.reduce((least, depth) => Math.min(least, depth), Infinity);
    return context.wired.flatMap((step, i) =>
      depths[i] === outermost ? [requestOf(step)].filter((r) => r !== undefined) : [],
    );
  });
}

/** Infinity for what is no request. */
function depthOf(step: Step): number {
  return requestOf(step) === undefined ? Infinity : INNER.indexOf(step.wire?.func ?? '') + 1;
}

function requestOf({ wire, index, line, thread }: Step): KernelRequest | undefined {
  if (wire === undefined || wire.backend === 'user') return undefined;
  const name = [wire.func, wire.value].find((text) => text?.startsWith('VHOST_'));
  if (name === undefined) return undefined;
  const { kind, endpoint, result } = wire;
  return { step: index, line, name, kind, endpoint, thread, outcome: outcomeOf(result) };
}

/**
 * The requests of each thread, in order. QEMU makes those of one log start, or of one device start, in
 * one thread and without letting it go; other threads, and other processes that have the same file
 * descriptor, do not come in between.
 */
export function byThread(
  requests: readonly KernelRequest[],
): readonly (readonly KernelRequest[])[] {
  const threads = new Map<string | undefined, KernelRequest[]>();
  for (const request of requests) {
    append(threads, request.thread, request);
  }
  return [...threads.values()];
}

/**
 * No record is known to be lost between two requests to a device, and none to it comes in between from another
 * thread: that may be of the same one, on a line that lost a part of its number.
 */
export function isUnbroken(
  context: SessionContext,
  from: KernelRequest,
  to: KernelRequest,
): boolean {
  if (hasGap(context.run, from.step, to.step)) return false;
  const requests = kernelRequests(context);
  const stepOf = (i: number): number => requests[i]?.step ?? Infinity;
  const begin = firstIndex(requests.length, (i) => stepOf(i) >= from.step);
  for (let i = begin; stepOf(i) < to.step; i++) {
    const { endpoint, thread } = requests[i] ?? from;
    if (endpoint === from.endpoint && thread !== from.thread) return false;
  }
  return true;
}

/** Step of the last request to an endpoint. */
export function lastRequestTo(context: SessionContext, endpoint: string | undefined): number {
  const last = context.once(
    'last kernel requests',
    () => new Map(kernelRequests(context).map((request) => [request.endpoint, request.step])),
  );
  return last.get(endpoint) ?? -1;
}
