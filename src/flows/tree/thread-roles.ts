/** Which of QEMU's threads the thread ids of trace events are, by events that only one of them emits. */
import type { Fact } from '../../model/fact.js';

/**
 * `migration thread`, `main loop` or `vCPU` by thread; only what is certain.
 *
 * The migration thread alone emits migration_thread_*(). Besides it only the main loop starts and stops the
 * guest, so that it is known once the migration threads are. What else changes the status of a device is a vCPU.
 * Source: migration/migration.c, migration_thread() and migration_completion(); system/runstate.c,
 * main_loop_should_exit(); hw/virtio/virtio-pci.c, virtio_pci_common_write().
 */
export function threadRoles(facts: readonly Fact[]): ReadonlyMap<string, string> {
  const threads = new Set<string>();
  const migrating = new Set<string>();
  const starting = new Set<string>();
  const ofGuest = new Set<string>();
  let hasMigration = false;
  for (const { thread, func, kind, role } of facts) {
    if (role !== 'event' || thread === undefined) continue;
    threads.add(thread);
    if (kind === 'migration_state') hasMigration = true;
    if (func.startsWith('migration_thread_')) migrating.add(thread);
    if (kind === 'runstate_set' || kind === 'vm_state_notify') starting.add(thread);
    if (kind === 'virtio_set_status') ofGuest.add(thread);
  }
  // Some tracers print the id of the process with every event.
  if (threads.size < 2) return new Map();
  const isComplete = migrating.size > 0 || !hasMigration;
  const main = [...starting].filter((thread) => isComplete && !migrating.has(thread));
  const guest = [...ofGuest].filter((thread) => !migrating.has(thread) && !starting.has(thread));
  return new Map([
    ...[...migrating].map((thread) => [thread, 'migration thread'] as const),
    ...main.map((thread) => [thread, 'main loop'] as const),
    ...(main.length > 0 ? guest : []).map((thread) => [thread, 'vCPU'] as const),
  ]);
}
