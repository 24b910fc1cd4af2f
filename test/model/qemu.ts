/**
 * A QEMU with vhost devices on the source side of migrations: legitimate runs as logs.
 *
 * An action is something that a guest, an operator, a backend or QEMU's own threads do. One that the
 * state does not allow does nothing, so that every list of actions is a run.
 */
import { DirtyTracking } from './dirty-tracking.js';
import type { User } from './dirty-tracking.js';
import type { Defect } from './execution.js';
import { LATE, LOG_FAULTS, START_FAULTS } from './faults.js';
import type { Thread, Watch } from './gdb-log.js';
import { Machine } from './machine.js';
import type { Profile } from './machine.js';
import { Migration } from './migration.js';
import type { Backend, VirtioDevice } from './vhost-backend.js';
import { VirtioDevices } from './virtio-devices.js';

/** Log starts and stops that may come before a bottom half which waits already. */
const OVERTAKES: ReadonlySet<string> = new Set([
  'cancel',
  'dirty-rate-stop',
  'dirty-rate-start',
  'dirty-limit-stop',
  'dirty-limit-start',
  'migrate',
]);

export class Qemu {
  readonly machine: Machine;
  readonly tracking: DirtyTracking;
  readonly devices: VirtioDevices;
  readonly migration: Migration;
  private readonly meters = new Map<User, Thread>();

  constructor(profile: Profile, watch: Watch, defect?: Defect) {
    this.machine = new Machine(profile, watch, defect);
    this.tracking = new DirtyTracking(this.machine);
    this.devices = new VirtioDevices(this.machine, this.tracking);
    this.migration = new Migration(this.machine, this.tracking, this.devices);
    if (profile.interleaves > 0) this.interleave(profile.interleaves);
    for (const spec of profile.devices) this.devices.plug(spec);
  }

  text(): string {
    if (this.machine.profile.quits && !this.machine.aborted) {
      this.machine.isQuitting = true;
      const frames = ['qemu_cleanup', 'vm_shutdown', 'do_vm_stop'];
      if (this.machine.isRunning) this.devices.vmStop(this.machine.main, frames, 'shutdown');
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

  /** vhost is switched under the big lock; the migration thread needs it only now and then. */
  private interleave(every: number): void {
    let calls = 0;
    this.machine.run.onStep = (thread) => {
      calls++;
      if (thread !== this.migration.thread && calls % every === 0) this.migration.workUnlocked();
    };
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
      this.migration.start();
    },
    sync: () => {
      this.migration.iterate();
    },
    cancel: (a) => {
      this.migration.cancel(a % 2 === 0);
    },
    complete: (a) => {
      this.migration.complete(a % 2 === 0);
    },
    'fail-switchover': (a) => {
      this.migration.failSwitchover(a % 2 === 0);
    },
    'fail-before-setup': () => {
      this.migration.failBeforeSetup();
    },
    postcopy: () => {
      this.migration.switchToPostcopy();
    },
    colo: () => {
      this.migration.switchToColo();
    },
    checkpoint: () => {
      this.migration.checkpoint();
    },
    savevm: () => {
      this.migration.saveSnapshot();
    },
    'background-snapshot': () => {
      this.migration.saveInBackground();
    },
    'dirty-rate-start': () => {
      this.measure('dirty rate', 602, 'get_dirtyrate');
    },
    'dirty-rate-stop': () => {
      this.stopMeasuring('dirty rate');
    },
    'dirty-limit-start': () => {
      this.measure('dirty limit', 701, 'dirtyrate_stat');
    },
    'dirty-limit-stop': () => {
      this.stopMeasuring('dirty limit');
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
    /** The display looks for what to draw: vhost is asked too, whether it logs or not. */
    refresh: () => {
      this.tracking.syncDisplay(this.machine.main);
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
      const disconnect = device.backend === 'user' && b % 2 === 0;
      if (dev?.started !== true) return;
      const isRefused = op === 'set_log_base' && !disconnect;
      if (isRefused && !this.machine.profile.refusesLogBase) return;
      this.machine.vhost.fault = { dev, op, ring, disconnect };
      this.migration.start();
    },
    'cancel-fault': (device, b) => {
      const dev = device.devs[b % device.devs.length];
      const [op = '', ring] = LOG_FAULTS[b % LOG_FAULTS.length] ?? [];
      if (dev === undefined || device.backend !== 'user') return;
      this.machine.vhost.fault = { dev, op, ring, disconnect: true };
      this.migration.cancel(true);
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
      if (!this.migration.isActive) this.devices.unplug(device);
    },
  };

  private switchRing(device: VirtioDevice, b: number, isRestart: boolean): void {
    const { vhost, vcpu, isRunning } = this.machine;
    const dev = device.devs[(b >> 1) % device.devs.length];
    if (!isRunning || dev?.started !== true || !vhost.canResetRings(device)) return;
    const i = b % 2;
    if (device.ready[dev.vqIndex + i] !== isRestart) {
      this.devices.switchRing(vcpu, dev, i, isRestart);
    }
  }

  private plugCold(backend: Backend, pairs: number): void {
    if (this.migration.isActive || this.devices.all.length === 3) return;
    const { mixesBackends, devices } = this.machine.profile;
    const usual = devices[0]?.backend ?? backend;
    this.devices.plug({ backend: mixesBackends ? backend : usual, pairs });
  }

  /** Another user of dirty tracking, in a thread of its own. */
  private measure(user: User, since: number, name: string): void {
    const { version } = this.machine.profile;
    if (version < since || this.meters.has(user)) return;
    if (version === 602 && this.tracking.users.has(user)) return;
    const thread = this.machine.log.thread(name, `${name}_thread`);
    this.meters.set(user, thread);
    this.machine.within(thread, ['global_dirty_log_change'], () => {
      this.tracking.start(thread, user);
    });
  }

  private stopMeasuring(user: User): void {
    const thread = this.meters.get(user);
    // In 6.2 this ends the log of a migration that still runs: a defect, not a legitimate run.
    const isFatal = this.machine.profile.version === 602 && this.migration.isActive;
    if (thread === undefined || isFatal) return;
    this.meters.delete(user);
    this.tracking.syncAll(thread, ['global_dirty_log_sync']);
    this.machine.within(thread, ['global_dirty_log_sync'], () => {
      this.tracking.stop(thread, user);
    });
    this.machine.log.exit(thread);
  }
}
