import { hasGap } from '../flows/run.js';
import { hasLogShmfd } from './shared/wire/log-file.js';
import {
  answerTo,
  BEHIND_FEATURES,
  connectionsOf,
  isContinued,
  isOfSameQemu,
  MESSAGES_RECIPE,
  missingAnswer,
  missingEndpoint,
  nameOf,
  nextRequests,
} from './shared/wire/messages.js';
import type { Connection, Message } from './shared/wire/messages.js';
import { asked, messageEvents } from './shared/traced/message-events.js';
import { orOneQemu } from './shared/traced/one-process.js';
import { mark } from './shared/marks.js';
import type { Judgement, Rule, SessionContext } from './rule.js';

/** While one of these lasts, every vhost-user device has LOG_SHMFD: without it migration is blocked. */
const MIGRATING: ReadonlySet<string> = new Set(['setup', 'active', 'device', 'pre-switchover']);

/** QEMU does nothing more until the backend has taken over the log. */
export const vuLogbaseReply: Rule = {
  info: {
    id: 'VU-LOGBASE-REPLY',
    title: 'QEMU reads the reply to SET_LOG_BASE before it sends anything else',
    severity: 'error',
    impact: 'hang',
    backends: ['user'],
    versions: '2.12 - 11.1',
    needs: [
      'SET_LOG_BASE, its reply and the next request of the connection: an strace of QEMU or of the backend',
      'SET_PROTOCOL_FEATURES of that thread or over a socket that strace -y names, or an earlier reply to SET_LOG_BASE',
      'or the trace events vhost_user_write, vhost_user_read and migrate_set_state',
    ],
    why: 'Without the reply the backend may still write to the log before, or to none. A backend that never replies stops QEMU in vhost_user_read() with the big lock held: the guest stands still.',
    probes: [
      'wire vhost_user_message',
      'wire op_set_log_base',
      'wire op_set_features',
      'wire op_set_vring_addr',
    ],
    traceProbes: ['event vhost_user_write', 'event vhost_user_read', 'event migration_state'],
    remedy: 'Look at how the backend answers SET_LOG_BASE: request 6, flags 0x5, whatever payload.',
    exceptions: [
      'a backend without LOG_SHMFD: no reply is awaited, and migration is blocked',
      'the backend disconnects while QEMU waits',
      'a capture that ends with the request: whether QEMU hangs or the capture was stopped is not known',
    ],
    sources: ['QEMU hw/virtio/vhost-user.c vhost_user_set_log_base()'],
    bugs: [
      {
        where: 'DPDK 57b4d90b5893, ef6fb7d3fd96 (18.11)',
        what: 'a wrong reply to SET_LOG_BASE, or none: the migration thread stuck in the read',
        unreported: true,
      },
      {
        where: 'rust-vmm vhost 37a6a8e46444, 93e2d9cf9151 (issue 217)',
        what: 'SET_LOG_BASE and its reply with other sizes than the frontend sends and expects: hang',
        unreported: true,
      },
      {
        where: 'SPDK issue 2805 (2022)',
        what: 'the backend blocked while it handled SET_LOG_BASE',
        unreported: true,
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
  // Whether the backend answers at all: with LOG_SHMFD, as negotiated or as shown by an answer to that thread.
  let negotiated: Message | undefined;
  const answered = new Map<string | undefined, Message>();
  for (const [i, message] of connection.messages.entries()) {
    const { name, sender, thread, greeting } = message;
    if (name === 'SET_PROTOCOL_FEATURES' && sender === 'frontend') negotiated = message;
    if (name !== 'SET_LOG_BASE') continue;
    if (sender === 'reply') {
      answered.set(thread, message);
      continue;
    }
    const answers = negotiated?.greeting === greeting ? hasLogShmfd(negotiated.payload) : undefined;
    const isKnown = [answers === true ? negotiated : undefined, answered.get(thread)].some(
      (sign) => sign !== undefined && isOfSameQemu(context, connection, sign, message),
    );
    if (answers !== false || isKnown) yield judge(context, connection, i, message, isKnown);
  }
}

function judge(
  context: SessionContext,
  connection: Connection,
  index: number,
  request: Message,
  answers: boolean,
): Judgement {
  const { endpoint, messages, showsReplies } = connection;
  const who = nameOf(connection);
  const at = { endpoint, step: request.step, line: request.line };
  const answer = answerTo(messages, index);
  if (answer !== undefined) {
    const message = `${who} answers SET_LOG_BASE`;
    return { verdict: 'pass', ...at, message, seenAt: () => mark(answer, 'the reply') };
  }
  const [next, ...later] = nextRequests(messages, index, 6).filter(isNoWait);
  const afterwards = later.find(({ name }) => !BEHIND_FEATURES.has(name));
  if (next === undefined) {
    return {
      verdict: 'inconclusive',
      ...at,
      message: `${who} does not answer SET_LOG_BASE before the capture ends: QEMU may hang in vhost_user_read()`,
      missing: [
        showsReplies
          ? 'what follows, or two backtraces of that thread some seconds apart (thread apply all bt)'
          : `the replies of the backend (${MESSAGES_RECIPE})`,
      ],
    };
  }
  const missing = missingEndpoint(connection);
  if (!showsReplies) missing.push(`the replies of the backend (${MESSAGES_RECIPE})`);
  if (!answers) {
    missing.push(
      'SET_PROTOCOL_FEATURES with LOG_SHMFD (0x2), of the same thread or over a socket that strace -y names',
    );
  }
  // Features and then addresses: the same log start goes on. Else the backend may have come back anew.
  const isLogStart =
    next.name === 'SET_FEATURES' &&
    afterwards?.name === 'SET_VRING_ADDR' &&
    isContinued(context, connection, request, afterwards);
  const isSame = isLogStart || goesOnOverSocket(context, connection, request, next);
  if (!isSame) missing.push('the log start without a gap or a disconnect');
  const other = otherReply(messages, index);
  const read =
    other === undefined ? 'no reply is read' : `a reply to ${other.name} is read instead`;
  const message = `${next.name} follows SET_LOG_BASE to ${who}, and ${read}`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: 'the reply to SET_LOG_BASE before any other request',
    evidence: [{ line: next.line, role: `${next.name}: QEMU has gone on` }],
  };
}

/** The reply to something else, where the thread reads one next. */
function otherReply(messages: readonly Message[], index: number): Message | undefined {
  const { thread } = messages[index] ?? {};
  const next = messages.slice(index + 1).find((message) => message.thread === thread);
  return next?.sender === 'reply' ? next : undefined;
}

/**
 * A log start goes on with LOG_ALL, a device start with the status, or it enables rings; one that failed stops them.
 * Only a socket that is named is the same one still.
 */
function goesOnOverSocket(
  context: SessionContext,
  connection: Connection,
  request: Message,
  next: Message,
): boolean {
  const goesOn =
    next.name === 'GET_STATUS' ||
    (next.name === 'SET_FEATURES' && next.enable === true) ||
    (next.name === 'SET_VRING_ENABLE' && next.payload.num === '1');
  return goesOn && connection.isOneSocket && isContinued(context, connection, request, next);
}

/** GET_FEATURES stands between the features and the addresses where it is the acknowledgement. */
function isNoWait({ name }: { readonly name: string }): boolean {
  return name !== 'GET_FEATURES';
}

function* judgeEvents(context: SessionContext): Generator<Judgement> {
  const events = messageEvents(context);
  const phases = context.events('migration_state');
  let phase = 0;
  let state: string | undefined;
  for (const [i, event] of events.entries()) {
    for (let next = phases[phase]; next !== undefined && next.index < event.step;) {
      state = next.event?.record.args?.new_state;
      next = phases[++phase];
    }
    if (event.sender !== 'frontend' || event.name !== 'SET_LOG_BASE') continue;
    const at = { step: event.step, line: event.line };
    const answer = asked(context, events, i);
    const afterwards = events
      .slice(i + 2, i + 8)
      .find(({ sender, name }) => sender === 'frontend' && !BEHIND_FEATURES.has(name));
    if (answer?.how === 'read') {
      const { event: reply } = answer;
      const message = 'QEMU reads the reply to SET_LOG_BASE';
      yield { verdict: 'pass', ...at, message, seenAt: () => mark(reply, 'the reply is read') };
    } else if (
      answer?.event.name === 'SET_FEATURES' &&
      afterwards?.name === 'SET_VRING_ADDR' &&
      afterwards.thread === event.thread &&
      !hasGap(context.run, event.step, afterwards.step) &&
      MIGRATING.has(state ?? '')
    ) {
      yield {
        verdict: 'violation',
        ...at,
        message: 'vhost_user_write SET_FEATURES follows SET_LOG_BASE, and no reply is read',
        expected: 'vhost_user_read of SET_LOG_BASE before any other message',
        evidence: [{ line: answer.event.line, role: 'SET_FEATURES: QEMU has gone on' }],
      };
    } else {
      yield {
        verdict: 'inconclusive',
        ...at,
        message: 'no reply to SET_LOG_BASE is seen',
        missing: [orOneQemu(context, missingAnswer(events))],
      };
    }
  }
}
