import { bigintOf } from '../model/values.js';
import {
  ALL_THREADS,
  BEHIND_FEATURES,
  connectionsOf,
  hasSeveral,
  isContinued,
  MEMORY_REQUESTS,
  MESSAGES_RECIPE,
  missingEndpoint,
  nameOf,
  nextRequests,
} from './shared/wire/messages.js';
import type { Connection, Message } from './shared/wire/messages.js';
import { below, hasGap, place } from './shared/calls/queries.js';
import { versionProof } from './shared/wire/version-proof.js';
import { mark } from './shared/marks.js';
import type { Judgement, Mark, Rule, SessionContext } from './rule.js';

/** 8.0 sends the log base of a device once, not once for each of its queue pairs. */
const ONCE_SINCE = 800;

const FEATURES_WORD = `the word of the SET_FEATURES that follows (${MESSAGES_RECIPE})`;

/** One log base for a vhost-user device with several queue pairs. */
export const vuLogbaseCount: Rule = {
  info: {
    id: 'VU-LOGBASE-COUNT',
    title: 'a vhost-user device gets one SET_LOG_BASE for all its queue pairs',
    severity: 'warning',
    impact: 'crash',
    backends: ['user'],
    versions: '8.0 - 11.1',
    needs: [
      'the messages of one connection in order, with payload: an strace of QEMU or of the backend',
      'a sign of QEMU 8.0 or later: the protocol features SHARED_OBJECT or DEVICE_STATE, set by that thread or over a socket that strace -y names; trace events of these threads; --qemu-version',
      'or vhost_dev_log_resize, or vhost_dev_start, with the vhost_user_set_log_base calls in it and what they returned (gdb: finish)',
    ],
    why: 'A backend that maps the log anew at each SET_LOG_BASE takes away the one that its other queue pairs write to: DPDK crashed.',
    probes: [
      'wire vhost_user_message',
      'wire op_set_log_base',
      'wire op_set_features',
      'wire op_set_vring_addr',
    ],
    remedy:
      'Look at vhost_user_set_log_base() of that QEMU: only the vhost_dev with vq_index 0 sends the message.',
    exceptions: [
      'QEMU up to 7.2 sends it for each queue pair',
      'a log that is resized: the memory table is sent beside it',
      'a log start after a log stop, a failed log start or a reconnect',
    ],
    sources: [
      'QEMU hw/virtio/vhost-user.c vhost_user_set_log_base()',
      'QEMU hw/virtio/vhost.c vhost_dev_log_resize(), vhost_dev_start()',
    ],
    bugs: [
      {
        where: 'QEMU c98ac64cfb53 (8.0), again 7c211eb078c4 (9.1)',
        what: 'SET_LOG_BASE for each queue pair: DPDK unmapped the log that was in use, segmentation fault',
      },
    ],
  },
  triggers: [],
  *sequence(context) {
    yield* callsTwice(context);
    for (const connection of connectionsOf(context)) {
      let second: Message | undefined;
      for (const start of logStarts(connection)) {
        const isSecond = start.base === second;
        const judged = isSecond ? undefined : judge(context, connection, start);
        if (judged !== undefined) yield judged;
        const goesOn = isSecond || (judged !== undefined && judged.verdict !== 'pass');
        second = goesOn ? start.next : undefined;
      }
    }
  },
};

/** vhost_dev_log_resize() and vhost_dev_start() call the op once, of whatever queue pair (QEMU hw/virtio/vhost.c). */
function* callsTwice(context: SessionContext): Generator<Judgement> {
  const { run } = context;
  for (const caller of context.of('vhost_dev_log_resize', 'vhost_dev_start')) {
    const calls = below(caller, 'op_set_log_base').filter(
      (a) => a.backend === 'user' && a.entered && a.device === caller.device,
    );
    const [first, second] = calls;
    if (first === undefined || second === undefined) continue;
    const message = `${caller.func} calls ${second.func} twice`;
    const missing: string[] = [];
    if (!caller.entered) missing.push(`the entry of ${caller.func}`);
    if (hasGap(run, caller.first, second.first))
      missing.push(`an unbroken record of ${caller.func}`);
    if (caller.altered || first.altered) missing.push('a run that the debugger did not alter');
    // Of a log in which each line stands twice the returns come behind both.
    if (first.result === undefined || first.result.line > second.line)
      missing.push(`what the first ${first.func} returned (gdb: finish)`);
    if (missing.length > 0) {
      yield { verdict: 'inconclusive', ...place(second), message, missing };
      continue;
    }
    yield {
      verdict: 'violation',
      ...place(second),
      message,
      expected: `one ${second.func} in ${caller.func}`,
      evidence: [{ line: first.line, role: 'the first call' }],
    };
  }
}

/** A log base, and what follows it without anything but the messages of a log start in between. */
interface LogStart {
  readonly base: Message;
  /** The request that follows it, where that is another log base: the log start goes on behind the last of them. */
  readonly again: Message | undefined;
  /** Logging is off before it, and no log is resized: what else than a log start can it be? */
  readonly isFirst: boolean;
  /** The features that follow. */
  readonly features: Message | undefined;
  /** The vrings that are told to log, in order; undefined for one that is not shown. */
  readonly vrings: readonly (number | undefined)[];
  /** Features and at least one address with logging follow, none of them refused. */
  readonly isWhole: boolean;
  /** The flags of all addresses are shown. */
  readonly isShown: boolean;
  /** The first request that belongs to no log start; undefined at the end of the capture. */
  readonly next: Message | undefined;
  /** What follows `next`. */
  readonly afterwards: Message | undefined;
}

function* logStarts({ messages }: Connection): Generator<LogStart> {
  let [before, word]: (Message | undefined)[] = [];
  for (let i = 0; i < messages.length; i++) {
    const base = messages[i];
    if (base?.sender !== 'frontend') continue;
    if (!isLogBase(base)) {
      before = base;
      if (base.name === 'SET_FEATURES') word = base;
      continue;
    }
    let [isRefused, isShown] = [false, true];
    let features: Message | undefined;
    const vrings: (number | undefined)[] = [];
    const [again] = nextRequests(messages, i, 1).filter(isLogBase);
    let at = behindLogBases(messages, i);
    for (; at < messages.length; at++) {
      const message = messages[at];
      if (message === undefined || !isOfLogStart(message)) break;
      if (message.sender === 'reply') isRefused ||= isRefusal(message);
      else if (message.name === 'SET_FEATURES') features ??= message;
      else if (message.name === 'SET_VRING_ADDR') {
        if (features !== undefined) vrings.push(message.vring);
        isShown &&= message.enable !== undefined;
      }
    }
    const next = messages[at];
    const [afterwards] = nextRequests(messages, at, 1);
    const isWhole = vrings.length > 0 && !isRefused;
    // The memory table goes before the base of a log that shrinks.
    const isFirst = word?.enable === false && !MEMORY_REQUESTS.has(before?.name ?? '');
    yield { base, again, isFirst, features, vrings, isWhole, isShown, next, afterwards };
    before = base;
    word = features ?? word;
    i = at - 1;
  }
}

function isLogBase({ sender, name }: Message): boolean {
  return sender === 'frontend' && name === 'SET_LOG_BASE';
}

/** The index behind a log base and those that follow it with nothing but replies in between. */
function behindLogBases(messages: readonly Message[], index: number): number {
  let behind = index + 1;
  for (let i = behind; i < messages.length; i++) {
    const message = messages[i];
    if (message === undefined) break;
    if (isLogBase(message)) behind = i + 1;
    else if (message.sender === 'frontend') break;
  }
  return behind;
}

function isOfLogStart({ sender, name, enable }: Message): boolean {
  if (sender === 'reply') return true;
  if (BEHIND_FEATURES.has(name)) return true;
  // DPDK prints no flags of a vring.
  return name === 'SET_VRING_ADDR' ? enable !== false : name === 'SET_FEATURES' && enable === true;
}

/** Acknowledgements are 0 for success. */
function isRefusal({ name, payload }: Message): boolean {
  const isAcknowledgement = name === 'SET_FEATURES' || name === 'SET_VRING_ADDR';
  return isAcknowledgement && (bigintOf(payload.u64) ?? 0n) !== 0n;
}

/** The log start of the next queue pair may follow: the word of its features is not shown, or the capture ends. */
function mayGoOn(next: Message, afterwards: Message | undefined): boolean {
  const isHidden = (request: Message): boolean =>
    request.name === 'SET_FEATURES' && request.enable === undefined;
  if (next.name !== 'SET_LOG_BASE') return isHidden(next);
  return afterwards === undefined || isHidden(afterwards);
}

/** Does what follows tell a vring to log that has just been told? Undefined where the vring is not shown. */
function isTwice(
  { messages }: Connection,
  base: Message,
  afterwards: Message,
): boolean | undefined {
  const addresses = messages.filter(
    ({ name, sender, step }) =>
      name === 'SET_VRING_ADDR' && sender === 'frontend' && step > base.step,
  );
  const next = addresses.find(({ step }) => step > afterwards.step);
  const before = addresses.filter(({ step }) => step < afterwards.step);
  if (next?.vring === undefined) return undefined;
  return before.some(({ vring }) => vring === next.vring);
}

function judge(
  context: SessionContext,
  connection: Connection,
  start: LogStart,
): Judgement | undefined {
  const { base, again, isWhole, next, afterwards } = start;
  if (again !== undefined) return judgeAgain(context, connection, start, again);
  if (!isWhole || next === undefined) return undefined;
  const { endpoint } = connection;
  const who = nameOf(connection);
  const isSecond =
    next.name === 'SET_LOG_BASE' &&
    afterwards?.name === 'SET_FEATURES' &&
    afterwards.enable === true;
  if (!isSecond) {
    const at = { endpoint, step: base.step, line: base.line };
    if (mayGoOn(next, afterwards)) {
      const message = `whether ${who} gets a second SET_LOG_BASE in the same log start is not shown`;
      return { verdict: 'inconclusive', ...at, message, missing: [FEATURES_WORD] };
    }
    const message = `${who} gets one SET_LOG_BASE in the log start`;
    const seenAt = (): readonly Mark[] => [
      ...mark(start.features, 'the features of the log start'),
      ...mark(next, `${next.name}: the log start is over`),
    ];
    if (!hasSeveral(connection)) return { verdict: 'pass', ...at, message, seenAt };
    return { verdict: 'inconclusive', ...at, message, missing: missingEndpoint(connection) };
  }
  // The same vrings: another log start, see LS-TWICE.
  const isAgain = isTwice(connection, base, afterwards);
  if (isAgain === true) return undefined;
  const missing = mayHaveMore(connection) && isAgain === undefined ? [ALL_THREADS] : [];
  const behind: Mark = { line: afterwards.line, role: 'and the log start of the next queue pair' };
  return judgeSecond(context, connection, start, next, afterwards, behind, missing);
}

/** A thread that is not traced may send over it, too. Where no connection is shown, that is what is missing. */
function mayHaveMore({ endpoint, isOfBackend }: Connection): boolean {
  return endpoint !== undefined && !isOfBackend;
}

/**
 * Two log bases in a row, and the features of one log start. A log that shrinks and then grows sends two in a row as well:
 * the memory table follows them.
 */
function judgeAgain(
  context: SessionContext,
  connection: Connection,
  start: LogStart,
  again: Message,
): Judgement | undefined {
  const { features, vrings, isWhole, isFirst } = start;
  if (features === undefined || !isWhole) return undefined;
  const missing: string[] = [];
  if (features.enable === undefined) missing.push(FEATURES_WORD);
  // What began to log and what stopped between the two may be of a thread that is not traced.
  if (mayHaveMore(connection) && !isFirst) missing.push(ALL_THREADS);
  // Two QEMUs whose log starts mix: a backend serves both at one path, and each has these vrings.
  if (vrings.includes(undefined) || new Set(vrings).size < vrings.length) {
    missing.push('the log start of one QEMU alone, with the index of each vring');
  }
  const behind: Mark = { line: features.line, role: 'and the features of the same log start' };
  return judgeSecond(context, connection, start, again, features, behind, missing);
}

function judgeSecond(
  context: SessionContext,
  connection: Connection,
  { base, isShown }: LogStart,
  second: Message,
  features: Message,
  behind: Mark,
  others: readonly string[],
): Judgement {
  const missing = missingEndpoint(connection);
  if (!isContinued(context, connection, base, features)) {
    missing.push('the log start without a gap, in one thread');
  }
  missing.push(...others);
  if (!isShown) missing.push(`the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`);
  const proof = versionProof(context, connection, second, ONCE_SINCE);
  if (proof === undefined) {
    missing.push(
      'proof of QEMU 8.0 or later, before which this is right (the output of qemu --version)',
    );
  }
  const at = { endpoint: connection.endpoint, step: second.step, line: second.line };
  const message = `${nameOf(connection)} gets a second SET_LOG_BASE in the same log start`;
  if (missing.length > 0) return { verdict: 'inconclusive', ...at, message, missing };
  return {
    verdict: 'violation',
    ...at,
    message,
    expected: 'one SET_LOG_BASE, from the first queue pair',
    evidence: [{ line: base.line, role: 'the first SET_LOG_BASE' }, behind, ...(proof ?? [])],
  };
}
