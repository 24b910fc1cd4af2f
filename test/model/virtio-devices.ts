/** The virtio devices with vhost backends: they come and go, and start and stop with guest and machine. */
import type { DirtyTracking } from './dirty-tracking.js';
import type { Arg, Thread } from './gdb-log.js';
import type { DeviceSpec, Machine } from './machine.js';
import type { VhostDev, VirtioDevice } from './vhost-backend.js';

const FIRST_DEVICE = 0x5555573f9c50n;

export class VirtioDevices {
  readonly all: VirtioDevice[] = [];
  private readonly freed: bigint[] = [];
  private nextAddress = FIRST_DEVICE;

  constructor(
    private readonly machine: Machine,
    private readonly tracking: DirtyTracking,
  ) {}

  plug({ backend, pairs }: DeviceSpec): void {
    const count = Math.max(1, pairs);
    const devs: VhostDev[] = [];
    const device: VirtioDevice = {
      vdev: this.nextAddress - 0x2b0n,
      backend,
      kind: pairs > 0 ? 'net' : 'single',
      devs,
      ready: new Array<boolean>(2 * count).fill(false),
      driverOk: false,
      started: false,
      connected: true,
      closing: false,
    };
    for (let pair = 0; pair < count; pair++) {
      // The heap gives memory of the same size back, the last freed first.
      const address = this.freed.pop() ?? this.nextAddress;
      if (address === this.nextAddress) this.nextAddress += 0x1000n;
      devs.push({
        address,
        owner: device,
        vqIndex: 2 * pair,
        vqs: [address + 0x290n, address + 0x310n],
        started: false,
        logEnabled: false,
        log: undefined,
      });
    }
    this.all.push(device);
    this.register(device, ['qmp_device_add', 'virtio_device_realize']);
  }

  register(device: VirtioDevice, frames: readonly string[]): void {
    this.machine.within(this.machine.main, frames, () => {
      for (const dev of device.devs) {
        this.machine.vhost.init(this.machine.main, dev, () => {
          this.machine.within(
            this.machine.main,
            ['memory_listener_register', 'listener_add_address_space'],
            () => {
              if (this.tracking.users.size > 0)
                this.machine.vhost.globalStart(this.machine.main, dev);
              this.machine.vhost.commit(this.machine.main, dev, true);
            },
          );
        });
        this.tracking.listeners.push(dev);
      }
    });
  }

  private unregister(device: VirtioDevice): void {
    for (const dev of device.devs) {
      const at = this.tracking.listeners.indexOf(dev);
      if (at >= 0) this.tracking.listeners.splice(at, 1);
      this.machine.vhost.cleanup(this.machine.main, dev);
    }
  }

  runBottomHalves(): void {
    for (const device of this.all) {
      if (!device.closing) continue;
      device.closing = false;
      this.machine.within(this.machine.main, ['aio_bh_poll', 'vhost_user_async_close_bh'], () => {
        this.stopDevice(this.machine.main, device);
        this.unregister(device);
      });
    }
  }

  resetDevice(t: Thread, device: VirtioDevice): void {
    device.driverOk = false;
    this.setStatus(t, device);
    device.ready.fill(false);
  }

  /** virtio_set_status(): starts or stops the vhost devices if need be. */
  setStatus(t: Thread, device: VirtioDevice): void {
    const wants = device.driverOk && this.machine.isRunning && device.connected;
    const value = device.driverOk ? 15 : 0;
    const args: Arg[] = [
      ['vdev', device.vdev],
      ['val', value],
    ];
    this.machine.run.call(t, 'virtio_set_status', args, () => {
      const text = `vdev 0x${device.vdev.toString(16)} val ${value}`;
      this.machine.log.event(t, 'virtio_set_status', text);
      if (wants === device.started) return;
      if (wants) device.started = this.startDevice(t, device);
      else this.stopDevice(t, device);
    });
  }

  /** virtio-net starts all pairs, those that the guest never set up too. */
  startDevice(t: Thread, device: VirtioDevice): boolean {
    const isNet = device.kind === 'net';
    const started: VhostDev[] = [];
    for (const dev of device.devs) {
      const ok = isNet ? this.startPair(t, dev) : this.startSingle(t, dev);
      if (ok) {
        started.push(dev);
        continue;
      }
      for (const before of started.reverse()) this.stopPair(t, before);
      return false;
    }
    return true;
  }

  private startSingle(t: Thread, dev: VhostDev): boolean {
    const { backend } = dev.owner;
    const func = { user: 'vhost_user_blk_start', kernel: 'vhost_vsock_common_start' };
    return this.machine.within(
      t,
      [backend === 'vdpa' ? 'vhost_vdpa_device_start' : func[backend]],
      () => {
        const hasInflight = backend === 'user' && this.machine.profile.version >= 502;
        if (hasInflight && !this.machine.vhost.prepareInflight(t, dev)) return false;
        return this.machine.vhost.devStart(t, dev, backend === 'user');
      },
    );
  }

  private startPair(t: Thread, dev: VhostDev): boolean {
    const { backend, vdev } = dev.owner;
    if (backend === 'user') this.machine.vhost.op(t, dev, 'set_vring_enable', ['enable', 1]);
    const args: Arg[] = [
      ['net', dev.address],
      ['dev', vdev],
    ];
    return this.machine.run.call(t, 'vhost_net_start_one', args, () => {
      if (!this.machine.vhost.devStart(t, dev, false)) return false;
      if (backend !== 'kernel') return true;
      for (let i = 0; i < dev.vqs.length; i++) {
        if (this.attach(t, dev, i, true)) continue;
        for (let j = i - 1; j >= 0; j--) this.attach(t, dev, j, false);
        this.machine.vhost.devStop(t, dev, false);
        return false;
      }
      return true;
    });
  }

  /** VHOST_NET_SET_BACKEND: a ring of a kernel vhost-net runs only with a tap attached to it. */
  private attach(t: Thread, dev: VhostDev, i: number, isOn: boolean): boolean {
    const struct = `{index = ${i}, fd = ${isOn ? 31 : -1}}`;
    return this.machine.vhost.op(t, dev, 'net_set_backend', ['file', 0x7ffff60b2f30n], {
      ring: i,
      structs: [struct],
    });
  }

  /** The guest resets one ring of a running device, or restarts one that it has reset (7.2 and later). */
  switchRing(t: Thread, dev: VhostDev, i: number, isRestart: boolean): void {
    const { vhost } = this.machine;
    const ready = dev.owner.ready;
    if (isRestart) ready[dev.vqIndex + i] = true;
    const frames = isRestart
      ? ['virtio_queue_enable', 'vhost_net_virtqueue_restart']
      : ['virtio_queue_reset', 'vhost_net_virtqueue_reset'];
    this.machine.within(t, frames, () => {
      if (!isRestart) this.attach(t, dev, i, false);
      if (isRestart) vhost.virtqueueStart(t, dev, i);
      else vhost.virtqueueStop(t, dev, i);
      if (isRestart) this.attach(t, dev, i, true);
    });
    ready[dev.vqIndex + i] = isRestart;
  }

  stopDevice(t: Thread, device: VirtioDevice): void {
    if (!device.started) return;
    device.started = false;
    for (const dev of device.devs) this.stopPair(t, dev);
  }

  private stopPair(t: Thread, dev: VhostDev): void {
    const { kind, backend, vdev } = dev.owner;
    if (kind === 'single') {
      this.machine.within(
        t,
        [backend === 'user' ? 'vhost_user_blk_stop' : 'vhost_vsock_common_stop'],
        () => {
          const isForced =
            this.machine.isQuitting && backend === 'user' && this.machine.profile.version >= 1001;
          this.machine.vhost.devStop(t, dev, backend === 'user', isForced);
        },
      );
      return;
    }
    const args: Arg[] = [
      ['net', dev.address],
      ['dev', vdev],
    ];
    this.machine.run.call(t, 'vhost_net_stop_one', args, () => {
      if (backend === 'kernel') {
        for (let i = 0; i < dev.vqs.length; i++) this.attach(t, dev, i, false);
      }
      this.machine.vhost.devStop(t, dev, false);
    });
  }

  private notifyRunState(t: Thread, state: string): void {
    const { version } = this.machine.profile;
    const name = `RUN_STATE_${state.toUpperCase().replaceAll('-', '_')}`;
    const running = version >= 600 ? this.machine.isRunning : Number(this.machine.isRunning);
    const args: Arg[] = [
      ['running', running],
      ['state', name],
    ];
    this.machine.setRunState(t, state);
    this.machine.run.call(t, 'vm_state_notify', args, () => {
      // The handler of a postponed stop comes before those of the devices.
      if (this.machine.isRunning) this.tracking.runPostponed(t);
      if (this.machine.aborted) return;
      for (const device of this.all) {
        this.machine.run.call(t, 'virtio_vmstate_change', args, () => {
          this.setStatus(t, device);
        });
      }
    });
  }

  unplug(device: VirtioDevice): void {
    const { machine } = this;
    machine.within(machine.main, ['device_finalize', 'virtio_device_unrealize'], () => {
      this.resetDevice(machine.main, device);
      if (device.connected) this.unregister(device);
    });
    this.all.splice(this.all.indexOf(device), 1);
    if (machine.profile.reusesAddresses) this.freed.push(...device.devs.map((d) => d.address));
  }

  vmStop(t: Thread, frames: readonly string[], state = 'paused'): void {
    this.machine.isRunning = false;
    this.machine.within(t, frames, () => {
      this.notifyRunState(t, state);
    });
  }

  vmStart(t: Thread, frames: readonly string[]): void {
    this.machine.isRunning = true;
    this.machine.within(t, [...frames, 'vm_start', 'vm_prepare_start'], () => {
      this.notifyRunState(t, 'running');
    });
  }
}
