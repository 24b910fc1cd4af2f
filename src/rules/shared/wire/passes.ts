/**
 * Log starts and log stops as a vhost-user backend sees them: passes over the vrings of one vhost_dev.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_set_log(): the features, then each vring that is set up, in ascending
 * order and with nothing in between. Where one fails, those that were told are told the opposite again, last of all
 * the features. A device start sends SET_VRING_NUM in front of each address.
 */
import type { SessionContext } from '../../rule.js';
import { Devices, messagesOf } from './devices.js';
import type { WireDevice } from './devices.js';
import {
  BEHIND_FEATURES,
  eachGreeting,
  isContinued,
  isOfSameQemu,
  MESSAGES_RECIPE,
  missingEndpoint,
  NAMED_SOCKET,
  VRING_REQUESTS,
} from './messages.js';
import type { Connection, Message } from './messages.js';

/** SET_FEATURES, and the addresses right behind it; or the addresses of a log stop that sends no features. */
export interface WirePass {
  readonly kind: 'start' | 'stop';
  readonly connection: Connection;
  /** Those in force. */
  readonly features: Message;
  /** With which it begins: the features, or the first address where they are older. */
  readonly begin: Message;
  readonly addresses: readonly Message[];
  /** What is known of its vhost_dev; undefined where no start of it is shown. */
  readonly device: WireDevice | undefined;
  /** The last SET_FEATURES without LOG_ALL before it, of any vhost_dev of the connection, and SET_LOG_BASE since then. */
  readonly quiet: Message | undefined;
  readonly base: Message | undefined;
  /** SET_FEATURES with LOG_ALL between these two. */
  readonly early: Message | undefined;
  /** What QEMU sends next on this connection; not that with which a new one begins. */
  readonly next: Message | undefined;
}

/** In the order of each connection. */
export function wirePasses(context: SessionContext): readonly WirePass[] {
  return context.once('wire passes', () => eachGreeting(context, passesOf));
}

/** What keeps a pass from being judged where the vrings matter. */
export function missingFor(context: SessionContext, pass: WirePass): string[] {
  const { connection, addresses } = pass;
  const isShown = addresses.every(
    ({ vring, enable }) => vring !== undefined && enable !== undefined,
  );
  if (connection.endpoint === undefined) return missingEndpoint(connection);
  if (isOfDpdk(pass)) return [NOT_PRINTED];
  if (!isShown) return [`the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`];
  return missingForDevice(context, pass);
}

/** What keeps a pass from being judged where it matters that there is one, of whichever vrings. */
export function missingForDevice(
  context: SessionContext,
  { kind, connection, begin, addresses }: WirePass,
): string[] {
  const missing = missingEndpoint(connection);
  if (missing.length > 0) return missing;
  const last = addresses.at(-1);
  const isBroken = last === undefined || !isContinued(context, connection, begin, last);
  return isBroken ? [`the log ${kind} without a gap, in one thread`] : [];
}

const NOT_PRINTED =
  'vring and flags of SET_VRING_ADDR, which DPDK does not print: vhtrace probes strace --backend user, for QEMU or for the backend';

/** A log of DPDK names a message and prints neither its header nor which vring is addressed, and how. */
function isOfDpdk({ addresses }: WirePass): boolean {
  return addresses.some(({ vring, flags }) => vring === undefined && flags === undefined);
}

/** Several QEMUs may have the same file descriptor, and start their devices in turns. */
export function isOfOneQemu({ endpoint, isOneSocket, threads }: Connection): boolean {
  return endpoint !== undefined && (isOneSocket || threads.size === 1);
}

/** What would show the start of the device; where it is there, the name of the socket tells that it is of this QEMU. */
export function missingStart(pass: WirePass, what = 'the start of the device'): string {
  const { connection, device } = pass;
  if (isOfDpdk(pass)) return NOT_PRINTED;
  const isThere = device !== undefined && connection.endpoint !== undefined;
  return isThere && !isOfOneQemu(connection) ? NAMED_SOCKET : `${what} (${MESSAGES_RECIPE})`;
}

/** The device, where nothing that may have changed its vrings can be missing. */
export function deviceIn(
  context: SessionContext,
  { connection, features, begin, device }: WirePass,
): WireDevice | undefined {
  if (device === undefined || !isOfOneQemu(connection)) return undefined;
  const isShown = [features, ...messagesOf(device)].every((message) =>
    isOfSameQemu(context, connection, message, begin),
  );
  return isShown ? device : undefined;
}

/** Does QEMU go on with the same connection behind a pass? Else the backend may have gone away in the middle of it. */
export function goesOn(
  context: SessionContext,
  { connection, addresses, next }: WirePass,
): boolean {
  const last = addresses.at(-1);
  return (
    next !== undefined &&
    last !== undefined &&
    connection.isOneSocket &&
    isOfSameQemu(context, connection, last, next)
  );
}

function passesOf(connection: Connection, requests: readonly Message[]): WirePass[] {
  const passes: WirePass[] = [];
  const devices = new Devices();
  let features: Message | undefined;
  let quiet: Message | undefined;
  let base: Message | undefined;
  let early: Message | undefined;
  for (let i = 0; i < requests.length; i++) {
    const request = requests[i];
    if (request === undefined) continue;
    if (request.name !== 'SET_FEATURES') {
      if (request.name === 'SET_LOG_BASE') base = request;
      const addresses = features?.enable === true ? bareStop(requests, i, devices) : [];
      const device = devices.of(request.vring);
      if (features === undefined || addresses.length === 0) devices.follow(request);
      else {
        i += addresses.length - 1;
        const next = nextOf(requests, i);
        const begin = request;
        passes.push({
          kind: 'stop',
          connection,
          features,
          begin,
          addresses,
          device,
          quiet,
          base,
          early,
          next,
        });
        for (const address of addresses) devices.toggle(address);
      }
      continue;
    }
    features = request;
    if (request.enable !== true) {
      quiet = request.enable === false ? request : undefined;
      base = undefined;
      early = undefined;
    }
    const addresses = addressesBehind(requests, i, devices);
    const [first] = addresses;
    if (first === undefined) {
      if (request.enable === true && base === undefined) early ??= request;
      devices.start(request);
      continue;
    }
    const begin = i;
    i = requests.indexOf(addresses.at(-1) ?? first, i);
    const late = requests.slice(begin, i).findLast(({ name }) => name === 'SET_LOG_BASE');
    const device = devices.of(first.vring);
    const kind = kindOf(request, addresses, device);
    if (kind !== undefined) {
      passes.push({
        kind,
        connection,
        features: request,
        begin: request,
        addresses,
        device,
        quiet,
        base,
        early,
        next: nextOf(requests, i),
      });
    }
    if (request.enable === true && base === undefined) early ??= request;
    base = late ?? base;
    for (const address of addresses) devices.toggle(address);
  }
  return passes;
}

/**
 * The addresses of a log stop that sends no features, from this request on. A device start sets each vring up around its
 * address, and a log start that failed ends with the features.
 */
function bareStop(
  requests: readonly Message[],
  begin: number,
  devices: Devices,
): readonly Message[] {
  let end = begin;
  while (isEndOfLogging(requests[end], devices)) end++;
  // One whose flags are not shown may be of it, and keeps it from being judged.
  while (end > begin && isOfUnknownFlags(requests[end])) end++;
  const isSetUp = [requests[begin - 1], requests[end]].some(
    (beside) => beside?.name !== 'SET_VRING_ADDR' && VRING_REQUESTS.has(beside?.name ?? ''),
  );
  const next = end > begin ? nextOf(requests, end - 1) : undefined;
  return isSetUp || next?.name === 'SET_FEATURES' ? [] : requests.slice(begin, end);
}

/** Tells a vring not to log that logs. */
function isEndOfLogging(request: Message | undefined, devices: Devices): boolean {
  const { name, enable, vring = -1 } = request ?? {};
  const running = devices.of(vring)?.vrings.get(vring);
  return name === 'SET_VRING_ADDR' && enable === false && running?.address.enable === true;
}

function isOfUnknownFlags(request: Message | undefined): boolean {
  return request?.name === 'SET_VRING_ADDR' && request.enable === undefined;
}

/** A log stop may be one that does not take LOG_ALL back. */
function kindOf(
  { enable }: Message,
  addresses: readonly Message[],
  device: WireDevice | undefined,
): WirePass['kind'] | undefined {
  if (enable !== true) return enable === false ? 'stop' : undefined;
  const isTakenBack = addresses.every(
    ({ vring = -1, enable }) =>
      enable === false && device?.vrings.get(vring)?.address.enable === true,
  );
  return isTakenBack ? 'stop' : 'start';
}

/** What follows on the same connection; that it is asked for its features may be the beginning of a new one, before the greeting. */
export function nextOf(requests: readonly Message[], last: number): Message | undefined {
  let at = last + 1;
  while (BEHIND_FEATURES.has(requests[at]?.name ?? '')) at++;
  return requests[at];
}

/** What comes before it on the same connection. */
export function beforeOf(requests: readonly Message[], first: number): Message | undefined {
  let at = first - 1;
  while (BEHIND_FEATURES.has(requests[at]?.name ?? '')) at--;
  return requests[at];
}

/**
 * The addresses of a log start or stop; none behind the features of a device start. A log base in front of them comes too
 * late: behind that of a device start no vring is addressed before its size is sent.
 */
function addressesBehind(
  requests: readonly Message[],
  features: number,
  devices: Devices,
): readonly Message[] {
  const found: Message[] = [];
  let i = features + 1;
  for (; i < requests.length; i++) {
    const request = requests[i];
    if (request === undefined) break;
    if (request.name === 'SET_VRING_ADDR') found.push(request);
    else if (!BEHIND_FEATURES.has(request.name) && !isLateBase(request, found)) break;
  }
  const next = nextOf(requests, i - 1);
  // One thread takes a log start back; at the end of the text it may have done all but the features.
  const isOfOneThread = found.every(({ thread }) => thread === requests[features]?.thread);
  const isUndone = next === undefined ? isOfOneThread : next.name === 'SET_FEATURES';
  return isUndone ? found : found.slice(0, stopIn(found, devices));
}

function isLateBase({ name }: Message, before: readonly Message[]): boolean {
  return name === 'SET_LOG_BASE' && before.length === 0;
}

/** Where a log stop without features begins behind a log start: all that follows takes back what that or one before has told. */
function stopIn(addresses: readonly Message[], devices: Devices): number {
  const told = new Set<number | undefined>();
  const isStop = (address: Message): boolean =>
    isEndOfLogging(address, devices) || (address.enable === false && told.has(address.vring));
  for (const address of addresses) if (address.enable === true) told.add(address.vring);
  let begin = addresses.length;
  for (; begin > 0; begin--) {
    const address = addresses[begin - 1];
    if (address === undefined || !isStop(address)) break;
  }
  // Wrong flags in the log start itself are not its end.
  return addresses.slice(0, begin).some(({ enable }) => enable === true) ? begin : addresses.length;
}
