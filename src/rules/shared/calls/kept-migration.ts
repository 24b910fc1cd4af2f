/**
 * A log start that fails ends the migration that asked for it: vhost_log_global_start() aborts, or (10.0.13, 10.2) returns
 * false, and migration_thread() goes past its setup to neither a sync nor the stop of the VM. What it does later shows that
 * vhost_migration_log() has returned 0. That it also does where a vhost-user backend that disconnects has stopped the
 * device meanwhile (5.2 and later): a device that is stopped with the VM, and not started in between, ran all the time.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_log_global_start(), vhost_migration_log(); migration/ram.c ram_init_bitmaps();
 * migration/migration.c migration_thread(), migration_iteration_finish().
 */
import { append } from '../../../base/append.js';
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Mark, SessionContext } from '../../rule.js';
import { closingDoubts } from '../closed-backends.js';
import { lifeAt } from '../device-lives.js';
import { callsOf, unseenBetween } from './device-calls.js';
import { firstFrom, hasGap, unwatched } from './queries.js';

/** The line that shows that the migration went on with the log start of a vhost_dev_set_log(true). */
export function goesOnWith(
  context: SessionContext,
  pass: Activation,
  device: string,
): Mark | undefined {
  const thread = callerOf(pass, 'migration_thread');
  if (thread === undefined || pass.closed === undefined) return undefined;
  const later = workBehindSetup(context).get(thread) ?? [];
  const next = later[firstFrom(later, pass.closed)];
  if (next === undefined || hasGap(context.run, pass.first, next.first)) return undefined;
  // Behind another pass it may be the work of another migration.
  const passes = callsOf(context, device, 'vhost_dev_set_log');
  const other = passes[firstFrom(passes, pass.first + 1)]?.first ?? Infinity;
  const isOfPass =
    other > next.first &&
    unwatched(context.run, 'vhost_dev_set_log', pass.first, next.first).length === 0;
  if (!isOfPass || !ranOn(context, device, pass)) return undefined;
  return { line: next.line, role: 'the migration goes on, which a log start that fails ends' };
}

/** What migration_thread() does once logging has begun, by the execution of it. */
function workBehindSetup(context: SessionContext): ReadonlyMap<Activation, readonly Activation[]> {
  return context.once('work behind setup', () => {
    const found = new Map<Activation, Activation[]>();
    for (const call of context.of('migration_bitmap_sync', 'vhost_log_sync', 'vhost_dev_stop')) {
      const thread = callerOf(call, 'migration_thread');
      const isOfVm = callerOf(call, 'vm_state_notify')?.enable === false;
      if (thread !== undefined && (call.kind !== 'vhost_dev_stop' || isOfVm))
        append(found, thread, call);
    }
    return found;
  });
}

/** No backend that disconnects has stopped the device since its start. */
function ranOn(context: SessionContext, device: string, pass: Activation): boolean {
  const backend = context.run.rings.backendOf(pass);
  if (backend === 'kernel' || backend === 'vdpa') return true;
  const life = lifeAt(context, 'calls', device, pass.first);
  if (life === undefined || closingDoubts(context, 'calls', life).length > 0) return false;
  const { next } = life;
  return (
    next === undefined ||
    unseenBetween(context, pass.first, next.step, 'vhost_dev_start').length === 0
  );
}
