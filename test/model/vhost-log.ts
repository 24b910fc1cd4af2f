/** The dirty log of a vhost_dev, as hw/virtio/vhost.c of QEMU 2.12 to 10.2 switches, shares, resizes and reads it. */
import type { Arg, Thread } from './gdb-log.js';
import { VhostBackend } from './vhost-backend.js';
import type { Log, Version, VhostDev } from './vhost-backend.js';

const CHUNK = 262144;

export class VhostLog extends VhostBackend {
  /** Highest guest address in chunks. */
  memory = 256;
  private readonly logs = new Map<string, Log>();
  private nextLog = 0x7fffa0000010n;
  /** vhost_log_devs: by backend, the memory logger first. */
  private readonly loggers = new Map<string, VhostDev[]>();

  /** False: the log start fails. */
  globalStart(t: Thread, dev: VhostDev): boolean {
    const args: Arg[] = [['listener', dev.address + 8n]];
    if (this.version >= 901) args.push(['errp', 0x7ffff4dfeb48n]);
    return this.log.call(t, 'vhost_log_global_start', args, () => this.migrationLog(t, dev, true));
  }

  globalStop(t: Thread, dev: VhostDev): boolean {
    const args: Arg[] = [['listener', dev.address + 8n]];
    return this.log.call(t, 'vhost_log_global_stop', args, () => this.migrationLog(t, dev, false));
  }

  private migrationLog(t: Thread, dev: VhostDev, enable: boolean): boolean {
    const args: Arg[] = [
      ['listener', dev.address + 8n],
      ['enable', this.version <= 500 ? Number(enable) : enable],
    ];
    return this.log.call(t, 'vhost_migration_log', args, () => {
      if (enable === dev.logEnabled) return true;
      if (!dev.started) {
        dev.logEnabled = enable;
        return true;
      }
      if (enable) this.logResize(t, dev, this.memory);
      const skips = !enable && this.defect === 'log stop skips set_log';
      const ok = skips || this.setLog(t, dev, enable);
      if (ok && !enable) this.logPut(t, dev, false);
      if (this.version <= 501) {
        if (ok) dev.logEnabled = enable;
        return ok;
      }
      // A disconnect in the middle has stopped the device: that counts as success.
      const isFine = ok || isStopped(dev);
      dev.logEnabled = isFine && enable;
      return isFine;
    });
  }

  private setLog(t: Thread, dev: VhostDev, enable: boolean): boolean {
    const args: Arg[] = [
      ['dev', dev.address],
      ['enable_log', enable],
    ];
    return this.log.call(t, 'vhost_dev_set_log', args, () => {
      const skipsFeatures = enable && this.defect === 'log start skips features';
      if (!skipsFeatures && !this.setFeatures(t, dev, enable)) return false;
      for (let i = 0; i < dev.vqs.length; i++) {
        if (this.isSkipped(dev, i, 502)) continue;
        if (enable && i === 1 && this.defect === 'log start skips ring 1') continue;
        if (this.setAddress(t, dev, i, enable)) continue;
        for (let j = i; j >= 0; j--) {
          if (!this.isSkipped(dev, j, 701)) this.setAddress(t, dev, j, dev.logEnabled);
        }
        this.setFeatures(t, dev, dev.logEnabled);
        return false;
      }
      this.elect(t, dev, enable);
      return true;
    });
  }

  /** The test of the descriptor address looks at the virtqueue of the *backend's* index. */
  private isSkipped(dev: VhostDev, i: number, since: Version): boolean {
    return this.version >= since && dev.owner.ready[this.backendIndex(dev, i)] !== true;
  }

  private logResize(t: Thread, dev: VhostDev, size: number): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['size', size],
    ];
    this.log.call(t, 'vhost_dev_log_resize', args, () => {
      const log = this.logGet(t, dev, size);
      if (this.defect !== 'log start skips log base') this.setLogBase(t, dev, log);
      const wasElected = this.loggersOf(dev).includes(dev);
      this.logPut(t, dev, true);
      dev.log = log;
      // Released versions do not; this is a QEMU that is right.
      if (wasElected && this.defect !== 'log resize elects nobody') this.elect(t, dev, true);
    });
  }

  protected setLogBase(t: Thread, dev: VhostDev, log: Log): boolean {
    const args: Arg[] = [
      ['base', Number(log.base)],
      ['log', log.base - 0x10n],
    ];
    return this.op(t, dev, 'set_log_base', args);
  }

  /** Logs are shared by size; up to 9.0 by all backends. */
  private logKey({ owner }: VhostDev): string {
    const share = owner.backend === 'user';
    return this.version >= 901 ? owner.backend : String(share);
  }

  protected logGet(t: Thread, dev: VhostDev, size: number): Log {
    const share: Arg = ['share', dev.owner.backend === 'user'];
    const type: Arg = ['backend_type', `VHOST_BACKEND_TYPE_${dev.owner.backend.toUpperCase()}`];
    const args: Arg[] = [['size', size], share];
    const all = this.version >= 901 ? [type, ...args] : args;
    return this.log.call(t, 'vhost_log_get', all, () => {
      const known = this.logs.get(this.logKey(dev));
      if (known?.size === size) {
        known.refs++;
        return known;
      }
      this.log.call(t, 'vhost_log_alloc', args, () => undefined);
      const made = { size, base: this.nextLog, refs: 1 };
      this.nextLog += 0x100000n;
      this.logs.set(this.logKey(dev), made);
      return made;
    });
  }

  protected logPut(t: Thread, dev: VhostDev, sync: boolean): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['sync', sync],
    ];
    this.log.call(t, 'vhost_log_put', args, () => {
      const { log } = dev;
      if (log === undefined) return;
      if (--log.refs === 0) {
        if (sync) this.syncRange(t, dev, log.size);
        if (this.logs.get(this.logKey(dev)) === log) this.logs.delete(this.logKey(dev));
      }
      this.elect(t, dev, false);
      dev.log = undefined;
    });
  }

  protected elect(t: Thread, dev: VhostDev, add: boolean): void {
    if (this.version < 901) return;
    const args: Arg[] = [
      ['hdev', dev.address],
      ['add', add],
    ];
    this.log.call(t, 'vhost_dev_elect_mem_logger', args, () => {
      const list = this.loggersOf(dev);
      const at = list.indexOf(dev);
      if (add && at < 0) list.splice(Math.min(1, list.length), 0, dev);
      if (!add && at >= 0) list.splice(at, 1);
    });
  }

  /** The first one scans memory, for all devices of its backend. */
  private loggersOf({ owner }: VhostDev): VhostDev[] {
    const list = this.loggers.get(owner.backend) ?? [];
    this.loggers.set(owner.backend, list);
    return list;
  }

  private scan(t: Thread, dev: VhostDev): void {
    if (!dev.logEnabled || !dev.started) return;
    const memory = this.memory * CHUNK - 1;
    const range = (first: number, last: number): void => {
      const args: Arg[] = [
        ['dev', dev.address],
        ['section', 0x7ffff4dfe860n],
        ['mfirst', 0],
        ['mlast', memory],
        ['rfirst', first],
        ['rlast', last],
      ];
      this.log.call(t, 'vhost_dev_sync_region', args, () => undefined);
    };
    if (this.version < 901 || this.loggersOf(dev)[0] === dev) range(0, memory);
    for (let i = 0; i < dev.vqs.length; i++) range(0x10000 * (i + 1), 0x10000 * (i + 1) + 2051);
  }

  private syncRange(t: Thread, dev: VhostDev, size: number): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['first', 0],
      ['last', size * CHUNK - 1],
    ];
    this.log.call(t, 'vhost_log_sync_range', args, () => {
      this.syncBitmap(t, dev, String(size * CHUNK - 1));
    });
  }

  sync(t: Thread, dev: VhostDev): void {
    const args: Arg[] = [
      ['listener', dev.address + 8n],
      ['section', 0x7ffff4dfe860n],
    ];
    this.log.call(t, 'vhost_log_sync', args, () => {
      this.syncBitmap(t, dev, '18446744073709551615');
    });
  }

  private syncBitmap(t: Thread, dev: VhostDev, last: string): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['section', 0x7ffff4dfe860n],
      ['first', 0],
      ['last', last],
    ];
    this.log.call(t, 'vhost_sync_dirty_bitmap', args, () => {
      this.scan(t, dev);
    });
  }

  /** The memory topology is committed, `grown` with other regions than before. */
  commit(t: Thread, dev: VhostDev, isChanged: boolean): void {
    this.log.call(t, 'vhost_commit', [['listener', dev.address + 8n]], () => {
      if (!isChanged || !dev.started) return;
      const size = dev.log?.size ?? 0;
      const table: Arg = ['mem', dev.address + 0x4000n];
      if (!dev.logEnabled) {
        this.op(t, dev, 'set_mem_table', table);
        return;
      }
      if (size < this.memory) this.logResize(t, dev, this.memory + 170);
      this.op(t, dev, 'set_mem_table', table);
      if (size > this.memory + 170) this.logResize(t, dev, this.memory);
    });
  }
}

function isStopped({ started }: VhostDev): boolean {
  return !started;
}
