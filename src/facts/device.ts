/**
 * Device identity: which vhost_dev a call is about.
 *
 * `struct vhost_dev` is named by `dev` and `hdev`; memory listener callbacks name its member
 * `memory_listener`, 8 bytes in on LP64 since QEMU 2.9 (commit c471ad0e9b) and 0 before. The offset
 * is learned from stacks that print both, so that another layout is not taken for a fault.
 */
import type { Call } from './calls.js';

/** Offset of `memory_listener` in `struct vhost_dev` on LP64 since QEMU 2.9. */
const LISTENER_OFFSET = 8n;

/** `listener - dev` of the innermost such pair of one stack (calls outermost first), if the stack prints both; `index` is that of `dev`. */
export function listenerDistance(
  calls: readonly Call[],
): { listener: Call; dev: Call; index: number; distance: bigint } | undefined {
  for (let i = calls.length - 2; i >= 0; i--) {
    const listener = calls[i];
    const dev = calls[i + 1];
    if (listener?.row.device !== 'listener' || listener.pointer === undefined) continue;
    if (dev?.row.device === undefined || dev.row.device === 'listener' || dev.pointer === undefined)
      continue;
    const distance = distanceBetween(listener, dev, listener.pointer, dev.pointer);
    return { listener, dev, index: i + 1, distance };
  }
  return undefined;
}

/** By listener and device: the same few stand in all stacks. */
const distances = new WeakMap<Call, WeakMap<Call, bigint>>();

function distanceBetween(listener: Call, dev: Call, from: string, to: string): bigint {
  const ofListener = distances.get(listener) ?? new WeakMap<Call, bigint>();
  distances.set(listener, ofListener);
  const distance = ofListener.get(dev) ?? BigInt(from) - BigInt(to);
  ofListener.set(dev, distance);
  return distance;
}

/** A member lies inside of its structure; anything farther away belongs to another device. */
function isInside(distance: bigint): boolean {
  return distance >= 0n && distance < 4096n;
}

/** The distance most stacks agree on; {@link LISTENER_OFFSET} where they are silent or undecided. */
export function learnListenerOffset(stacks: Iterable<readonly Call[]>): bigint {
  const votes = new ListenerVotes();
  for (const calls of stacks) votes.add(calls);
  return votes.offset;
}

/** See {@link learnListenerOffset}. */
export class ListenerVotes {
  private readonly votes = new Map<bigint, number>();

  add(calls: readonly Call[]): void {
    const found = listenerDistance(calls);
    if (found !== undefined && isInside(found.distance))
      this.votes.set(found.distance, (this.votes.get(found.distance) ?? 0) + 1);
  }

  /** As the stacks so far show it. */
  get offset(): bigint {
    let best = LISTENER_OFFSET;
    let most = this.votes.get(LISTENER_OFFSET) ?? 0;
    for (const [distance, count] of this.votes) {
      if (count > most) [best, most] = [distance, count];
    }
    return best;
  }
}

/** Device key of a call: lower-case hex without leading zeros. */
export function deviceOf(call: Call, listenerOffset: bigint): string | undefined {
  if (call.pointer === undefined || call.pointer === '0x0') return undefined;
  if (call.row.device !== 'listener') return call.pointer;
  const address = BigInt(call.pointer) - listenerOffset;
  return address > 0n ? `0x${address.toString(16)}` : undefined;
}
