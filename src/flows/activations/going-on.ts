/** Which calls of a thread's last stack go on in its next one, and which have returned. Pure. */
import type { Call } from '../../facts/stacks/calls.js';
import type { Step } from '../../facts/step.js';
import type { FactKind } from '../../model/fact.js';
import { sameness } from './activation.js';
import type { Activation } from './activation.js';

/** Open calls that a stack shows to go on. */
export interface GoingOn {
  /** They, and those around them that a stack cut short does not show. */
  readonly kept: readonly Activation[];
  /** How many calls of the stack are among them. */
  readonly shown: number;
  /** The call behind them is another one for certain. */
  readonly isCertain: boolean;
}

/** Which of the open calls go on in a stack? Its calls from `end` on, and one that it enters, are new. */
export function goingOn(open: readonly Activation[], step: Step, end = step.calls.length): GoingOn {
  const start = align(open, step);
  const limit = Math.min(end, step.calls.length - (step.entry ? 1 : 0));
  let shown = 0;
  let isCertain = true;
  for (; shown < limit; shown++) {
    const call = step.calls[shown];
    const activation = open[start + shown];
    if (call === undefined || activation === undefined) break;
    const isOver = isSetUpAgain(activation, open, step) || isStartedAgain(activation, open, step);
    const same = isOver ? 'different' : sameness(activation, call);
    if (same === 'same') continue;
    isCertain = same === 'different';
    break;
  }
  return { kept: open.slice(0, start + shown), shown, isCertain };
}

/** What migration_thread() does once, in its setup; vhost_log_global_start() for each listener. */
const ONCE: ReadonlySet<FactKind> = new Set([
  'ram_init_bitmaps',
  'memory_global_dirty_log_start',
  'vhost_log_global_start',
]);

/** Where it does that. */
const IN_SETUP: ReadonlySet<FactKind> = new Set(['savevm_state_setup', ...ONCE]);

/**
 * A step shows what migration_thread() has done already, and does not do any more: it is that of the next
 * migration, which has the same arguments; where stacks are cut nothing else shows that the one before is over.
 *
 * Source: migration/migration.c, migration_thread(); migration/ram.c, ram_init_all().
 */
function isSetUpAgain(thread: Activation, open: readonly Activation[], step: Step): boolean {
  if (thread.kind !== 'migration_thread') return false;
  return step.calls.some((call, i) => {
    if (!ONCE.has(call.row.kind)) return false;
    const isEntered = step.entry && i === step.calls.length - 1;
    const goesOn = !isEntered && open.some((a) => sameness(a, call) !== 'different');
    return !goesOn && hasDone(thread, call);
  });
}

/**
 * A step shows a vring that vhost_dev_start() has passed: it is another start, of the same device and in the same caller,
 * where what came between is not shown.
 *
 * Source: hw/virtio/vhost.c, vhost_dev_start(): its vrings in ascending order.
 */
function isStartedAgain(start: Activation, open: readonly Activation[], step: Step): boolean {
  if (start.kind !== 'vhost_dev_start') return false;
  const at = step.calls.findIndex(({ row }) => row.kind === 'vhost_virtqueue_start');
  const call = step.calls[at];
  const idx = call?.idx;
  if (call === undefined || idx === undefined) return false;
  const isEntered = step.entry && at === step.calls.length - 1;
  if (!isEntered && open.some((a) => sameness(a, call) !== 'different')) return false;
  return start.children.some(
    (child) =>
      child.kind === call.row.kind && child.call.idx !== undefined && child.call.idx >= idx,
  );
}

function hasDone({ children }: Activation, call: Call): boolean {
  const isNamed = call.row.kind !== 'vhost_log_global_start' || call.pointer !== undefined;
  return children.some(
    (child) =>
      (isNamed && child.func === call.func && child.call.pointer === call.pointer) ||
      (IN_SETUP.has(child.kind) && hasDone(child, call)),
  );
}

/** Index in `open` of the step's outermost call; a limited `bt N` does not show the outer ones. */
function align(open: readonly Activation[], step: Step): number {
  const outermost = step.calls[0];
  if (step.complete || outermost === undefined) return 0;
  const isOnlyEntry = step.entry && step.calls.length === 1;
  if (isOnlyEntry) return 0;
  const at = open.findIndex((activation) => sameness(activation, outermost) === 'same');
  return Math.max(at, 0);
}

/** The open calls that a stack no longer shows; behind other callers than a cut stack let assume they may go on. */
export function gone(
  { isCut }: { readonly isCut: boolean },
  left: readonly Activation[],
  step: Step,
  from: number,
): readonly Activation[] {
  if (!isCut) return left;
  const calls = step.calls.slice(from, step.entry ? -1 : undefined);
  const again = left.findIndex((a) => calls.some((call) => sameness(a, call) !== 'different'));
  return again < 0 ? left : left.slice(0, again);
}
