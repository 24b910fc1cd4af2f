/**
 * ioctls of vhost devices, by name and by number, one row each.
 *
 * Source: Linux include/uapi/linux/vhost.h (2.6.34 to 6.18) for names, directions and numbers.
 */
import type { Backend, FactKind } from '../../model/fact.js';

/** One ioctl of a vhost device. */
export interface IoctlRow {
  /** `VHOST_SET_FEATURES` */
  readonly name: string;
  readonly kind: FactKind;
  readonly backend: Backend;
  readonly direction: Direction;
  readonly number: number;
}

/** Who writes: `read` is the kernel's answer, `write` the caller's argument. */
type Direction = 'none' | 'write' | 'read' | 'both';

type Row = readonly [number: number, direction: Direction, kind?: FactKind];

const KERNEL: Readonly<Record<string, Row>> = {
  GET_FEATURES: [0x00, 'read'],
  SET_FEATURES: [0x00, 'write', 'op_set_features'],
  SET_OWNER: [0x01, 'none'],
  RESET_OWNER: [0x02, 'none'],
  SET_MEM_TABLE: [0x03, 'write', 'op_set_mem_table'],
  SET_LOG_BASE: [0x04, 'write', 'op_set_log_base'],
  SET_LOG_FD: [0x07, 'write'],
  NEW_WORKER: [0x08, 'read'],
  FREE_WORKER: [0x09, 'write'],
  SET_VRING_NUM: [0x10, 'write'],
  SET_VRING_ADDR: [0x11, 'write', 'op_set_vring_addr'],
  SET_VRING_BASE: [0x12, 'write'],
  GET_VRING_BASE: [0x12, 'both', 'op_get_vring_base'],
  SET_VRING_ENDIAN: [0x13, 'write'],
  GET_VRING_ENDIAN: [0x14, 'write'],
  ATTACH_VRING_WORKER: [0x15, 'write'],
  GET_VRING_WORKER: [0x16, 'both'],
  SET_VRING_KICK: [0x20, 'write'],
  SET_VRING_CALL: [0x21, 'write'],
  SET_VRING_ERR: [0x22, 'write'],
  SET_VRING_BUSYLOOP_TIMEOUT: [0x23, 'write'],
  GET_VRING_BUSYLOOP_TIMEOUT: [0x24, 'write'],
  SET_BACKEND_FEATURES: [0x25, 'write'],
  GET_BACKEND_FEATURES: [0x26, 'read'],
  NET_SET_BACKEND: [0x30, 'write', 'op_net_set_backend'],
  SCSI_SET_ENDPOINT: [0x40, 'write'],
  SCSI_CLEAR_ENDPOINT: [0x41, 'write'],
  SCSI_GET_ABI_VERSION: [0x42, 'write'],
  SCSI_SET_EVENTS_MISSED: [0x43, 'write'],
  SCSI_GET_EVENTS_MISSED: [0x44, 'write'],
  VSOCK_SET_GUEST_CID: [0x60, 'write'],
  VSOCK_SET_RUNNING: [0x61, 'write'],
  GET_FEATURES_ARRAY: [0x83, 'read'],
  SET_FEATURES_ARRAY: [0x83, 'write', 'op_set_features'],
  SET_FORK_FROM_OWNER: [0x84, 'write'],
  GET_FORK_FROM_OWNER: [0x85, 'read'],
};

const VDPA: Readonly<Record<string, Row>> = {
  GET_DEVICE_ID: [0x70, 'read'],
  GET_STATUS: [0x71, 'read'],
  SET_STATUS: [0x72, 'write'],
  GET_CONFIG: [0x73, 'read'],
  SET_CONFIG: [0x74, 'write'],
  SET_VRING_ENABLE: [0x75, 'write', 'op_set_vring_enable'],
  GET_VRING_NUM: [0x76, 'read'],
  SET_CONFIG_CALL: [0x77, 'write'],
  GET_IOVA_RANGE: [0x78, 'read'],
  GET_CONFIG_SIZE: [0x79, 'read'],
  GET_AS_NUM: [0x7a, 'read'],
  GET_VRING_GROUP: [0x7b, 'both'],
  SET_GROUP_ASID: [0x7c, 'write'],
  SUSPEND: [0x7d, 'none'],
  RESUME: [0x7e, 'none'],
  GET_VRING_DESC_GROUP: [0x7f, 'both'],
  GET_VQS_COUNT: [0x80, 'read'],
  GET_GROUP_NUM: [0x81, 'read'],
  GET_VRING_SIZE: [0x82, 'both'],
};

function* group(
  rows: Readonly<Record<string, Row>>,
  prefix: string,
  backend: Backend,
): Generator<IoctlRow> {
  for (const [name, [number, direction, kind = 'vhost_ioctl']] of Object.entries(rows)) {
    yield { name: `${prefix}${name}`, kind, backend, direction, number };
  }
}

/** Every known ioctl. */
export const ioctlTable: readonly IoctlRow[] = [
  ...group(KERNEL, 'VHOST_', 'kernel'),
  ...group(VDPA, 'VHOST_VDPA_', 'vdpa'),
];

const byName = new Map(ioctlTable.map((row) => [row.name, row]));
const byNumber = new Map(ioctlTable.map((row) => [`${row.direction} ${row.number}`, row]));

export function ioctlByName(name: string): IoctlRow | undefined {
  return byName.get(name);
}

/** type of every vhost ioctl, VHOST_VIRTIO */
const VHOST_TYPE = 0xafn;

/** Directions by the three upper bits of a command word, the third of which is the size's in the generic encoding. */
type Encoding = ReadonlyMap<bigint, Direction>;

/** include/uapi/asm-generic/ioctl.h: x86, arm64, s390x, riscv. No size of vhost reaches up to the third bit. */
const GENERIC: Encoding = new Map<bigint, Direction>([
  [0n, 'none'],
  [2n, 'write'],
  [4n, 'read'],
  [6n, 'both'],
]);

/** arch/powerpc/include/uapi/asm/ioctl.h; the same in mips, sparc and alpha. */
const POWERPC: Encoding = new Map<bigint, Direction>([
  [1n, 'none'],
  [2n, 'read'],
  [4n, 'write'],
  [6n, 'both'],
]);

/**
 * Reads the command words of a capture, `0x4008af00`: type, number and direction decide, the size of the argument
 * does not, nor what a register holds above 32 bits.
 *
 * Most words are known in one encoding only, and tell which one the machine has; those of features are known in
 * both, and are read as the words before. Where none came before, the machine is taken for one of the many.
 */
export class CommandWords {
  private encoding = GENERIC;

  /** Undefined for other devices' and for unknown ones. */
  rowOf(command: bigint): IoctlRow | undefined {
    const isGeneric = ioctlByNumber(command) !== undefined;
    const isPowerpc = rowIn(POWERPC, command) !== undefined;
    if (isGeneric !== isPowerpc) this.encoding = isGeneric ? GENERIC : POWERPC;
    return rowIn(this.encoding, command);
  }
}

/** The ioctl of a command word in the generic encoding, likewise. */
export function ioctlByNumber(command: bigint): IoctlRow | undefined {
  return rowIn(GENERIC, command);
}

function rowIn(encoding: Encoding, command: bigint): IoctlRow | undefined {
  if (!isVhostIoctl(command)) return undefined;
  const direction = encoding.get((command >> 29n) & 7n);
  return direction === undefined ? undefined : byNumber.get(`${direction} ${command & 0xffn}`);
}

/** Is it for a vhost device, known or not? */
export function isVhostIoctl(command: bigint): boolean {
  return ((command >> 8n) & 0xffn) === VHOST_TYPE;
}
