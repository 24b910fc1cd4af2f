import {
  asksForReply,
  connectionsOf,
  isAnswered,
  isContinued,
  isLogRequest,
  MESSAGES_RECIPE,
  nextRequests,
  versionOf,
} from './shared/messages.js';
import type { Connection, Message } from './shared/messages.js';
import { asked, messageEvents } from './shared/message-events.js';
import type { MessageEvent } from './shared/message-events.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** 6.2 made QEMU wait. */
const WAITS_SINCE = 602;

/**
 * What only the same log start or device start goes on with. Anything else may come after a
 * disconnect that the capture does not show: stop, reconnect, and start begin with other requests.
 */
const GOES_ON: Readonly<Record<string, readonly string[]>> = {
  SET_FEATURES: ['SET_VRING_ADDR', 'SET_VRING_NUM', 'SET_VRING_BASE'],
  SET_VRING_ADDR: ['SET_VRING_ADDR', 'SET_VRING_KICK'],
};

/** QEMU goes on only when the backend logs. */
export const vuAck: Rule = {
  info: {
    id: 'VU-ACK',
    title: 'QEMU waits until the vhost-user backend has begun to log',
    severity: 'error',
    impact: 'corrupt',
    backends: ['user'],
    versions: '6.2 - 10.2',
    needs: [
      'the messages of one connection in order, with flags and payload: an strace of QEMU or of the backend',
      'to see that a reply was not awaited: the replies too',
      'a sign of QEMU 6.2 or later: another logging request of that thread that is acknowledged; the STATUS protocol feature, set by that thread or over a socket that strace -y names; a gdb log in the same capture',
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
    yield* judgeEvents(context);
  },
};

function* judgeConnection(context: SessionContext, connection: Connection): Generator<Judgement> {
  for (const [i, message] of connection.messages.entries()) {
    if (isLogRequest(message)) yield judge(context, connection, i, message);
  }
}

function judge(
  context: SessionContext,
  connection: Connection,
  index: number,
  request: Message,
): Judgement {
  const { endpoint, messages, showsReplies } = connection;
  const who = endpoint ?? 'the vhost-user backend';
  const what = `${request.name} with logging to ${who}`;
  const at = { endpoint, vring: request.vring, step: request.step, line: request.line };
  const pass = (how: string): Judgement => ({ verdict: 'pass', ...at, message: `${what}: ${how}` });
  const undecided = (how: string, ...missing: string[]): Judgement => ({
    verdict: 'inconclusive',
    ...at,
    message: `${what}: ${how}`,
    missing,
  });
  const [next] = nextRequests(messages, index, 1);
  const isAsked = asksForReply(request);
  if (isAsked === true && !showsReplies) return pass('QEMU asks for an acknowledgement');
  if (isAsked === true && isAnswered(messages, index)) {
    return pass('QEMU waits for the acknowledgement');
  }
  if (next === undefined) {
    return undecided('the capture ends', 'what follows the request on this connection');
  }
  if (isAsked !== true && next.name === 'GET_FEATURES') {
    return pass('QEMU waits for the reply to GET_FEATURES');
  }
  const missing: string[] = [];
  if (endpoint === undefined) missing.push(`the connection of each message (${MESSAGES_RECIPE})`);
  if (isAsked === undefined) missing.push(`the flags of the message (${MESSAGES_RECIPE})`);
  if (
    !isContinued(context, connection, request, next) ||
    GOES_ON[request.name]?.includes(next.name) !== true
  ) {
    missing.push('the same sequence without a gap or a disconnect');
  }
  if (versionOf(context, connection, request) < WAITS_SINCE) {
    missing.push('proof of QEMU 6.2 or later, which has to wait (the output of qemu --version)');
  }
  const how = `the next message is ${next.name}, with no acknowledgement`;
  if (missing.length > 0) return undecided(how, ...missing);
  return {
    verdict: 'violation',
    ...at,
    message: `${what}: ${how}`,
    expected:
      isAsked === true
        ? `the reply to ${request.name} before any other request`
        : 'NEED_REPLY (0x8) in the flags and a reply, or GET_FEATURES and its reply',
    evidence: [{ line: next.line, role: `${next.name}: QEMU has gone on` }],
  };
}

/**
 * The trace events show no payload, but since 6.2 the flag is set in these two requests only to wait for
 * logging; and QEMU waits in vhost_user_read() with the big lock held, so that no other event comes between.
 */
function* judgeEvents(context: SessionContext): Generator<Judgement> {
  const events = messageEvents(context);
  let judged = 0;
  for (const [i, event] of events.entries()) {
    if (event.sender !== 'frontend' || GOES_ON[event.name] === undefined || !event.needsReply)
      continue;
    judged++;
    const at = { step: event.step, line: event.line };
    const what = `vhost_user_write ${event.name} asks for an acknowledgement`;
    const answer = asked(context, events, i);
    if (answer?.how === 'read') {
      yield { verdict: 'pass', ...at, message: `${what}, and QEMU reads it` };
    } else if (answer !== undefined && hasGoneOn(event, answer.event)) {
      yield {
        verdict: 'violation',
        ...at,
        message: `${what}, and QEMU writes ${answer.event.name} without reading it`,
        expected: `vhost_user_read of ${event.name} before any other message`,
        evidence: [{ line: answer.event.line, role: `${answer.event.name}: QEMU has gone on` }],
      };
    } else {
      yield {
        verdict: 'inconclusive',
        ...at,
        message: `${what}, and QEMU is not seen to read it`,
        missing: [MESSAGES_RECIPE],
      };
    }
  }
  const logged = events.find(
    ({ name, sender }) => sender === 'frontend' && name === 'SET_LOG_BASE',
  );
  if (judged > 0 || logged === undefined) return;
  yield {
    verdict: 'inconclusive',
    step: logged.step,
    line: logged.line,
    message: 'vhost_user_write shows no payload: which requests ask for logging is not seen',
    missing: [MESSAGES_RECIPE],
  };
}

/**
 * A reply that QEMU refuses is not traced: vhost_user_read_header() looks at its flags first. The rollback that
 * follows sends the addresses without logging, and so without asking for an acknowledgement.
 */
function hasGoneOn(request: MessageEvent, next: MessageEvent): boolean {
  const isUndone = next.name === 'SET_VRING_ADDR' && !next.needsReply;
  return GOES_ON[request.name]?.includes(next.name) === true && !isUndone;
}
