/**
 * Device starts of vrings that run, as a vhost-user backend sees them.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_stop() and the error path of vhost_dev_start(): GET_VRING_BASE of each vring that
 * the guest has set up. Other front ends stop a vring with SET_VRING_ENABLE alone (Cloud Hypervisor reset_vhost_user()).
 */
import { bigintOf } from '../../../model/values.js';
import { mark } from '../marks.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { mayReset, NOT_RESET } from './devices.js';
import { eachGreeting, isOfSameQemu, missingOfAllThreads, nameOf } from './messages.js';
import type { Connection, Message } from './messages.js';
import { STARTING, startsByFeatures } from './starts.js';
import type { WireStart } from './starts.js';

/** A device start, and what is known of it since. */
interface Earlier {
  readonly start: WireStart;
  /** What QEMU sends behind it, which is not the end of a start that failed. */
  success: Message | undefined;
  /** SET_VRING_ENABLE that may have stopped one of its vrings. */
  disabled: Message | undefined;
}

/** One judgement for each device start of vrings that were started before. */
export function* judgeDoubleStarts(context: SessionContext): Generator<Judgement> {
  yield* eachGreeting(context, (connection, requests) => judge(context, connection, requests));
}

function* judge(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
): Generator<Judgement> {
  const starts = startsByFeatures(connection, requests);
  const running = new Map<number, Earlier>();
  let stop: Message | undefined;
  for (const request of requests) {
    const { name, vring: subject, enable } = request;
    if (stops(request)) {
      if (running.size > 0) stop = request;
      forget(running, subject);
    } else if (name === 'SET_VRING_ENABLE' && enable !== true) {
      for (const [vring, earlier] of running)
        if (subject === undefined || vring === subject) earlier.disabled = request;
    }
    const start = starts.get(request);
    if (start === undefined) {
      if (!STARTING.has(name)) for (const earlier of running.values()) earlier.success ??= request;
      continue;
    }
    const [vring = -1] = start.addresses.map((address) => address.vring);
    const earlier = running.get(vring);
    if (earlier !== undefined) yield doubled(context, start, earlier);
    else if (stop !== undefined) yield* pass(context, start, stop);
    const own: Earlier = { start, success: undefined, disabled: undefined };
    for (const address of start.addresses)
      if (address.vring !== undefined) running.set(address.vring, own);
    // The next queue pair is started where this one was.
    for (const other of running.values()) if (other !== own) other.success ??= request;
  }
}

/** Of a vring, or of all where its number is not known. */
function stops({ name, payload }: Message): boolean {
  switch (name) {
    case 'GET_VRING_BASE':
    case 'SET_OWNER':
    case 'RESET_OWNER':
    case 'RESET_DEVICE':
      return true;
    case 'SET_STATUS':
      return (bigintOf(payload.u64) ?? 0n) === 0n;
    default:
      return false;
  }
}

/** A device is stopped as a whole: its other vrings may have been passed over. */
function forget(running: Map<number, Earlier>, vring: number | undefined): void {
  const stopped = vring === undefined ? undefined : running.get(vring);
  for (const [other, earlier] of running) {
    if (vring === undefined || earlier === stopped) running.delete(other);
  }
}

function* pass(
  context: SessionContext,
  { connection, features }: WireStart,
  stop: Message,
): Generator<Judgement> {
  if (missingOfAllThreads(connection).length > 0) return;
  const { step, line } = features;
  yield {
    verdict: 'pass',
    endpoint: connection.endpoint,
    step,
    line,
    message: `the vrings of ${nameOf(connection)} are started after a stop`,
    seenAt: () => mark(stop, `${stop.name}: a stop before it`),
  };
}

function doubled(
  context: SessionContext,
  { connection, features, addresses }: WireStart,
  { start, success, disabled }: Earlier,
): Judgement {
  const { endpoint } = connection;
  const { step, line } = features;
  const last = addresses.at(-1) ?? features;
  const missing = missingOfAllThreads(connection);
  if (missing.length === 0 && !isOfSameQemu(context, connection, start.features, last))
    missing.push('an unbroken record since the first start');
  // Only a damaged line hides the request.
  const isAnswered = connection.messages.some(
    ({ name, sender, step: at }) =>
      sender === 'reply' && name === 'GET_VRING_BASE' && at > start.features.step && at < step,
  );
  if (isAnswered) missing.push('the request to which the backend answers with GET_VRING_BASE');
  if (disabled !== undefined)
    missing.push('whether SET_VRING_ENABLE was a stop, as that of a front end other than QEMU');
  if (success === undefined || isRefused(connection, start.features, features))
    missing.push('whether the first start succeeded');
  if ([start.features, features].some((word) => mayReset({ features: word })))
    missing.push(NOT_RESET);
  const numbers = addresses.map(({ vring }) => vring ?? '?').join(', ');
  const message = `vrings ${numbers} of ${nameOf(connection)} are started, and run since a start before`;
  const evidence = [
    { line: start.features.line, role: 'the start before' },
    ...(success === undefined ? [] : [{ line: success.line, role: 'QEMU goes on behind it' }]),
  ];
  const at = { endpoint, step, line, message, evidence };
  return missing.length > 0
    ? { verdict: 'inconclusive', ...at, missing }
    : {
        verdict: 'violation',
        ...at,
        expected: 'GET_VRING_BASE of each vring before the next start',
      };
}

/** A backend that answers with an error may have made the first start fail. */
function isRefused({ messages }: Connection, from: Message, to: Message): boolean {
  return messages.some(
    ({ sender, name, step, payload }) =>
      sender === 'reply' &&
      name.startsWith('SET_') &&
      step > from.step &&
      step < to.step &&
      name !== 'SET_LOG_BASE' &&
      (bigintOf(payload.u64) ?? 0n) !== 0n,
  );
}
