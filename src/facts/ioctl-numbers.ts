/**
 * Number of a vhost ioctl → its name and what it means.
 *
 * Source: Linux include/uapi/linux/vhost.h; include/uapi/asm-generic/ioctl.h for the layout of the number (x86, arm64
 * and others; powerpc, mips, sparc and alpha place the direction elsewhere).
 */
import type { FactKind } from '../model/fact.js';

export interface IoctlRow {
  /** `VHOST_SET_FEATURES` */
  readonly name: string;
  readonly kind: FactKind;
}

/** VHOST_VIRTIO, the type byte of all of them. */
const VHOST_TYPE = 0xafn;

/** Bit 31: the kernel writes to the caller. */
const READ = 1n << 31n;

type Row = string | readonly [name: string, kind: FactKind];

const rows: Readonly<Record<number, Row>> = {
  0x00: ['VHOST_SET_FEATURES', 'op_set_features'],
  0x01: 'VHOST_SET_OWNER',
  0x02: 'VHOST_RESET_OWNER',
  0x03: ['VHOST_SET_MEM_TABLE', 'op_set_mem_table'],
  0x04: ['VHOST_SET_LOG_BASE', 'op_set_log_base'],
  0x07: 'VHOST_SET_LOG_FD',
  0x08: 'VHOST_NEW_WORKER',
  0x09: 'VHOST_FREE_WORKER',
  0x10: 'VHOST_SET_VRING_NUM',
  0x11: ['VHOST_SET_VRING_ADDR', 'op_set_vring_addr'],
  0x12: 'VHOST_SET_VRING_BASE',
  0x13: 'VHOST_SET_VRING_ENDIAN',
  0x14: 'VHOST_GET_VRING_ENDIAN',
  0x15: 'VHOST_ATTACH_VRING_WORKER',
  0x16: 'VHOST_GET_VRING_WORKER',
  0x20: 'VHOST_SET_VRING_KICK',
  0x21: 'VHOST_SET_VRING_CALL',
  0x22: 'VHOST_SET_VRING_ERR',
  0x23: 'VHOST_SET_VRING_BUSYLOOP_TIMEOUT',
  0x24: 'VHOST_GET_VRING_BUSYLOOP_TIMEOUT',
  0x25: 'VHOST_SET_BACKEND_FEATURES',
  0x26: 'VHOST_GET_BACKEND_FEATURES',
  0x30: ['VHOST_NET_SET_BACKEND', 'op_net_set_backend'],
  0x40: 'VHOST_SCSI_SET_ENDPOINT',
  0x41: 'VHOST_SCSI_CLEAR_ENDPOINT',
  0x42: 'VHOST_SCSI_GET_ABI_VERSION',
  0x43: 'VHOST_SCSI_SET_EVENTS_MISSED',
  0x44: 'VHOST_SCSI_GET_EVENTS_MISSED',
  0x60: 'VHOST_VSOCK_SET_GUEST_CID',
  0x61: 'VHOST_VSOCK_SET_RUNNING',
  0x70: 'VHOST_VDPA_GET_DEVICE_ID',
  0x71: 'VHOST_VDPA_GET_STATUS',
  0x72: 'VHOST_VDPA_SET_STATUS',
  0x73: 'VHOST_VDPA_GET_CONFIG',
  0x74: 'VHOST_VDPA_SET_CONFIG',
  0x75: 'VHOST_VDPA_SET_VRING_ENABLE',
  0x76: 'VHOST_VDPA_GET_VRING_NUM',
  0x77: 'VHOST_VDPA_SET_CONFIG_CALL',
  0x78: 'VHOST_VDPA_GET_IOVA_RANGE',
  0x79: 'VHOST_VDPA_GET_CONFIG_SIZE',
  0x7d: 'VHOST_VDPA_SUSPEND',
  0x7e: 'VHOST_VDPA_RESUME',
};

/** Those that share their number with a write, and differ in the direction. */
const reads: Readonly<Record<number, Row>> = {
  0x00: 'VHOST_GET_FEATURES',
  0x12: ['VHOST_GET_VRING_BASE', 'op_get_vring_base'],
};

/** Undefined for a number that is no vhost ioctl, or one that is not known. */
export function vhostIoctl(number: bigint): IoctlRow | undefined {
  if (!isVhostIoctl(number)) return undefined;
  const nr = Number(number & 0xffn);
  const row = (number & READ) === 0n ? rows[nr] : (reads[nr] ?? rows[nr]);
  if (row === undefined) return undefined;
  return typeof row === 'string'
    ? { name: row, kind: 'vhost_ioctl' }
    : { name: row[0], kind: row[1] };
}

export function isVhostIoctl(number: bigint): boolean {
  return ((number >> 8n) & 0xffn) === VHOST_TYPE;
}
