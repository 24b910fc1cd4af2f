/**
 * Requests to vhost devices of the kernel, as strace and kprobes show them.
 *
 * One ioctl() passes through several functions (vhost_net_ioctl(), vhost_dev_ioctl(),
 * vhost_vring_ioctl()), and all of them may be traced: it is one request.
 */
import { append } from '../../../base/append.js';
import { firstIndex } from '../../../base/search.js';
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import type { FactKind } from '../../../model/fact.js';
import type { SessionContext } from '../../rule.js';
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
  /** The handler that gets the ioctl() of such a device, which tells its kind; undefined where it is seen elsewhere. */
  readonly handler: string | undefined;
  /** How far inside of the kernel it is seen. */
  readonly depth: number;
  /** Undefined where the text does not say what the request returned. */
  readonly outcome: Outcome | undefined;
}

/** How to see requests with what they return. */
export const REQUESTS_RECIPE =
  'requests with their results: vhtrace probes strace, or vhtrace probes ftrace';

/** The device's handler: it gets every ioctl(), takes features itself, and hands on what it does not know. */
export const HANDLER = 1;
const VHOST_DEV_IOCTL = 2;
const VHOST_VRING_IOCTL = 3;

/** How far inside of the kernel a function is: ioctl() itself is 0. */
const DEPTH: ReadonlyMap<string, number> = new Map([
  ['vhost_net_ioctl', HANDLER],
  ['vhost_scsi_ioctl', HANDLER],
  ['vhost_vsock_dev_ioctl', HANDLER],
  ['vhost_vdpa_unlocked_ioctl', HANDLER],
  ['vhost_test_ioctl', HANDLER],
  ['vhost_dev_ioctl', VHOST_DEV_IOCTL],
  ['vhost_vring_ioctl', VHOST_VRING_IOCTL],
]);

/** vhost_dev_ioctl() does not know the request: the caller goes on with vhost_vring_ioctl(). */
const PASSED_ON = 'ENOIOCTLCMD';

/** All requests whose number is known, in order. */
export function kernelRequests(context: SessionContext): readonly KernelRequest[] {
  return context.once('kernel requests', () => {
    const latest = new Map<string | undefined, KernelRequest>();
    const found = new Set<KernelRequest>();
    for (const step of context.wired) {
      const request = requestOf(step);
      if (request === undefined) continue;
      const before = latest.get(request.thread);
      if (before !== undefined && isWithin(before, request)) continue;
      if (before !== undefined && isAttempt(before, request)) found.delete(before);
      latest.set(request.thread, request);
      found.add(request);
    }
    return [...found];
  });
}

function requestOf({ wire, index, line, thread }: Step): KernelRequest | undefined {
  if (wire === undefined || wire.backend === 'user') return undefined;
  const { func, kind, endpoint, result } = wire;
  const name = [func, wire.value].find((text) => text?.startsWith('VHOST_'));
  if (name === undefined) return undefined;
  const depth = DEPTH.get(func) ?? 0;
  const answer = outcomeOf(result);
  const outcome = depth === VHOST_DEV_IOCTL && answer?.errno === PASSED_ON ? undefined : answer;
  const handler = depth === HANDLER ? func : undefined;
  return { step: index, line, name, kind, endpoint, thread, handler, depth, outcome };
}

/** The request before is handed on. */
function isWithin(before: KernelRequest, request: KernelRequest): boolean {
  return before.name === request.name && before.depth < request.depth && before.depth <= HANDLER;
}

/**
 * The request before was only tried, and this one is made in its stead: what vhost_dev_ioctl() did not know, and
 * the words of features that a kernel before 6.18 does not know (QEMU 10.2 vhost_kernel_set_features(); that
 * kernel takes their count for a vring, and answers with the error of that).
 */
function isAttempt(before: KernelRequest, { name, depth, endpoint }: KernelRequest): boolean {
  if (before.name === name) return before.depth === VHOST_DEV_IOCTL && depth === VHOST_VRING_IOCTL;
  return (
    before.name === 'VHOST_SET_FEATURES_ARRAY' &&
    name === 'VHOST_SET_FEATURES' &&
    before.endpoint === endpoint &&
    before.outcome?.ok !== true
  );
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
