import { own } from '../base/own.js';
import { bigintOf } from '../model/values.js';
import {
  answerTo,
  asksForReply,
  connectionsOf,
  hasSeveral,
  isContinued,
  isLogRequest,
  isOfSameQemu,
  MESSAGES_RECIPE,
  missingEndpoint,
  nameOf,
  nextRequests,
} from './shared/wire/messages.js';
import type { Connection, Message } from './shared/wire/messages.js';
import { versionProof } from './shared/wire/version-proof.js';
import { GOES_ON, IN_TURN } from './shared/wire/waits.js';
import { judgeTracedWaits } from './shared/traced/waits.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** 6.2 made QEMU wait. */
const WAITS_SINCE = 602;

/** The same over a socket that is named: it is no new one after a disconnect. */
const GOES_ON_OVER_SOCKET: Readonly<Record<string, readonly string[]>> = {
  SET_FEATURES: ['SET_MEM_TABLE'],
  SET_VRING_ADDR: ['SET_FEATURES'],
};

/** QEMU goes on only when the backend logs. */
export const vuAck: Rule = {
  info: {
    id: 'VU-ACK',
    title: 'QEMU waits until the vhost-user backend has begun to log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['user'],
    versions: '6.2 - 11.1',
    needs: [
      'the messages of one connection in order, with flags and payload: an strace of QEMU or of the backend',
      'to see that a reply was not awaited: the replies too',
      'a sign of QEMU 6.2 or later: another logging request of that thread that is acknowledged; the STATUS protocol feature, set by that thread or over a socket that strace -y names; trace events of these threads; --qemu-version',
    ],
    why: 'The backend handles the message some time later: until then it writes pages that nobody logs, and the first sync has already copied them.',
    probes: ['wire vhost_user_message', 'wire op_set_features', 'wire op_set_vring_addr'],
    traceProbes: ['event vhost_user_write', 'event vhost_user_read'],
    remedy:
      'Look at vhost_user_set_features(), vhost_user_set_vring_addr() and vhost_user_write_sync() of that QEMU.',
    exceptions: [
      'QEMU before 6.2, which never waits',
      'requests that switch logging off, which need no wait',
      'a backend without REPLY_ACK: then GET_FEATURES is sent next, and its reply awaited',
      'the backend disconnects',
      'an strace from which the lines of GET_FEATURES were filtered',
      'a reply that QEMU refuses, after which the log start is undone: QEMU does not trace it',
    ],
    sources: ['QEMU hw/virtio/vhost-user.c vhost_user_write_sync(), before 9.0 enforce_reply()'],
    bugs: [
      {
        where: 'QEMU 699f2e535d93 (6.2)',
        what: 'no wait after LOG_ALL and F_LOG: pages that the backend wrote meanwhile were stale on the destination',
      },
    ],
  },
  triggers: [],
  *sequence(context) {
    for (const connection of connectionsOf(context)) yield* judgeConnection(context, connection);
    yield* judgeTracedWaits(context);
  },
};

function* judgeConnection(context: SessionContext, connection: Connection): Generator<Judgement> {
  const { endpoint, messages } = connection;
  const shown = shownBy(connection);
  let isJudged = false;
  for (const [i, message] of messages.entries()) {
    if (!isLogRequest(message)) continue;
    isJudged = true;
    yield judge(context, connection, shown, i, message);
  }
  const unread = messages.find(
    ({ sender, name, enable }) =>
      sender === 'frontend' && name === 'SET_FEATURES' && enable === undefined,
  );
  if (isJudged || unread === undefined) return;
  yield {
    verdict: 'inconclusive',
    endpoint,
    step: unread.step,
    line: unread.line,
    message: `SET_FEATURES to ${nameOf(connection)}: whether it asks for logging is not shown`,
    missing: [`the payload of the message (${MESSAGES_RECIPE})`],
  };
}

/** How QEMU waits, and the messages that show it. */
interface Wait {
  readonly how: string;
  readonly seen: readonly Mark[];
}

/** How QEMU goes on without having waited. */
interface Fault {
  readonly how: string;
  readonly expected: string;
  /** The request with which it goes on. */
  readonly next: Message;
  /** What the capture does not show for that to be certain. */
  readonly missing: readonly string[];
  /** No such request could follow, whether QEMU has waited or not. */
  readonly isCertain?: boolean;
}

function judge(
  context: SessionContext,
  connection: Connection,
  shown: Shown,
  index: number,
  request: Message,
): Judgement {
  const { endpoint } = connection;
  const what = `${request.name} with logging to ${nameOf(connection)}`;
  const at = { endpoint, vring: request.vring, step: request.step, line: request.line };
  const found = waitOrFault(connection, shown, index, request);
  if (found !== undefined && 'seen' in found) {
    const message = `${what}: ${found.how}`;
    // What follows may be of another connection.
    if (!hasSeveral(connection))
      return { verdict: 'pass', ...at, message, seenAt: () => found.seen };
    return { verdict: 'inconclusive', ...at, message, missing: missingEndpoint(connection) };
  }
  if (found === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${what}: the capture ends`,
      missing: ['what follows the request on this connection'],
    };
  }
  const { how, expected, next } = found;
  const missing = [...found.missing, ...missingEndpoint(connection)];
  const isSequence =
    isContinued(context, connection, request, next) &&
    (found.isCertain === true || goesOn(connection, request, next));
  const isAnswered =
    isAnsweredLater(context, connection, index) && !hasStranger(connection, index, next);
  if (!isSequence && !isAnswered) {
    missing.push('the same sequence without a gap or a disconnect');
  }
  const proof = versionProof(context, connection, request, WAITS_SINCE);
  if (proof === undefined) {
    missing.push('proof of QEMU 6.2 or later, which has to wait (the output of qemu --version)');
  }
  const message = `${what}: ${how}`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected,
    evidence: [{ line: next.line, role: `${next.name}: QEMU has gone on` }, ...(proof ?? [])],
  };
}

/** A log start that failed switches logging off again. */
function goesOn({ isOneSocket }: Connection, request: Message, next: Message): boolean {
  const names = [
    ...(own(GOES_ON, request.name) ?? []),
    ...(isOneSocket ? (own(GOES_ON_OVER_SOCKET, request.name) ?? []) : []),
  ];
  return names.includes(next.name) && next.enable !== false;
}

/**
 * Over a socket that is named a later reply shows that no disconnect kept QEMU from waiting. One that asked for an
 * acknowledgement may have got another than it expects.
 */
function isAnsweredLater(context: SessionContext, connection: Connection, index: number): boolean {
  const { isOneSocket, messages } = connection;
  const request = messages[index];
  if (!isOneSocket || request === undefined || asksForReply(request) !== false) return false;
  const later = messages.findIndex(
    ({ sender }, i) => i > index && sender === 'frontend' && answerTo(messages, i) !== undefined,
  );
  const next = messages[later];
  return next !== undefined && isOfSameQemu(context, connection, request, next);
}

/** Something of another thread lies between: its line may have lost a part of the number of this one. */
function hasStranger({ messages }: Connection, index: number, next: Message): boolean {
  const thread = messages[index]?.thread;
  return messages
    .slice(index + 1, messages.indexOf(next, index))
    .some((message) => message.thread !== thread);
}

/** How QEMU waits, or that it does not; undefined where the capture ends before that is known. */
function waitOrFault(
  connection: Connection,
  shown: Shown,
  index: number,
  request: Message,
): Wait | Fault | undefined {
  const { messages, showsReplies } = connection;
  const [next, afterwards] = nextRequests(messages, index, 2);
  const isAsked = asksForReply(request);
  if (isAsked === true && !showsReplies)
    return { how: 'QEMU asks for an acknowledgement', seen: [] };
  const answer = isAsked === true ? answerTo(messages, index) : undefined;
  if (answer !== undefined) {
    // Acknowledgements are 0 for success.
    const isRefused = (bigintOf(answer.payload.u64) ?? 0n) !== 0n;
    const how = `QEMU waits for the acknowledgement${isRefused ? ', and the backend refuses' : ''}`;
    const fault = isRefused ? afterRefusal(connection, index, request, next) : undefined;
    return fault ?? { how, seen: mark(answer, 'the acknowledgement') };
  }
  if (next === undefined) return undefined;
  if (isAsked !== true && next.name === 'GET_FEATURES') {
    const seen = mark(next, 'GET_FEATURES');
    if (!shown.features)
      return { how: 'QEMU asks for the features next, whose reply it awaits', seen };
    const reply = answerTo(messages, messages.indexOf(next, index));
    if (reply !== undefined) {
      const how = 'QEMU waits for the reply to GET_FEATURES';
      return { how, seen: [...seen, ...mark(reply, 'the reply to it')] };
    }
    if (afterwards === undefined) return undefined;
    return {
      how: `GET_FEATURES is next, and ${afterwards.name} before its reply is read`,
      expected: 'the reply to GET_FEATURES before any other request',
      next: afterwards,
      missing: [],
    };
  }
  const missing: string[] = [];
  if (isAsked === undefined) missing.push(`the flags of the message (${MESSAGES_RECIPE})`);
  if (
    next.name === 'GET_STATUS' &&
    answerTo(messages, messages.indexOf(next, index)) !== undefined
  ) {
    missing.push(IN_TURN);
  }
  if (isAsked === false && !shown.anyWait) {
    missing.push(
      'GET_FEATURES on this connection, with which QEMU waits where REPLY_ACK is missing',
    );
  }
  return {
    how: `the next message is ${next.name}, with no acknowledgement`,
    expected:
      isAsked === true
        ? `the reply to ${request.name} before any other request`
        : 'NEED_REPLY (0x8) in the flags and a reply, or GET_FEATURES and its reply',
    next,
    missing,
  };
}

/**
 * What a refusal must not be followed by. In a log start vhost_dev_set_log() undoes the addresses up to the refused one,
 * that one first, and then the features. Those of a device start are the affair of DS-ORDER.
 */
function afterRefusal(
  { messages, isOneSocket }: Connection,
  index: number,
  request: Message,
  next: Message | undefined,
): Fault | undefined {
  if (next === undefined) return undefined;
  const refuses = 'the backend refuses, and the next message is';
  if (request.name === 'SET_FEATURES') {
    // A log stop that fails sets addresses with logging again, and asks no more what becomes of it.
    if (next.enable !== true) return undefined;
    const expected = 'an end of the log start or of the device start';
    return { how: `${refuses} ${next.name} with logging`, expected, next, missing: [] };
  }
  const before = messages.slice(0, index).findLast(({ sender }) => sender === 'frontend');
  const isOfDeviceStart = before?.name === 'SET_VRING_BASE' || before?.name === 'SET_VRING_NUM';
  const isUndone = next.name === 'SET_VRING_ADDR' && next.enable !== true;
  const isOfIt = next.name === 'SET_VRING_ADDR' || (isOneSocket && UNDOES_NOTHING.has(next.name));
  if (isOfDeviceStart || isUndone || !isOfIt) return undefined;
  const expected = 'SET_VRING_ADDR without logging, for this vring and those before it';
  return { how: `${refuses} ${next.name}`, expected, next, missing: [], isCertain: true };
}

/** What comes next where the log start is over; over a socket that is not named, perhaps after a disconnect. */
const UNDOES_NOTHING: ReadonlySet<string> = new Set(['GET_VRING_BASE', 'SET_LOG_BASE']);

/** Which ways to wait a connection shows: others would be shown too. */
interface Shown {
  /** Replies to GET_FEATURES. */
  readonly features: boolean;
  /** GET_FEATURES, or a request that asks for an acknowledgement instead. */
  readonly anyWait: boolean;
}

function shownBy({ messages }: Connection): Shown {
  return {
    features: messages.some(({ sender, name }) => sender === 'reply' && name === 'GET_FEATURES'),
    anyWait: messages.some(
      (message) =>
        message.name === 'GET_FEATURES' ||
        (isLogRequest(message) && asksForReply(message) === true),
    ),
  };
}
