/**
 * vhost-user requests → protocol facts, one row each. Requests without a row are `vhost_user_message`.
 *
 * Source: QEMU docs/interop/vhost-user.rst; hw/virtio/vhost-user.c for what QEMU puts into them
 * (QEMU 2.1 to 10.2).
 */
import type { FactKind } from '../../model/fact.js';

/** What a vhost-user request means. */
export interface RequestRow {
  readonly kind: FactKind;
  /** Member of the payload that matters. */
  readonly value?: string;
  /** Member with the index of the vring. */
  readonly vring?: string;
  /** Member with the one boolean, and its bit; without a bit any value but 0 is true. */
  readonly enable?: { readonly member: string; readonly bit?: number };
}

/** VHOST_F_LOG_ALL in the features word. */
const LOG_ALL_BIT = 26;

/** VHOST_VRING_F_LOG in the flags of a vring. */
const VRING_LOG_BIT = 0;

const OTHER: RequestRow = { kind: 'vhost_user_message' };

const ofRing = (value: string): RequestRow => ({
  kind: 'vhost_user_message',
  vring: 'index',
  value,
});
const ofWord: RequestRow = { kind: 'vhost_user_message', value: 'u64' };

/** Every request that has a row, by its name without prefix. */
export const requestTable: Readonly<Record<string, RequestRow>> = {
  SET_FEATURES: {
    kind: 'op_set_features',
    value: 'u64',
    enable: { member: 'u64', bit: LOG_ALL_BIT },
  },
  SET_MEM_TABLE: { kind: 'op_set_mem_table', value: 'nregions' },
  SET_LOG_BASE: { kind: 'op_set_log_base', value: 'mmap_size' },
  SET_VRING_ADDR: {
    kind: 'op_set_vring_addr',
    vring: 'index',
    value: 'flags',
    enable: { member: 'flags', bit: VRING_LOG_BIT },
  },
  GET_VRING_BASE: { kind: 'op_get_vring_base', vring: 'index' },
  SET_VRING_ENABLE: { kind: 'op_set_vring_enable', vring: 'index', enable: { member: 'num' } },
  SET_VRING_NUM: ofRing('num'),
  SET_VRING_BASE: ofRing('num'),
  SET_VRING_ENDIAN: ofRing('num'),
  SET_VRING_KICK: ofRing('nofd'),
  SET_VRING_CALL: ofRing('nofd'),
  SET_VRING_ERR: ofRing('nofd'),
  VRING_KICK: ofRing('num'),
  SET_PROTOCOL_FEATURES: ofWord,
  SET_STATUS: ofWord,
  NET_SET_MTU: ofWord,
  SEND_RARP: ofWord,
  ADD_MEM_REG: { kind: 'vhost_user_message', value: 'guest_phys_addr' },
  REM_MEM_REG: { kind: 'vhost_user_message', value: 'guest_phys_addr' },
  SET_DEVICE_STATE_FD: { kind: 'vhost_user_message', value: 'direction' },
};

/** The row of a request by its name without prefix. */
export function requestRow(name: string): RequestRow {
  return Object.hasOwn(requestTable, name) ? (requestTable[name] ?? OTHER) : OTHER;
}
