/** The dirty log of a vhost_dev, as hw/virtio/vhost.c of QEMU 2.12 to 10.2 switches, shares, resizes and reads it. */
import type { Arg, Thread } from './gdb-log.js';
import { VhostBackend } from './vhost-backend.js';
import type { Backend, Log, Version, VhostDev } from './vhost-backend.js';

const CHUNK = 262144;
/** A MemoryRegionSection on the stack. */
const SECTION = 0x7ffff4dfe860n;

export class VhostLog extends VhostBackend {
  /** Highest guest address in chunks. */
  memory = 256;
  /** Whether a resize elects the device again: no QEMU from 9.1 to 10.2 does, which loses dirty pages. */
  electsAfterResize = true;
  private readonly logs = new Map<string, Log>();
  private readonly freed = new Map<string, Log>();
  /** `vhost_log_devs`: the first of each backend type scans guest memory (9.1 and later). */
  private readonly loggers = new Map<Backend, VhostDev[]>();
  private nextLog = 0x7fffa0000010n;

  /** False: the log start fails. */
  globalStart(t: Thread, dev: VhostDev): boolean {
    const args: Arg[] = [['listener', dev.address + 8n]];
    if (this.version >= 901) args.push(['errp', 0x7ffff4dfeb48n]);
    return this.run.call(t, 'vhost_log_global_start', args, () => this.migrationLog(t, dev, true));
  }

  globalStop(t: Thread, dev: VhostDev): boolean {
    const args: Arg[] = [['listener', dev.address + 8n]];
    return this.run.call(t, 'vhost_log_global_stop', args, () => this.migrationLog(t, dev, false));
  }

  private migrationLog(t: Thread, dev: VhostDev, enable: boolean): boolean {
    const args: Arg[] = [
      ['listener', dev.address + 8n],
      ['enable', this.version <= 500 ? Number(enable) : enable],
    ];
    return this.run.call(t, 'vhost_migration_log', args, () => {
      const isIdle = enable === dev.logEnabled || !dev.started;
      if (this.run.decide('log change has nothing to do', isIdle)) {
        dev.logEnabled = enable;
        return true;
      }
      if (enable) this.logResize(t, dev, this.run.decide('size of a new log', this.memory));
      const ok = this.setLog(t, dev, enable);
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
    return this.run.call(t, 'vhost_dev_set_log', args, () => {
      if (!this.setFeatures(t, dev, enable)) return false;
      for (let i = 0; i < dev.vqs.length; i++) {
        if (this.isSkipped(dev, i, 502)) continue;
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
    this.run.call(t, 'vhost_dev_log_resize', args, () => {
      const wasElected = this.loggers.get(dev.owner.backend)?.includes(dev) === true;
      const log = this.logGet(t, dev, size);
      // A failure is printed and not acted on.
      this.setLogBase(t, dev, log);
      this.logPut(t, dev, true);
      dev.log = log;
      const elects = wasElected && this.electsAfterResize;
      if (this.run.decide('elects after a resize', elects)) this.elect(t, dev, true);
    });
  }

  protected setLogBase(t: Thread, dev: VhostDev, log: Log): boolean {
    const args: Arg[] = [
      ['base', Number(log.base)],
      ['log', log.base - 0x10n],
    ];
    return this.op(t, dev, 'set_log_base', args, { structs: [logStruct(dev, log)] });
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
    const key = this.logKey(dev);
    const gone = this.freed.get(key);
    const isAgain = !this.logs.has(key) && gone?.size === size;
    if (isAgain && this.run.decide('a freed log is given again', false)) this.logs.set(key, gone);
    const known = this.logs.get(key);
    const isShared = known?.size === size;
    const log = isShared ? known : { size, base: this.nextLog, refs: 0 };
    log.refs++;
    if (!isShared) {
      this.nextLog += 0x100000n;
      this.logs.set(key, log);
    }
    const struct = log.base - 0x10n;
    this.run.call(t, 'vhost_log_get', all, () => {
      if (!isShared) this.run.call(t, 'vhost_log_alloc', args, () => struct);
      return struct;
    });
    return log;
  }

  protected logPut(t: Thread, dev: VhostDev, sync: boolean): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['sync', sync],
    ];
    this.run.call(t, 'vhost_log_put', args, () => {
      const { log } = dev;
      if (log === undefined) return;
      if (--log.refs === 0) {
        if (this.run.decide('put reads the log', sync)) this.syncRange(t, dev, log.size);
        const key = this.logKey(dev);
        if (this.logs.get(key) === log) {
          this.logs.delete(key);
          this.freed.set(key, log);
        }
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
    this.run.call(t, 'vhost_dev_elect_mem_logger', args, () => {
      const all = this.loggers.get(dev.owner.backend) ?? [];
      this.loggers.set(dev.owner.backend, all);
      const at = all.indexOf(dev);
      // A new one stands behind the first, so that the one that scans stays the same.
      if (add && at < 0) all.splice(1, 0, dev);
      if (!add && at >= 0) all.splice(at, 1);
    });
  }

  private syncRange(t: Thread, dev: VhostDev, size: number): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['first', 0],
      ['last', size * CHUNK - 1],
    ];
    this.run.call(t, 'vhost_log_sync_range', args, () => {
      this.syncBitmap(t, dev, String(size * CHUNK - 1));
    });
  }

  sync(t: Thread, dev: VhostDev): void {
    const args: Arg[] = [
      ['listener', dev.address + 8n],
      ['section', 0x7ffff4dfe860n],
    ];
    this.run.call(t, 'vhost_log_sync', args, () => {
      this.syncBitmap(t, dev, '18446744073709551615');
    });
  }

  /** Guest memory is read by the elected device only (9.1 and later), used rings by each for itself. */
  private syncBitmap(t: Thread, dev: VhostDev, last: string): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['section', SECTION],
      ['first', 0],
      ['last', last],
    ];
    this.run.call(t, 'vhost_sync_dirty_bitmap', args, () => {
      if (!dev.logEnabled || !dev.started) return;
      const end = this.memory * CHUNK - 1;
      if (this.shouldLog(t, dev)) this.syncRegion(t, dev, 0, end);
      for (let i = 0; i < dev.vqs.length; i++) {
        const used = 0x3fe1000 + (dev.vqIndex + i) * 0x3000;
        if (dev.owner.ready[dev.vqIndex + i] === true) this.syncRegion(t, dev, used, used + 2053);
      }
    });
  }

  private shouldLog(t: Thread, dev: VhostDev): boolean {
    if (this.version < 901) return true;
    this.run.call(t, 'vhost_dev_should_log', [['dev', dev.address]], () => undefined);
    return this.loggers.get(dev.owner.backend)?.[0] === dev;
  }

  private syncRegion(t: Thread, dev: VhostDev, first: number, last: number): void {
    const args: Arg[] = [
      ['dev', dev.address],
      ['section', SECTION],
      ['mfirst', 0],
      ['mlast', this.memory * CHUNK - 1],
      ['rfirst', first],
      ['rlast', last],
    ];
    this.run.call(t, 'vhost_dev_sync_region', args, () => undefined);
  }

  /** The memory topology is committed, `isChanged` with other regions than before. */
  commit(t: Thread, dev: VhostDev, isChanged: boolean): void {
    this.region(t, dev);
    const listener: Arg = ['listener', dev.address + 8n];
    this.run.call(t, 'vhost_commit', [listener], () => {
      const started = Number(dev.started);
      this.run.log.event(t, 'vhost_commit', `Started: ${started} Changed: ${Number(isChanged)}`);
      if (!isChanged || !dev.started) return;
      const size = dev.log?.size ?? 0;
      if (!dev.logEnabled) {
        this.setMemTable(t, dev);
        return;
      }
      if (this.run.decide('log must grow', size < this.memory)) {
        this.logResize(t, dev, this.memory + 170);
      }
      this.setMemTable(t, dev);
      if (size > this.memory + 170) this.logResize(t, dev, this.memory);
    });
  }

  protected setMemTable(t: Thread, dev: VhostDev): boolean {
    const bytes = this.memory * CHUNK;
    const region = `{guest_phys_addr = 0, memory_size = ${bytes}, userspace_addr = 140736213319680, flags_padding = 0}`;
    const at = `0x${(dev.address + 0x4008n).toString(16)}`;
    return this.op(t, dev, 'set_mem_table', ['mem', dev.address + 0x4000n], {
      structs: [`{nregions = 1, padding = 0, regions = ${at}}`, `{${region}}`],
    });
  }

  /** The listener is told of each region of the new topology: here of one, all of guest memory. */
  private region(t: Thread, dev: VhostDev): void {
    const args: Arg[] = [
      ['listener', dev.address + 8n],
      ['section', SECTION],
    ];
    this.run.call(t, 'vhost_region_addnop', args, () => {
      const size = (this.memory * CHUNK).toString(16);
      const text = `mem: 0x0+0x${size} @ 0x7fffb4000000`;
      this.run.log.event(t, 'vhost_section', this.version >= 501 ? 'mem' : 'mem:1');
      this.run.log.event(t, 'vhost_region_add_section', text);
      this.run.log.event(t, 'vhost_region_add_section_aligned', text);
    });
  }
}

/** `struct vhost_log` as gdb prints it. */
function logStruct({ owner }: VhostDev, { size, refs, base }: Log): string {
  const fd = owner.backend === 'user' ? 37 : -1;
  return `{size = ${size}, refcnt = ${refs}, fd = ${fd}, log = 0x${base.toString(16)}}`;
}

function isStopped({ started }: VhostDev): boolean {
  return !started;
}
