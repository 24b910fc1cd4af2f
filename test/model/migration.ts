/** Migrations and their kin on the source side: migration/migration.c and ram.c of QEMU 2.12 to 10.2. */
import type { DirtyTracking } from './dirty-tracking.js';
import type { Thread } from './gdb-log.js';
import type { Machine } from './machine.js';
import type { VirtioDevices } from './virtio-devices.js';

/** What a migration is in: `copying` memory, switched over to `postcopy`, or `colo` after completion. */
type Phase = 'copying' | 'postcopy' | 'colo';

export class Migration {
  thread: Thread | undefined;
  private phase: Phase = 'copying';
  private readonly version: number;
  private isFailing = false;

  constructor(
    private readonly machine: Machine,
    private readonly tracking: DirtyTracking,
    private readonly devices: VirtioDevices,
  ) {
    this.version = machine.profile.version;
  }

  get isActive(): boolean {
    return this.thread !== undefined;
  }

  private get isCopying(): boolean {
    return this.isActive && this.phase === 'copying';
  }

  start(): void {
    // 6.2 asserts that this user does not track already, as it does while its stop is postponed.
    if (this.isActive) return;
    if (this.version === 602 && this.tracking.users.has('migration')) return;
    // Nor may another user's postponed stop come while it runs: 6.2 would end its log.
    if (this.version === 602 && this.tracking.isPostponed('dirty rate')) return;
    this.setState(this.machine.main, 'setup');
    if (this.version >= 800) this.switchShadowQueues();
    const thread = this.machine.log.thread('live_migration', 'migration_thread');
    this.thread = thread;
    this.phase = 'copying';
    this.event(thread, 'savevm_state_setup');
    const frames = [
      'qemu_savevm_state_setup',
      'ram_save_setup',
      'ram_init_all',
      'ram_init_bitmaps',
    ];
    const ok = this.machine.within(thread, frames, () => {
      const started = this.tracking.start(thread, 'migration');
      if (started) this.tracking.syncAll(thread, BITMAP_SYNC);
      return started;
    });
    if (this.machine.aborted) return;
    if (!ok) {
      this.fail(thread);
      this.cleanUp(true);
      return;
    }
    this.setState(thread, 'active');
    this.event(thread, 'migration_thread_setup_complete');
  }

  /** One turn of the loop that finds little left, and asks all listeners for more. */
  iterate(): void {
    const { thread } = this;
    if (thread === undefined || !this.isCopying) return;
    this.event(thread, 'savevm_state_iterate');
    this.tracking.syncAll(thread, ['migration_iteration_run', ...this.query(), ...BITMAP_SYNC]);
  }

  /** The work that needs no lock, and so may come in the middle of anything that others do. */
  workUnlocked(): void {
    const { thread } = this;
    if (thread === undefined || thread.calls.length > 0 || !this.isCopying) return;
    this.machine.within(thread, ['migration_iteration_run', 'qemu_savevm_state_iterate'], noop);
  }

  cancel(exitsFirst: boolean): void {
    if (!this.isActive || this.phase === 'postcopy') return;
    this.setState(this.machine.main, 'cancelling');
    this.setState(this.thread ?? this.machine.main, 'cancelled');
    this.cleanUp(exitsFirst);
  }

  complete(exitsFirst: boolean): void {
    const { thread } = this;
    if (thread === undefined) return;
    if (this.phase === 'postcopy') this.machine.within(thread, [...this.completion()], noop);
    else this.switchOver(thread);
    this.setState(thread, 'completed');
    this.event(thread, 'migration_thread_after_loop');
    this.cleanUp(exitsFirst);
  }

  failSwitchover(exitsFirst: boolean): void {
    const { thread } = this;
    if (thread === undefined || !this.isCopying || !this.machine.isRunning) return;
    this.switchOver(thread);
    this.fail(thread);
    this.event(thread, 'migration_thread_after_loop');
    this.devices.vmStart(thread, ['migration_iteration_finish']);
    this.cleanUp(exitsFirst);
  }

  /** The destination runs on; what it lacks is told to it once, from a last sync of the bitmap. */
  switchToPostcopy(): void {
    const { thread } = this;
    if (thread === undefined || !this.isCopying || !this.machine.isRunning) return;
    this.phase = 'postcopy';
    this.event(thread, 'postcopy_start');
    this.setState(thread, 'postcopy-active');
    const outer = ['migration_iteration_run', 'postcopy_start'];
    this.devices.vmStop(thread, [...outer, ...FORCED_STOP], 'finish-migrate');
    this.event(thread, 'ram_postcopy_send_discard_bitmap');
    this.tracking.syncAll(thread, [...outer, 'ram_postcopy_send_discard_bitmap', ...BITMAP_SYNC]);
  }

  /** The end of a migration with COLO: the source goes on, and logging stays on. */
  switchToColo(): void {
    const { thread } = this;
    if (thread === undefined || !this.isCopying || !this.machine.isRunning) return;
    this.switchOver(thread);
    this.phase = 'colo';
    this.setState(thread, 'colo');
    this.devices.vmStart(thread, ['migrate_start_colo_process', 'colo_process_checkpoint']);
  }

  /** One round of COLO: the machine stops, all that is dirty is sent, and it goes on. */
  checkpoint(): void {
    const { thread } = this;
    if (thread === undefined || this.phase !== 'colo' || !this.machine.isRunning) return;
    const outer = ['migrate_start_colo_process', 'colo_process_checkpoint'];
    this.devices.vmStop(thread, [...outer, ...FORCED_STOP], 'colo');
    this.tracking.syncAll(thread, [...outer, ...this.finalQuery(), ...BITMAP_SYNC]);
    this.devices.vmStart(thread, outer);
  }

  /** Up to 6.1 the cleanup of a migration that fails before its setup stops the log all the same. */
  failBeforeSetup(): void {
    if (this.version < 602 && !this.isActive) this.cleanUp(true);
  }

  /** `savevm`: the machine stops first, so that vhost only sees its flags change. */
  saveSnapshot(): void {
    const { main, isRunning } = this.machine;
    if (this.isActive || (this.version === 602 && this.tracking.users.has('migration'))) return;
    if (isRunning) this.devices.vmStop(main, ['save_snapshot', 'vm_stop', 'do_vm_stop'], 'save-vm');
    const outer = ['save_snapshot', 'qemu_savevm_state'];
    const setup = ['qemu_savevm_state_setup', 'ram_save_setup', 'ram_init_all', 'ram_init_bitmaps'];
    this.event(main, 'savevm_state_setup');
    const ok = this.machine.within(main, [...outer, ...setup], () =>
      this.tracking.start(main, 'migration'),
    );
    if (this.machine.aborted) return;
    if (ok) {
      this.tracking.syncAll(main, [...outer, ...this.finalQuery(), ...BITMAP_SYNC]);
      this.event(main, 'savevm_state_cleanup');
    }
    this.machine.within(main, [...outer, 'qemu_savevm_state_cleanup', 'ram_save_cleanup'], () => {
      this.tracking.stop(main, 'migration');
    });
    if (isRunning) this.devices.vmStart(main, ['save_snapshot', 'qmp_cont']);
  }

  /** A background snapshot (6.0 and later) protects memory against writes and never tracks it. */
  saveInBackground(): void {
    if (this.version < 600 || this.isActive || !this.machine.isRunning) return;
    const thread = this.machine.log.thread('bg_snapshot', 'bg_migration_thread');
    this.setState(thread, 'setup');
    this.devices.vmStop(thread, FORCED_STOP, 'paused');
    this.setState(thread, 'active');
    this.devices.vmStart(thread, ['bg_migration_vm_start_bh']);
    this.setState(thread, 'completed');
    this.machine.log.exit(thread);
  }

  /** vdpa-net stops and starts to switch to shadow virtqueues, before the migration thread. */
  private switchShadowQueues(): void {
    const { main } = this.machine;
    for (const device of this.devices.all) {
      if (device.backend !== 'vdpa' || device.kind !== 'net' || !device.started) continue;
      this.machine.within(main, ['qmp_migrate', 'vdpa_net_migration_state_notifier'], () => {
        this.devices.stopDevice(main, device);
        device.started = this.devices.startDevice(main, device);
      });
    }
  }

  private completion(): readonly string[] {
    const outer = ['migration_iteration_run', 'migration_completion'];
    return this.version >= 801 ? [...outer, 'migration_completion_precopy'] : outer;
  }

  private switchOver(thread: Thread): void {
    const outer = this.completion();
    if (this.machine.isRunning) {
      this.devices.vmStop(thread, [...outer, ...FORCED_STOP], 'finish-migrate');
    }
    if (this.version >= 601)
      this.machine.log.event(thread, 'migration_completion_vm_stop', 'ret 0');
    this.setState(thread, 'device');
    const save =
      this.version >= 1101
        ? ['migration_switchover_start', ...this.finalQuery()]
        : ['qemu_savevm_state_complete_precopy', ...this.finalQuery()];
    this.tracking.syncAll(thread, [...outer, ...save, ...BITMAP_SYNC]);
  }

  /** How much is left, asked for with a sync. */
  private query(): readonly string[] {
    if (this.version >= 1101) return ['qemu_savevm_query_pending_iter', 'ram_state_pending'];
    if (this.version >= 800) return ['qemu_savevm_state_pending_exact', 'ram_state_pending_exact'];
    return ['qemu_savevm_state_pending', 'ram_save_pending'];
  }

  /** The last sync: since 11.1 before the RAM is saved, and no longer in the course of it. */
  private finalQuery(): readonly string[] {
    return this.version >= 1101
      ? ['qemu_savevm_query_pending_final', 'ram_state_pending']
      : ['ram_save_complete'];
  }

  /** Since 11.0 the state is final after the cleanup only. */
  private fail(thread: Thread): void {
    this.isFailing = this.version >= 1100;
    this.setState(thread, this.isFailing ? 'failing' : 'failed');
  }

  /** The bottom half of the end of a migration, in the main loop. */
  private cleanUp(exitsFirst: boolean): void {
    const { thread } = this;
    const { main } = this.machine;
    this.thread = undefined;
    this.phase = 'copying';
    if (thread !== undefined && exitsFirst) this.machine.log.exit(thread);
    const name = this.version >= 1000 ? 'migration_cleanup' : 'migrate_fd_cleanup';
    if (this.version >= 902) this.event(main, name);
    this.machine.within(main, ['aio_bh_poll', `${name}_bh`, name], () => {
      this.event(main, 'savevm_state_cleanup');
      this.machine.within(main, ['qemu_savevm_state_cleanup', 'ram_save_cleanup'], () => {
        this.tracking.stop(main, 'migration');
      });
      if (this.isFailing) this.setState(main, 'failed');
      this.isFailing = false;
    });
    if (this.version < 902) this.event(main, name);
    if (thread !== undefined && !exitsFirst) this.machine.log.exit(thread);
  }

  private setState(t: Thread, state: string): void {
    this.machine.log.event(t, 'migrate_set_state', `new state ${state}`);
  }

  private event(t: Thread, name: string): void {
    this.machine.log.event(t, name, '');
  }
}

/** Innermost functions of a sync of the RAM bitmap. */
const BITMAP_SYNC = ['migration_bitmap_sync_precopy', 'migration_bitmap_sync'];
const FORCED_STOP = ['vm_stop_force_state', 'vm_stop', 'do_vm_stop'];

function noop(): void {
  // Work that nobody watches.
}
