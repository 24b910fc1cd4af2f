/**
 * One vhost_dev and its backend: the calls that reach the backend, and which of them fails.
 *
 * hw/virtio/vhost.c and the VhostOps of its backends, QEMU 2.12 to 10.2. An independent reading of the
 * sources: it shares nothing with src/. Return values are simulated (`Fault`), data is not.
 */
import type { Arg, GdbLog, Thread } from './gdb-log.js';

/** 9.1 is 901. */
export type Version = number;
export type Backend = 'kernel' | 'user' | 'vdpa';

/** A virtio device; virtio-net has one vhost_dev for each queue pair, others have one. */
export interface VirtioDevice {
  readonly vdev: bigint;
  readonly backend: Backend;
  readonly kind: 'net' | 'single';
  readonly devs: readonly VhostDev[];
  /** Virtqueues with a descriptor address. */
  readonly ready: boolean[];
  driverOk: boolean;
  /** What the virtio device believes: its vhost devices were started. */
  started: boolean;
  connected: boolean;
  /** The bottom half that stops and cleans up after a disconnect is still to come. */
  closing: boolean;
}

export interface VhostDev {
  readonly address: bigint;
  readonly owner: VirtioDevice;
  readonly vqIndex: number;
  readonly vqs: readonly bigint[];
  started: boolean;
  logEnabled: boolean;
  log: Log | undefined;
}

export interface Log {
  readonly size: number;
  readonly base: bigint;
  refs: number;
}

/** The next call of an op that fails. */
export interface Fault {
  readonly dev: VhostDev;
  readonly op: string;
  /** Only for this ring of the device, 0-based. */
  readonly ring: number | undefined;
  /** The backend is gone, and all further calls fail too. */
  readonly disconnect: boolean;
}

/** A step that this QEMU leaves out or gets wrong; for the runs that must be reported. */
export type Defect =
  | 'log start skips ring 1'
  | 'log start skips features'
  | 'log start skips log base'
  | 'log resize elects nobody'
  | 'restart forgets logging'
  | 'stop skips ring 1'
  | 'log stop skips set_log';

export class VhostBackend {
  fault: Fault | undefined;

  constructor(
    protected readonly log: GdbLog,
    protected readonly version: Version,
    protected readonly defect: Defect | undefined,
  ) {}

  /** VhostOps member of the backend; false when it fails. */
  op(t: Thread, dev: VhostDev, name: string, args: Arg | readonly Arg[], ring?: number): boolean {
    const more = (typeof args[0] === 'string' ? [args] : args) as readonly Arg[];
    const func = `vhost_${dev.owner.backend}_${name}`;
    this.log.call(t, func, [['dev', dev.address], ...more], () => undefined);
    const { fault } = this;
    if (fault?.dev !== dev || fault.op !== name) return dev.owner.connected;
    if (fault.ring !== undefined && fault.ring !== ring) return dev.owner.connected;
    this.fault = undefined;
    if (fault.disconnect) this.disconnected(dev.owner);
    return false;
  }

  /**
   * The chardev sees the end of the connection. Since 5.2 vhost-user devices other than net clear
   * `started` at once; stop and cleanup come later, in a bottom half.
   */
  disconnected(device: VirtioDevice): void {
    device.connected = false;
    device.closing = true;
    if (this.version < 502 || device.kind === 'net') return;
    for (const dev of device.devs) dev.started = false;
  }

  protected setFeatures(t: Thread, dev: VhostDev, flag: boolean): boolean {
    const args: Arg[] = [
      ['dev', dev.address],
      ['enable_log', flag],
    ];
    return this.log.call(t, 'vhost_dev_set_features', args, () =>
      this.op(t, dev, 'set_features', ['features', this.features(dev) + (flag ? 0x4000000 : 0)]),
    );
  }

  /** What the guest acknowledged; VIRTIO_F_RING_RESET where rings can be reset. */
  private features(dev: VhostDev): number {
    return 0x130000000 + (this.canResetRings(dev.owner) ? 2 ** 40 : 0);
  }

  /** vhost_net_virtqueue_reset() is for tap only. */
  canResetRings({ backend, kind }: VirtioDevice): boolean {
    return this.version >= 702 && backend === 'kernel' && kind === 'net';
  }

  /** VhostOps.vhost_get_vq_index(). */
  protected backendIndex(dev: VhostDev, i: number): number {
    return dev.owner.backend === 'kernel' ? i : dev.vqIndex + i;
  }

  protected setAddress(t: Thread, dev: VhostDev, i: number, flag: boolean): boolean {
    const args: Arg[] = [
      ['dev', dev.address],
      ['vq', dev.vqs[i] ?? 0n],
      ['idx', this.backendIndex(dev, i)],
      ['enable_log', flag],
    ];
    return this.log.call(t, 'vhost_virtqueue_set_addr', args, () =>
      this.op(t, dev, 'set_vring_addr', ['addr', 0x7ffff60b2f30n], i),
    );
  }
}
