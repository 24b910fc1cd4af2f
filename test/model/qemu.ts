/**
 * A QEMU with vhost devices on the source side of migrations: legitimate runs as gdb logs.
 *
 * An action is something that a guest, an operator, a backend or QEMU's own threads do. One that the
 * state does not allow does nothing, so that every list of actions is a run.
 */
import { DirtyTracking } from './dirty-tracking.js';
import { LATE, LOG_FAULTS, START_FAULTS } from './faults.js';
import type { Thread, Watch } from './gdb-log.js';
import { Machine } from './machine.js';
import type { Profile } from './machine.js';
import type { Backend, Defect, VirtioDevice } from './vhost-backend.js';
import { VirtioDevices } from './virtio-devices.js';

/** Log starts and stops that may come before a bottom half which waits already. */
const OVERTAKES: ReadonlySet<string> = new Set([
  'cancel',
  'dirty-rate-stop',
  'dirty-rate-start',
  'migrate',
]);

export class Qemu {
  private readonly machine: Machine;
  private readonly tracking: DirtyTracking;
  private readonly devices: VirtioDevices;
  private migration: Thread | undefined;
  private dirtyRate: Thread | undefined;

  constructor(profile: Profile, watch: Watch, defect?: Defect) {
    this.machine = new Machine(profile, watch, defect);
    this.tracking = new DirtyTracking(this.machine);
    this.devices = new VirtioDevices(this.machine, this.tracking);
    for (const spec of profile.devices) this.devices.plug(spec);
  }

  text(): string {
    if (this.machine.profile.quits && !this.machine.aborted) {
      this.machine.isQuitting = true;
      if (this.machine.isRunning)
        this.devices.vmStop(this.machine.main, ['qemu_cleanup', 'vm_shutdown', 'do_vm_stop']);
      this.machine.log.quit();
    }
    return this.machine.log.text();
  }

  /** Does one action; an unknown or impossible one does nothing. */
  act(action: string): void {
    if (this.machine.aborted) return;
    const [name = '', first = '0', second = '0'] = action.split(' ');
    const a = Number(first);
    const b = Number(second);
    const device = this.devices.all[a % Math.max(1, this.devices.all.length)];
    const { stopsLogWhileClosing } = this.machine.profile;
    if (!stopsLogWhileClosing || !OVERTAKES.has(name)) this.devices.runBottomHalves();
    const simple = this.machineActions[name];
    if (simple !== undefined) simple(a, b);
    else if (device !== undefined) this.deviceActions[name]?.(device, b);
    this.settle(name);
  }

  private settle(name: string): void {
    if (this.machine.aborted) return;
    if (name !== 'close') this.devices.runBottomHalves();
    this.machine.vhost.fault = undefined;
  }

  private readonly machineActions: Readonly<Record<string, (a: number, b: number) => void>> = {
    stop: () => {
      if (this.machine.isRunning)
        this.devices.vmStop(this.machine.main, ['qmp_stop', 'vm_stop', 'do_vm_stop']);
    },
    cont: () => {
      if (!this.machine.isRunning) this.devices.vmStart(this.machine.main, ['qmp_cont']);
    },
    'system-reset': () => {
      if (!this.machine.isRunning) return;
      this.machine.within(this.machine.main, ['main_loop_should_exit', 'qemu_system_reset'], () => {
        for (const device of this.devices.all) this.devices.resetDevice(this.machine.main, device);
      });
    },
    migrate: () => {
      this.migrate();
    },
    sync: () => {
      const { migration } = this;
      if (migration !== undefined) {
        this.machine.within(migration, ['migration_iteration_run'], () => {
          this.tracking.syncAll(migration);
        });
      }
    },
    cancel: (a) => {
      if (this.migration !== undefined) this.cleanUp(a % 2 === 0);
    },
    complete: (a) => {
      const { migration } = this;
      if (migration === undefined) return;
      this.switchOver(migration);
      this.cleanUp(a % 2 === 0);
    },
    'fail-switchover': (a) => {
      const { migration } = this;
      if (migration === undefined || !this.machine.isRunning) return;
      this.switchOver(migration);
      this.devices.vmStart(migration, ['migration_iteration_finish']);
      this.cleanUp(a % 2 === 0);
    },
    // Up to 6.1 the cleanup of a migration that fails before its setup stops the log all the same.
    'fail-before-setup': () => {
      if (this.machine.profile.version < 602 && this.migration === undefined) this.cleanUp(true);
    },
    'dirty-rate-start': () => {
      const { version } = this.machine.profile;
      if (version < 602 || this.dirtyRate !== undefined) return;
      if (version === 602 && this.tracking.users.has('dirty rate')) return;
      this.dirtyRate = this.machine.log.thread('get_dirtyrate', 'get_dirtyrate_thread');
      this.tracking.start(this.dirtyRate, 'dirty rate');
    },
    'dirty-rate-stop': () => {
      const thread = this.dirtyRate;
      // In 6.2 this would end the log of a migration that still runs: a defect, not a legitimate run.
      if (thread === undefined || this.endsLogOfOthers(this.migration !== undefined)) return;
      this.dirtyRate = undefined;
      this.tracking.stop(thread, 'dirty rate');
      this.machine.log.exit(thread);
    },
    grow: () => {
      this.machine.vhost.memory += 300;
      this.tracking.commitAll(this.machine.vcpu, true);
    },
    shrink: () => {
      this.machine.vhost.memory = Math.max(256, this.machine.vhost.memory - 600);
      this.tracking.commitAll(this.machine.vcpu, true);
    },
    'plug-kernel': (a) => {
      this.plugCold('kernel', a);
    },
    'plug-user': (a) => {
      this.plugCold('user', a);
    },
  };

  private readonly deviceActions: Readonly<
    Record<string, (device: VirtioDevice, b: number) => void>
  > = {
    boot: (device, b) => {
      if (!this.machine.isRunning || device.driverOk) return;
      // The guest may use fewer queue pairs than there are.
      const used = device.kind === 'net' ? 2 * (1 + (b % device.devs.length)) : device.ready.length;
      device.ready.fill(false).fill(true, 0, used);
      device.driverOk = true;
      this.devices.setStatus(this.machine.vcpu, device);
    },
    'driver-reset': (device) => {
      if (this.machine.isRunning) this.devices.resetDevice(this.machine.vcpu, device);
    },
    /** The guest writes the status again: a device whose start failed is tried once more. */
    status: (device) => {
      if (this.machine.isRunning) this.devices.setStatus(this.machine.vcpu, device);
    },
    'ring-reset': (device, b) => {
      this.switchRing(device, b, false);
    },
    'ring-restart': (device, b) => {
      this.switchRing(device, b, true);
    },
    'fail-start': (device, b) => {
      const dev = device.devs[b % device.devs.length];
      const [op = '', ring] = START_FAULTS[b % START_FAULTS.length] ?? [];
      if (dev === undefined || device.started) return;
      const { failsLate, failsWhileLogging } = this.machine.profile;
      const isLate = LATE.has(op);
      if ((isLate && !failsLate) || (!isLate && dev.logEnabled && !failsWhileLogging)) return;
      this.machine.vhost.fault = { dev, op, ring, disconnect: false };
      this.deviceActions.boot?.(device, 3);
    },
    'migrate-fault': (device, b) => {
      const dev = device.devs[b % device.devs.length];
      const [op = '', ring] = LOG_FAULTS[b % LOG_FAULTS.length] ?? [];
      if (dev?.started !== true) return;
      this.machine.vhost.fault = {
        dev,
        op,
        ring,
        disconnect: device.backend === 'user' && b % 2 === 0,
      };
      this.migrate();
    },
    'cancel-fault': (device, b) => {
      const dev = device.devs[b % device.devs.length];
      const [op = '', ring] = LOG_FAULTS[b % LOG_FAULTS.length] ?? [];
      if (dev === undefined || this.migration === undefined || device.backend !== 'user') return;
      this.machine.vhost.fault = { dev, op, ring, disconnect: true };
      this.cleanUp(true);
    },
    close: (device) => {
      if (device.backend === 'user' && device.connected) this.machine.vhost.disconnected(device);
    },
    reconnect: (device) => {
      if (device.connected) return;
      device.connected = true;
      this.devices.register(device, ['net_vhost_user_event', 'vhost_user_start']);
      if (this.machine.isRunning) this.devices.setStatus(this.machine.main, device);
    },
    unplug: (device) => {
      if (this.migration !== undefined) return;
      this.devices.unplug(device);
    },
  };

  /** The guest resets one ring, or restarts one that it has reset. */
  private switchRing(device: VirtioDevice, b: number, isRestart: boolean): void {
    const { vhost, vcpu, isRunning } = this.machine;
    const dev = device.devs[(b >> 1) % device.devs.length];
    if (!isRunning || dev?.started !== true || !vhost.canResetRings(device)) return;
    const i = b % 2;
    if (device.ready[dev.vqIndex + i] === isRestart) return;
    if (isRestart) device.ready[dev.vqIndex + i] = true;
    const frames = isRestart
      ? ['virtio_queue_enable', 'vhost_net_virtqueue_restart']
      : ['virtio_queue_reset', 'vhost_net_virtqueue_reset'];
    this.machine.within(vcpu, frames, () => {
      if (isRestart) vhost.virtqueueStart(vcpu, dev, i);
      else vhost.virtqueueStop(vcpu, dev, i);
    });
    device.ready[dev.vqIndex + i] = isRestart;
  }

  private plugCold(backend: Backend, pairs: number): void {
    if (this.migration !== undefined || this.devices.all.length === 3) return;
    const { mixesBackends, devices } = this.machine.profile;
    const usual = devices[0]?.backend ?? backend;
    this.devices.plug({ backend: mixesBackends ? backend : usual, pairs });
  }

  private migrate(): void {
    const { version } = this.machine.profile;
    if (this.migration !== undefined) return;
    // 6.2 asserts that this user does not track already, as it does while its stop is postponed.
    if (version === 602 && this.tracking.users.has('migration')) return;
    const isPostponed = this.dirtyRate === undefined && this.tracking.users.has('dirty rate');
    if (this.endsLogOfOthers(isPostponed)) return;
    if (version >= 800) this.switchShadowQueues();
    this.migration = this.machine.log.thread('live_migration', 'migration_thread');
    const { migration } = this;
    const frames = ['qemu_savevm_state_setup', 'ram_save_setup', 'ram_init_bitmaps'];
    const ok = this.machine.within(migration, frames, () => {
      const started = this.tracking.start(migration, 'migration');
      if (started) this.tracking.syncAll(migration);
      return started;
    });
    if (!ok && !this.machine.aborted) this.cleanUp(true);
  }

  /** Up to 7.0 a log stop of one user of dirty tracking reaches all listeners, even if another still tracks. */
  private endsLogOfOthers(isStopped: boolean): boolean {
    return this.machine.profile.version === 602 && isStopped;
  }

  /** vdpa-net stops and starts to switch to shadow virtqueues, before the migration thread. */
  private switchShadowQueues(): void {
    for (const device of this.devices.all) {
      if (device.backend !== 'vdpa' || device.kind !== 'net' || !device.started) continue;
      this.machine.within(
        this.machine.main,
        ['qmp_migrate', 'vdpa_net_migration_state_notifier'],
        () => {
          this.devices.stopDevice(this.machine.main, device);
          device.started = this.devices.startDevice(this.machine.main, device);
        },
      );
    }
  }

  private switchOver(migration: Thread): void {
    const frames = ['migration_completion', 'vm_stop_force_state', 'do_vm_stop'];
    if (this.machine.isRunning) this.devices.vmStop(migration, frames);
    this.machine.within(migration, ['migration_completion', 'ram_save_complete'], () => {
      this.tracking.syncAll(migration);
    });
  }

  /** The bottom half of the end of a migration, in the main loop. */
  private cleanUp(exitsFirst: boolean): void {
    const { migration } = this;
    this.migration = undefined;
    if (migration !== undefined && exitsFirst) this.machine.log.exit(migration);
    const name = this.machine.profile.version >= 1000 ? 'migration_cleanup' : 'migrate_fd_cleanup';
    this.machine.within(
      this.machine.main,
      ['aio_bh_poll', name, 'qemu_savevm_state_cleanup'],
      () => {
        this.machine.within(this.machine.main, ['ram_save_cleanup'], () => {
          this.tracking.stop(this.machine.main, 'migration');
        });
      },
    );
    if (migration !== undefined && !exitsFirst) this.machine.log.exit(migration);
  }
}
