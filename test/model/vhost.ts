/** Life, start and stop of a vhost_dev: hw/virtio/vhost.c of QEMU 2.12 to 10.2. */
import type { Arg, Thread } from './gdb-log.js';
import type { VhostDev } from './vhost-backend.js';
import { VhostLog } from './vhost-log.js';

export class Vhost extends VhostLog {
  /** Registers the listener, which `onRegister` tells about dirty tracking. */
  init(t: Thread, dev: VhostDev, onRegister: () => void): void {
    dev.started = false;
    dev.logEnabled = false;
    const args: Arg[] = [
      ['hdev', dev.address],
      ['opaque', 0x5555568ac880n],
      ['backend_type', `VHOST_BACKEND_TYPE_${dev.owner.backend.toUpperCase()}`],
    ];
    this.log.call(t, 'vhost_dev_init', args, onRegister);
  }

  cleanup(t: Thread, dev: VhostDev): void {
    this.log.call(t, 'vhost_dev_cleanup', [['hdev', dev.address]], () => undefined);
    dev.logEnabled = false;
    dev.started = false;
  }

  devStart(t: Thread, dev: VhostDev, vrings: boolean): boolean {
    const args: Arg[] = [
      ['hdev', dev.address],
      ['vdev', dev.owner.vdev],
    ];
    if (this.version >= 702) args.push(['vrings', vrings]);
    return this.log.call(t, 'vhost_dev_start', args, () => {
      dev.started = true;
      const ok = this.startSteps(t, dev, vrings);
      if (!ok) dev.started = false;
      return ok;
    });
  }

  private startSteps(t: Thread, dev: VhostDev, vrings: boolean): boolean {
    const forgets = this.defect === 'restart forgets logging' && dev.logEnabled;
    const flag = dev.logEnabled && !forgets;
    if (!this.setFeatures(t, dev, flag)) return false;
    if (!this.op(t, dev, 'set_mem_table', ['mem', dev.address + 0x4000n])) return false;
    for (let i = 0; i < dev.vqs.length; i++) {
      if (this.virtqueueStart(t, dev, i, flag)) continue;
      this.stopRings(t, dev, i - 1);
      return false;
    }
    const undo = (): boolean => {
      this.logPut(t, dev, false);
      this.stopRings(t, dev, dev.vqs.length - 1);
      return false;
    };
    if (flag) {
      dev.log = this.logGet(t, dev, this.memory);
      if (!this.setLogBase(t, dev, dev.log)) return undo();
      this.elect(t, dev, true);
    }
    const enables = vrings && this.version >= 702;
    if (enables && !this.vringEnable(t, dev, 1)) return undo();
    if (this.hasDevStart(dev) && !this.op(t, dev, 'dev_start', ['started', true])) {
      if (enables) this.vringEnable(t, dev, 0);
      return undo();
    }
    return true;
  }

  private hasDevStart({ owner }: VhostDev): boolean {
    if (owner.backend === 'vdpa') return this.version >= 501;
    return owner.backend === 'user' && this.version >= 702;
  }

  private vringEnable(t: Thread, dev: VhostDev, enable: number): boolean {
    if (dev.owner.backend === 'kernel') return true;
    const args: Arg[] = [
      ['hdev', dev.address],
      ['enable', enable],
    ];
    return this.log.call(t, 'vhost_dev_set_vring_enable', args, () =>
      this.op(t, dev, 'set_vring_enable', ['enable', enable]),
    );
  }

  private stopRings(t: Thread, dev: VhostDev, last: number): void {
    for (let i = last; i >= 0; i--) this.virtqueueStop(t, dev, i);
  }

  devStop(t: Thread, dev: VhostDev, vrings: boolean, force = false): void {
    const args: Arg[] = [
      ['hdev', dev.address],
      ['vdev', dev.owner.vdev],
    ];
    if (this.version >= 702) args.push(['vrings', vrings]);
    const body = (): void => {
      if (this.hasDevStart(dev)) this.op(t, dev, 'dev_start', ['started', false]);
      if (vrings && this.version >= 702) this.vringEnable(t, dev, 0);
      for (let i = 0; i < dev.vqs.length; i++) {
        if (this.defect !== 'stop skips ring 1' || i !== 1) this.stopRingOfDevice(t, dev, i, force);
      }
      this.logPut(t, dev, true);
      dev.started = false;
    };
    const outer = force ? 'vhost_dev_force_stop' : 'vhost_dev_stop';
    this.log.call(t, outer, args, () => {
      if (this.version < 1002) body();
      else this.log.call(t, 'do_vhost_dev_stop', [...args, ['force', force]], body);
    });
  }

  private stopRingOfDevice(t: Thread, dev: VhostDev, i: number, force: boolean): void {
    if (this.version < 1002) this.virtqueueStop(t, dev, i);
    else this.doVirtqueueStop(t, dev, i, force);
  }

  private ringArgs(dev: VhostDev, i: number): Arg[] {
    return [
      ['dev', dev.address],
      ['vdev', dev.owner.vdev],
      ['vq', dev.vqs[i] ?? 0n],
      ['idx', dev.vqIndex + i],
    ];
  }

  virtqueueStart(t: Thread, dev: VhostDev, i: number, flag = dev.logEnabled): boolean {
    return this.log.call(t, 'vhost_virtqueue_start', this.ringArgs(dev, i), () => {
      if (dev.owner.ready[dev.vqIndex + i] !== true) return true;
      return this.setAddress(t, dev, i, flag);
    });
  }

  virtqueueStop(t: Thread, dev: VhostDev, i: number): void {
    this.log.call(t, 'vhost_virtqueue_stop', this.ringArgs(dev, i), () => {
      if (this.version < 1002) this.getVringBase(t, dev, i);
      else this.doVirtqueueStop(t, dev, i, false);
    });
  }

  private doVirtqueueStop(t: Thread, dev: VhostDev, i: number, force: boolean): void {
    const args: Arg[] = [...this.ringArgs(dev, i), ['force', force]];
    this.log.call(t, 'do_vhost_virtqueue_stop', args, () => {
      if (!force) this.getVringBase(t, dev, i);
    });
  }

  private getVringBase(t: Thread, dev: VhostDev, i: number): void {
    if (dev.owner.ready[dev.vqIndex + i] !== true) return;
    this.op(t, dev, 'get_vring_base', ['ring', 0x7ffff60b2f30n], i);
  }

  prepareInflight(t: Thread, dev: VhostDev): boolean {
    const args: Arg[] = [
      ['hdev', dev.address],
      ['vdev', dev.owner.vdev],
    ];
    return this.log.call(t, 'vhost_dev_prepare_inflight', args, () =>
      this.setFeatures(t, dev, dev.logEnabled),
    );
  }
}
