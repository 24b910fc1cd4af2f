/**
 * SET_FEATURES to a vhost-user device that runs, of which no more than the word is seen.
 *
 * Source: QEMU hw/virtio/vhost.c: a device that runs is sent features by a log start or a log stop alone, and a device
 * start goes on with the memory or with a vring, or is prepared with the inflight buffer. DPDK lib/vhost/vhost_user.c
 * vhost_user_set_features() refuses other features while the device runs and closes the connection, so that no vring is
 * told anything; it prints the features that it takes, and not those that it refuses.
 */
import type { SessionContext } from '../../rule.js';
import { Devices } from './devices.js';
import type { WireDevice } from './devices.js';
import { eachGreeting } from './messages.js';
import type { Connection, Message } from './messages.js';
import { nextOf } from './passes.js';
import { followIn, passesByBegin } from './rounds.js';
import { STARTING } from './starts.js';

export interface BareFeatures {
  readonly connection: Connection;
  /** SET_FEATURES behind which no vring is addressed; what it asks for may not be shown. */
  readonly features: Message;
  /** Those that run; none where the text does not show whether one does. */
  readonly devices: readonly WireDevice[];
  /** SET_FEATURES before it, which holds for the connection. */
  readonly before: Message | undefined;
  /** The last GET_VRING_BASE: it may have stopped a device. */
  readonly stop: Message | undefined;
  /** It may begin a device start. */
  readonly mayStart: boolean;
  /** What follows on the connection; nothing where the backend refuses it, and at the end of the text. */
  readonly next: Message | undefined;
}

/** What follows the features of a device start, or of vhost_dev_prepare_inflight(). */
const OF_START: ReadonlySet<string> = new Set([...STARTING, 'GET_INFLIGHT_FD', 'SET_INFLIGHT_FD']);

/** Tell whether a device runs, or that none does yet. */
const TELLING: ReadonlySet<string> = new Set(['SET_OWNER', 'SET_VRING_KICK', 'GET_VRING_BASE']);

/** In the order of each connection; not those that are known to be sent while no device runs. */
export function bareFeatures(context: SessionContext): readonly BareFeatures[] {
  return eachGreeting(context, (connection, requests) =>
    bareOf(context, connection, withVrings(requests)),
  );
}

/** DPDK does not print which vring is addressed: in a device start that whose base was sent right before. */
function withVrings(requests: readonly Message[]): Message[] {
  return requests.map((request, i) => {
    const before = requests[i - 1];
    const isOfBase = request.name === 'SET_VRING_ADDR' && before?.name === 'SET_VRING_BASE';
    return isOfBase && request.vring === undefined ? { ...request, vring: before.vring } : request;
  });
}

function* bareOf(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
): Generator<BareFeatures> {
  const devices = new Devices();
  let before: Message | undefined;
  let stop: Message | undefined;
  let isTold = false;
  for (let i = 0; i < requests.length; i++) {
    const request = requests[i];
    if (request === undefined) break;
    const pass = passesByBegin(context).get(request);
    isTold ||= TELLING.has(request.name);
    if (request.name === 'GET_VRING_BASE') stop = request;
    if (request.name === 'SET_FEATURES') {
      const running = devices.running();
      const next = nextOf(requests, i);
      const mayStart = OF_START.has(next?.name ?? '');
      const mayRun = running.length > 0 || !isTold;
      if (pass === undefined && mayRun)
        yield { connection, features: request, devices: running, before, stop, mayStart, next };
      before = request;
    }
    i = followIn(devices, requests, i, pass);
  }
}
