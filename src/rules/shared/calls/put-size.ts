/** How large the log is that a vhost_log_put() reads out: `dev->log_size`, which is `dev->log->size` from its vhost_log_get() on. */
import type { Activation } from '../../../flows/activations/activation.js';
import type { Mark, SessionContext } from '../../rule.js';
import { sizeOfResize } from './first-sight.js';
import { sizeEvents, unwatchedSizes } from './log-size.js';
import type { SizeEvent } from './log-size.js';
import { printedNumber } from './printed.js';
import { hasGap } from './queries.js';

/** A size in chunks and where it is shown, or what would have to be shown. */
export type ReadSize =
  { readonly size: bigint; readonly mark: Mark } | { readonly missing: readonly string[] };

/** The size of the log that a call below vhost_log_put() reads. */
export function sizeOfRead(context: SessionContext, read: Activation): ReadSize {
  const callers = callersOf(read);
  for (const put of callers) {
    const size = put.kind === 'vhost_log_put' ? printedNumber(put, 'size') : undefined;
    if (size !== undefined)
      return { size, mark: { line: put.line, role: `a log of ${size} chunks` } };
  }
  const { device, first } = read;
  // A resize has given the next log before it reads the old one: without its caller the put may be that of one.
  if (!callers.some(({ kind, parent }) => kind === 'vhost_log_put' && parent !== undefined))
    return { missing: [`the whole backtrace at ${read.func}`] };
  const given = sizeEvents(context).findLast(
    ({ device: owner, activation }) =>
      owner === device && activation.first < first && !callers.includes(activation),
  );
  const isHeld =
    given !== undefined &&
    (given.until > first || (given.next !== undefined && callers.includes(given.next)));
  if (!isHeld || mayBeNext(given, callers) || mayBeInside(context, given, callers))
    return { missing: [PRINT] };
  const { size, activation } = given;
  const missing = unwatchedSizes(context, activation.first, first);
  if (hasGap(context.run, activation.first, first))
    missing.push('an unbroken record since the log was made');
  if (missing.length > 0) return { missing: [PRINT, ...missing] };
  return { size, mark: { line: activation.line, role: `it is given a log of ${size} chunks` } };
}

const PRINT = '`print *dev->log` in vhost_log_put (for its size)';

/** It may be what the resize that reads gives itself: without its entry it may look like two. */
function mayBeNext({ size }: SizeEvent, callers: readonly Activation[]): boolean {
  const resize = callers.find(({ kind }) => kind === 'vhost_dev_log_resize');
  if (resize === undefined || resize.entered) return false;
  const asked = sizeOfResize(resize);
  return asked === undefined || asked === size;
}

/**
 * It may be of the resize that reads: uprobes without its return do not show whether what follows in the same vhost_commit()
 * stands inside of it.
 */
function mayBeInside(
  { run }: SessionContext,
  { activation }: SizeEvent,
  callers: readonly Activation[],
): boolean {
  const { kind, parent, isWatched } = activation;
  const put = callers.find((a) => a.kind === 'vhost_log_put');
  const hasStack = put !== undefined && (run.steps[put.first]?.frames.length ?? 0) > 1;
  return (
    kind === 'vhost_dev_log_resize' &&
    !isWatched &&
    !hasStack &&
    parent !== undefined &&
    callers.includes(parent)
  );
}

/** From the innermost on. */
function callersOf({ parent }: Activation): Activation[] {
  const found: Activation[] = [];
  for (let a = parent; a !== undefined; a = a.parent) found.push(a);
  return found;
}
