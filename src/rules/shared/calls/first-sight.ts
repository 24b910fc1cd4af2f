/** Log resizes that are not seen from their entry on. */
import type { Activation } from '../../../flows/activations/activation.js';
import { bigintOf } from '../../../model/values.js';
import { childrenOf } from './queries.js';

/**
 * A call of vhost_dev_log_resize() of which nothing was shown before. `static inline`, it is part of vhost_commit() and
 * vhost_migration_log() in an optimised build: gdb prints its frame in the stacks of what it calls, and a breakpoint on
 * it may stop at none or at some of its copies. Either caller resizes once at most; the rest of a resize may look like
 * another one where gdb prints `size=<optimized out>` up to some place.
 *
 * Source: QEMU hw/virtio/vhost.c vhost_commit() (one branch grows the log, the other shrinks it), vhost_migration_log().
 */
export function isSeenFirst(resize: Activation): boolean {
  const { entered, parent } = resize;
  if (entered || parent === undefined) return entered;
  const before = childrenOf(parent, 'vhost_dev_log_resize').filter(({ id }) => id < resize.id);
  return parent.entered ? before.length === 0 : before.every((earlier) => !earlier.entered);
}

/** It begins here, or inside a call that was seen to begin. */
export function hasBegun({ entered, parent }: Activation): boolean {
  return entered || parent?.entered === true;
}

/** The size that a resize is asked for: its own, or what it hands on to vhost_log_get(). */
export function sizeOfResize(resize: Activation): bigint | undefined {
  const { parent, entered } = resize;
  const parts =
    entered || parent?.entered !== true ? [resize] : childrenOf(parent, 'vhost_dev_log_resize');
  for (const part of parts) {
    const size = bigintOf(part.value) ?? bigintOf(childrenOf(part, 'vhost_log_get')[0]?.value);
    if (size !== undefined) return size;
  }
  return undefined;
}
