/**
 * QEMU trace event → protocol fact, one row each.
 *
 * Trace events prove far less than calls (protocol: no event exists for log start, features, ring
 * addresses or log base of kernel and user backends); they give device starts and stops, migration
 * phases and the order of vhost-user messages. Source of names: hw/virtio/trace-events,
 * migration/trace-events, system/trace-events, net/trace-events of QEMU 2.12 to 10.2.
 */
import type { Backend, FactKind } from '../model/fact.js';

export interface EventRow {
  readonly kind: FactKind;
  /** Argument with the vhost_dev pointer. */
  readonly device?: string;
  readonly enable?: string;
  readonly value?: string;
  readonly vring?: string;
  readonly backend?: Backend;
}

export const eventTable: ReadonlyMap<string, EventRow> = new Map<string, EventRow>([
  ['vhost_dev_start', { kind: 'vhost_dev_start', device: 'dev', value: 'name' }],
  ['vhost_dev_stop', { kind: 'vhost_dev_stop', device: 'dev', value: 'name' }],
  ['vhost_dev_cleanup', { kind: 'vhost_dev_cleanup', device: 'dev' }],
  ['vhost_commit', { kind: 'vhost_commit', enable: 'started' }],
  ['vhost_user_write', { kind: 'vhost_user_write', value: 'req', backend: 'user' }],
  ['vhost_user_read', { kind: 'vhost_user_read', value: 'req', backend: 'user' }],
  [
    'vhost_vdpa_set_features',
    { kind: 'op_set_features', device: 'dev', value: 'features', backend: 'vdpa' },
  ],
  [
    'vhost_vdpa_set_log_base',
    { kind: 'op_set_log_base', device: 'dev', value: 'base', backend: 'vdpa' },
  ],
  [
    'vhost_vdpa_set_vring_addr',
    { kind: 'op_set_vring_addr', device: 'dev', vring: 'index', value: 'flags', backend: 'vdpa' },
  ],
  [
    'vhost_vdpa_get_vring_base',
    { kind: 'op_get_vring_base', device: 'dev', vring: 'index', backend: 'vdpa' },
  ],
  [
    'vhost_vdpa_dev_start',
    { kind: 'op_dev_start', device: 'dev', enable: 'started', backend: 'vdpa' },
  ],
  ['virtio_set_status', { kind: 'virtio_set_status', value: 'val' }],
  ['global_dirty_changed', { kind: 'global_dirty_changed', value: 'bitmask' }],
  ['memory_region_sync_dirty', { kind: 'memory_global_dirty_log_sync', value: 'listener' }],
  ['migrate_set_state', { kind: 'migration_state', value: 'new_state' }],
  ['savevm_state_setup', { kind: 'savevm_state_setup' }],
  ['savevm_state_cleanup', { kind: 'savevm_state_cleanup' }],
  ['migration_thread_setup_complete', { kind: 'migration_setup_complete' }],
  ['migration_thread_after_loop', { kind: 'migration_after_loop' }],
  ['migration_bitmap_sync_start', { kind: 'migration_bitmap_sync' }],
  ['migration_completion_vm_stop', { kind: 'migration_completion', value: 'ret' }],
  ['migrate_fd_cleanup', { kind: 'migration_cleanup' }],
  ['migration_cleanup', { kind: 'migration_cleanup' }],
  ['migrate_fd_cancel', { kind: 'migration_cancel' }],
  ['migration_cancel', { kind: 'migration_cancel' }],
  ['migrate_fd_error', { kind: 'migration_error' }],
  ['migrate_error', { kind: 'migration_error' }],
  ['postcopy_start', { kind: 'postcopy_start' }],
  ['vm_state_notify', { kind: 'vm_state_notify', enable: 'running' }],
  ['runstate_set', { kind: 'runstate_set', value: 'new_str' }],
  ['dirtyrate_set_state', { kind: 'dirtyrate_state', value: 'new_state' }],
]);
