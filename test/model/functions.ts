/** Functions of the model that a debugger may stand on. */

const VHOST = [
  'vhost_dev_init',
  'vhost_dev_cleanup',
  'vhost_dev_start',
  'vhost_dev_stop',
  'do_vhost_dev_stop',
  'vhost_dev_force_stop',
  'vhost_dev_prepare_inflight',
  'vhost_dev_set_features',
  'vhost_dev_set_log',
  'vhost_dev_set_vring_enable',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
  'vhost_virtqueue_start',
  'vhost_virtqueue_stop',
  'do_vhost_virtqueue_stop',
  'vhost_virtqueue_set_addr',
  'vhost_dev_log_resize',
  'vhost_log_get',
  'vhost_log_alloc',
  'vhost_log_put',
  'vhost_log_sync',
  'vhost_log_sync_range',
  'vhost_sync_dirty_bitmap',
  'vhost_dev_sync_region',
  'vhost_dev_should_log',
  'vhost_dev_elect_mem_logger',
  'vhost_region_addnop',
  'vhost_commit',
];
const OPS = [
  'set_log_base',
  'set_features',
  'set_vring_addr',
  'set_vring_num',
  'set_vring_base',
  'set_vring_kick',
  'get_vring_base',
  'set_mem_table',
  'set_vring_enable',
  'dev_start',
  'net_set_backend',
];
const AROUND = [
  'memory_global_dirty_log_start',
  'memory_global_dirty_log_do_start',
  'memory_global_dirty_log_stop',
  'memory_global_dirty_log_do_stop',
  'memory_global_dirty_log_sync',
  'migration_bitmap_sync',
  'ram_init_bitmaps',
  'ram_save_cleanup',
  'qemu_savevm_state_setup',
  'qemu_savevm_state_cleanup',
  'qemu_savevm_state_iterate',
  'migration_completion',
  'migration_iteration_run',
  'postcopy_start',
  'migrate_fd_cleanup',
  'migration_cleanup',
  'vm_stop',
  'vm_start',
  'vm_state_notify',
  'virtio_set_status',
];

export const FUNCTIONS: readonly string[] = [
  ...VHOST,
  ...['kernel', 'user', 'vdpa'].flatMap((backend) => OPS.map((op) => `vhost_${backend}_${op}`)),
  ...AROUND,
];

/** Those that the recipe of `vhtrace probes gdb` watches return: vhost, without what each sync round calls. */
export const RETURNING: readonly string[] = [
  ...FUNCTIONS.filter((func) => /^(?:do_)?vhost_/.test(func) && !/_sync(?:_|$)/.test(func)),
  'memory_global_dirty_log_start',
  'memory_global_dirty_log_stop',
  'ram_init_bitmaps',
];

/** Since which version there is such a function; and up to which where another took its place. */
const LIVED: Readonly<Record<string, readonly [since: number, until?: number]>> = {
  do_vhost_dev_stop: [1001],
  do_vhost_virtqueue_stop: [1001],
  vhost_dev_force_stop: [1001],
  vhost_dev_elect_mem_logger: [901],
  vhost_dev_should_log: [901],
  vhost_dev_set_vring_enable: [702],
  vhost_dev_prepare_inflight: [502],
  memory_global_dirty_log_do_start: [901],
  migration_bitmap_sync_precopy: [401],
  qemu_savevm_query_pending_final: [1101],
  migrate_fd_cleanup: [0, 902],
  migrate_fd_cancel: [0, 902],
  migration_cleanup: [1000],
  migration_cancel: [1000],
};

function existsIn(func: string, version: number): boolean {
  const [since, until = Infinity] = LIVED[func] ?? [0];
  return since <= version && version <= until;
}

/** gdb sets no breakpoint on a function that the program does not have. */
export function functionsOf(version: number, names: readonly string[]): string[] {
  return names.filter((name) => existsIn(name, version));
}

/** Arguments that rules read. */
export const ARGUMENTS: readonly string[] = [
  'dev',
  'hdev',
  'listener',
  'net',
  'vdev',
  'vq',
  'idx',
  'enable',
  'enable_log',
  'sync',
  'add',
  'size',
  'share',
  'base',
  'log',
  'features',
  'first',
  'last',
  'running',
];
