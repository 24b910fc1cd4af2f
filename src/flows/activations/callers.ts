/** Who calls the functions of hw/virtio/vhost.c and the ops that it calls, QEMU 2.12 to 11.1. */
import type { FactKind } from '../../model/fact.js';

interface Callers {
  readonly kinds: readonly FactKind[];
  /** Nobody else does, but for the reset of a single vring (hw/net/vhost_net.c). */
  readonly isAll: boolean;
}

const CALLERS: Partial<Record<FactKind, readonly FactKind[]>> = {
  vhost_migration_log: ['vhost_log_global_start', 'vhost_log_global_stop'],
  vhost_dev_set_log: ['vhost_migration_log'],
  vhost_dev_log_resize: ['vhost_migration_log', 'vhost_commit'],
  vhost_dev_set_features: ['vhost_dev_start', 'vhost_dev_set_log', 'vhost_dev_prepare_inflight'],
  vhost_virtqueue_start: ['vhost_dev_start'],
  vhost_virtqueue_stop: ['vhost_dev_start', 'vhost_dev_stop'],
  vhost_virtqueue_set_addr: ['vhost_virtqueue_start', 'vhost_dev_set_log'],
  vhost_log_get: ['vhost_dev_start', 'vhost_dev_log_resize'],
  vhost_log_alloc: ['vhost_log_get'],
  vhost_log_put: [
    'vhost_dev_start',
    'vhost_dev_stop',
    'vhost_migration_log',
    'vhost_dev_log_resize',
  ],
  vhost_dev_elect_mem_logger: [
    'vhost_dev_start',
    'vhost_dev_set_log',
    'vhost_dev_log_resize',
    'vhost_log_put',
  ],
  op_set_features: ['vhost_dev_set_features'],
  op_set_vring_addr: ['vhost_virtqueue_set_addr'],
  op_set_vring_num: ['vhost_virtqueue_start'],
  op_set_vring_base: ['vhost_virtqueue_start'],
  op_set_vring_kick: ['vhost_virtqueue_start'],
  op_get_vring_base: ['vhost_virtqueue_stop'],
  op_set_log_base: ['vhost_dev_start', 'vhost_dev_log_resize'],
  op_set_mem_table: ['vhost_dev_start', 'vhost_commit'],
};

/** Others call these, too. */
const SOME_CALLERS: Partial<Record<FactKind, readonly FactKind[]>> = {
  vhost_dev_stop: ['vhost_dev_force_stop'],
  op_set_vring_enable: ['vhost_dev_start', 'vhost_dev_stop'],
  op_dev_start: ['vhost_dev_start', 'vhost_dev_stop'],
  vhost_log_sync_range: ['vhost_log_put'],
  vhost_sync_dirty_bitmap: ['vhost_log_put', 'vhost_log_sync', 'vhost_log_sync_range'],
  vhost_dev_should_log: ['vhost_sync_dirty_bitmap'],
  vhost_dev_sync_region: ['vhost_sync_dirty_bitmap'],
};

const ALL_CALLERS: ReadonlyMap<FactKind, Callers> = new Map([
  ...entriesOf(CALLERS, true),
  ...entriesOf(SOME_CALLERS, false),
]);

function entriesOf(
  table: Partial<Record<FactKind, readonly FactKind[]>>,
  isAll: boolean,
): [FactKind, Callers][] {
  return (Object.keys(table) as FactKind[]).map((kind) => [
    kind,
    { kinds: table[kind] ?? [], isAll },
  ]);
}

/** Of functions whose callers give them different flags: those that give `true`, and `false`. */
const BY_FLAG: Partial<Record<FactKind, Readonly<Record<'true' | 'false', readonly FactKind[]>>>> =
  {
    vhost_log_put: {
      true: ['vhost_dev_stop', 'vhost_dev_log_resize'],
      false: ['vhost_dev_start', 'vhost_migration_log'],
    },
    vhost_dev_elect_mem_logger: {
      true: ['vhost_dev_start', 'vhost_dev_set_log', 'vhost_dev_log_resize'],
      false: ['vhost_dev_set_log', 'vhost_log_put'],
    },
  };

/** `enable`: the flag of the call, where it is shown. */
export function callersOf(kind: FactKind, enable?: boolean): Callers | undefined {
  const kinds = enable === undefined ? undefined : BY_FLAG[kind]?.[`${enable}`];
  return kinds === undefined ? ALL_CALLERS.get(kind) : { kinds, isAll: true };
}

/** By kind, what leads to it. */
const ABOVE: ReadonlyMap<FactKind, ReadonlySet<FactKind>> = new Map(
  [...ALL_CALLERS.keys()].map((kind) => [kind, above(kind)]),
);

function above(kind: FactKind): Set<FactKind> {
  const found = new Set<FactKind>();
  const open = [kind];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const caller of ALL_CALLERS.get(next)?.kinds ?? []) {
      if (!found.has(caller)) open.push(caller);
      found.add(caller);
    }
  }
  return found;
}

/** A call of one kind may be made inside of one of another, by it or by what it calls. */
export function mayCall(outer: FactKind, inner: FactKind): boolean {
  return ABOVE.get(inner)?.has(outer) === true;
}

const LOCKED: ReadonlySet<FactKind> = new Set([
  ...(Object.keys(CALLERS) as FactKind[]),
  ...Object.values(CALLERS).flat(),
]);

/** Its callers hold the big lock of QEMU. */
export function isLocked(kind: FactKind): boolean {
  return LOCKED.has(kind);
}
