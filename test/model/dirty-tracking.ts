/** Dirty tracking of the whole guest, as system/memory.c of QEMU 2.12 to 10.2 tells its listeners. */
import type { Arg, Thread } from './gdb-log.js';
import type { Machine } from './machine.js';
import type { VhostDev } from './vhost-backend.js';

export type User = 'migration' | 'dirty rate';

export class DirtyTracking {
  /** Registered memory listeners, in order. */
  readonly listeners: VhostDev[] = [];
  readonly users = new Set<User>();
  private readonly postponed = new Set<User>();

  constructor(private readonly machine: Machine) {}

  /** False: a device failed, and the log start with it. */
  start(t: Thread, user: User): boolean {
    const { version } = this.machine.profile;
    const args: Arg[] = version >= 602 ? [['flags', user === 'migration' ? 1 : 2]] : [];
    if (version >= 901) args.push(['errp', 0x7ffff4dfeb48n]);
    return this.machine.log.call(t, 'memory_global_dirty_log_start', args, () => {
      this.postponed.delete(user);
      if (version >= 700) this.runPostponed(t);
      else this.postponed.clear();
      if (this.machine.aborted) return false;
      const wasOn = this.users.size > 0;
      this.users.add(user);
      if (wasOn && version >= 700) return true;
      return this.startListeners(t, user);
    });
  }

  private startListeners(t: Thread, user: User): boolean {
    const done: VhostDev[] = [];
    for (const dev of [...this.listeners]) {
      if (this.machine.vhost.globalStart(t, dev)) {
        done.unshift(dev);
        continue;
      }
      if (this.machine.profile.version < 1002) {
        this.machine.abort(t);
        return false;
      }
      for (const before of done) this.machine.vhost.globalStop(t, before);
      this.users.delete(user);
      return false;
    }
    this.commitAll(t, false);
    return true;
  }

  stop(t: Thread, user: User): void {
    const { version } = this.machine.profile;
    if (version >= 602 && !this.users.has(user)) return;
    const args: Arg[] = version >= 602 ? [['flags', user === 'migration' ? 1 : 2]] : [];
    this.machine.log.call(t, 'memory_global_dirty_log_stop', args, () => {
      if (this.machine.isRunning) this.stopNow(t, [user]);
      else this.postponed.add(user);
    });
  }

  runPostponed(t: Thread): void {
    const users = [...this.postponed];
    this.postponed.clear();
    if (users.length > 0) this.stopNow(t, users);
  }

  private stopNow(t: Thread, users: readonly User[]): void {
    const { version } = this.machine.profile;
    for (const user of users) this.users.delete(user);
    if (version >= 700 && this.users.size > 0) return;
    const name = 'memory_global_dirty_log_do_stop';
    this.machine.log.call(t, name, version >= 602 ? [['flags', 1]] : [], () => {
      this.commitAll(t, false);
      for (const dev of [...this.listeners].reverse()) {
        if (this.machine.vhost.globalStop(t, dev) || version >= 1002) continue;
        this.machine.abort(t);
        return;
      }
    });
  }

  syncAll(t: Thread): void {
    this.machine.within(t, ['migration_bitmap_sync', 'memory_global_dirty_log_sync'], () => {
      for (const dev of this.listeners) this.machine.vhost.sync(t, dev);
    });
  }

  commitAll(t: Thread, isChanged: boolean): void {
    if (isChanged && !this.machine.isRunning) return;
    this.machine.within(t, ['memory_region_transaction_commit'], () => {
      for (const dev of this.listeners) this.machine.vhost.commit(t, dev, isChanged);
    });
  }
}
