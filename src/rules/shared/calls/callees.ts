/** The calls of hw/virtio/vhost.c, and what they lead to. */
import type { FactKind } from '../../../model/fact.js';

/**
 * Who calls whom in hw/virtio/vhost.c, all versions from 2.12 to 11.1 together. Callers that do nearly
 * everything (vhost_dev_init() registers the listener, which may start logging) are not listed.
 */
const CALLS: Partial<Record<FactKind, readonly FactKind[]>> = {
  vhost_dev_start: [
    'vhost_dev_set_features',
    'vhost_virtqueue_start',
    'vhost_virtqueue_stop',
    'vhost_log_get',
    'vhost_log_put',
    'vhost_dev_elect_mem_logger',
    'op_set_log_base',
    'op_set_mem_table',
    'op_set_vring_enable',
    'op_dev_start',
  ],
  vhost_dev_force_stop: ['vhost_dev_stop'],
  vhost_dev_stop: ['vhost_virtqueue_stop', 'vhost_log_put', 'op_set_vring_enable', 'op_dev_start'],
  vhost_dev_prepare_inflight: ['vhost_dev_set_features'],
  vhost_dev_set_features: ['op_set_features'],
  vhost_dev_set_log: [
    'vhost_dev_set_features',
    'vhost_virtqueue_set_addr',
    'vhost_dev_elect_mem_logger',
  ],
  vhost_dev_log_resize: [
    'vhost_log_get',
    'vhost_log_put',
    'vhost_dev_elect_mem_logger',
    'op_set_log_base',
  ],
  vhost_dev_elect_mem_logger: [],
  vhost_virtqueue_start: [
    'vhost_virtqueue_set_addr',
    'op_set_vring_num',
    'op_set_vring_base',
    'op_set_vring_kick',
  ],
  vhost_virtqueue_stop: ['op_get_vring_base'],
  vhost_virtqueue_set_addr: ['op_set_vring_addr'],
  vhost_migration_log: ['vhost_dev_log_resize', 'vhost_dev_set_log', 'vhost_log_put'],
  vhost_log_global_start: ['vhost_migration_log'],
  vhost_log_global_stop: ['vhost_migration_log'],
  vhost_log_get: ['vhost_log_alloc'],
  vhost_log_alloc: [],
  vhost_log_put: ['vhost_log_sync_range', 'vhost_sync_dirty_bitmap', 'vhost_dev_elect_mem_logger'],
  vhost_log_sync: ['vhost_sync_dirty_bitmap'],
  vhost_log_sync_range: ['vhost_sync_dirty_bitmap'],
  vhost_sync_dirty_bitmap: ['vhost_dev_should_log', 'vhost_dev_sync_region'],
  vhost_commit: ['vhost_dev_log_resize', 'op_set_mem_table'],
};

/** Everything that a call leads to: the calls in between may have been inlined, or ended in a jump. */
export const reachable: ReadonlyMap<FactKind, ReadonlySet<FactKind>> = new Map(
  (Object.keys(CALLS) as FactKind[]).map((kind) => [kind, reachedFrom(kind)]),
);

function reachedFrom(kind: FactKind): Set<FactKind> {
  const reached = new Set<FactKind>();
  const open = [kind];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const callee of CALLS[next] ?? []) {
      if (!reached.has(callee)) open.push(callee);
      reached.add(callee);
    }
  }
  return reached;
}

/** The functions that call one of a kind themselves. */
export function callersOf(kind: FactKind): string[] {
  return Object.entries(CALLS).flatMap(([caller, callees]) =>
    callees.includes(kind) ? [caller] : [],
  );
}
