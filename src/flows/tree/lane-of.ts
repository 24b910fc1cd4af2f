/** Which lane of a sequence diagram a call or event is drawn in. */
import type { Fact } from '../../model/fact.js';
import type { Lane } from '../../model/flow.js';
import type { Frame } from '../../model/record.js';

/** vhost.c's own functions are the vhost core; ops and requests reach the backend; the rest is its thread's. */
export function laneOf(
  { kind, role }: Pick<Fact, 'kind' | 'role'>,
  actor: string | null,
  frames: readonly Frame[] = [],
): Lane {
  if (role === 'wire' || BACKEND.test(kind)) return 'backend';
  if (kind.startsWith('vhost_')) return 'vhost core';
  if (actor === 'migration thread' || actor === 'main loop') return actor;
  if (actor?.startsWith('vCPU') === true) return 'guest vCPU';
  if (GUEST.test(kind) && !frames.some(isNotOfGuest)) return 'guest vCPU';
  return MIGRATION.test(kind) ? 'migration thread' : 'main loop';
}

/** The thread of main() is none of a vCPU, and a vCPU neither stops nor resumes the VM, nor resets it. Source: system/runstate.c. */
function isNotOfGuest({ func }: Frame): boolean {
  return /^(?:main|qemu_default_main|vm_state_notify|virtio_vmstate_change|qemu_cleanup|qemu_system_reset)$/.test(
    func,
  );
}

const BACKEND = /^(?:op_|vhost_user_|vhost_vdpa$|vhost_ioctl$|vhost_log_write$)/;
const GUEST = /^virtio_(?:set_status|queue_notify)$/;
const MIGRATION = /^(?:migration|migrate|savevm|ram|memory_global|global_dirty|postcopy)_/;
