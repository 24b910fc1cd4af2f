/**
 * Device identity: which vhost_dev a call is about.
 *
 * `struct vhost_dev` is named by `dev` and `hdev`; memory listener callbacks name its member
 * `memory_listener`, 8 bytes in on LP64 since QEMU 2.9 (commit c471ad0e9b) and 0 before. The offset
 * is learned from stacks that print both, so that another layout is not taken for a fault.
 */
import type { Call } from './calls.js';
import type { Step } from '../step.js';

/** Offset of `memory_listener` in `struct vhost_dev` on LP64 since QEMU 2.9. */
export const LISTENER_OFFSET = 8n;

/** A call that names a listener, and its callee, which names a device. */
interface ListenerPair {
  readonly listener: Call;
  readonly dev: Call;
  /** Of `dev` in the stack. */
  readonly index: number;
}

/** The innermost such pair of one stack (calls outermost first), if the stack prints both. */
export function listenerPair(calls: readonly Call[]): ListenerPair | undefined {
  for (let i = calls.length - 2; i >= 0; i--) {
    const listener = calls[i];
    const dev = calls[i + 1];
    if (listener?.row.device !== 'listener' || listener.pointer === undefined) continue;
    if (dev?.row.device === undefined || dev.row.device === 'listener' || dev.pointer === undefined)
      continue;
    return { listener, dev, index: i + 1 };
  }
  return undefined;
}

/** `listener - dev` */
export function listenerDistance({ listener, dev }: ListenerPair): bigint {
  return BigInt(listener.pointer ?? 0) - BigInt(dev.pointer ?? 0);
}

/** A member lies inside of its structure; anything farther away belongs to another device. */
function isInside(distance: bigint): boolean {
  return distance >= 0n && distance < 4096n;
}

/** The distance most stacks agree on; {@link LISTENER_OFFSET} where they are silent or undecided. */
export function learnListenerOffset(steps: readonly Pick<Step, 'calls'>[]): bigint {
  const votes = new ListenerVotes();
  for (const { calls } of steps) votes.add(calls);
  return votes.offset;
}

/** See {@link learnListenerOffset}. */
export class ListenerVotes {
  private readonly votes = new Map<bigint, number>();
  /** The last one, and its distance. */
  private pair: ListenerPair | undefined;
  private distance = 0n;

  add(calls: readonly Call[]): void {
    const pair = listenerPair(calls);
    if (pair === undefined) return;
    // Most stacks show the pair of the one before.
    const isSame = this.pair?.listener === pair.listener && this.pair.dev === pair.dev;
    if (!isSame) this.distance = listenerDistance(pair);
    this.pair = pair;
    if (isInside(this.distance))
      this.votes.set(this.distance, (this.votes.get(this.distance) ?? 0) + 1);
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
