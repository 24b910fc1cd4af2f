/** What proves the version of the QEMU that sent a message. */
import { append } from '../../../base/append.js';
import type { Step } from '../../../facts/step.js';
import { profileOf, versionText } from '../../../flows/profile.js';
import type { Profile } from '../../../flows/profile.js';
import { bigintOf } from '../../../model/values.js';
import type { Mark, SessionContext } from '../../rule.js';
import { isOfAnotherFrontEnd } from './front-ends.js';
import {
  asksForReply,
  connectionsOf,
  isLogRequest,
  isOfSameQemu,
  nextRequests,
} from './messages.js';
import type { Connection, Message } from './messages.js';

/** A message that only newer QEMUs send: a proof of the version of the QEMU that sent it. */
interface VersionSign {
  readonly message: Message;
  /** Oldest QEMU that can have sent this: major × 100 + minor, 602 for 6.2. */
  readonly atLeast: number;
}

/**
 * What proves that a message is of that QEMU or a later one: lines of the capture, or none where the user said so;
 * undefined where nothing does. A version is that of one process: what another one shows tells nothing.
 */
export function versionProof(
  context: SessionContext,
  connection: Connection,
  message: Message,
  since: number,
): readonly Mark[] | undefined {
  const { run, session } = context;
  if (isOfAnotherFrontEnd(context, connection)) return undefined;
  const given = run.profiles[session];
  if (given?.lower !== undefined && given.lower.line === undefined && given.atLeast >= since) {
    return [];
  }
  const mark = (line: number, shows: string, atLeast: number): readonly Mark[] =>
    line === message.line
      ? []
      : [{ line, role: `${shows} shows QEMU ${versionText(atLeast)} or later` }];
  const signs = (signsOf(context).get(connection) ?? []).filter(
    (one) => one.atLeast >= since && isOfSameQemu(context, connection, one.message, message),
  );
  // What the message itself shows needs no other line.
  const sign = signs.find((one) => one.message === message) ?? signs[0];
  if (sign !== undefined) return mark(sign.message.line, sign.message.name, sign.atLeast);
  const profiles = profilesByThread(context);
  const threads = connection.isOneSocket ? connection.threads : [message.thread];
  for (const thread of threads) {
    const { atLeast, lower } = profiles.get(thread ?? '') ?? {};
    if (atLeast !== undefined && atLeast >= since && lower?.line !== undefined) {
      return mark(lower.line, lower.shows, atLeast);
    }
  }
  return undefined;
}

/** What calls and trace events tell of the QEMU of each thread: a thread is of one process. */
function profilesByThread(context: SessionContext): ReadonlyMap<string, Profile> {
  return context.once('versions of threads', () => {
    const steps = new Map<string, Step[]>();
    for (const step of context.steps) {
      if (step.thread !== undefined && step.wire === undefined) append(steps, step.thread, step);
    }
    return new Map([...steps].map(([thread, own]) => [thread, profileOf(own)]));
  });
}

/** By connection, what its messages tell of the version. */
function signsOf(context: SessionContext): ReadonlyMap<Connection, readonly VersionSign[]> {
  return context.once(
    'version signs',
    () =>
      new Map(
        connectionsOf(context).map((connection) => [
          connection,
          [...versionSigns(connection.messages)],
        ]),
      ),
  );
}

/** Messages that older QEMUs do not know. Source: hw/virtio/vhost-user.c of the releases. */
const SINCE: ReadonlyMap<string, number> = new Map([
  ['SET_STATUS', 702],
  ['GET_STATUS', 702],
  ['SET_DEVICE_STATE_FD', 802],
  ['CHECK_DEVICE_STATE', 802],
  ['GET_SHARED_OBJECT', 900],
]);

/** Protocol features that older QEMUs leave out of the word: STATUS, SHARED_OBJECT, DEVICE_STATE. */
const PROTOCOL_BITS: readonly (readonly [bit: bigint, since: number])[] = [
  [16n, 702],
  [18n, 802],
  [19n, 802],
];

function* versionSigns(messages: readonly Message[]): Generator<VersionSign> {
  for (const [i, message] of messages.entries()) {
    const { thread, sender, name, payload } = message;
    if (sender !== 'frontend') continue;
    const since = SINCE.get(name);
    if (since !== undefined) yield { message, atLeast: since };
    if (name === 'SET_PROTOCOL_FEATURES') {
      const word = bigintOf(payload.u64) ?? 0n;
      for (const [bit, since] of PROTOCOL_BITS)
        if (((word >> bit) & 1n) === 1n) yield { message, atLeast: since };
    }
    // Waiting for the backend to log is what 6.2 brought.
    if (!isLogRequest(message)) continue;
    // A new connection begins with GET_FEATURES too, and goes on with other requests.
    const [next, afterwards] = nextRequests(messages, i, 2);
    const isAsked =
      name === 'SET_VRING_ADDR' &&
      next?.name === 'GET_FEATURES' &&
      isOfRing(afterwards) &&
      thread === next.thread &&
      thread === afterwards?.thread;
    if (asksForReply(message) === true || isAsked) yield { message, atLeast: 602 };
  }
}

function isOfRing(message: Message | undefined): boolean {
  return message?.name === 'SET_VRING_ADDR' || message?.name === 'SET_VRING_KICK';
}
