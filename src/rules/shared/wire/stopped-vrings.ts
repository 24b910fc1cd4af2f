/**
 * Vrings that a vhost-user backend has given back: GET_VRING_BASE stops a vring, and a start sets it up anew.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_virtqueue_start(): SET_VRING_NUM and SET_VRING_BASE come in front of the address and
 * the kick, in a device start behind its features; vhost_migration_log() sends nothing for a device that is stopped.
 * Without them no backend can go on: DPDK lib/vhost/vhost_user.c vhost_user_get_vring_base() frees what
 * vhost_user_set_vring_num() makes. Cloud Hypervisor and virtio-user of DPDK send them, too.
 */
import type { Judgement, SessionContext } from '../../rule.js';
import {
  eachGreeting,
  isOfSameQemu,
  MESSAGES_RECIPE,
  missingOfAllThreads,
  nameOf,
} from './messages.js';
import type { Connection, Message } from './messages.js';
import { nextOf } from './passes.js';

/** Begin something new: a device start, the start of one vring, a reset. */
const RESTARTING: ReadonlySet<string> = new Set([
  'SET_OWNER',
  'RESET_OWNER',
  'RESET_DEVICE',
  'SET_FEATURES',
  'SET_VRING_NUM',
  'SET_VRING_BASE',
]);

/** A vring that was stopped, and when it was set going before. */
interface Stopped {
  readonly kick: Message;
  readonly fetch: Message;
}

/** One judgement for each vring that is set up behind its stop, and one for each stop that a start follows. */
export function* judgeStoppedVrings(context: SessionContext): Generator<Judgement> {
  yield* eachGreeting(context, (connection, requests) => judge(context, connection, requests));
}

function* judge(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
): Generator<Judgement> {
  const running = new Map<number, Message>();
  const stopped = new Map<number, Stopped>();
  let isStartShown = false;
  for (const [i, request] of requests.entries()) {
    const { name, vring } = request;
    if (RESTARTING.has(name) && !isOfToggle(requests, i)) {
      isStartShown ||= name === 'SET_FEATURES';
      const [left] = stopped.values();
      if (left !== undefined && running.size === 0) yield* pass(context, connection, left, request);
      stopped.clear();
    }
    if (vring === undefined) {
      // DPDK does not print which vring is addressed: where all are stopped it is one of these.
      const [any] = stopped.values();
      if (name !== 'SET_VRING_ADDR' || any === undefined || running.size > 0) continue;
      yield setUp(context, connection, any, request, true);
      stopped.clear();
      continue;
    }
    const own = stopped.get(vring);
    if (name === 'GET_VRING_BASE') {
      const kick = running.get(vring);
      if (kick !== undefined && isStartShown) stopped.set(vring, { kick, fetch: request });
      running.delete(vring);
    } else if (name === 'SET_VRING_ADDR' || name === 'SET_VRING_KICK') {
      if (own !== undefined) {
        yield setUp(context, connection, own, request, running.size === 0);
        stopped.delete(vring);
      }
      if (name === 'SET_VRING_KICK' && own === undefined) running.set(vring, request);
    }
  }
}

/** Features that a vring follows whose size is not sent: those of a log start or a log stop. */
function isOfToggle(requests: readonly Message[], i: number): boolean {
  return requests[i]?.name === 'SET_FEATURES' && nextOf(requests, i)?.name === 'SET_VRING_ADDR';
}

function* pass(
  context: SessionContext,
  connection: Connection,
  { kick, fetch }: Stopped,
  { name, step, line }: Message,
): Generator<Judgement> {
  const { endpoint } = connection;
  if (doubts(context, connection, kick, fetch).length > 0) return;
  yield {
    verdict: 'pass',
    endpoint,
    step,
    line,
    message: `the vrings of ${nameOf(connection)} are left alone until ${name}`,
    evidence: [{ line: fetch.line, role: 'a vring is fetched here, which stops it' }],
  };
}

function setUp(
  context: SessionContext,
  connection: Connection,
  { kick, fetch }: Stopped,
  request: Message,
  isWhole: boolean,
): Judgement {
  const { name, vring, enable, step, line } = request;
  const { endpoint } = connection;
  const who = nameOf(connection);
  const at = { endpoint, vring, step, line };
  const what = `${who} is told ${name} of vring ${vring ?? '?'}`;
  const missing = doubts(context, connection, kick, request);
  if (name === 'SET_VRING_ADDR' && enable === undefined)
    missing.push(`the flags of SET_VRING_ADDR (${MESSAGES_RECIPE})`);
  // What logs is told by a front end that migrates; others may start a vring as they like.
  else if (enable !== true)
    missing.push(`whether a device start sends ${name}: probe vhost_dev_start`);
  // While others run, the device may go on, and the vring have been reset alone.
  if (!isWhole) missing.push('proof that the device is being stopped: probe vhost_dev_stop');
  const evidence = [{ line: fetch.line, role: 'the vring is fetched here, which stops it' }];
  return missing.length > 0
    ? { verdict: 'inconclusive', ...at, message: `${what} behind its stop`, evidence, missing }
    : {
        verdict: 'violation',
        ...at,
        message: `${what} with VHOST_VRING_F_LOG, and a device stop has fetched the vring: no start comes before`,
        expected: 'SET_FEATURES, SET_VRING_NUM and SET_VRING_BASE before a vring is set up again',
        evidence,
      };
}

/** Another thread of QEMU may have started the device. */
function doubts(
  context: SessionContext,
  connection: Connection,
  from: Message,
  to: Message,
): string[] {
  const missing = missingOfAllThreads(connection);
  if (missing.length === 0 && !isOfSameQemu(context, connection, from, to))
    missing.push('an unbroken record since the device start');
  return missing;
}
