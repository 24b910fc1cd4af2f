/**
 * QEMU function → protocol fact, one row each.
 *
 * Adding a function is adding a row: its kind, the argument that names the device, the one boolean
 * and the one value that rules use. Sources are QEMU files (names valid from 2.12 to 11.1); the
 * column `source` of each group names the file whose function it is.
 */
import type { Backend, FactKind } from '../model/fact.js';
import { withoutParameters } from '../model/function-names.js';

/** Argument that identifies the vhost_dev: a pointer to it, or to its memory_listener. */
type DeviceArgument = 'dev' | 'hdev' | 'net' | 'listener';

/** One known function of QEMU, and which of its arguments say what. */
export interface FunctionRow {
  readonly kind: FactKind;
  /** QEMU source file that defines the function. */
  readonly source: string;
  readonly device?: DeviceArgument;
  /** Name of the boolean argument. */
  readonly enable?: string;
  /** Name of the u64 or pointer argument that rules read. */
  readonly value?: string;
  /**
   * How `idx` counts: `device` is `dev->vq_index + i` (hw/virtio/vhost.c, vhost_dev_start()), `backend`
   * is what vhost_get_vq_index() made of it: relative for the kernel, absolute for user and vdpa.
   */
  readonly idx?: 'device' | 'backend';
  readonly backend?: Backend;
}

const VHOST = 'hw/virtio/vhost.c';

const core: Readonly<Record<string, Omit<FunctionRow, 'source'>>> = {
  vhost_dev_init: { kind: 'vhost_dev_init', device: 'hdev' },
  vhost_dev_cleanup: { kind: 'vhost_dev_cleanup', device: 'hdev' },
  vhost_dev_start: { kind: 'vhost_dev_start', device: 'hdev' },
  vhost_dev_stop: { kind: 'vhost_dev_stop', device: 'hdev' },
  // 10.1 moved the body of vhost_dev_stop() and vhost_virtqueue_stop() into do_*().
  do_vhost_dev_stop: { kind: 'vhost_dev_stop', device: 'hdev' },
  vhost_dev_force_stop: { kind: 'vhost_dev_force_stop', device: 'hdev' },
  vhost_dev_prepare_inflight: { kind: 'vhost_dev_prepare_inflight', device: 'hdev' },
  vhost_dev_set_features: { kind: 'vhost_dev_set_features', device: 'dev', enable: 'enable_log' },
  vhost_dev_set_log: { kind: 'vhost_dev_set_log', device: 'dev', enable: 'enable_log' },
  vhost_dev_log_resize: { kind: 'vhost_dev_log_resize', device: 'dev', value: 'size' },
  vhost_dev_elect_mem_logger: { kind: 'vhost_dev_elect_mem_logger', device: 'hdev', enable: 'add' },
  vhost_virtqueue_start: { kind: 'vhost_virtqueue_start', device: 'dev', idx: 'device' },
  vhost_virtqueue_stop: { kind: 'vhost_virtqueue_stop', device: 'dev', idx: 'device' },
  do_vhost_virtqueue_stop: { kind: 'vhost_virtqueue_stop', device: 'dev', idx: 'device' },
  vhost_virtqueue_set_addr: {
    kind: 'vhost_virtqueue_set_addr',
    device: 'dev',
    enable: 'enable_log',
    idx: 'backend',
  },
  vhost_migration_log: { kind: 'vhost_migration_log', device: 'listener', enable: 'enable' },
  vhost_log_global_start: { kind: 'vhost_log_global_start', device: 'listener' },
  vhost_log_global_stop: { kind: 'vhost_log_global_stop', device: 'listener' },
  vhost_log_get: { kind: 'vhost_log_get', enable: 'share', value: 'size' },
  vhost_log_alloc: { kind: 'vhost_log_alloc', enable: 'share', value: 'size' },
  vhost_log_put: { kind: 'vhost_log_put', device: 'dev', enable: 'sync' },
  vhost_log_sync: { kind: 'vhost_log_sync', device: 'listener' },
  vhost_log_sync_range: { kind: 'vhost_log_sync_range', device: 'dev', value: 'last' },
  vhost_sync_dirty_bitmap: { kind: 'vhost_sync_dirty_bitmap', device: 'dev', value: 'last' },
  // Whether this device is the one that scans guest memory (9.1 and later), and one range that it scans.
  vhost_dev_should_log: { kind: 'vhost_dev_should_log', device: 'dev' },
  vhost_dev_sync_region: { kind: 'vhost_dev_sync_region', device: 'dev', value: 'rfirst' },
  vhost_commit: { kind: 'vhost_commit', device: 'listener' },
};

/** VhostOps members: the same fact whatever backend implements them. */
const ops: Readonly<Record<string, Omit<FunctionRow, 'source' | 'backend'>>> = {
  set_log_base: { kind: 'op_set_log_base', device: 'dev', value: 'base' },
  set_features: { kind: 'op_set_features', device: 'dev', value: 'features' },
  set_vring_addr: { kind: 'op_set_vring_addr', device: 'dev' },
  set_mem_table: { kind: 'op_set_mem_table', device: 'dev' },
  set_vring_num: { kind: 'op_set_vring_num', device: 'dev' },
  set_vring_base: { kind: 'op_set_vring_base', device: 'dev' },
  set_vring_kick: { kind: 'op_set_vring_kick', device: 'dev' },
  get_vring_base: { kind: 'op_get_vring_base', device: 'dev' },
  set_vring_enable: { kind: 'op_set_vring_enable', device: 'dev', enable: 'enable' },
  dev_start: { kind: 'op_dev_start', device: 'dev', enable: 'started' },
  net_set_backend: { kind: 'op_net_set_backend', device: 'dev' },
  scsi_set_endpoint: { kind: 'op_scsi_set_endpoint', device: 'dev' },
};

const backends: readonly { prefix: string; backend: Backend; source: string }[] = [
  { prefix: 'vhost_kernel_', backend: 'kernel', source: 'hw/virtio/vhost-backend.c' },
  { prefix: 'vhost_user_', backend: 'user', source: 'hw/virtio/vhost-user.c' },
  { prefix: 'vhost_vdpa_', backend: 'vdpa', source: 'hw/virtio/vhost-vdpa.c' },
];

const around: Readonly<Record<string, FunctionRow>> = {
  memory_global_dirty_log_start: row('memory_global_dirty_log_start', 'system/memory.c'),
  memory_global_dirty_log_do_start: row('memory_global_dirty_log_start', 'system/memory.c'),
  memory_global_dirty_log_stop: row('memory_global_dirty_log_stop', 'system/memory.c'),
  memory_global_dirty_log_do_stop: row('memory_global_dirty_log_stop', 'system/memory.c'),
  memory_global_dirty_log_sync: row('memory_global_dirty_log_sync', 'system/memory.c'),
  migration_bitmap_sync: row('migration_bitmap_sync', 'migration/ram.c'),
  migration_bitmap_sync_precopy: row('migration_bitmap_sync', 'migration/ram.c'),
  ram_init_bitmaps: row('ram_init_bitmaps', 'migration/ram.c'),
  ram_save_cleanup: row('ram_save_cleanup', 'migration/ram.c'),
  // Each syncs for the last time, when the guest has stopped: the first up to 11.0, the second since 11.1.
  ram_save_complete: row('ram_save_complete', 'migration/ram.c'),
  qemu_savevm_query_pending_final: row('savevm_query_pending_final', 'migration/savevm.c'),
  ram_postcopy_send_discard_bitmap: row('ram_discard_bitmap', 'migration/ram.c'),
  qemu_savevm_state_setup: row('savevm_state_setup', 'migration/savevm.c'),
  qemu_savevm_state_cleanup: row('savevm_state_cleanup', 'migration/savevm.c'),
  migration_thread: row('migration_thread', 'migration/migration.c'),
  migration_completion: row('migration_completion', 'migration/migration.c'),
  // Renamed in 10.0; both run in the main loop when a migration is over.
  migrate_fd_cleanup: row('migration_cleanup', 'migration/migration.c'),
  migration_cleanup: row('migration_cleanup', 'migration/migration.c'),
  migrate_fd_cancel: row('migration_cancel', 'migration/migration.c'),
  migration_cancel: row('migration_cancel', 'migration/migration.c'),
  postcopy_start: row('postcopy_start', 'migration/migration.c'),
  vm_start: row('vm_start', 'system/cpus.c'),
  vm_prepare_start: row('vm_start', 'system/cpus.c'),
  vm_stop: row('vm_stop', 'system/cpus.c'),
  do_vm_stop: row('vm_stop', 'system/cpus.c'),
  vm_stop_force_state: row('vm_stop', 'system/cpus.c'),
  vm_state_notify: { ...row('vm_state_notify', 'system/runstate.c'), enable: 'running' },
  virtio_set_status: { ...row('virtio_set_status', 'hw/virtio/virtio.c'), value: 'val' },
};

function row(kind: FactKind, source: string): FunctionRow {
  return { kind, source };
}

function buildTable(): ReadonlyMap<string, FunctionRow> {
  const table = new Map<string, FunctionRow>();
  for (const [name, entry] of Object.entries(core)) table.set(name, { ...entry, source: VHOST });
  for (const { prefix, backend, source } of backends) {
    for (const [name, entry] of Object.entries(ops)) {
      table.set(prefix + name, { ...entry, backend, source });
    }
  }
  for (const [name, entry] of Object.entries(around)) table.set(name, entry);
  // Its name up to the split of the kernel's ops (hw/virtio/vhost-backend.c).
  const attach = table.get('vhost_kernel_net_set_backend');
  if (attach !== undefined) table.set('vhost_net_set_backend', attach);
  return table;
}

/** Every known function by its plain name. */
export const functionTable: ReadonlyMap<string, FunctionRow> = buildTable();

/** GCC and LLVM clone suffixes: `vhost_log_put.part.0`, `f.constprop.0.isra.1`, `f.cold`, `f.lto_priv.0`. */
const CLONE_SUFFIX = /(?:\.(?:isra|constprop|part|cold|lto_priv|llvm|localalias)(?:\.\d+)?)+$/;

/** The name in the source: without compiler clone suffixes, and in C++ without the list of parameters. */
export function plainName(func: string): string {
  const name = withoutParameters(func);
  return name.includes('.') ? name.replace(CLONE_SUFFIX, '') : name;
}

/** Function of a backend that implements a VhostOps member, `vhost_user_set_log_base`. */
export function opFunction(backend: Backend, kind: FactKind): string | undefined {
  for (const [name, entry] of functionTable) {
    if (entry.kind === kind && entry.backend === backend) return name;
  }
  return undefined;
}

/**
 * The member of VhostOps that a function of a backend implements: `vhost_kernel_set_features` →
 * `vhost_set_features`; undefined for other functions. Source: include/hw/virtio/vhost-backend.h.
 */
export function opMember(func: string): string | undefined {
  const prefix = backends.find((backend) => func.startsWith(backend.prefix))?.prefix;
  return prefix === undefined ? undefined : `vhost_${func.slice(prefix.length)}`;
}

/** True for a function of the vhost core that may be called like a member of VhostOps: `vhost_dev_start`. */
export function isCoreFunction(func: string): boolean {
  return Object.hasOwn(core, func);
}
