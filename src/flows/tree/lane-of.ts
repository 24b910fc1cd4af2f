/** Which lane of a sequence diagram a call or event is drawn in. */
import type { Fact } from '../../model/fact.js';
import type { Lane } from '../../model/flow.js';

/** vhost.c's own functions are the vhost core; ops and requests reach the backend; the rest is its thread's. */
export function laneOf({ kind, role }: Pick<Fact, 'kind' | 'role'>, actor: string | null): Lane {
  if (role === 'wire' || BACKEND.test(kind)) return 'backend';
  if (kind.startsWith('vhost_')) return 'vhost core';
  if (actor === 'migration thread' || actor === 'main loop') return actor;
  if (actor?.startsWith('vCPU') === true || GUEST.test(kind)) return 'guest vCPU';
  return MIGRATION.test(kind) ? 'migration thread' : 'main loop';
}

const BACKEND = /^(?:op_|vhost_user_|vhost_vdpa$|vhost_ioctl$|vhost_log_write$)/;
const GUEST = /^virtio_(?:set_status|queue_notify)$/;
const MIGRATION = /^(?:migration|migrate|savevm|ram|memory_global|global_dirty|postcopy)_/;
