/**
 * Devices and rings of a session: backend of each vhost_dev, and which ring a call is about.
 *
 * A ring is known by the index that the backend is given (`vhost_vring_addr.index`): relative to the
 * device for the kernel, absolute for user and vdpa (VhostOps.vhost_get_vq_index). Functions that take
 * the device-absolute index are mapped by their `vq` pointer, or by the difference learned from a
 * stack that prints both (vhost_virtqueue_start() above vhost_virtqueue_set_addr()).
 */
import type { Backend } from '../model/fact.js';
import type { Activation } from './activations.js';

export class Rings {
  private readonly backends = new Map<string, Backend>();
  private readonly byVq = new Map<string, number>();
  private readonly offsets = new Map<string, number>();

  constructor(activations: readonly Activation[]) {
    for (const activation of activations) this.learn(activation);
  }

  /** Backend of the device that a call is about, from any call of the same incarnation that shows it. */
  backendOf(activation: Activation): Backend | undefined {
    return this.backends.get(deviceKey(activation));
  }

  /** `dev->vq_index` of a kernel device, where a stack shows it. */
  vqIndexOf(activation: Activation): number | undefined {
    return this.offsets.get(deviceKey(activation));
  }

  /** Index of the ring that this call is about, as the backend counts. */
  ringOf(activation: Activation): number | undefined {
    const { call, device, kind, parent } = activation;
    if (kind === 'op_set_vring_addr' || kind === 'op_get_vring_base') {
      return parent === undefined || parent.device !== device ? undefined : this.ringOf(parent);
    }
    if (call.row.idx === 'backend') return call.idx;
    if (call.row.idx !== 'device' || device === undefined) return undefined;
    const known =
      call.vq === undefined ? undefined : this.byVq.get(`${deviceKey(activation)} ${call.vq}`);
    if (known !== undefined || call.idx === undefined) return known;
    const backend = this.backendOf(activation);
    if (backend === 'user' || backend === 'vdpa') return call.idx;
    const offset = this.vqIndexOf(activation);
    return offset === undefined ? undefined : call.idx - offset;
  }

  private learn(activation: Activation): void {
    const { call, device, parent, kind } = activation;
    if (device === undefined) return;
    const key = deviceKey(activation);
    if (activation.backend !== undefined && !this.backends.has(key))
      this.backends.set(key, activation.backend);
    if (kind !== 'vhost_virtqueue_set_addr' || call.idx === undefined) return;
    if (call.vq !== undefined) this.byVq.set(`${key} ${call.vq}`, call.idx);
    const startIdx = parent?.kind === 'vhost_virtqueue_start' ? parent.call.idx : undefined;
    if (startIdx !== undefined) this.offsets.set(key, startIdx - call.idx);
  }
}

function deviceKey({ session, device, incarnation }: Activation): string {
  return `${session} ${device ?? ''} ${incarnation}`;
}
