/**
 * Requests of one thread to the kernel → log starts, and device starts that log.
 *
 * Both give a log base. Source: QEMU hw/virtio/vhost.c vhost_dev_log_resize() and vhost_dev_set_log() (the base,
 * the features, the vring addresses), vhost_dev_start() (the features, the memory table, the vrings, the base).
 */
import type { KernelRequest } from './kernel-requests.js';

/** What a device start asks for before it gives the log base, and a log start never. */
const ONLY_OF_DEVICE_START: ReadonlySet<string> = new Set([
  'VHOST_SET_MEM_TABLE',
  'VHOST_SET_VRING_NUM',
  'VHOST_SET_VRING_BASE',
  'VHOST_SET_VRING_ENDIAN',
  'VHOST_SET_VRING_KICK',
  'VHOST_SET_VRING_CALL',
]);

const SETS_UP_VRING: ReadonlySet<string> = new Set([
  'VHOST_SET_VRING_NUM',
  'VHOST_SET_VRING_BASE',
  'VHOST_SET_VRING_KICK',
]);

/** vhost_dev_set_features() asks for these behind the features, where they were accepted. */
export const WITH_FEATURES: ReadonlySet<string> = new Set([
  'VHOST_GET_BACKEND_FEATURES',
  'VHOST_SET_BACKEND_FEATURES',
]);

interface Toggle {
  /** In order, from the features on or as far as they are seen. */
  readonly steps: readonly KernelRequest[];
  /** What the thread asks the kernel for next, of any device; undefined at the end of the capture. */
  readonly next: KernelRequest | undefined;
}

/** SET_LOG_BASE, SET_FEATURES and the vring addresses of one vhost_migration_log(true). */
export interface LogStart extends Toggle {
  readonly what: 'log start';
  readonly base: KernelRequest;
  readonly features: KernelRequest;
  readonly addresses: readonly KernelRequest[];
  /** As far back from the base as nothing shows that it would end a device start. */
  readonly begin: KernelRequest;
}

/** One vhost_dev_start() up to its log base. */
export interface DeviceStart extends Toggle {
  readonly what: 'device start';
}

/** What the log base at this place of a thread's requests belongs to; undefined for a resize, and where it is not seen. */
export function startOf(
  thread: readonly KernelRequest[],
  at: number,
): LogStart | DeviceStart | undefined {
  const base = thread[at];
  if (base === undefined) return undefined;
  const before = toggleBefore(thread, at, base);
  if (before.some(({ name }) => ONLY_OF_DEVICE_START.has(name))) {
    if (!isDeviceStart(before)) return undefined;
    return { what: 'device start', steps: [...before, base], next: thread[at + 1] };
  }
  return logStartAt(thread, at, base, before[0] ?? base);
}

/** A smaller memory table alone may be that of a resize, a vring that of a queue reset. */
function isDeviceStart(before: readonly KernelRequest[]): boolean {
  const table = before.findIndex(({ kind }) => kind === 'op_set_mem_table');
  return table >= 0 && before.slice(table).some(({ name }) => SETS_UP_VRING.has(name));
}

/**
 * What the thread asked for in the device start, the log start or the log stop just before, from the features on.
 * Where devices of one process are not told apart it may be another one's: the log start of a queue pair follows
 * that of the pair before.
 */
function toggleBefore(
  thread: readonly KernelRequest[],
  at: number,
  base: KernelRequest,
): readonly KernelRequest[] {
  let first = at;
  for (let own = thread[at - 1]; isOwn(own, base); own = thread[first - 1]) {
    if (own.kind === 'op_set_features') return thread.slice(first - 1, at);
    const isOfToggle =
      own.kind === 'op_set_vring_addr' ||
      WITH_FEATURES.has(own.name) ||
      ONLY_OF_DEVICE_START.has(own.name);
    if (!isOfToggle) break;
    first--;
  }
  return thread.slice(first, at);
}

function isOwn(
  request: KernelRequest | undefined,
  { endpoint }: KernelRequest,
): request is KernelRequest {
  return request !== undefined && request.endpoint === endpoint;
}

/**
 * Only a log start has the features directly behind the log base, and no memory table behind the
 * features: a resize goes on with the memory table, and a device start ends with the base.
 */
function logStartAt(
  thread: readonly KernelRequest[],
  at: number,
  base: KernelRequest,
  begin: KernelRequest,
): LogStart | undefined {
  const features = thread[at + 1];
  if (!isOwn(features, base) || features.kind !== 'op_set_features') return undefined;
  let end = at + 2;
  for (let own = thread[end]; isOwn(own, base) && WITH_FEATURES.has(own.name); own = thread[end])
    end++;
  const first = end;
  for (
    let own = thread[end];
    isOwn(own, base) && own.kind === 'op_set_vring_addr';
    own = thread[end]
  )
    end++;
  const next = thread[end];
  // The features of a device start.
  if (next?.kind === 'op_set_mem_table' && end === first) return undefined;
  const addresses = thread.slice(first, end);
  const steps = [base, features, ...addresses];
  return { what: 'log start', begin, base, features, addresses, steps, next };
}
