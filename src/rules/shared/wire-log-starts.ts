/**
 * Log starts as a vhost-user backend sees them.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_set_log(): the features, then each vring that is set up, in ascending
 * order and with nothing in between. Where one fails, those that were told to log are told the opposite again,
 * last of all the features. A device start sends SET_VRING_NUM in front of each address.
 */
import type { Judgement, Mark, SessionContext } from '../rule.js';
import {
  BEHIND_FEATURES,
  connectionsOf,
  isContinued,
  isOfSameQemu,
  MESSAGES_RECIPE,
} from './messages.js';
import type { Connection, Message } from './messages.js';

/** SET_FEATURES with LOG_ALL, and the addresses right behind it. */
interface WireLogStart {
  readonly connection: Connection;
  readonly features: Message;
  readonly addresses: readonly Message[];
  /** The vrings of the device, ascending, by the SET_VRING_KICK that set them going; undefined where no start is shown. */
  readonly running: ReadonlyMap<number, Message> | undefined;
  /** What QEMU sends next on this connection; not that with which a new one begins. */
  readonly next: Message | undefined;
}

/** Does each vring that runs get VHOST_VRING_F_LOG? Several judgements where several do not. */
export function* judgeWire(context: SessionContext): Generator<Judgement> {
  for (const connection of connectionsOf(context)) {
    for (const start of logStarts(connection)) yield* judgeStart(context, start);
  }
}

function* judgeStart(context: SessionContext, start: WireLogStart): Generator<Judgement> {
  const { connection, features, addresses } = start;
  const { endpoint } = connection;
  const who = endpoint ?? 'the vhost-user backend';
  const at = { endpoint, step: features.step, line: features.line };
  const missing = missingFor(context, start);
  const running = missing.length === 0 ? runningIn(context, start) : undefined;
  const missed = missing.length === 0 ? missedVrings(context, start, running) : [];
  for (const vring of missed) {
    yield {
      verdict: 'violation',
      ...at,
      vring,
      message: `${who} gets LOG_ALL, and vring ${vring} no VHOST_VRING_F_LOG: its used ring is not logged`,
      expected: `SET_VRING_ADDR of vring ${vring} with flags 0x1`,
      evidence: evidenceFor(start, running, vring),
    };
  }
  if (missed.length > 0) return;
  if (addresses.some(({ enable }) => enable === false))
    missing.push('a log start that is not undone');
  if (running === undefined) missing.push(`the start of the device (${MESSAGES_RECIPE})`);
  const rings = [...(running?.keys() ?? [])];
  const isLast = rings.every((vring) => addresses.some((address) => address.vring === vring));
  if (missing.length === 0 && !isLast) missing.push('what the connection goes on with');
  const message =
    missing.length > 0
      ? `whether ${who} is told to log each vring is not shown`
      : `${who} is told to log vrings ${rings.join(', ')}`;
  if (missing.length > 0) yield { verdict: 'inconclusive', ...at, message, missing };
  else yield { verdict: 'pass', ...at, message };
}

/** Vrings that are told not to log, or nothing, where none of it undoes a log start that failed. */
function missedVrings(
  context: SessionContext,
  { connection, addresses, next }: WireLogStart,
  running: ReadonlyMap<number, Message> | undefined,
): readonly number[] {
  const told = new Set<number>();
  const plain = new Set<number>();
  for (const { vring = -1, enable } of addresses) {
    if (enable === true) told.add(vring);
    else if (!told.has(vring)) plain.add(vring);
  }
  const isUndone = addresses.some(({ vring = -1, enable }) => enable !== true && told.has(vring));
  const silent = [...(running?.keys() ?? [])].filter(
    (vring) => !told.has(vring) && !plain.has(vring),
  );
  const lastTold = Math.max(...told);
  const last = addresses.at(-1);
  // Else the backend may have gone in mid-pass, and what comes next be of a connection whose beginning is not shown.
  const goesOn =
    next !== undefined &&
    last !== undefined &&
    connection.isOneSocket &&
    isOfSameQemu(context, connection, last, next);
  // A later one proves that it was passed over, else that QEMU goes on.
  const passedOver = silent.filter((vring) => vring < lastTold || (!isUndone && goesOn));
  return [...plain, ...passedOver].sort((a, b) => a - b);
}

function evidenceFor(
  { addresses, next }: WireLogStart,
  running: ReadonlyMap<number, Message> | undefined,
  missed: number,
): Mark[] {
  const marks = addresses.map(({ line, vring = -1, enable }) => ({
    line,
    role: enable === true ? `vring ${vring} is told to log` : `vring ${vring} is told not to log`,
  }));
  if (addresses.some(({ vring }) => vring === missed)) return marks;
  const kick = running?.get(missed);
  if (kick !== undefined) marks.unshift({ line: kick.line, role: `vring ${missed} is set going` });
  const isPassedOver = addresses.some(({ vring = -1 }) => vring > missed);
  if (!isPassedOver && next !== undefined) marks.push({ line: next.line, role: 'QEMU goes on' });
  return marks;
}

/** The vrings that run, where nothing that may have stopped one can be missing. */
function runningIn(
  context: SessionContext,
  { connection, features, running }: WireLogStart,
): ReadonlyMap<number, Message> | undefined {
  // Several QEMUs may have the same file descriptor, and start their devices in turns.
  if (!connection.isOneSocket && connection.threads.size > 1) return undefined;
  const kicks = [...(running?.values() ?? [])];
  const isShown = kicks.every((kick) => isOfSameQemu(context, connection, kick, features));
  return isShown ? running : undefined;
}

function missingFor(
  context: SessionContext,
  { connection, features, addresses }: WireLogStart,
): string[] {
  const { endpoint } = connection;
  const last = addresses.at(-1);
  const isShown = addresses.every(
    ({ vring, enable }) => vring !== undefined && enable !== undefined,
  );
  if (endpoint === undefined) return [`the connection of each message (${MESSAGES_RECIPE})`];
  if (!isShown) return [`the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`];
  const isBroken = last === undefined || !isContinued(context, connection, features, last);
  return isBroken ? ['the log start without a gap, in one thread'] : [];
}

/** Vrings that run, and with which others they were started: those of one vhost_dev. */
class Vrings {
  readonly #devices = new Map<number, number>();
  readonly #kicks = new Map<number, Message>();
  #device = 0;

  startDevice(): void {
    this.#device++;
  }

  follow(message: Message): void {
    const { name, vring } = message;
    if (name === 'RESET_OWNER' || name === 'RESET_DEVICE') this.#kicks.clear();
    if (vring === undefined) return;
    if (name === 'SET_VRING_ADDR') this.#setUp(vring);
    else if (name === 'SET_VRING_KICK') this.#kicks.set(vring, message);
    else if (name === 'GET_VRING_BASE') this.#kicks.delete(vring);
  }

  /** One that is reset alone, while others of its device run, stays in it. */
  #setUp(vring: number): void {
    const device = this.#devices.get(vring);
    const others = [...this.#kicks.keys()].filter((other) => other !== vring);
    const isReset = others.some((other) => this.#devices.get(other) === device);
    if (device === undefined || !isReset) this.#devices.set(vring, this.#device);
  }

  /** Those that run in the device of a vring; undefined where that one is not seen to run. */
  runningWith(vring: number): Map<number, Message> | undefined {
    const device = this.#devices.get(vring);
    if (device === undefined || !this.#kicks.has(vring)) return undefined;
    const own = [...this.#kicks].filter(([other]) => this.#devices.get(other) === device);
    return new Map(own.sort(([a], [b]) => a - b));
  }
}

function* logStarts(connection: Connection): Generator<WireLogStart> {
  const requests = connection.messages.filter(({ sender }) => sender === 'frontend');
  let vrings = new Vrings();
  let greeting = requests[0]?.greeting;
  for (let i = 0; i < requests.length; i++) {
    const request = requests[i];
    if (request === undefined) continue;
    if (request.greeting !== greeting) vrings = new Vrings();
    greeting = request.greeting;
    if (request.name !== 'SET_FEATURES') {
      vrings.follow(request);
      continue;
    }
    const addresses = addressesBehind(requests, i);
    const [first] = addresses;
    if (first === undefined) {
      vrings.startDevice();
      continue;
    }
    i = requests.indexOf(addresses.at(-1) ?? first, i);
    if (request.enable !== true) continue;
    const running = first.vring === undefined ? undefined : vrings.runningWith(first.vring);
    yield { connection, features: request, addresses, running, next: nextOf(requests, i) };
  }
}

/** What follows on the same connection; that it is asked for its features may be the beginning of a new one. */
function nextOf(requests: readonly Message[], last: number): Message | undefined {
  let at = last + 1;
  while (BEHIND_FEATURES.has(requests[at]?.name ?? '')) at++;
  const next = requests[at];
  return next?.greeting === requests[last]?.greeting ? next : undefined;
}

/** The addresses of a log start or stop; none behind the features of a device start. */
function addressesBehind(requests: readonly Message[], features: number): readonly Message[] {
  const found: Message[] = [];
  for (let i = features + 1; i < requests.length; i++) {
    const request = requests[i];
    if (request === undefined) break;
    if (request.name === 'SET_VRING_ADDR') found.push(request);
    else if (!BEHIND_FEATURES.has(request.name)) break;
  }
  return found;
}
