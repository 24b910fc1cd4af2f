/**
 * Log bases that a vhost-user backend gets before the vrings of a device start are set up.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_start(): the log base is the last of it. A log that is resized gets one too, in
 * front of new memory, or behind it: not between the messages of vhost_virtqueue_start(), nor behind features that begin a
 * device start.
 */
import { mayReset, NOT_RESET } from './devices.js';
import { BEHIND_FEATURES, MEMORY_REQUESTS, nameOf } from './messages.js';
import type { Connection, Message } from './messages.js';
import { nextOf } from './passes.js';
import type { Fault } from './vring-set-up.js';

const EXPECTED = 'SET_LOG_BASE behind the last vring of the device start';

/** Of one greeting. */
export function* faultsOfBases(
  connection: Connection,
  requests: readonly Message[],
): Generator<Fault> {
  const running = new Set<number>();
  /** The last features, if they ask for logging and no vring ran before. */
  let features: Message | undefined;
  for (const [i, request] of requests.entries()) {
    const { name, vring } = request;
    if (name === 'SET_VRING_KICK' && vring !== undefined) running.add(vring);
    else if (name === 'GET_VRING_BASE' && vring !== undefined) running.delete(vring);
    else if (name === 'SET_FEATURES')
      features = running.size === 0 && request.enable === true ? request : undefined;
    if (name !== 'SET_LOG_BASE') continue;
    const fault =
      inFrontOf(connection, requests, i) ??
      inVring(connection, requests, i) ??
      (features && inFrontOfMemory(connection, features, requests, i));
    if (fault !== undefined) yield fault;
  }
}

function inFrontOf(
  connection: Connection,
  requests: readonly Message[],
  i: number,
): Fault | undefined {
  const [base, next] = [requests[i], nextOf(requests, i)];
  if (base === undefined || next?.name !== 'SET_VRING_NUM') return undefined;
  return {
    at: base,
    message: `${nameOf(connection)} gets the log base in front of its vrings`,
    expected: EXPECTED,
    evidence: [{ line: next.line, role: 'a vring is set up, and no features in front of it' }],
    from: base,
    to: next,
  };
}

/** What vhost_virtqueue_start() sends of a vring that is not addressed yet, and what it sends behind. */
const UNADDRESSED: ReadonlySet<string> = new Set(['SET_VRING_NUM', 'SET_VRING_BASE']);
const BEHIND: ReadonlySet<string> = new Set(['SET_VRING_BASE', 'SET_VRING_ADDR']);

function inVring(
  connection: Connection,
  requests: readonly Message[],
  i: number,
): Fault | undefined {
  const [before, base, next] = [requests[i - 1], requests[i], requests[i + 1]];
  if (before === undefined || base === undefined || next === undefined) return undefined;
  if (!UNADDRESSED.has(before.name) || !BEHIND.has(next.name)) return undefined;
  const vring = before.vring ?? next.vring;
  if ((next.vring ?? vring) !== vring) return undefined;
  const which = vring === undefined ? 'a vring' : `vring ${vring}`;
  return {
    at: base,
    ...(vring === undefined ? {} : { vring }),
    message: `${nameOf(connection)} gets the log base while ${which} is set up`,
    expected: EXPECTED,
    evidence: [
      { line: before.line, role: `${before.name} of ${which}` },
      { line: next.line, role: `${next.name} of it` },
    ],
    from: before,
    to: next,
  };
}

/** Nothing runs, and the features, the log base, the memory and a vring follow each other. */
function inFrontOfMemory(
  connection: Connection,
  features: Message,
  requests: readonly Message[],
  i: number,
): Fault | undefined {
  const base = requests[i];
  let begin = i - 1;
  while (BEHIND_FEATURES.has(requests[begin]?.name ?? '')) begin--;
  let end = i + 1;
  while (isBesideMemory(requests[end])) end++;
  const [size, memory] = [requests[end], nextOf(requests, i)];
  if (base === undefined || memory === undefined || requests[begin] !== features) return undefined;
  if (size?.name !== 'SET_VRING_NUM') return undefined;
  // The log start of a device without a vring, a log that is resized, and a vring that is started alone look the same.
  const isLogStart = requests[begin - 1]?.name === 'SET_LOG_BASE';
  return {
    at: base,
    message: `${nameOf(connection)} gets the log base in front of its memory and its vrings`,
    expected: EXPECTED,
    evidence: [
      { line: features.line, role: 'the features of the device start' },
      { line: memory.line, role: memory.name },
      { line: size.line, role: 'a vring is set up, and no features in front of it' },
    ],
    from: features,
    to: size,
    missing: [
      ...(mayReset({ features }) ? [NOT_RESET] : []),
      ...(isLogStart ? ['that the features are those of a device start'] : []),
    ],
  };
}

function isBesideMemory(request: Message | undefined): boolean {
  const { name = '' } = request ?? {};
  return MEMORY_REQUESTS.has(name) || BEHIND_FEATURES.has(name);
}
