/** Life, start and stop of a vhost_dev: hw/virtio/vhost.c of QEMU 2.12 to 11.1. */
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
    this.run.call(t, 'vhost_dev_init', args, () => {
      const text = `0x${dev.address.toString(16)}`;
      if (this.version >= 1101) this.run.log.event(t, 'vhost_dev_init_in', text);
      onRegister();
      if (this.version >= 1101) this.run.log.event(t, 'vhost_dev_init_out', text);
    });
  }

  cleanup(t: Thread, dev: VhostDev): void {
    this.run.call(t, 'vhost_dev_cleanup', [['hdev', dev.address]], () => {
      if (this.version < 702) return;
      this.run.log.event(t, 'vhost_dev_cleanup', `0x${dev.address.toString(16)}`);
    });
    dev.logEnabled = false;
    dev.started = false;
  }

  devStart(t: Thread, dev: VhostDev, vrings: boolean): boolean {
    const args: Arg[] = [
      ['hdev', dev.address],
      ['vdev', dev.owner.vdev],
    ];
    if (this.version >= 702) args.push(['vrings', vrings]);
    return this.run.call(t, 'vhost_dev_start', args, () => {
      this.tellEntry(t, 'vhost_dev_start', dev, vrings);
      dev.started = true;
      const ok = this.startSteps(t, dev, vrings);
      if (ok) this.tellEnd(t, 'vhost_dev_start', dev);
      else dev.started = false;
      return ok;
    });
  }

  /** Since 11.1 an event tells the end too, of a start only where it succeeded. */
  private tellEntry(t: Thread, event: string, dev: VhostDev, vrings: boolean): void {
    if (this.version < 702) return;
    const name = this.version >= 1101 ? `${event}_in` : event;
    this.run.log.event(t, name, `${shown(dev)} vrings:${Number(vrings)}`);
  }

  private tellEnd(t: Thread, event: string, dev: VhostDev): void {
    if (this.version >= 1101) this.run.log.event(t, `${event}_out`, shown(dev));
  }

  private tellRing(t: Thread, event: string, dev: VhostDev, i: number): void {
    if (this.version >= 1101) this.run.log.event(t, event, `${shown(dev)} ${dev.vqIndex + i}`);
  }

  private startSteps(t: Thread, dev: VhostDev, vrings: boolean): boolean {
    const flag = this.run.decide('log flag of a start', dev.logEnabled);
    if (!this.setFeatures(t, dev, flag)) return false;
    if (!this.setMemTable(t, dev)) return false;
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
    if (this.run.decide('log base at a start', flag)) {
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
    return this.run.call(t, 'vhost_dev_set_vring_enable', args, () =>
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
      this.tellEntry(t, 'vhost_dev_stop', dev, vrings);
      if (this.hasDevStart(dev)) this.op(t, dev, 'dev_start', ['started', false]);
      if (vrings && this.version >= 702) this.vringEnable(t, dev, 0);
      for (let i = 0; i < dev.vqs.length; i++) {
        this.stopRingOfDevice(t, dev, i, force);
      }
      this.logPut(t, dev, true);
      dev.started = false;
      this.tellEnd(t, 'vhost_dev_stop', dev);
    };
    const outer = force ? 'vhost_dev_force_stop' : 'vhost_dev_stop';
    this.run.call(t, outer, args, () => {
      if (this.version < 1001) body();
      else this.run.call(t, 'do_vhost_dev_stop', [...args, ['force', force]], body);
    });
  }

  private stopRingOfDevice(t: Thread, dev: VhostDev, i: number, force: boolean): void {
    if (this.version < 1001) this.virtqueueStop(t, dev, i);
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
    const about = { ring: i };
    const state: Arg = ['ring', 0x7ffff60b2f30n];
    const start = (): boolean => {
      this.tellRing(t, 'vhost_virtqueue_start_in', dev, i);
      if (dev.owner.ready[dev.vqIndex + i] !== true) return true;
      const ok =
        this.op(t, dev, 'set_vring_num', state, about) &&
        this.op(t, dev, 'set_vring_base', state, about) &&
        this.setAddress(t, dev, i, flag) &&
        this.op(t, dev, 'set_vring_kick', ['file', 0x7ffff60b2f28n], about);
      if (ok) this.tellRing(t, 'vhost_virtqueue_start_out', dev, i);
      return ok;
    };
    return this.run.call(t, 'vhost_virtqueue_start', this.ringArgs(dev, i), start, about);
  }

  virtqueueStop(t: Thread, dev: VhostDev, i: number): void {
    const stop = (): void => {
      if (this.version < 1001) this.getVringBase(t, dev, i);
      else this.doVirtqueueStop(t, dev, i, false);
    };
    this.run.call(t, 'vhost_virtqueue_stop', this.ringArgs(dev, i), stop, { ring: i });
  }

  private doVirtqueueStop(t: Thread, dev: VhostDev, i: number, force: boolean): void {
    const args: Arg[] = [...this.ringArgs(dev, i), ['force', force]];
    const stop = (): void => {
      this.tellRing(t, 'vhost_virtqueue_stop_in', dev, i);
      if (!force) this.getVringBase(t, dev, i);
      const isReady = dev.owner.ready[dev.vqIndex + i] === true;
      if (isReady) this.tellRing(t, 'vhost_virtqueue_stop_out', dev, i);
    };
    this.run.call(t, 'do_vhost_virtqueue_stop', args, stop, { ring: i });
  }

  private getVringBase(t: Thread, dev: VhostDev, i: number): void {
    if (dev.owner.ready[dev.vqIndex + i] !== true) return;
    const struct = `{index = ${this.backendIndex(dev, i)}, num = 0}`;
    this.op(t, dev, 'get_vring_base', ['ring', 0x7ffff60b2f30n], { ring: i, structs: [struct] });
  }

  prepareInflight(t: Thread, dev: VhostDev): boolean {
    const args: Arg[] = [
      ['hdev', dev.address],
      ['vdev', dev.owner.vdev],
    ];
    return this.run.call(t, 'vhost_dev_prepare_inflight', args, () =>
      this.setFeatures(t, dev, dev.logEnabled),
    );
  }
}

/** Its address and the name of the virtio device, as events print them. */
function shown({ address, owner }: VhostDev): string {
  const name = { kernel: 'vhost-vsock', user: 'vhost-user-blk', vdpa: 'vhost-vdpa' };
  const device = owner.kind === 'net' ? 'virtio-net' : name[owner.backend];
  return `0x${address.toString(16)}:${device}`;
}
