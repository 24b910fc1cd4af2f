/**
 * Below which outermost call each call of a device was made, where two of them look like one.
 *
 * An outermost call that comes again with equal arguments (`virtio_set_status (vdev=…, val=15)` of a vCPU) is joined
 * to the one before where nothing shows that it returned. Three things tell them apart all the same: a call of another
 * thread in between, for these calls are made under the big QEMU lock; a vring that is set up once more; and features
 * or the memory table behind the vrings, before which vhost_dev_start() sends them.
 */
import type { FactKind } from '../model/fact.js';
import type { Activation } from './activations/activation.js';

/** What vhost_dev_start() does before it starts the vrings. */
const BEFORE_VRINGS: ReadonlySet<FactKind> = new Set([
  'vhost_dev_set_features',
  'op_set_features',
  'op_set_mem_table',
]);

/** Those of one device, in the order of its calls. */
export class OutermostCalls {
  private root: Activation | undefined = undefined;
  private turn = 0;
  private start: Activation | undefined = undefined;
  /** Indices of the vrings that the start has set up. */
  private readonly vrings = new Set<number>();
  private count = 0;

  /**
   * The number of the outermost call, the same for two calls only if one call was around both. `turn`: how often the
   * session has gone over to another thread.
   */
  around(activation: Activation, turn: number): number {
    const root = rootOf(activation);
    const start = startOf(activation);
    if (root !== this.root || turn !== this.turn || this.isAgain(activation, start)) {
      this.count++;
      this.vrings.clear();
    }
    this.root = root;
    this.turn = turn;
    this.start = start ?? this.start;
    const { kind, call } = activation;
    if (start !== undefined && kind === 'vhost_virtqueue_set_addr' && call.idx !== undefined)
      this.vrings.add(call.idx);
    return this.count;
  }

  private isAgain({ kind, call }: Activation, start: Activation | undefined): boolean {
    if (start === undefined || this.vrings.size === 0) return false;
    if (start !== this.start || BEFORE_VRINGS.has(kind)) return true;
    return (
      kind === 'vhost_virtqueue_set_addr' && call.idx !== undefined && this.vrings.has(call.idx)
    );
  }
}

/** The device start that it is a part of. */
function startOf({ parent }: Activation): Activation | undefined {
  let around = parent;
  while (around !== undefined && around.kind !== 'vhost_dev_start') around = around.parent;
  return around;
}

/** The outermost known call that it is made in. */
function rootOf(activation: Activation): Activation {
  let root = activation;
  while (root.parent !== undefined) root = root.parent;
  return root;
}
