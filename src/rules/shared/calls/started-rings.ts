/** The vrings that run in a device whose stops may go unseen, by its starts alone. */
import type { Activation } from '../../../flows/activations/activation.js';
import { hasGap, versionsIn } from '../../../flows/run.js';
import { hasRingReset } from '../../../model/values.js';
import type { SessionContext } from '../../rule.js';
import { callsOf, lastAddressed } from './device-calls.js';
import type { Pass } from './log-passes.js';
import { below, hasStranger, lastBefore, unwatched } from './queries.js';

/** What may stop a vring, or address it once more. */
const CHANGES = [
  'vhost_dev_start',
  'vhost_dev_stop',
  'vhost_dev_cleanup',
  'vhost_virtqueue_stop',
  'op_get_vring_base',
] as const;

/** Rings can be reset alone since then. */
const SINGLE_RESET = 702;

/**
 * By vring the last vhost_virtqueue_set_addr() before a pass, for vrings of the start before it that run for certain;
 * empty where that is not known. vhost_migration_log() makes no pass over a device that does not run: without another
 * start there was no stop, whether those are watched or not.
 */
export function startedRings(
  context: SessionContext,
  { activation, device }: Pass,
): ReadonlyMap<number, Activation> {
  const { run } = context;
  const to = activation.first;
  const found = new Map<number, Activation>();
  const start = lastBefore(callsOf(context, device, 'vhost_dev_start'), to);
  if (start?.entered !== true || start.altered) return found;
  const from = start.first;
  const isWatched =
    unwatched(run, 'vhost_dev_start', from, to).length === 0 &&
    unwatched(run, 'vhost_virtqueue_set_addr', from, to).length === 0;
  if (!isWatched || hasGap(run, from, to) || mayResetRings(context, start)) return found;
  if (hasStranger(context, from, to, 'vhost_virtqueue_set_addr', ...CHANGES)) return found;
  if (callsOf(context, device, ...CHANGES).some(({ first }) => first > from && first < to))
    return found;
  for (const address of below(start, 'vhost_virtqueue_set_addr')) {
    const ring = run.rings.ringOf(address);
    const last = ring === undefined ? undefined : lastAddressed(context, device, ring, to);
    if (ring !== undefined && last !== undefined) found.set(ring, last);
  }
  return found;
}

/** The guest may have reset a single vring: by the features of the start, or the version. */
function mayResetRings({ run }: SessionContext, start: Activation): boolean {
  if (versionsIn(run, start.session).atMost < SINGLE_RESET) return false;
  const word = below(start, 'op_set_features').at(-1)?.value;
  return hasRingReset(word) ?? true;
}
