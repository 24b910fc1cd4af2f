/**
 * Requests of the vhost-user protocol: names by id, and what their payloads look like.
 *
 * Source: QEMU docs/interop/vhost-user.rst; hw/virtio/vhost-user.c, enum VhostUserRequest and
 * VhostUserBackendRequest, union VhostUserPayload (QEMU 2.1 to 11.0).
 */

/** The shapes of a payload; `payloadOf()` in vhost-user-bytes.ts reads them. */
export type PayloadShape =
  | 'area'
  | 'config'
  | 'device-state'
  | 'file'
  | 'inflight'
  | 'iotlb'
  | 'log'
  | 'mapping'
  | 'memory'
  | 'none'
  | 'region'
  | 'session'
  | 'state'
  | 'u64'
  | 'uuid'
  | 'vring-addr';

/** One request of the vhost-user protocol. */
export interface Request {
  readonly id: number;
  /** Without `VHOST_USER_`, and without `BACKEND_` for a request of the backend. */
  readonly name: string;
  readonly payload: PayloadShape;
  /** What the other side answers; an acknowledgement is a u64. */
  readonly answer: PayloadShape;
}

type Row = readonly [name: string, payload: PayloadShape, answer?: PayloadShape];

const FRONTEND: readonly Row[] = [
  ['NONE', 'none'],
  ['GET_FEATURES', 'none'],
  ['SET_FEATURES', 'u64'],
  ['SET_OWNER', 'none'],
  ['RESET_OWNER', 'none'],
  ['SET_MEM_TABLE', 'memory', 'memory'],
  ['SET_LOG_BASE', 'log', 'log'],
  ['SET_LOG_FD', 'none'],
  ['SET_VRING_NUM', 'state'],
  ['SET_VRING_ADDR', 'vring-addr'],
  ['SET_VRING_BASE', 'state'],
  ['GET_VRING_BASE', 'state', 'state'],
  ['SET_VRING_KICK', 'file'],
  ['SET_VRING_CALL', 'file'],
  ['SET_VRING_ERR', 'file'],
  ['GET_PROTOCOL_FEATURES', 'none'],
  ['SET_PROTOCOL_FEATURES', 'u64'],
  ['GET_QUEUE_NUM', 'none'],
  ['SET_VRING_ENABLE', 'state'],
  ['SEND_RARP', 'u64'],
  ['NET_SET_MTU', 'u64'],
  ['SET_BACKEND_REQ_FD', 'none'],
  ['IOTLB_MSG', 'iotlb'],
  ['SET_VRING_ENDIAN', 'state'],
  ['GET_CONFIG', 'config', 'config'],
  ['SET_CONFIG', 'config'],
  ['CREATE_CRYPTO_SESSION', 'session', 'session'],
  ['CLOSE_CRYPTO_SESSION', 'u64'],
  ['POSTCOPY_ADVISE', 'none'],
  ['POSTCOPY_LISTEN', 'none'],
  ['POSTCOPY_END', 'none'],
  ['GET_INFLIGHT_FD', 'inflight', 'inflight'],
  ['SET_INFLIGHT_FD', 'inflight'],
  ['GPU_SET_SOCKET', 'none'],
  ['RESET_DEVICE', 'none'],
  ['VRING_KICK', 'state'],
  ['GET_MAX_MEM_SLOTS', 'none'],
  ['ADD_MEM_REG', 'region', 'region'],
  ['REM_MEM_REG', 'region'],
  ['SET_STATUS', 'u64'],
  ['GET_STATUS', 'none'],
  ['GET_SHARED_OBJECT', 'uuid'],
  ['SET_DEVICE_STATE_FD', 'device-state'],
  ['CHECK_DEVICE_STATE', 'none'],
  // 11.1; the answer is a table of sizes, of which no rule asks.
  ['GET_SHMEM_CONFIG', 'none', 'none'],
];

const BACKEND: readonly Row[] = [
  ['NONE', 'none'],
  ['IOTLB_MSG', 'iotlb'],
  ['CONFIG_CHANGE_MSG', 'none'],
  ['VRING_HOST_NOTIFIER_MSG', 'area'],
  ['VRING_CALL', 'state'],
  ['VRING_ERR', 'state'],
  ['SHARED_OBJECT_ADD', 'uuid'],
  ['SHARED_OBJECT_REMOVE', 'uuid'],
  ['SHARED_OBJECT_LOOKUP', 'uuid'],
  // Newer than QEMU 10.2, and by its size like SET_VRING_ADDR.
  ['SHMEM_MAP', 'mapping'],
  ['SHMEM_UNMAP', 'mapping'],
];

function table(rows: readonly Row[]): readonly Request[] {
  return rows.map(([name, payload, answer = 'u64'], id) => ({ id, name, payload, answer }));
}

/** Requests that QEMU sends; the index is the id. */
export const frontendRequests: readonly Request[] = table(FRONTEND);

/** Requests on the channel of SET_BACKEND_REQ_FD; their ids are used by the frontend too. */
export const backendRequests: readonly Request[] = table(BACKEND);

const byName = new Map(frontendRequests.map((request) => [request.name, request]));

/** A request of the frontend by its name, as {@link plainRequestName} gives it. */
export function requestByName(name: string): Request | undefined {
  return byName.get(name);
}

/** Names that DPDK alone gives. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['CRYPTO_CREATE_SESS', 'CREATE_CRYPTO_SESSION'],
  ['CRYPTO_CLOSE_SESS', 'CLOSE_CRYPTO_SESSION'],
]);

/** `SET_BACKEND_REQ_FD` of `VHOST_USER_SET_SLAVE_REQ_FD`: one spelling without prefix, the new one. */
export function plainRequestName(text: string): string {
  const name = text
    .replace(/^VHOST_USER_/, '')
    .replace('SLAVE', 'BACKEND')
    .replace('MASTER', 'FRONTEND');
  return OTHER_NAMES.get(name) ?? name;
}
