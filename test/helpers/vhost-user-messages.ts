/**
 * vhost-user messages as bytes, and bytes as strace prints them; written from the protocol's document
 * and from strace's string_quote() alone.
 */
import fc from 'fast-check';
import { littleEndian } from '../model/wire-bytes.js';

/** Members in order with their bytes; a name that begins with `-` is padding. */
type Layout = readonly (readonly [member: string, bytes: number])[];

const STATE: Layout = [
  ['index', 4],
  ['num', 4],
];
const U64: Layout = [['u64', 8]];
const LOG: Layout = [
  ['mmap_size', 8],
  ['mmap_offset', 8],
];
const REGION: Layout = [
  ['guest_phys_addr', 8],
  ['memory_size', 8],
  ['userspace_addr', 8],
  ['mmap_offset', 8],
];
const MEM_REG: Layout = [['-padding', 8], ...REGION];
const MEM_TABLE: Layout = [
  ['nregions', 4],
  ['-padding', 4],
  ...[0, 1].flatMap((i) =>
    REGION.map(([name, bytes]) => [`regions[${i}].${name}`, bytes] as const),
  ),
];
const VRING_ADDR: Layout = [
  ['index', 4],
  ['flags', 4],
  ['desc_user_addr', 8],
  ['used_user_addr', 8],
  ['avail_user_addr', 8],
  ['log_guest_addr', 8],
];
const INFLIGHT: Layout = [
  ['mmap_size', 8],
  ['mmap_offset', 8],
  ['num_queues', 2],
  ['queue_size', 2],
];
const IOTLB: Layout = [
  ['iova', 8],
  ['size', 8],
  ['uaddr', 8],
  ['perm', 1],
  ['type', 1],
  ['-padding', 6],
];

export interface KnownRequest {
  readonly id: number;
  readonly name: string;
  readonly layout: Layout;
}

/** Requests of the frontend, with the payload that it sends. */
export const known: readonly KnownRequest[] = (
  [
    [1, 'GET_FEATURES', []],
    [2, 'SET_FEATURES', U64],
    [3, 'SET_OWNER', []],
    [4, 'RESET_OWNER', []],
    [5, 'SET_MEM_TABLE', MEM_TABLE],
    [6, 'SET_LOG_BASE', LOG],
    [7, 'SET_LOG_FD', []],
    [8, 'SET_VRING_NUM', STATE],
    [9, 'SET_VRING_ADDR', VRING_ADDR],
    [10, 'SET_VRING_BASE', STATE],
    [11, 'GET_VRING_BASE', STATE],
    [12, 'SET_VRING_KICK', [['word', 8]]],
    [13, 'SET_VRING_CALL', [['word', 8]]],
    [14, 'SET_VRING_ERR', [['word', 8]]],
    [15, 'GET_PROTOCOL_FEATURES', []],
    [16, 'SET_PROTOCOL_FEATURES', U64],
    [17, 'GET_QUEUE_NUM', []],
    [18, 'SET_VRING_ENABLE', STATE],
    [19, 'SEND_RARP', U64],
    [20, 'NET_SET_MTU', U64],
    [21, 'SET_BACKEND_REQ_FD', []],
    [22, 'IOTLB_MSG', IOTLB],
    [23, 'SET_VRING_ENDIAN', STATE],
    [24, 'GET_CONFIG', [['-config', 72]]],
    [25, 'SET_CONFIG', [['-config', 13]]],
    [26, 'CREATE_CRYPTO_SESSION', [['-session', 1048]]],
    [27, 'CLOSE_CRYPTO_SESSION', U64],
    [28, 'POSTCOPY_ADVISE', []],
    [29, 'POSTCOPY_LISTEN', []],
    [30, 'POSTCOPY_END', []],
    [31, 'GET_INFLIGHT_FD', INFLIGHT],
    [32, 'SET_INFLIGHT_FD', [...INFLIGHT, ['-padding', 4]]],
    [33, 'GPU_SET_SOCKET', []],
    [34, 'RESET_DEVICE', []],
    [35, 'VRING_KICK', STATE],
    [36, 'GET_MAX_MEM_SLOTS', []],
    [37, 'ADD_MEM_REG', MEM_REG],
    [38, 'REM_MEM_REG', MEM_REG],
    [39, 'SET_STATUS', U64],
    [40, 'GET_STATUS', []],
    [41, 'GET_SHARED_OBJECT', [['-uuid', 16]]],
    [
      42,
      'SET_DEVICE_STATE_FD',
      [
        ['direction', 4],
        ['phase', 4],
      ],
    ],
    [43, 'CHECK_DEVICE_STATE', []],
  ] as const
).map(([id, name, layout]) => ({ id, name, layout }));

export interface SampleMessage {
  readonly request: KnownRequest;
  readonly needReply: boolean;
  /** By member, in the order of the layout. */
  readonly values: readonly bigint[];
}

function integers(layout: Layout): fc.Arbitrary<readonly bigint[]> {
  return fc.tuple(
    ...layout.map(([member, bytes]) => {
      if (member === 'nregions') return fc.constant(2n);
      return fc.bigInt({ min: 0n, max: 2n ** BigInt(8 * Math.min(bytes, 8)) - 1n });
    }),
  );
}

export const sampleMessage: fc.Arbitrary<SampleMessage> = fc
  .constantFrom(...known)
  .chain((request) =>
    fc.record({
      request: fc.constant(request),
      needReply: fc.boolean(),
      values: integers(request.layout),
    }),
  );

export function payloadBytes({ request, values }: SampleMessage): readonly number[] {
  return littleEndian(...request.layout.map(([, bytes], i) => [values[i] ?? 0n, bytes] as const));
}

/** What the payload must read as: every member as a number. */
export function expectedPayload({
  request,
  values,
}: SampleMessage): Readonly<Record<string, bigint>> {
  if (request.layout[0]?.[0] === 'word') {
    const word = values[0] ?? 0n;
    return { index: word & 0xffn, nofd: (word >> 8n) & 1n };
  }
  const members = request.layout.map(([member], i) => [member, values[i] ?? 0n] as const);
  return Object.fromEntries(members.filter(([member]) => !member.startsWith('-')));
}
