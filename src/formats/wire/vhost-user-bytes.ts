/**
 * Bytes on a vhost-user connection → header and payload of a message.
 *
 * Source: QEMU docs/interop/vhost-user.rst; hw/virtio/vhost-user.c, struct VhostUserMsg. Integers are
 * little-endian here: no capture of a big-endian host is known.
 * Not read: contents of the device's configuration, of a crypto session and of a mapping of shared memory.
 */
import type { VhostUserMessage } from '../../model/record.js';
import { backendRequests, frontendRequests } from '../../model/vhost-user-requests.js';
import type { PayloadShape } from '../../model/vhost-user-requests.js';

export const HEADER_BYTES = 12;

/** No payload is larger; more is something else that begins like a message. */
const MOST_PAYLOAD_BYTES = 4096;

const VERSION_MASK = 0x3;
const REPLY = 0x4;
/** Version, reply, need-reply; the others are reserved. */
const KNOWN_FLAGS = 0xf;

const VRING_INDEX_MASK = 0xffn;
const VRING_NO_FD = 0x100n;

/** The first twelve bytes of a message. */
export interface MessageHeader {
  readonly request: number;
  readonly flags: number;
  /** Bytes of the payload. */
  readonly size: number;
}

/** What a header means on the channel that it came over. */
export interface MessageKind {
  readonly name: string;
  readonly sender: VhostUserMessage['sender'];
  readonly shape: PayloadShape;
  /** Nothing but the payload tells SET_LOG_BASE from SHARED_OBJECT_ADD: QEMU gives the offset 0. */
  readonly isDoubtful?: true;
}

export type Payload = Readonly<Record<string, string>>;

/** Unsigned integers one behind the other; an empty name is padding. */
type Field = readonly [name: string, bytes: 1 | 2 | 4 | 8, radix: 10 | 16];

const REGION: readonly Field[] = [
  ['guest_phys_addr', 8, 16],
  ['memory_size', 8, 16],
  ['userspace_addr', 8, 16],
  ['mmap_offset', 8, 16],
];

const FIELDS: Readonly<Record<PayloadShape, readonly Field[]>> = {
  area: [
    ['u64', 8, 16],
    ['size', 8, 10],
    ['offset', 8, 10],
  ],
  config: [],
  'device-state': [
    ['direction', 4, 10],
    ['phase', 4, 10],
  ],
  file: [],
  inflight: [
    ['mmap_size', 8, 10],
    ['mmap_offset', 8, 10],
    ['num_queues', 2, 10],
    ['queue_size', 2, 10],
  ],
  iotlb: [
    ['iova', 8, 16],
    ['size', 8, 10],
    ['uaddr', 8, 16],
    ['perm', 1, 10],
    ['type', 1, 10],
  ],
  log: [
    ['mmap_size', 8, 10],
    ['mmap_offset', 8, 10],
  ],
  mapping: [],
  memory: [
    ['nregions', 4, 10],
    ['', 4, 10],
  ],
  none: [],
  region: [['', 8, 10], ...REGION],
  session: [],
  state: [
    ['index', 4, 10],
    ['num', 4, 10],
  ],
  u64: [['u64', 8, 16]],
  uuid: [],
  'vring-addr': [
    ['index', 4, 10],
    ['flags', 4, 10],
    ['desc_user_addr', 8, 16],
    ['used_user_addr', 8, 16],
    ['avail_user_addr', 8, 16],
    ['log_guest_addr', 8, 16],
  ],
};

const REGION_BYTES = 32;

/** Does a payload of this shape have that many bytes? */
function fits(shape: PayloadShape, size: number): boolean {
  switch (shape) {
    case 'none':
      return size === 0;
    case 'u64':
    case 'file':
    case 'state':
    case 'device-state':
      return size === 8;
    case 'log':
    case 'uuid':
      return size === 16;
    case 'area':
      return size === 24;
    // QEMU's struct ends in padding, that of others is packed.
    case 'inflight':
      return size === 20 || size === 24;
    case 'iotlb':
      return size === 26 || size === 32;
    case 'vring-addr':
    case 'region':
    case 'mapping':
      return size === 40;
    case 'memory':
      return size > 8 && size % REGION_BYTES === 8;
    case 'config':
      return size >= 12 && size <= 12 + 256;
    case 'session':
      return size > 8;
  }
}

/** The header in the first twelve bytes, or undefined when they are no plausible one. */
export function headerOf(bytes: Uint8Array): MessageHeader | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  const request = view.getUint32(0, true);
  const flags = view.getUint32(4, true);
  const size = view.getUint32(8, true);
  if ((flags & VERSION_MASK) !== 1 || (flags & ~KNOWN_FLAGS) !== 0) return undefined;
  if (request === 0 || size > MOST_PAYLOAD_BYTES) return undefined;
  return { request, flags, size };
}

export function isReply({ flags }: MessageHeader): boolean {
  return (flags & REPLY) !== 0;
}

/** As a request of that side, when it has one with this id and a payload of this size. */
export function requestKind(
  sender: 'frontend' | 'backend',
  { request: id, size }: MessageHeader,
): MessageKind | undefined {
  const request = (sender === 'frontend' ? frontendRequests : backendRequests)[id];
  if (request === undefined || !fits(request.payload, size)) return undefined;
  return { name: request.name, sender, shape: request.payload };
}

/**
 * As an answer to the frontend, when one has this size: what was asked for, a u64 of success, or a file descriptor
 * only.
 */
export function replyKind({ request: id, size }: MessageHeader): MessageKind | undefined {
  const request = frontendRequests[id];
  if (request === undefined) return undefined;
  const shapes: readonly PayloadShape[] = [request.answer, 'u64', request.payload, 'none'];
  const shape = shapes.find((candidate) => fits(candidate, size));
  return shape === undefined ? undefined : { name: request.name, sender: 'reply', shape };
}

/**
 * On a channel of the frontend, whatever the size. Of an acknowledgement QEMU reads the first eight bytes and
 * asks for no size: hw/virtio/vhost-user.c, process_message_reply(). Else such a payload tells nothing.
 */
export function kindOfAnySize(header: MessageHeader): MessageKind | undefined {
  const request = frontendRequests[header.request];
  if (request === undefined) return undefined;
  const { name, answer } = request;
  if (!isReply(header)) return { name, sender: 'frontend', shape: 'none' };
  return { name, sender: 'reply', shape: answer === 'u64' && header.size > 8 ? 'u64' : 'none' };
}

/** The members of a payload, as far as their bytes are there. */
export function payloadOf({ shape, isDoubtful }: MessageKind, bytes: Uint8Array): Payload {
  if (shape === 'file') {
    const word = unsigned(bytes, 0, 8);
    return word === undefined ? {} : vringFile(word);
  }
  if (shape === 'uuid') return bytes.length < 16 ? {} : { uuid: hexOf(bytes.subarray(0, 16)) };
  const payload = members(FIELDS[shape], bytes, '');
  if (isDoubtful === true && payload.mmap_offset !== '0') return {};
  return shape === 'memory' ? { ...payload, ...regions(bytes) } : payload;
}

/** The word of SET_VRING_KICK, SET_VRING_CALL and SET_VRING_ERR: ring and whether a file came along. */
export function vringFile(word: bigint): Payload {
  const index = word & VRING_INDEX_MASK;
  return { index: index.toString(), nofd: (word & VRING_NO_FD) === 0n ? '0' : '1' };
}

// SET_MEM_TABLE: only regions that are there with all their members.
function regions(bytes: Uint8Array): Payload {
  const count = Number(unsigned(bytes, 0, 4) ?? 0n);
  const found: Record<string, string> = {};
  for (let i = 0; i < count; i++) {
    const at = 8 + i * REGION_BYTES;
    if (bytes.length < at + REGION_BYTES) break;
    Object.assign(found, members(REGION, bytes.subarray(at), `regions[${i}].`));
  }
  return found;
}

function members(fields: readonly Field[], bytes: Uint8Array, prefix: string): Payload {
  const found: Record<string, string> = {};
  let at = 0;
  for (const [name, width, radix] of fields) {
    const value = unsigned(bytes, at, width);
    if (value === undefined) break;
    at += width;
    if (name === '') continue;
    found[`${prefix}${name}`] = radix === 16 ? `0x${value.toString(16)}` : value.toString();
  }
  return found;
}

function unsigned(bytes: Uint8Array, at: number, width: 1 | 2 | 4 | 8): bigint | undefined {
  if (bytes.length < at + width) return undefined;
  const view = viewOf(bytes);
  switch (width) {
    case 1:
      return BigInt(view.getUint8(at));
    case 2:
      return BigInt(view.getUint16(at, true));
    case 4:
      return BigInt(view.getUint32(at, true));
    case 8:
      return view.getBigUint64(at, true);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
