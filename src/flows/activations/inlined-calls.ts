/**
 * Calls that the compiler has put into their caller → what they called. A uprobe shows where such a copy begins, and no
 * return of it; the source tells what of the calls behind it in the same caller it has made.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_log_global_start(), vhost_log_global_stop(), vhost_migration_log(), vhost_commit(),
 * vhost_dev_log_resize(), 2.12 to 11.1.
 */
import type { FactKind } from '../../model/fact.js';
import type { Activation } from './activation.js';
import { mayCall } from './callers.js';

/** Outermost first. While one runs, its caller makes none of its other calls. */
const INLINED: readonly FactKind[] = ['vhost_migration_log', 'vhost_dev_log_resize'];

/**
 * `calls`: all that `caller` is known to have called, in order, and no calls inside those. Returns those that are known
 * to have made calls by that, outermost first.
 */
export function encloseWithInlined(
  caller: Activation,
  calls: readonly Activation[],
): readonly Activation[] {
  const at = calls.findIndex((call) => INLINED.includes(call.kind) && isInlined(call, caller));
  const inlined = calls[at];
  if (inlined === undefined) {
    caller.enclose(calls);
    return [caller];
  }
  // What none of the two calls runs in a main loop, and so inside of the inner one as long as nothing shows its end.
  const next = calls.findIndex(
    ({ kind }, i) => i > at && mayCall(caller.kind, kind) && !mayCall(inlined.kind, kind),
  );
  const end = next < 0 ? calls.length : next;
  caller.enclose([...calls.slice(0, at + 1), ...calls.slice(end)]);
  const over = calls[end]?.first;
  if (over !== undefined && inlined.closed !== undefined)
    inlined.closed = Math.min(inlined.closed, over);
  return [caller, ...encloseWithInlined(inlined, calls.slice(at + 1, end))];
}

/** Of a function of its own the return would be known, too. */
function isInlined(call: Activation, { kind }: Activation): boolean {
  return !call.isWatched && mayCall(kind, call.kind);
}
