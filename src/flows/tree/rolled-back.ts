/**
 * Log starts that are taken back because one fails: vhost_dev_set_log() undoes itself at the vrings before the one that
 * fails, memory_global_dirty_log_start() tells the listeners before the one that fails to stop (9.1 and later).
 *
 * Source: QEMU hw/virtio/vhost.c vhost_dev_set_log(); system/memory.c memory_global_dirty_log_do_start().
 */
import { append } from '../../base/append.js';
import { callerOf, descendants, failureIn, hasFailed } from '../activations/activation.js';
import type { Activation } from '../activations/activation.js';

const START = 'memory_global_dirty_log_start';
const STOP = 'memory_global_dirty_log_stop';

/** Ids of the calls whose work is taken back, of those whose failure the capture shows. Pure; linear. */
export function rolledBackCalls(activations: readonly Activation[]): ReadonlySet<number> {
  const found = new Set<number>();
  const starts = new Map<Activation, Activation[]>();
  for (const call of activations) {
    if (call.kind === 'vhost_dev_set_log' && undoesItself(call) && isShownToFail(call)) {
      found.add(call.id);
    }
    if (call.kind !== 'vhost_log_global_start' && call.kind !== 'vhost_log_global_stop') continue;
    const pass = callerOf(call, START, STOP);
    if (pass?.kind !== START) continue;
    if (call.kind === 'vhost_log_global_start') append(starts, pass, call);
    else takeBack(call, starts.get(pass) ?? [], found);
  }
  return found;
}

/** `starts`: those of the same pass before the log stop. */
function takeBack(stop: Activation, starts: readonly Activation[], found: Set<number>): void {
  const refusing = starts.findIndex((start) => failingIn(start) !== undefined);
  const failed = starts[refusing];
  if (failed === undefined || stop.device === undefined || stop.device === failed.device) return;
  const own = starts.slice(0, refusing).findLast(({ device }) => device === stop.device);
  if (own === undefined) return;
  found.add(own.id);
  const undone = failingIn(failed);
  if (undone?.kind === 'vhost_dev_set_log' && undoesItself(undone)) found.add(undone.id);
}

/** What shows that a log start fails. */
function failingIn(start: Activation): Activation | undefined {
  const calls = [...descendants(start)];
  const undone = calls.find((call) => call.kind === 'vhost_dev_set_log' && undoesItself(call));
  return undone ?? failureIn(start);
}

/** By what it returns, or one of its callers up to the callback, or what it calls. */
function isShownToFail(call: Activation): boolean {
  if (failureIn(call) !== undefined) return true;
  for (let a = call.parent; a !== undefined; a = a.parent) {
    if (a.kind !== 'vhost_migration_log' && a.kind !== 'vhost_log_global_start') return false;
    if (hasFailed(a)) return true;
  }
  return false;
}

/** A vring, or the features, with the flag from before the call behind one with its own. */
function undoesItself({ children, enable }: Activation): boolean {
  if (enable === undefined) return false;
  const told = children.filter(
    ({ kind }) => kind === 'vhost_virtqueue_set_addr' || kind === 'vhost_dev_set_features',
  );
  const first = told.findIndex((call) => call.enable === enable);
  return first >= 0 && told.slice(first).some((call) => call.enable === !enable);
}
