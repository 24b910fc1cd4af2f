/**
 * Device stops of vhost-net, as the kernel sees them: the tap is taken away, then the vrings are fetched.
 *
 * Source: QEMU hw/net/vhost_net.c vhost_net_stop_one(): VHOST_NET_SET_BACKEND(-1) for each vring, then vhost_dev_stop(), in
 * one thread and with the big lock held; vhost_net_virtqueue_reset() the same for one vring. The undoing of a device start
 * that failed fetches vrings that have no tap yet. hw/virtio/vhost.c vhost_dev_set_log(): a log start or stop reaches
 * devices that run, and no other.
 */
import { hasGap } from '../../../flows/run.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { WITH_FEATURES } from './kernel-log-starts.js';
import { byThread, isUnbroken, kernelRequests, REQUESTS_RECIPE } from './kernel-requests.js';
import type { KernelRequest } from './kernel-requests.js';

const SET_BACKEND = 'VHOST_NET_SET_BACKEND';

/** The guest masks its interrupts whenever it likes. */
const AT_ANY_TIME: ReadonlySet<string> = new Set(['VHOST_SET_VRING_CALL', 'VHOST_SET_VRING_ERR']);

/** Only a device start asks for these behind the address of a vring, or a restart of it. */
const OF_START: ReadonlySet<string> = new Set([
  'VHOST_SET_VRING_KICK',
  'VHOST_SET_VRING_NUM',
  'VHOST_SET_VRING_BASE',
  'VHOST_SET_LOG_BASE',
]);

/** One judgement for each device stop in which nothing else is asked for. */
export function* judgeKernelStops(context: SessionContext): Generator<Judgement> {
  const attached = firstAttachments(context);
  for (const thread of byThread(kernelRequests(context))) {
    for (const own of byEndpoint(thread)) {
      for (const [at, fetch] of own.entries()) {
        if (!isFetch(fetch) || isFetch(own[at - 1]) || isOfOtherKind(fetch)) continue;
        const attachment = attached.get(fetch.endpoint ?? '');
        if (attachment !== undefined && attachment.step < fetch.step)
          yield* judge(context, own, at, attachment);
        else if (isOfUnknown(fetch, attached)) yield undecided(fetch);
      }
    }
  }
}

/** Linux drivers/vhost/net.c, vhost_net_fops: vhost-scsi and vhost-vsock have handlers of their own, and no tap. */
const NET_HANDLER = 'vhost_net_ioctl';

function isOfOtherKind({ handler }: KernelRequest): boolean {
  return handler !== undefined && handler !== NET_HANDLER;
}

/** A tracer of the kernel names a thread and no device: the tap may have been given to it by another thread. */
function isOfUnknown(
  { endpoint, step }: KernelRequest,
  attached: ReadonlyMap<string, KernelRequest>,
): boolean {
  if (endpoint?.includes('fd ') === true) return false;
  return [...attached.values()].some((attachment) => attachment.step < step);
}

function undecided({ endpoint, step, line }: KernelRequest): Judgement {
  return {
    verdict: 'inconclusive',
    ...{ endpoint, step, line },
    message: `the vrings of a device are fetched, and ${endpoint ?? 'the thread'} makes no ${SET_BACKEND} before it`,
    missing: ['which device it is: strace -y names it in the requests of all threads'],
  };
}

/** The first VHOST_NET_SET_BACKEND of each device: others of it would be shown, too. */
function firstAttachments(context: SessionContext): ReadonlyMap<string, KernelRequest> {
  const found = new Map<string, KernelRequest>();
  for (const request of kernelRequests(context)) {
    const { endpoint, name } = request;
    if (name === SET_BACKEND && endpoint !== undefined && !found.has(endpoint))
      found.set(endpoint, request);
  }
  return found;
}

function byEndpoint(thread: readonly KernelRequest[]): Iterable<readonly KernelRequest[]> {
  const lists = new Map<string | undefined, KernelRequest[]>();
  for (const request of thread) {
    if (AT_ANY_TIME.has(request.name)) continue;
    const list = lists.get(request.endpoint) ?? [];
    list.push(request);
    lists.set(request.endpoint, list);
  }
  return lists.values();
}

function isFetch(request: KernelRequest | undefined): boolean {
  return request?.kind === 'op_get_vring_base';
}

function* judge(
  context: SessionContext,
  own: readonly KernelRequest[],
  at: number,
  attachment: KernelRequest,
): Generator<Judgement> {
  const [fetch, before] = [own[at], own[at - 1]];
  if (fetch === undefined) return;
  const { endpoint, step, line } = fetch;
  const who = endpoint ?? 'the vhost device';
  const where = { endpoint, step, line };
  if (before?.name === SET_BACKEND) {
    yield judgeDetached(own, at, who);
    return;
  }
  const toggle = toggleBefore(own, at);
  if (before !== undefined && toggle === undefined) return;
  const message = `the vrings of ${who} are fetched, and the thread makes no ${SET_BACKEND} before it`;
  if (before === undefined || toggle === undefined) {
    const missing = [`what the thread asks for before it (${REQUESTS_RECIPE})`];
    yield { verdict: 'inconclusive', ...where, message, missing };
    return;
  }
  const evidence = [
    { line: attachment.line, role: 'the device gets its tap' },
    { line: toggle.line, role: 'a log start or stop, which reaches a device that runs' },
    { line: before.line, role: 'the last that the thread asks for before it' },
  ];
  // Without its name one file descriptor may be a device of another process, or another kind of device; and where a line is
  // lost, one that was opened again.
  const isNet =
    who.includes('vhost-net') ||
    fetch.handler === NET_HANDLER ||
    own.some(({ name }, i) => name === SET_BACKEND && isKeptOpen(context, own, i, at));
  const missing = [
    ...(isNet ? [] : ['which device it is: strace -y prints its path']),
    ...(isUnbroken(context, toggle, fetch)
      ? []
      : ['an unbroken record of the device in one thread']),
  ];
  if (missing.length > 0) {
    yield { verdict: 'inconclusive', ...where, message, evidence, missing };
    return;
  }
  yield {
    verdict: 'violation',
    ...where,
    message: `the vrings of ${who} are fetched while the kernel still runs them: no ${SET_BACKEND} comes before`,
    expected: `${SET_BACKEND} (fd=-1) of each vring before VHOST_GET_VRING_BASE`,
    evidence,
  };
}

/** Nothing is missing between two requests of a thread: a VHOST_SET_OWNER between them would be seen. */
function isKeptOpen(
  context: SessionContext,
  own: readonly KernelRequest[],
  from: number,
  to: number,
): boolean {
  const [tap, fetch] = [own[from], own[to]];
  return (
    from < to &&
    tap !== undefined &&
    fetch !== undefined &&
    !hasGap(context.run, tap.step, fetch.step)
  );
}

/** The features of the log start or log stop that comes directly before; its addresses were taken. */
function toggleBefore(own: readonly KernelRequest[], at: number): KernelRequest | undefined {
  let i = at - 1;
  const isTaken = ({ kind, outcome }: KernelRequest): boolean =>
    kind === 'op_set_vring_addr' && outcome?.ok !== false;
  for (let one = own[i]; one !== undefined && isTaken(one); one = own[i]) i--;
  if (i === at - 1) return undefined;
  while (WITH_FEATURES.has(own[i]?.name ?? '')) i--;
  const features = own[i];
  return features?.kind === 'op_set_features' ? features : undefined;
}

/** Behind a device start the first of them give a tap. */
function judgeDetached(own: readonly KernelRequest[], at: number, who: string): Judgement {
  let begin = at;
  while (own[begin - 1]?.name === SET_BACKEND) begin--;
  let end = at;
  while (isFetch(own[end])) end++;
  const [first] = own.slice(begin);
  const { endpoint, step = 0, line = 0 } = own[at] ?? {};
  const where = { endpoint, step, line };
  const [given, fetched] = [at - begin, end - at];
  const isBehindStart = OF_START.has(own[begin - 1]?.name ?? '');
  if (given < (isBehindStart ? 2 : 1) * fetched) {
    return {
      verdict: 'inconclusive',
      ...where,
      message: `${given} ${SET_BACKEND} come before ${fetched} vrings of ${who} are fetched`,
      missing: [`the fd of each ${SET_BACKEND}: probe vhost_kernel_net_set_backend`],
    };
  }
  return {
    verdict: 'pass',
    ...where,
    message: `the vrings of ${who} are detached before they are fetched`,
    evidence: first === undefined ? [] : [{ line: first.line, role: 'a vring is detached' }],
  };
}
