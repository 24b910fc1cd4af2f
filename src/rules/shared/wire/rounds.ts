/**
 * Log starts and log stops of all vhost_devs of one vhost-user connection: a round of passes, one behind the other.
 *
 * Source: QEMU system/memory.c memory_global_dirty_log_do_start() and _do_stop(): each vhost_dev is a listener, and all are
 * called in one go, with the big lock held. hw/virtio/vhost.c vhost_migration_log(): a started one sends its messages.
 */
import type { SessionContext } from '../../rule.js';
import { Devices } from './devices.js';
import type { WireDevice } from './devices.js';
import { BEHIND_FEATURES, eachGreeting } from './messages.js';
import type { Connection, Message } from './messages.js';
import { nextOf, wirePasses } from './passes.js';
import type { WirePass } from './passes.js';
import { STARTING } from './starts.js';

export interface WireRound {
  readonly kind: WirePass['kind'];
  readonly connection: Connection;
  /** With which it begins; the log base may come before. */
  readonly begin: Message;
  readonly passes: readonly WirePass[];
  /** SET_FEATURES of it that no address follows: none of the vrings is set up, or all are passed over. */
  readonly bare: readonly Message[];
  /** Those that ran when it began. */
  readonly devices: readonly WireDevice[];
  /** What QEMU sent before and sends next on this connection. */
  readonly before: Message | undefined;
  /** The log base stands directly in front. */
  readonly isBehindBase: boolean;
  readonly next: Message | undefined;
}

interface OpenRound extends Omit<WireRound, 'next' | 'passes' | 'bare'> {
  readonly passes: WirePass[];
  readonly bare: Message[];
}

/** In the order of each connection. */
export function wireRounds(context: SessionContext): readonly WireRound[] {
  return context.once('wire rounds', () =>
    eachGreeting(context, (connection, requests) => roundsOf(context, connection, requests)),
  );
}

/** The devices of a connection that run just before a step. */
export function runningAt(
  context: SessionContext,
  { requests }: Connection,
  step: number,
): readonly WireDevice[] {
  const list = requests.findLast(([first]) => first !== undefined && first.step < step) ?? [];
  const devices = new Devices();
  for (const [i, request] of list.entries()) {
    if (request.step >= step) break;
    followIn(devices, list, i, passesByBegin(context).get(request));
  }
  return devices.running();
}

/** The devices that it tells nothing, and that have, or may have, the flag that it is to take from them. */
export function unreached({ kind, passes, devices }: WireRound): readonly WireDevice[] {
  const told = new Set(passes.flatMap(({ addresses }) => addresses.map(({ vring }) => vring)));
  const isTold = ({ vrings }: WireDevice): boolean =>
    [...vrings.keys()].some((vring) => told.has(vring));
  return devices.filter((device) => !isTold(device) && isConcerned(device, kind));
}

export function isConcerned({ vrings }: WireDevice, kind: WirePass['kind']): boolean {
  return [...vrings.values()].some(({ address }) => address.enable !== (kind === 'start'));
}

/** By the request with which each begins. */
export function passesByBegin(context: SessionContext): ReadonlyMap<Message, WirePass> {
  return context.once(
    'wire passes by their beginning',
    () => new Map(wirePasses(context).map((pass) => [pass.begin, pass])),
  );
}

function* roundsOf(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
): Generator<WireRound> {
  const devices = new Devices();
  let open: OpenRound | undefined;
  let before: Message | undefined;
  for (let i = 0; i < requests.length; i++) {
    const request = requests[i];
    if (request === undefined) continue;
    const pass = passesByBegin(context).get(request);
    const kind = pass?.kind ?? bareKind(requests, i, devices);
    if (kind !== undefined) {
      if (open !== undefined && open.kind !== kind) {
        yield { ...open, next: request };
        open = undefined;
      }
      const running = devices.running();
      open ??= {
        kind,
        connection,
        begin: request,
        passes: [],
        bare: [],
        devices: running,
        before,
        isBehindBase: isBase(requests[i - 1]),
      };
      if (pass === undefined) open.bare.push(request);
      else open.passes.push(pass);
    } else if (open !== undefined && !isWithin(request, open)) {
      yield { ...open, next: request };
      open = undefined;
    }
    i = followIn(devices, requests, i, pass);
    if (!isBase(request)) before = requests[i];
  }
  if (open !== undefined) yield { ...open, next: undefined };
}

/** Takes in a request, or all of a pass, and gives the place of the last one. */
export function followIn(
  devices: Devices,
  requests: readonly Message[],
  i: number,
  pass: WirePass | undefined,
): number {
  const request = requests[i];
  const last = pass?.addresses.at(-1);
  if (pass !== undefined && last !== undefined) {
    for (const address of pass.addresses) devices.toggle(address);
    return requests.indexOf(last, i);
  }
  if (request?.name === 'SET_FEATURES') devices.start(request);
  else if (request !== undefined) devices.follow(request);
  return i;
}

/** The log base of the next vhost_dev may stand between two log starts. */
function isWithin(request: Message, { kind }: OpenRound): boolean {
  return BEHIND_FEATURES.has(request.name) || (kind === 'start' && isBase(request));
}

function isBase(request: Message | undefined): boolean {
  return request?.name === 'SET_LOG_BASE';
}

/** Features that belong to no device start, and change what holds for a device that runs. */
function bareKind(
  requests: readonly Message[],
  i: number,
  devices: Devices,
): WirePass['kind'] | undefined {
  const { name, enable } = requests[i] ?? {};
  if (name !== 'SET_FEATURES' || enable === undefined) return undefined;
  const isStart = STARTING.has(nextOf(requests, i)?.name ?? '');
  const kind = enable ? 'start' : 'stop';
  const isLogged = devices.running().some((device) => isConcerned(device, kind));
  return !isStart && isLogged ? kind : undefined;
}
