/**
 * What values mean to a person: features words by the names of their bits, log sizes as guest memory,
 * device status, requests.
 *
 * Sources: Linux include/uapi/linux/virtio_config.h, virtio_ring.h, vhost_types.h; QEMU
 * include/exec/memory.h (GLOBAL_DIRTY_*), hw/virtio/vhost.c (VHOST_LOG_CHUNK).
 */
import type { Fact, FactKind } from '../model/fact.js';
import { bigintOf, isFeatures } from '../model/values.js';
import { CHUNK_BYTES } from '../model/constants.js';
import { frontendRequests } from '../model/vhost-user-requests.js';

type BitNames = Readonly<Record<number, string>>;

/** Bits that mean the same for every device; those below 24 and above 49 depend on its type. */
const FEATURES: BitNames = {
  24: 'NOTIFY_ON_EMPTY',
  26: 'LOG_ALL',
  27: 'ANY_LAYOUT',
  28: 'INDIRECT_DESC',
  29: 'EVENT_IDX',
  30: 'PROTOCOL_FEATURES',
  32: 'VERSION_1',
  33: 'ACCESS_PLATFORM',
  34: 'RING_PACKED',
  35: 'IN_ORDER',
  36: 'ORDER_PLATFORM',
  37: 'SR_IOV',
  38: 'NOTIFICATION_DATA',
  39: 'NOTIF_CONFIG_DATA',
  40: 'RING_RESET',
  41: 'ADMIN_VQ',
};

const STATUS: BitNames = {
  0: 'ACKNOWLEDGE',
  1: 'DRIVER',
  2: 'DRIVER_OK',
  3: 'FEATURES_OK',
  6: 'NEEDS_RESET',
  7: 'FAILED',
};

/** Users of dirty tracking. Source: include/exec/memory.h of QEMU 6.1 to 10.2. */
const DIRTY: BitNames = { 0: 'MIGRATION', 1: 'DIRTY_RATE', 2: 'DIRTY_LIMIT' };

const VRING: BitNames = { 0: 'F_LOG' };

type Meaning = (value: bigint) => string | undefined;

const chunks: Meaning = (size) =>
  `${size} chunks, ${bytesText(size * CHUNK_BYTES)} of guest memory`;
/** `last` is the last byte that is looked at; all ones is "to the end". */
const lastByte: Meaning = (last) =>
  last === 2n ** 64n - 1n ? 'all of guest memory' : `up to ${bytesText(last + 1n)}`;

/** Meanings of the one value of a fact, see `FunctionRow.value` and `EventRow.value`. */
const meanings: Partial<Record<FactKind, Meaning>> = {
  op_set_features: (word) => (isFeatures(word) ? bitsText(word, FEATURES) : undefined),
  op_set_vring_addr: (flags) => bitsText(flags, VRING),
  op_set_log_base: hex,
  vhost_dev_sync_region: hex,
  vhost_dev_log_resize: chunks,
  vhost_log_get: chunks,
  vhost_log_alloc: chunks,
  vhost_sync_dirty_bitmap: lastByte,
  vhost_log_sync_range: lastByte,
  virtio_set_status: (status) => (status === 0n ? 'reset' : bitsText(status, STATUS)),
  global_dirty_changed: (mask) => bitsText(mask, DIRTY),
  vhost_user_write: requestText,
  vhost_user_read: requestText,
  migrate_pending: bytesText,
};

/** What the value of a fact means, where that says more than the value; undefined elsewhere. */
export function meaningOf({
  kind,
  role,
  value,
}: Pick<Fact, 'kind' | 'role' | 'value'>): string | undefined {
  // In a message it is the length of the bitmap, in a call its address.
  if (role === 'wire' && kind === 'op_set_log_base') return undefined;
  const number = bigintOf(value);
  return number === undefined || number < 0n ? undefined : meanings[kind]?.(number);
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** `LOG_ALL VERSION_1 +bits 1 2 6`: names first, highest bit last; `none` for no bit. */
function bitsText(word: bigint, names: BitNames): string {
  const named: string[] = [];
  const others: number[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if (((word >> BigInt(bit)) & 1n) === 0n) continue;
    const name = names[bit];
    if (name === undefined) others.push(bit);
    else named.push(name);
  }
  if (others.length > 0) named.push(`+bit${others.length > 1 ? 's' : ''} ${others.join(' ')}`);
  return named.length === 0 ? 'none' : named.join(' ');
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `7 GiB`, `64 MiB`, `1.5 GiB`: binary units, one digit where it does not divide. */
function bytesText(bytes: bigint): string {
  let unit = 0;
  let size = bytes;
  let rest = 0n;
  while (size >= 1024n && unit < UNITS.length - 1) {
    rest = size % 1024n;
    size /= 1024n;
    unit++;
  }
  const tenths = (rest * 10n) / 1024n;
  return `${size}${tenths > 0n ? `.${tenths}` : ''} ${UNITS[unit] ?? ''}`;
}

function requestText(id: bigint): string | undefined {
  return frontendRequests[Number(id)]?.name;
}
