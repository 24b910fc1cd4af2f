/**
 * QEMU trace event → protocol fact, one row each.
 *
 * Trace events prove far less than calls (no event exists for log start, features, ring addresses or
 * log base of kernel and user backends); they give device starts and stops, migration phases and the
 * order of vhost-user messages. Each group names the `trace-events` file that declares it
 * (QEMU 2.12 to 11.1).
 */
import type { Backend, FactKind } from '../model/fact.js';

/** One known trace event, and which of its arguments say what. */
export interface EventRow {
  readonly kind: FactKind;
  /** QEMU file that declares the event. */
  readonly source: string;
  /** Argument with the vhost_dev pointer. */
  readonly device?: string | undefined;
  readonly enable?: string | undefined;
  readonly value?: string | undefined;
  readonly vring?: string | undefined;
  readonly backend?: Backend | undefined;
}

type Rows = Readonly<Record<string, Omit<EventRow, 'source' | 'backend'>>>;

/** What the events of a vring print. */
const ofVring = { device: 'dev', vring: 'idx', value: 'name' } as const;

/**
 * hw/virtio/trace-events, vhost.c: regions bound the log size from below; a start is an entry, not a success. Since
 * 11.1 the names of entries end in `_in`, and one that ends in `_out` tells that the call did what it should.
 */
const core: Rows = {
  vhost_commit: { kind: 'vhost_commit', enable: 'started' },
  vhost_region_add_section: { kind: 'vhost_region', value: 'gpa' },
  vhost_region_add_section_merge: { kind: 'vhost_region', value: 'gpa' },
  vhost_region_add_section_aligned: { kind: 'vhost_region', value: 'gpa' },
  vhost_section: { kind: 'vhost_section', value: 'name' },
  vhost_reject_section: { kind: 'vhost_section', value: 'name' },
  vhost_iotlb_miss: { kind: 'vhost_iotlb_miss', device: 'dev', value: 'step' },
  vhost_dev_start: { kind: 'vhost_dev_start', device: 'dev', value: 'name' },
  vhost_dev_stop: { kind: 'vhost_dev_stop', device: 'dev', value: 'name' },
  vhost_dev_start_in: { kind: 'vhost_dev_start', device: 'dev', value: 'name' },
  vhost_dev_stop_in: { kind: 'vhost_dev_stop', device: 'dev', value: 'name' },
  vhost_dev_start_out: { kind: 'vhost_dev_start_out', device: 'dev', value: 'name' },
  vhost_dev_stop_out: { kind: 'vhost_dev_stop_out', device: 'dev', value: 'name' },
  vhost_virtqueue_start_in: { kind: 'vhost_virtqueue_start', ...ofVring },
  vhost_virtqueue_stop_in: { kind: 'vhost_virtqueue_stop', ...ofVring },
  vhost_virtqueue_start_out: { kind: 'vhost_virtqueue_start_out', ...ofVring },
  vhost_virtqueue_stop_out: { kind: 'vhost_virtqueue_stop_out', ...ofVring },
  vhost_dev_init_in: { kind: 'vhost_dev_init', device: 'dev' },
  vhost_dev_cleanup: { kind: 'vhost_dev_cleanup', device: 'dev' },
};

/** hw/virtio/trace-events, vhost-user.c: messages of all vhost-user devices, without device or payload. */
const user: Rows = {
  vhost_user_write: { kind: 'vhost_user_write', value: 'req' },
  vhost_user_read: { kind: 'vhost_user_read', value: 'req' },
  vhost_user_set_mem_table_withfd: { kind: 'vhost_user_mem_table', value: 'guest_phys_addr' },
  vhost_user_set_mem_table_postcopy: { kind: 'vhost_user_mem_table', value: 'client_addr' },
  vhost_user_postcopy_listen: { kind: 'vhost_user_postcopy' },
  vhost_user_postcopy_end_entry: { kind: 'vhost_user_postcopy' },
  vhost_user_postcopy_end_exit: { kind: 'vhost_user_postcopy' },
};

/** hw/virtio/trace-events, vhost-vdpa.c: what reached the device, after the shadow virtqueue's filters. */
const vdpa: Rows = {
  vhost_vdpa_set_features: { kind: 'op_set_features', device: 'dev', value: 'features' },
  vhost_vdpa_set_log_base: { kind: 'op_set_log_base', device: 'dev', value: 'base' },
  vhost_vdpa_set_vring_addr: {
    kind: 'op_set_vring_addr',
    device: 'dev',
    vring: 'index',
    value: 'flags',
  },
  vhost_vdpa_get_vring_base: { kind: 'op_get_vring_base', device: 'dev', vring: 'index' },
  vhost_vdpa_set_mem_table: { kind: 'op_set_mem_table', device: 'dev' },
  vhost_vdpa_dev_start: { kind: 'op_dev_start', device: 'dev', enable: 'started' },
  vhost_vdpa_set_vring_num: { kind: 'vhost_vdpa', device: 'dev', vring: 'index', value: 'num' },
  vhost_vdpa_set_vring_base: { kind: 'vhost_vdpa', device: 'dev', vring: 'index', value: 'num' },
  vhost_vdpa_set_dev_vring_base: {
    kind: 'vhost_vdpa',
    device: 'dev',
    vring: 'index',
    enable: 'svq',
  },
  vhost_vdpa_set_vring_kick: { kind: 'vhost_vdpa', device: 'dev', vring: 'index' },
  vhost_vdpa_set_vring_call: { kind: 'vhost_vdpa', device: 'dev', vring: 'index' },
  vhost_vdpa_set_vring_ready: { kind: 'vhost_vdpa', device: 'dev', vring: 'i' },
  vhost_vdpa_set_vring_enable_one: {
    kind: 'vhost_vdpa',
    device: 'dev',
    vring: 'i',
    enable: 'enable',
  },
  vhost_vdpa_get_vq_index: { kind: 'vhost_vdpa', device: 'dev', vring: 'vq_idx' },
  vhost_vdpa_add_status: { kind: 'vhost_vdpa', device: 'dev', value: 'status' },
  vhost_vdpa_reset_device: { kind: 'vhost_vdpa', device: 'dev' },
  vhost_vdpa_suspend: { kind: 'vhost_vdpa', device: 'dev' },
  vhost_vdpa_init: { kind: 'vhost_vdpa', device: 'dev' },
  vhost_vdpa_cleanup: { kind: 'vhost_vdpa', device: 'dev' },
};

/** net/trace-events, vhost-user.c: the backend's socket was opened or closed. */
const net: Rows = { vhost_user_event: { kind: 'vhost_user_event', value: 'event' } };

/** hw/virtio/trace-events, virtio.c: bit 2 of the status (DRIVER_OK) explains a start. */
const virtio: Rows = {
  virtio_set_status: { kind: 'virtio_set_status', value: 'val' },
  virtio_queue_notify: { kind: 'virtio_queue_notify', value: 'n' },
};

/** system/trace-events (softmmu/, or at the top before): 0 to non-0 is a log start pass, non-0 to 0 a stop pass. */
const memory: Rows = {
  global_dirty_changed: { kind: 'global_dirty_changed', value: 'bitmask' },
  memory_region_sync_dirty: { kind: 'memory_global_dirty_log_sync', value: 'listener' },
  vm_state_notify: { kind: 'vm_state_notify', enable: 'running' },
  runstate_set: { kind: 'runstate_set', value: 'new_state_str' },
};

/** migration/trace-events: phases, sync rounds, failure, cancel and other users of dirty tracking. */
const migration: Rows = {
  migrate_set_state: { kind: 'migration_state', value: 'new_state' },
  migration_set_incoming_channel: { kind: 'incoming_migration' },
  process_incoming_migration_co_postcopy_end_main: { kind: 'incoming_migration' },
  savevm_state_setup: { kind: 'savevm_state_setup' },
  savevm_state_header: { kind: 'savevm_state' },
  savevm_state_iterate: { kind: 'savevm_state' },
  savevm_state_complete_precopy: { kind: 'migration_completion' },
  savevm_state_cleanup: { kind: 'savevm_state_cleanup' },
  savevm_section_start: { kind: 'savevm_section', value: 'id' },
  savevm_section_end: { kind: 'savevm_section', value: 'id' },
  migration_precopy_complete: { kind: 'migration_completion' },
  migration_thread_setup_complete: { kind: 'migration_setup_complete' },
  migration_thread_after_loop: { kind: 'migration_after_loop' },
  migration_bitmap_sync_start: { kind: 'migration_bitmap_sync' },
  migration_bitmap_sync_end: { kind: 'migration_bitmap_sync', value: 'dirty_pages' },
  migration_completion_vm_stop: { kind: 'migration_completion', value: 'ret' },
  migration_completion_file_err: { kind: 'migration_error' },
  migration_thread_file_err: { kind: 'migration_error' },
  migrate_fd_error: { kind: 'migration_error', value: 'error_desc' },
  migrate_error: { kind: 'migration_error', value: 'error_desc' },
  migrate_fd_cancel: { kind: 'migration_cancel' },
  migration_cancel: { kind: 'migration_cancel' },
  migrate_fd_cleanup: { kind: 'migration_cleanup' },
  migration_cleanup: { kind: 'migration_cleanup' },
  migrate_pending: { kind: 'migrate_pending', value: 'size' },
  migrate_pending_exact: { kind: 'migrate_pending', value: 'size' },
  migrate_pending_estimate: { kind: 'migrate_pending', value: 'size' },
  qemu_savevm_query_pending: { kind: 'migrate_pending', value: 'total' },
  ram_save_complete: { kind: 'migration_completion', value: 'done' },
  postcopy_start: { kind: 'postcopy_start' },
  postcopy_start_set_run: { kind: 'postcopy_start' },
  ram_postcopy_send_discard_bitmap: { kind: 'postcopy_start' },
  savevm_send_postcopy_run: { kind: 'postcopy_start' },
  dirtyrate_set_state: { kind: 'dirtyrate_state', value: 'new_state' },
  dirtylimit_state_initialize: { kind: 'dirtylimit_state' },
  dirtylimit_set_vcpu: { kind: 'dirtylimit_state', value: 'quota' },
  colo_vm_state_change: { kind: 'colo_state', value: 'new' },
  cpr_state_save: { kind: 'cpr_state', value: 'mode' },
};

function* group(rows: Rows, source: string, backend?: Backend): Generator<[string, EventRow]> {
  for (const [name, { kind, device, enable, value, vring }] of Object.entries(rows)) {
    // Of one shape, because every event of a log asks its row.
    yield [name, { kind, source, device, enable, value, vring, backend }];
  }
}

/** Every known event by name. */
export const eventTable: ReadonlyMap<string, EventRow> = new Map([
  ...group(core, 'hw/virtio/trace-events'),
  ...group(user, 'hw/virtio/trace-events', 'user'),
  ...group(vdpa, 'hw/virtio/trace-events', 'vdpa'),
  ...group(net, 'net/trace-events', 'user'),
  ...group(virtio, 'hw/virtio/trace-events'),
  ...group(memory, 'system/trace-events'),
  ...group(migration, 'migration/trace-events'),
]);
