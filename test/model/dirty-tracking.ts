/** Dirty tracking of the whole guest, as system/memory.c of QEMU 2.12 to 10.2 tells its listeners. */
import type { Arg, Thread } from './gdb-log.js';
import type { Machine } from './machine.js';
import type { VhostDev } from './vhost-backend.js';

export type User = 'migration' | 'dirty rate' | 'dirty limit';

/** GLOBAL_DIRTY_MIGRATION, GLOBAL_DIRTY_DIRTY_RATE, GLOBAL_DIRTY_LIMIT */
const BITS: Readonly<Record<User, number>> = { migration: 1, 'dirty rate': 2, 'dirty limit': 4 };

export class DirtyTracking {
  /** Registered memory listeners, in order. */
  readonly listeners: VhostDev[] = [];
  readonly users = new Set<User>();
  private readonly postponed = new Set<User>();

  constructor(private readonly machine: Machine) {}

  /** False: a device failed, and the log start with it. */
  start(t: Thread, user: User): boolean {
    const { version } = this.machine.profile;
    const args = this.flags([user]);
    if (version >= 901) args.push(['errp', 0x7ffff4dfeb48n]);
    return this.machine.run.call(t, 'memory_global_dirty_log_start', args, () => {
      this.postponed.delete(user);
      if (version >= 700) this.runPostponed(t);
      else this.postponed.clear();
      if (this.machine.aborted) return false;
      if (this.users.has(user) && version >= 700) return true;
      const wasOn = this.users.size > 0;
      this.users.add(user);
      this.tellUsers(t);
      if (wasOn && version >= 700) return true;
      // A function of its own since 9.1.
      const frames = version >= 901 ? ['memory_global_dirty_log_do_start'] : [];
      const ok = this.machine.within(t, frames, () => this.startListeners(t));
      if (ok) {
        this.commitAll(t, false);
        return true;
      }
      this.users.delete(user);
      this.tellUsers(t);
      return false;
    });
  }

  private startListeners(t: Thread): boolean {
    const done: VhostDev[] = [];
    for (const dev of [...this.listeners]) {
      if (this.machine.vhost.globalStart(t, dev)) {
        done.unshift(dev);
        continue;
      }
      if (this.machine.profile.version < 1001) {
        this.machine.abort(t);
        return false;
      }
      for (const before of done) this.machine.vhost.globalStop(t, before);
      return false;
    }
    return true;
  }

  stop(t: Thread, user: User): void {
    const { version } = this.machine.profile;
    if (version >= 602 && !this.users.has(user)) return;
    this.machine.run.call(t, 'memory_global_dirty_log_stop', this.flags([user]), () => {
      if (this.machine.isRunning) this.stopNow(t, [user]);
      else this.postponed.add(user);
    });
  }

  isPostponed(user: User): boolean {
    return this.postponed.has(user);
  }

  runPostponed(t: Thread): void {
    const users = [...this.postponed];
    this.postponed.clear();
    if (users.length > 0) this.stopNow(t, users);
  }

  private stopNow(t: Thread, users: readonly User[]): void {
    const { version } = this.machine.profile;
    const name = 'memory_global_dirty_log_do_stop';
    this.machine.run.call(t, name, this.flags(users), () => {
      for (const user of users) this.users.delete(user);
      this.tellUsers(t);
      if (version >= 700 && this.users.size > 0) return;
      this.commitAll(t, false);
      for (const dev of [...this.listeners].reverse()) {
        if (this.machine.vhost.globalStop(t, dev) || version >= 1001) continue;
        this.machine.abort(t);
        return;
      }
    });
  }

  /** A round over all memory; `outer` are the functions that ask for it. */
  syncAll(t: Thread, outer: readonly string[]): void {
    const isOfMigration = outer.includes('migration_bitmap_sync');
    if (isOfMigration) this.machine.log.event(t, 'migration_bitmap_sync_start', '');
    this.sync(t, [...outer, 'memory_global_dirty_log_sync'], '(all)');
    if (isOfMigration) this.machine.log.event(t, 'migration_bitmap_sync_end', 'dirty_pages 122');
  }

  /** One memory region is looked at, as the display does outside of any migration. */
  syncDisplay(t: Thread): void {
    this.sync(t, ['vga_update_display', 'memory_region_snapshot_and_clear_dirty'], 'vga.vram');
  }

  private sync(t: Thread, outer: readonly string[], region: string): void {
    this.machine.within(t, [...outer, 'memory_region_sync_dirty_bitmap'], () => {
      for (const dev of this.listeners) {
        this.machine.vhost.sync(t, dev);
        if (this.machine.profile.version < 602) continue;
        const text = `mr '${region}' listener 'vhost' synced (global=0)`;
        this.machine.log.event(t, 'memory_region_sync_dirty', text);
      }
    });
  }

  commitAll(t: Thread, isChanged: boolean): void {
    if (isChanged && !this.machine.isRunning) return;
    this.machine.within(t, ['memory_region_transaction_commit'], () => {
      for (const dev of this.listeners) this.machine.vhost.commit(t, dev, isChanged);
    });
  }

  private flags(users: readonly User[]): Arg[] {
    if (this.machine.profile.version < 602) return [];
    return [['flags', maskOf(users)]];
  }

  private tellUsers(t: Thread): void {
    if (this.machine.profile.version < 602) return;
    const text = `bitmask 0x${maskOf(this.users).toString(16)}`;
    this.machine.log.event(t, 'global_dirty_changed', text);
  }
}

function maskOf(users: Iterable<User>): number {
  let mask = 0;
  for (const user of users) mask |= BITS[user];
  return mask;
}
