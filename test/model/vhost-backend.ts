/**
 * One vhost_dev and its backend: the calls that reach the backend, and which of them fails.
 *
 * hw/virtio/vhost.c and the VhostOps of its backends, QEMU 2.12 to 10.2. An independent reading of the
 * sources: it shares nothing with src/. Return values are simulated (`Fault`), data is not.
 */
import type { About, Execution } from './execution.js';
import type { Arg, Thread } from './gdb-log.js';

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

/** VHOST_F_LOG_ALL */
const LOG_ALL = 0x4000000;

/** Requests of the vhost-user protocol that the ops send. */
const REQUESTS: Readonly<Record<string, number>> = {
  set_features: 2,
  set_mem_table: 5,
  set_log_base: 6,
  set_vring_num: 8,
  set_vring_addr: 9,
  set_vring_base: 10,
  get_vring_base: 11,
  set_vring_kick: 12,
  set_vring_enable: 18,
};

export class VhostBackend {
  fault: Fault | undefined;

  constructor(
    protected readonly run: Execution,
    protected readonly version: Version,
  ) {}

  /** VhostOps member of the backend; false when it fails. */
  op(
    t: Thread,
    dev: VhostDev,
    name: string,
    args: Arg | readonly Arg[],
    about: About = {},
  ): boolean {
    const more = (typeof args[0] === 'string' ? [args] : args) as readonly Arg[];
    const func = `vhost_${dev.owner.backend}_${name}`;
    const body = (): boolean => {
      const ok = this.outcome(dev, name, about.ring);
      if (dev.owner.connected) this.tell(t, dev, name, more, about.ring ?? 0);
      return ok;
    };
    return this.run.call(t, func, [['dev', dev.address], ...more], body, {
      ...about,
      isLeaf: true,
    });
  }

  private outcome(dev: VhostDev, name: string, ring: number | undefined): boolean {
    const { fault } = this;
    if (fault?.dev !== dev || fault.op !== name) return dev.owner.connected;
    if (fault.ring !== undefined && fault.ring !== ring) return dev.owner.connected;
    this.fault = undefined;
    if (fault.disconnect) this.disconnected(dev.owner);
    return false;
  }

  /** Trace events of what reaches the backend: messages of vhost-user (7.2 and later), calls of vdpa. */
  private tell(t: Thread, dev: VhostDev, name: string, args: readonly Arg[], ring: number): void {
    if (dev.owner.backend === 'user' && this.version >= 702) this.sendMessage(t, dev, name, args);
    if (dev.owner.backend !== 'vdpa') return;
    const pointer = `dev: 0x${dev.address.toString(16)}`;
    const index = dev.vqIndex + ring;
    if (name === 'dev_start') {
      const [, started = false] = args[0] ?? [];
      this.run.log.event(t, 'vhost_vdpa_dev_start', `${pointer} started: ${Number(started)}`);
    } else if (name === 'get_vring_base') {
      const svq = this.version >= 900 ? ' svq: 0' : '';
      this.run.log.event(t, 'vhost_vdpa_get_vring_base', `${pointer} index: ${index} num: 0${svq}`);
    }
  }

  /** vhost-user.c: the once-per-device filter, and which requests wait for an answer. */
  private sendMessage(t: Thread, dev: VhostDev, name: string, args: readonly Arg[]): void {
    const request = REQUESTS[name];
    if (request === undefined) return;
    const isOnce = name === 'set_mem_table' || (name === 'set_log_base' && this.version >= 800);
    if (isOnce && dev.vqIndex !== 0) return;
    const [, value] = args[0] ?? [];
    const sets = name === 'set_features' && (Number(value) & LOG_ALL) !== 0;
    const logs = sets || (name === 'set_vring_addr' && this.flagOfAddress);
    const needsReply = logs || name === 'set_mem_table' || name === 'set_vring_enable';
    const flags = needsReply ? 9 : 1;
    const shown = this.version >= 1101 ? `${request} (${name.toUpperCase()})` : request;
    this.run.log.event(t, 'vhost_user_write', `req:${shown} flags:0x${flags}`);
    const waits = needsReply || name === 'get_vring_base' || name === 'set_log_base';
    if (!waits) return;
    const isOfLog = logs || name === 'set_log_base';
    if (isOfLog && !this.run.decide('log messages wait for a reply', true)) return;
    this.run.log.event(t, 'vhost_user_read', `req:${shown} flags:0x5`);
  }

  /** F_LOG of the ring address that is being sent. */
  private flagOfAddress = false;

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
    return this.run.call(t, 'vhost_dev_set_features', args, () =>
      this.op(t, dev, 'set_features', ['features', this.features(dev) + (flag ? LOG_ALL : 0)]),
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

  setAddress(t: Thread, dev: VhostDev, i: number, flag: boolean): boolean {
    const index = this.backendIndex(dev, i);
    const args: Arg[] = [
      ['dev', dev.address],
      ['vq', dev.vqs[i] ?? 0n],
      ['idx', index],
      ['enable_log', flag],
    ];
    return this.run.call(
      t,
      'vhost_virtqueue_set_addr',
      args,
      () => {
        this.flagOfAddress = flag;
        return this.op(t, dev, 'set_vring_addr', ['addr', 0x7ffff60b2f30n], {
          ring: i,
          structs: [vringAddress(dev, i, index, flag)],
        });
      },
      { ring: i },
    );
  }
}

/** `struct vhost_vring_addr` as gdb prints it; a ring that the guest never set up has no addresses. */
function vringAddress(dev: VhostDev, i: number, index: number, flag: boolean): string {
  const isReady = dev.owner.ready[dev.vqIndex + i] === true;
  const page = isReady ? 0x3fdf000 + (dev.vqIndex + i) * 0x3000 : 0;
  const host = (offset: number): number => (isReady ? 0x7fffb4000000 + page + offset : 0);
  const fields = [
    `index = ${index}`,
    `flags = ${Number(flag)}`,
    `desc_user_addr = ${host(0)}`,
    `used_user_addr = ${host(0x2000)}`,
    `avail_user_addr = ${host(0x1000)}`,
    `log_guest_addr = ${isReady ? page + 0x2000 : 0}`,
  ];
  return `{${fields.join(', ')}}`;
}
