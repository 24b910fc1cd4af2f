/**
 * The order of what a device start sends to a vhost-user backend.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_start(): the features, the memory table, each vring (vring-set-up.ts), then the
 * log base. hw/virtio/vhost-user.c vhost_user_set_mem_table() sends the whole table in each start of the first queue pair;
 * with CONFIGURE_MEM_SLOTS those regions that are new.
 */
import { bigintOf } from '../../../model/values.js';
import { marksOfRequests } from '../marks.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { faultsOfBases } from './early-bases.js';
import { BY_QEMU, isOfAnotherFrontEnd } from './front-ends.js';
import {
  connectionsOf,
  isContinued,
  isOfSameQemu,
  MEMORY_REQUESTS,
  MESSAGES_RECIPE,
  missingEndpoint,
  nameOf,
  OF_ONE_DEVICE,
} from './messages.js';
import type { Connection, Message } from './messages.js';
import { nextOf } from './passes.js';
import { refusedSteps } from './refused-steps.js';
import { restartsWithoutFeatures } from './restarts.js';
import { baseBefore, isReady, startsByFeatures } from './starts.js';
import type { WireStart } from './starts.js';
import { faultsOfVring, setUpsOf, withoutIndex, withoutSize } from './vring-set-up.js';
import type { Fault, SetUp } from './vring-set-up.js';

export function* judgeWireOrder(context: SessionContext): Generator<Judgement> {
  for (const connection of connectionsOf(context)) {
    for (const requests of connection.requests) {
      const faults = [...faultsOf(context, connection, requests)].filter(({ from, to }) =>
        isContinued(context, connection, from, to),
      );
      for (const fault of faults) yield judge(context, connection, fault);
      if (faults.length > 0) continue;
      for (const start of startsByFeatures(connection, requests).values())
        yield* judgeStart(context, start);
    }
  }
}

function judge(context: SessionContext, connection: Connection, fault: Fault): Judgement {
  const { at, vring, message, expected, evidence } = fault;
  const place = { endpoint: connection.endpoint, vring, step: at.step, line: at.line, message };
  const missing = [...missingEndpoint(connection), ...(fault.missing ?? [])];
  if (isOfAnotherFrontEnd(context, connection)) missing.push(BY_QEMU);
  return missing.length > 0
    ? { verdict: 'inconclusive', ...place, evidence, missing }
    : { verdict: 'violation', ...place, expected, evidence };
}

function* judgeStart(context: SessionContext, start: WireStart): Generator<Judgement> {
  const { connection, features, requests, vrings, next } = start;
  const at = { endpoint: connection.endpoint, step: features.step, line: features.line };
  const last = requests.at(-1) ?? features;
  const missing = missingEndpoint(connection);
  if (vrings.includes(undefined)) missing.push(`the vrings of the start (${MESSAGES_RECIPE})`);
  if (!isContinued(context, connection, features, last))
    missing.push('the device start without a gap, in one thread');
  const who = nameOf(connection);
  // What it means that none follows is for DS-LOGBASE to say.
  const isEarly = vrings.includes(0) && next?.name !== 'SET_LOG_BASE' && features.enable === true;
  if (isEarly && baseBefore(start) !== undefined) missing.push('SET_LOG_BASE behind the vrings');
  yield missing.length > 0
    ? {
        verdict: 'inconclusive',
        ...at,
        message: `in what order ${who} is started is not shown`,
        missing,
      }
    : {
        verdict: 'pass',
        ...at,
        message: `${who} gets features, memory and vrings in order`,
        seenAt: () => marksOfRequests(requests),
      };
}

function* faultsOf(
  context: SessionContext,
  connection: Connection,
  requests: readonly Message[],
): Generator<Fault> {
  const setUps = [...setUpsOf(requests)];
  for (const setUp of setUps) {
    yield* faultsOfVring(connection, setUp);
  }
  // A log of DPDK names a vring later than it sets it up, and may have been cut down to what matters.
  const named = setUps.filter(({ requests: [size] }) => size?.vring !== undefined);
  for (const setUp of named) yield* withoutFeatures(connection, setUp, requests);
  yield* restartsWithoutFeatures(connection, requests, named);
  yield* withoutSize(connection, requests);
  yield* refusedSteps(connection, requests);
  const starts = startsByFeatures(connection, requests);
  for (const start of starts.values()) {
    yield* faultsOfMemory(context, start, requests);
    yield* faultsOfFeatures(start, requests);
    yield* withoutIndex(start);
    yield* faultsOfLateBase(start);
  }
  yield* faultsOfBases(connection, requests);
}

/** Queue pairs but the first send no memory. */
function* faultsOfMemory(
  context: SessionContext,
  { connection, features, addresses, vrings, requests: sent }: WireStart,
  requests: readonly Message[],
): Generator<Fault> {
  const size = sent.find(({ name }) => name === 'SET_VRING_NUM');
  const address = addresses[vrings.indexOf(0)];
  const memory = sent.find(({ name }) => MEMORY_REQUESTS.has(name));
  // With the indices a backend that another QEMU hands over is not told of its memory either.
  const hasIndex = sent.some(({ name, vring }) => name === 'SET_VRING_BASE' && vring === 0);
  if (size === undefined || address === undefined || !hasIndex) return;
  if (memory !== undefined && memory.step < size.step) return;
  const who = nameOf(connection);
  const evidence = [{ line: features.line, role: 'the features of the device start' }];
  const expected = 'the memory table in front of the first vring';
  if (sendsTables(context, connection, features, requests)) {
    const [at, message] =
      memory === undefined
        ? [size, `${who} is given vrings, and no memory table in this start`]
        : [memory, `${who} gets its memory table behind its vrings`];
    yield { at, message, expected, evidence, from: features, to: memory ?? address };
    return;
  }
  const [first] = requests;
  const isFirst = !requests.some(
    ({ name, step }) => MEMORY_REQUESTS.has(name) && step < features.step,
  );
  if (first?.greeting === 0 || first === undefined || !isFirst) return;
  if (memory !== undefined && covers(memory, address)) {
    const message = `${who} gets the memory of its vrings behind them`;
    yield { at: memory, message, expected, evidence, from: first, to: memory };
  } else if (memory === undefined) {
    const missing = [
      'that guest memory is shared (share=on of its memory backend): of other memory QEMU tells nothing',
    ];
    const message = `${who} is given vrings, and no memory since it was connected`;
    yield { at: size, message, expected, evidence, from: first, to: address, missing };
  }
}

/** The whole table in each start; with CONFIGURE_MEM_SLOTS what has not changed is not sent again. */
function sendsTables(
  context: SessionContext,
  connection: Connection,
  features: Message,
  requests: readonly Message[],
): boolean {
  return requests.some(
    (request) =>
      (request.name === 'SET_MEM_TABLE' || isWithoutSlots(request)) &&
      isOfSameQemu(context, connection, request, features),
  );
}

function isWithoutSlots({ name, payload }: Message): boolean {
  const word = name === 'SET_PROTOCOL_FEATURES' ? bigintOf(payload.u64) : undefined;
  return word !== undefined && (word & CONFIGURE_MEM_SLOTS) === 0n;
}

/** VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS */
const CONFIGURE_MEM_SLOTS = 1n << 15n;

function covers(
  { name, payload }: Message,
  { payload: { desc_user_addr: ring } }: Message,
): boolean {
  const [at, first, size] = [ring, payload.userspace_addr, payload.memory_size].map(bigintOf);
  if (name !== 'ADD_MEM_REG') return false;
  return (
    at !== undefined &&
    first !== undefined &&
    size !== undefined &&
    at >= first &&
    at < first + size
  );
}

/** A backend that another QEMU hands over gets neither the features nor the index of a vring. */
function* withoutFeatures(
  connection: Connection,
  { requests: [size, index] }: SetUp,
  requests: readonly Message[],
): Generator<Fault> {
  const [first] = requests;
  if (first === undefined || first.greeting === 0 || size === undefined) return;
  if (index?.name !== 'SET_VRING_BASE') return;
  const before = requests.slice(0, requests.indexOf(size));
  if (before.some(({ name }) => name === 'SET_FEATURES' || name === 'SET_VRING_NUM')) return;
  yield {
    at: size,
    message: `${nameOf(connection)} is given vrings, and no features since it was connected`,
    expected: 'SET_FEATURES in front of the memory table and the vrings',
    evidence: [{ line: first.line, role: 'the connection begins' }],
    from: first,
    to: index,
  };
}

/** With several queue pairs these may be the features of the next one, of which no vring is set up. */
function* faultsOfFeatures(
  { connection, features, vrings, next: behind }: WireStart,
  requests: readonly Message[],
): Generator<Fault> {
  const isStatus = behind?.name === 'SET_STATUS';
  const next = isStatus ? nextOf(requests, requests.indexOf(behind)) : behind;
  if (next?.name !== 'SET_FEATURES' || next.enable !== features.enable) return;
  if (!requests.some(({ name }) => OF_ONE_DEVICE.has(name))) return;
  const enable = nextOf(requests, requests.indexOf(next));
  const isOfStart = enable?.name === 'SET_VRING_ENABLE' && enable.enable === true;
  if (!isOfStart || !vrings.includes(enable.vring)) return;
  yield {
    at: next,
    message: `${nameOf(connection)} gets its features behind its vrings`,
    expected: 'SET_FEATURES in front of the memory table and the vrings',
    evidence: [
      { line: features.line, role: 'the features before it, with the same LOG_ALL' },
      { line: enable.line, role: 'the vrings are enabled: the start goes on' },
    ],
    from: features,
    to: enable,
  };
}

/** Without LOG_ALL a start has no log base: see DS-LOGBASE-OFF. */
function* faultsOfLateBase({
  connection,
  features,
  vrings,
  next,
  base,
}: WireStart): Generator<Fault> {
  if (features.enable !== true || next === undefined || base === undefined || base === next) return;
  if (!vrings.some((vring = 0) => vring === 0)) return;
  yield {
    at: base,
    message: `${nameOf(connection)} starts with LOG_ALL, and gets the log base behind ${next.name}`,
    expected: `SET_LOG_BASE in front of ${next.name}`,
    evidence: [
      { line: features.line, role: 'the features of the device start' },
      { line: next.line, role: `${next.name}: the start gets past the log base` },
    ],
    from: features,
    to: base,
    missing: [
      ...(vrings.includes(0) ? [] : [`the vrings of the start (${MESSAGES_RECIPE})`]),
      ...(next.name === 'SET_STATUS' && !isReady(next)
        ? [`the payload of SET_STATUS (${MESSAGES_RECIPE})`]
        : []),
    ],
  };
}
