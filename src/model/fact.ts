/**
 * What a capture says in the protocol. A fact is one execution of a known function (seen at its entry, or as a caller
 * in a backtrace), one known trace event, or one request or message on the wire, with the arguments that rules use.
 */

/** What implements VhostOps for a device: `/dev/vhost-*`, a vhost-user socket, `/dev/vhost-vdpa-*`. */
export type Backend = 'kernel' | 'user' | 'vdpa';

/**
 * What rules tell apart. Functions, trace events and requests of one kind mean the same; which are of which say the
 * tables `functions.ts`, `trace-events.ts`, `wire/ioctls.ts` and `wire/requests.ts` in facts/, one row each. Most are named after
 * the function of QEMU; `op_*` is a member of VhostOps, whatever the backend.
 */
export type FactKind =
  | 'vhost_dev_init'
  | 'vhost_dev_cleanup'
  | 'vhost_dev_start'
  | 'vhost_dev_stop'
  | 'vhost_dev_force_stop'
  | 'vhost_dev_prepare_inflight'
  | 'vhost_dev_set_features'
  | 'vhost_dev_set_log'
  | 'vhost_dev_log_resize'
  | 'vhost_dev_elect_mem_logger'
  | 'vhost_virtqueue_start'
  | 'vhost_virtqueue_stop'
  | 'vhost_virtqueue_set_addr'
  | 'vhost_migration_log'
  | 'vhost_log_global_start'
  | 'vhost_log_global_stop'
  | 'vhost_log_get'
  | 'vhost_log_alloc'
  | 'vhost_log_put'
  | 'vhost_log_sync'
  | 'vhost_log_sync_range'
  | 'vhost_sync_dirty_bitmap'
  | 'vhost_dev_should_log'
  | 'vhost_dev_sync_region'
  | 'vhost_commit'
  | 'op_set_log_base'
  | 'op_set_features'
  | 'op_set_vring_addr'
  | 'op_set_mem_table'
  | 'op_get_vring_base'
  | 'op_set_vring_enable'
  | 'op_dev_start'
  | 'op_set_vring_num'
  | 'op_set_vring_base'
  | 'op_set_vring_kick'
  | 'op_net_set_backend'
  | 'op_scsi_set_endpoint'
  | 'memory_global_dirty_log_start'
  | 'memory_global_dirty_log_stop'
  | 'memory_global_dirty_log_sync'
  | 'migration_bitmap_sync'
  | 'ram_init_bitmaps'
  | 'ram_save_cleanup'
  | 'ram_save_complete'
  | 'savevm_query_pending_final'
  | 'ram_discard_bitmap'
  | 'savevm_state_setup'
  | 'savevm_state_cleanup'
  | 'migration_thread'
  | 'migration_completion'
  | 'migration_cleanup'
  | 'migration_cancel'
  | 'migration_error'
  | 'migration_state'
  | 'migration_setup_complete'
  | 'incoming_migration'
  | 'migration_after_loop'
  | 'postcopy_start'
  | 'global_dirty_changed'
  | 'vhost_dev_start_out'
  | 'vhost_dev_stop_out'
  | 'vhost_virtqueue_start_out'
  | 'vhost_virtqueue_stop_out'
  | 'vm_start'
  | 'vm_stop'
  | 'vm_state_notify'
  | 'runstate_set'
  | 'virtio_set_status'
  | 'vhost_user_write'
  | 'vhost_user_read'
  | 'dirtyrate_state'
  | 'dirtylimit_state'
  | 'colo_state'
  | 'cpr_state'
  | 'migrate_pending'
  | 'savevm_state'
  | 'savevm_section'
  | 'vhost_region'
  | 'vhost_section'
  | 'vhost_iotlb_miss'
  | 'vhost_user_mem_table'
  | 'vhost_user_postcopy'
  | 'vhost_user_event'
  | 'vhost_vdpa'
  | 'virtio_queue_notify'
  | 'vhost_ioctl'
  | 'vhost_user_message'
  | 'vhost_log_write';

/** Facts of a capture stand in its order; their members come from the line that shows them, and from those around it. */
export interface Fact {
  /** Order in the capture, 0-based. */
  readonly seq: number;
  /** Line of the capture that shows it. */
  readonly line: number;
  /** 0-based within the capture: one QEMU process each. */
  readonly session: number;
  /** Stable within the session (`5 CPU 0/TCG`, `tid 17027`); undefined where the text names none. */
  readonly thread: string | undefined;
  readonly kind: FactKind;
  /** Function or event as printed, with its backend prefix. */
  readonly func: string;
  /** `entry`: the call itself was reported; `caller`: seen as an outer frame of another report; `event`: a trace event; `wire`: a system call, message or kernel call that reached the backend. */
  readonly role: 'entry' | 'caller' | 'event' | 'wire';
  /** Index of the activation this belongs to (`flows/`), undefined for events. */
  readonly activation: number | undefined;
  /** vhost_dev address, lower-case hex without leading zeros. */
  readonly device: string | undefined;
  /** Which life of that address (reconnect, unplug): 0-based; undefined without a device. */
  readonly incarnation: number | undefined;
  readonly backend: Backend | undefined;
  /** Index given to the backend for that device (`vhost_vring_addr.index`). */
  readonly vring: number | undefined;
  /** `enable_log`, `enable`, `sync`, `add`: the one boolean of the call. */
  readonly enable: boolean | undefined;
  /** The one u64 or name that matters (features word, log size in chunks, log base, new state), decimal, hex or text as printed. */
  readonly value: string | undefined;
  /** On the wire: what stands for the device there, `fd 13 /dev/vhost-net`, `pid 4697 fd 13`, a socket path. */
  readonly endpoint: string | undefined;
  /** What the call returned, as printed; undefined where the capture does not say. */
  readonly result: string | undefined;
}
