/**
 * Device starts with logging on, as a vhost-user backend sees them.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_start(): the features, the memory, each vring, then the log base, and at last
 * that the vrings are enabled, or the status. A vring that is reset alone starts with GET_VRING_BASE and no features.
 */
import { bigintOf } from '../../../model/values.js';
import type { SessionContext } from '../../rule.js';
import { BEHIND_FEATURES, eachGreeting, MEMORY_REQUESTS, VRING_REQUESTS } from './messages.js';
import type { Connection, Message } from './messages.js';

/** A start of one vhost_dev. */
export interface WireStart {
  readonly connection: Connection;
  /** SET_FEATURES; what it asks for is shown. */
  readonly features: Message;
  /** SET_VRING_ADDR of each vring. */
  readonly addresses: readonly Message[];
  /** Which vrings these are, in their order; undefined where nothing of the vring tells. */
  readonly vrings: readonly (number | undefined)[];
  /** All that is sent from the features to the last of it. */
  readonly requests: readonly Message[];
  /** What QEMU sends behind the vrings on the same connection: the log base, or that with which the start ends. */
  readonly next: Message | undefined;
  /** The log base that it gets, in its place or behind what ends the start; not that of a log start. */
  readonly base: Message | undefined;
}

/** Between the features and the log base. */
export const STARTING: ReadonlySet<string> = new Set([
  ...BEHIND_FEATURES,
  ...MEMORY_REQUESTS,
  ...VRING_REQUESTS,
]);

/** Between the start of one queue pair and that of the next. */
const BETWEEN_STARTS: ReadonlySet<string> = new Set([
  ...BEHIND_FEATURES,
  'SET_LOG_BASE',
  'SET_VRING_ENABLE',
]);

/** Those with LOG_ALL, in the order of each connection. */
export function wireStarts(context: SessionContext): readonly WireStart[] {
  return context.once('wire starts', () =>
    eachGreeting(context, startsOf).filter(({ features }) => features.enable === true),
  );
}

/** Those of one greeting, with LOG_ALL or without, by their features. */
export function startsByFeatures(
  connection: Connection,
  requests: readonly Message[],
): ReadonlyMap<Message, WireStart> {
  return new Map(
    [...startsOf(connection, requests)].map((start) => [start.features, start] as const),
  );
}

/** The request right in front of the features of a start, where it is a log base. */
export function baseBefore({ connection, features }: WireStart): Message | undefined {
  const requests = connection.messages.filter(({ sender }) => sender === 'frontend');
  const before = requests[requests.indexOf(features) - 1];
  return before?.name === 'SET_LOG_BASE' ? before : undefined;
}

/** The starts of two queue pairs, one right behind the other, of which only one has LOG_ALL. */
export interface SplitStart {
  readonly logging: WireStart;
  readonly plain: WireStart;
}

/** In the order of each connection. */
export function splitStarts(context: SessionContext): readonly SplitStart[] {
  return eachGreeting(context, splitStartsOf);
}

function* splitStartsOf(
  connection: Connection,
  requests: readonly Message[],
): Generator<SplitStart> {
  const byFeatures = startsByFeatures(connection, requests);
  let latest: WireStart | undefined;
  let isOver = false;
  for (const request of requests) {
    const start = byFeatures.get(request);
    isOver ||= request === latest?.next;
    if (start === undefined) {
      if (isOver && !BETWEEN_STARTS.has(request.name)) latest = undefined;
      continue;
    }
    if (latest !== undefined && isOtherHalf(latest, start))
      yield start.features.enable === true
        ? { logging: start, plain: latest }
        : { logging: latest, plain: start };
    latest = start;
    isOver = false;
  }
}

/** A device start has its queue pairs in ascending order; else the device was stopped in between, by a thread that is not traced. */
function isOtherHalf(one: WireStart, other: WireStart): boolean {
  const last = Math.max(...one.vrings.map((vring = Infinity) => vring));
  return (
    one.features.enable !== other.features.enable &&
    other.vrings.every((vring = -1) => vring > last)
  );
}

function* startsOf(connection: Connection, requests: readonly Message[]): Generator<WireStart> {
  for (const [i, features] of requests.entries()) {
    if (features.name !== 'SET_FEATURES' || features.enable === undefined) continue;
    const addresses: Message[] = [];
    const vrings: (number | undefined)[] = [];
    let isSetUp = false;
    let vring: number | undefined;
    let at = i + 1;
    for (; at < requests.length; at++) {
      const request = requests[at];
      if (request === undefined || !STARTING.has(request.name)) break;
      if (addresses.length > 0 && mayBeReady(request)) break;
      // A vring is set up once in a start, and with its size first: a log start has addresses alone.
      if (request.name === 'SET_VRING_NUM') {
        vring = vringSetUp(request, requests[at + 1]);
        if (vrings.includes(vring)) break;
        isSetUp = true;
      }
      if (request.name !== 'SET_VRING_ADDR') continue;
      const of = request.vring ?? vring;
      if (!isSetUp || vrings.includes(of)) break;
      addresses.push(request);
      vrings.push(of);
    }
    if (addresses.length === 0) continue;
    const sent = requests.slice(i, at);
    const [next, base] = [requests[at], baseBehind(requests, at)];
    yield { connection, features, addresses, vrings, requests: sent, next, base };
  }
}

/** The status by which the dev_start op ends a start; before, that of vhost_user_set_features() has no DRIVER_OK in it. */
export function isReady({ name, payload }: Message): boolean {
  return name === 'SET_STATUS' && ((bigintOf(payload.u64) ?? 0n) & DRIVER_OK) !== 0n;
}

/** Or its payload is not shown. */
function mayBeReady(request: Message): boolean {
  const isShown = request.payload.u64 !== undefined;
  return request.name === 'SET_STATUS' && (!isShown || isReady(request));
}

/** VIRTIO_CONFIG_S_DRIVER_OK */
const DRIVER_OK = 4n;

function baseBehind(requests: readonly Message[], begin: number): Message | undefined {
  let at = begin;
  while (isOfEnd(requests[at])) at++;
  const base = requests[at++];
  if (base?.name !== 'SET_LOG_BASE') return undefined;
  if (requests[at]?.name !== 'SET_FEATURES') return base;
  const isLogging = requests[at++]?.enable === true;
  while (BEHIND_FEATURES.has(requests[at]?.name ?? '')) at++;
  const { name, enable } = requests[at] ?? {};
  return isLogging && name === 'SET_VRING_ADDR' && enable !== false ? undefined : base;
}

/** Comes behind the log base of a start: the vrings are enabled, and the status. */
function isOfEnd(request: Message | undefined): boolean {
  if (request?.name === 'SET_VRING_ENABLE') return request.enable === true;
  return BEHIND_FEATURES.has(request?.name ?? '');
}

/** DPDK prints with SET_VRING_BASE alone which vring it is, and QEMU sends that right behind the size. */
export function vringSetUp({ vring }: Message, next: Message | undefined): number | undefined {
  return vring ?? (next?.name === 'SET_VRING_BASE' ? next.vring : undefined);
}
