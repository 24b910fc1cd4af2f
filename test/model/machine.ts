/** What all parts of a simulated QEMU share: version, threads, run state, and the log they appear in. */
import { GdbLog } from './gdb-log.js';
import type { Arg, Thread, Watch } from './gdb-log.js';
import type { Backend, Defect, Version } from './vhost-backend.js';
import { Vhost } from './vhost.js';

export interface DeviceSpec {
  readonly backend: Backend;
  /** Queue pairs of a virtio-net; 0 is a device with one vhost_dev. */
  readonly pairs: number;
}

export interface Profile {
  readonly version: Version;
  readonly devices: readonly DeviceSpec[];
  /** The process exits at the end: its threads are reported gone. */
  readonly quits: boolean;
  /** Devices of several backends in one QEMU. */
  readonly mixesBackends: boolean;
  /** The heap gives the memory of an unplugged vhost_dev to the next one. */
  readonly reusesAddresses: boolean;
  /** Dirty tracking may end between a disconnect, which clears `started`, and its bottom half. */
  readonly stopsLogWhileClosing: boolean;
  /** A start with logging on may fail before the log base. */
  readonly failsWhileLogging: boolean;
  /** A start may fail after the log base, with the ring enable or the device start. */
  readonly failsLate: boolean;
}

export class Machine {
  readonly log: GdbLog;
  readonly vhost: Vhost;
  readonly main: Thread;
  readonly vcpu: Thread;
  isRunning = true;
  isQuitting = false;
  aborted = false;

  constructor(
    readonly profile: Profile,
    watch: Watch,
    defect: Defect | undefined,
  ) {
    this.log = new GdbLog(watch, (func) => sourceOf(func, profile.version));
    this.vhost = new Vhost(this.log, profile.version, defect);
    this.main = this.log.thread('qemu', 'main', 'qemu_main_loop');
    this.log.thread('call_rcu', 'call_rcu_thread');
    this.log.thread('IO mon_iothread', 'iothread_run');
    this.log.thread('gmain', 'g_main_loop_run');
    this.vcpu = this.log.thread('CPU 0/KVM', 'kvm_vcpu_thread_fn');
  }

  within<Result>(t: Thread, frames: readonly string[], body: () => Result): Result {
    const [outer, ...inner] = frames;
    if (outer === undefined) return body();
    return this.log.call(t, outer, argsOf(outer), () => this.within(t, inner, body));
  }

  abort(thread: Thread): void {
    this.log.abort(thread);
    this.aborted = true;
  }
}

function argsOf(func: string): readonly Arg[] {
  if (func === 'memory_listener_register') return [['filter', 0x5555561c3de0n]];
  return [];
}

function sourceOf(func: string, version: Version): string {
  const root = version >= 501 ? '../' : '';
  if (/^(?:memory|listener)_/.test(func)) {
    const folder = version >= 802 ? 'system/' : version >= 501 ? 'softmmu/' : '';
    return `${root}${folder}memory.c`;
  }
  if (/^(?:clone3|start_thread)$/.test(func)) return `./nptl/${func}.c`;
  if (func.startsWith('vhost_user_')) return `${root}hw/virtio/vhost-user.c`;
  if (func.startsWith('vhost_kernel_')) return `${root}hw/virtio/vhost-backend.c`;
  if (func.startsWith('vhost_vdpa_')) return `${root}hw/virtio/vhost-vdpa.c`;
  if (func.startsWith('vhost_')) return `${root}hw/virtio/vhost.c`;
  if (func.startsWith('virtio_')) return `${root}hw/virtio/virtio.c`;
  return `${root}migration/migration.c`;
}
