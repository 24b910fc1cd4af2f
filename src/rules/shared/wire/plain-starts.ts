/**
 * Device starts without LOG_ALL behind a log start that no log stop is seen to end.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_start(): the flag is that of the last log start or stop, of a new connection
 * that which vhost_dev_init() found. vhost_migration_log(): a device that is stopped gets no message of a log stop.
 */
import type { SessionContext } from '../../rule.js';
import { connectionsOf } from './messages.js';
import type { Connection, Message } from './messages.js';
import { wirePasses } from './passes.js';
import { isOfSameProcess } from './sockets.js';
import { startsByFeatures } from './starts.js';
import type { WireStart } from './starts.js';

/** SET_FEATURES with LOG_ALL, which holds until a log stop. */
interface Logged {
  readonly connection: Connection;
  readonly features: Message;
}

export interface PlainStart {
  readonly start: WireStart;
  readonly logged: Logged;
}

/** SET_FEATURES that is known to begin a device start, to set LOG_ALL or to take it back. */
interface Toggle extends Logged {
  readonly start: WireStart | undefined;
}

/** One of each device start: the first queue pair. */
export function* plainStarts(context: SessionContext): Generator<PlainStart> {
  let open: Logged[] = [];
  for (const toggle of togglesOf(context)) {
    const { connection, features, start } = toggle;
    if (features.enable === true) {
      open.push({ connection, features });
      continue;
    }
    const logged = open.findLast((before) => isOfOneProcess(before, toggle));
    if (logged === undefined) continue;
    if (start !== undefined) yield { start, logged };
    open = open.filter((before) => !isOfOneProcess(before, toggle));
  }
}

function togglesOf(context: SessionContext): readonly Toggle[] {
  const stops = new Set(wirePasses(context).map(({ begin }) => begin));
  const toggles: Toggle[] = [];
  for (const connection of connectionsOf(context)) {
    for (const requests of connection.requests) {
      const starts = startsByFeatures(connection, requests);
      for (const request of requests) {
        if (request.name !== 'SET_FEATURES') continue;
        const start = starts.get(request);
        const isKnown = request.enable === true || start !== undefined || stops.has(request);
        if (isKnown) toggles.push({ connection, features: request, start });
      }
    }
  }
  return toggles.sort((a, b) => a.features.step - b.features.step);
}

/** One connection, or several that a thread of QEMU uses. */
function isOfOneProcess(one: Logged, other: Logged): boolean {
  if (one.connection !== other.connection) return isOfSameProcess(one.connection, other.connection);
  const isOfFrontend = one.features.side === 'frontend' && other.features.side === 'frontend';
  return isOfFrontend || one.features.greeting === other.features.greeting;
}
