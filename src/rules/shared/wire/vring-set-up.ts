/**
 * How a device start sets up one vring of a vhost-user backend.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_virtqueue_start(): size, index, addresses and kick, of which none is sent elsewhere but
 * the addresses, in vhost_dev_set_log(), right behind the features.
 */
import { bigintOf } from '../../../model/values.js';
import type { Mark } from '../../rule.js';
import { answerTo, asksForReply, MEMORY_REQUESTS, nameOf, VRING_REQUESTS } from './messages.js';
import type { Connection, Message } from './messages.js';
import { vringSetUp } from './starts.js';
import type { WireStart } from './starts.js';

/** One vring as vhost_virtqueue_start() sets it up. */
export interface SetUp {
  readonly vring: number;
  /** From its size on; another size is of another one. */
  readonly requests: readonly Message[];
  readonly before: Message | undefined;
  readonly next: Message | undefined;
}

/** What is wrong with an order: the message that shows it, and what is to be said of it. */
export interface Fault {
  readonly at: Message;
  readonly vring?: number;
  readonly message: string;
  readonly expected: string;
  readonly evidence: readonly Mark[];
  /** From the first to the last message on which it rests nothing may be missing. */
  readonly from: Message;
  readonly to: Message;
  readonly missing?: readonly string[];
}

export function* setUpsOf(requests: readonly Message[]): Generator<SetUp> {
  for (const [i, size] of requests.entries()) {
    if (size.name !== 'SET_VRING_NUM') continue;
    const vring = vringSetUp(size, requests[i + 1]);
    if (vring === undefined) continue;
    let end = i + 1;
    while (isOfSetUp(requests[end], vring)) end++;
    yield { vring, requests: requests.slice(i, end), before: requests[i - 1], next: requests[end] };
  }
}

/** Without REPLY_ACK QEMU waits with GET_FEATURES for a vring that logs; how it is called the guest may change at any time. */
function isOfSetUp(request: Message | undefined, vring: number): boolean {
  if (request === undefined || request.name === 'SET_VRING_NUM') return false;
  if (BESIDE.has(request.name)) return true;
  return VRING_REQUESTS.has(request.name) && (request.vring ?? vring) === vring;
}

const BESIDE: ReadonlySet<string> = new Set(['GET_FEATURES', 'SET_VRING_CALL', 'SET_VRING_ERR']);

export function* faultsOfVring(
  connection: Connection,
  { vring, requests, before, next }: SetUp,
): Generator<Fault> {
  const [size] = requests;
  if (size === undefined) return;
  const who = `vring ${vring} of ${nameOf(connection)}`;
  const find = (name: string): Message | undefined => requests.find((one) => one.name === name);
  const [index, address, kick] = [
    find('SET_VRING_BASE'),
    find('SET_VRING_ADDR'),
    find('SET_VRING_KICK'),
  ];
  const evidence = [{ line: size.line, role: 'the vring is set up from here on' }];
  if (before?.name === 'SET_VRING_BASE' && before.vring === vring) {
    const message = `${who} gets its index before its size`;
    const expected = 'SET_VRING_NUM in front of SET_VRING_BASE';
    yield { at: before, vring, message, expected, evidence, from: before, to: size };
  }
  if (index !== undefined && address !== undefined && address.step < index.step) {
    const message = `${who} gets its index behind its addresses`;
    const expected = 'SET_VRING_BASE in front of SET_VRING_ADDR';
    yield { at: index, vring, message, expected, evidence, from: size, to: index };
  }
  if (kick !== undefined && (address === undefined || kick.step < address.step)) {
    const message = `${who} is kicked, and not addressed before`;
    const expected = 'SET_VRING_ADDR in front of SET_VRING_KICK';
    yield { at: kick, vring, message, expected, evidence, from: size, to: kick };
  }
  if (address === undefined || kick !== undefined || next === undefined) return;
  yield {
    at: address,
    vring,
    message: `${who} is addressed, and ${next.name} follows in place of the kick`,
    expected: 'SET_VRING_KICK behind SET_VRING_ADDR',
    evidence: [...evidence, { line: next.line, role: 'QEMU goes on' }],
    from: size,
    to: next,
    missing: isTaken(connection, address, next)
      ? []
      : ['that the backend took SET_VRING_ADDR: the payload of its reply'],
  };
}

/** Nothing but vhost_virtqueue_start() sends an index, and right in front of it the size. */
export function* withoutSize(
  connection: Connection,
  requests: readonly Message[],
): Generator<Fault> {
  for (const [i, index] of requests.entries()) {
    const { name, vring } = index;
    if (name !== 'SET_VRING_BASE' || vring === undefined) continue;
    const before = requests.slice(0, i).findLast((one) => !BESIDE.has(one.name));
    const address = requests.slice(i + 1).find((one) => !BESIDE.has(one.name));
    if (before === undefined || before.name === 'SET_VRING_NUM') continue;
    if (address?.name !== 'SET_VRING_ADDR' || (address.vring ?? vring) !== vring) continue;
    yield {
      at: address,
      vring,
      message: `vring ${vring} of ${nameOf(connection)} is addressed, and its size is not set`,
      expected: 'SET_VRING_NUM in front of SET_VRING_BASE',
      evidence: [{ line: index.line, role: 'the vring is set up from here on' }],
      from: before,
      to: address,
    };
  }
}

/** A backend that another QEMU hands over is told of no index, and neither of features nor of memory. */
export function* withoutIndex({ connection, requests }: WireStart): Generator<Fault> {
  if (!requests.some(({ name }) => MEMORY_REQUESTS.has(name))) return;
  for (const { vring, requests: own, before } of setUpsOf(requests)) {
    const [size] = own;
    const address = own.find(({ name }) => name === 'SET_VRING_ADDR');
    if (size === undefined || address === undefined || before?.name === 'SET_VRING_BASE') continue;
    if (own.some(({ name }) => name === 'SET_VRING_BASE')) continue;
    yield {
      at: address,
      vring,
      message: `vring ${vring} of ${nameOf(connection)} is addressed, and never told which index it goes on from`,
      expected: 'SET_VRING_BASE in front of SET_VRING_ADDR',
      evidence: [{ line: size.line, role: 'the vring is set up from here on' }],
      from: size,
      to: address,
    };
  }
}

/** Addresses that the backend refuses end the start: then no other vring is set up, and no log is given to the device. */
function isTaken({ messages, isOfBackend }: Connection, address: Message, next: Message): boolean {
  if (asksForReply(address) === false || next.name === 'SET_VRING_NUM') return true;
  if (next.name === 'SET_LOG_BASE' && isOfBackend) return true;
  const answer = answerTo(messages, messages.indexOf(address));
  return bigintOf(answer?.payload.u64) === 0n;
}
