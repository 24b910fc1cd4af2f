/** What all parts of a simulated QEMU share: version, threads, run state, and the log they appear in. */
import { Execution } from './execution.js';
import type { Defect } from './execution.js';
import { functionsOf } from './functions.js';
import { GdbLog } from './gdb-log.js';
import type { Arg, Thread, Watch } from './gdb-log.js';
import type { Backend, Version } from './vhost-backend.js';
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
  /** The backend may refuse the log base at a log start, of which QEMU takes no notice. */
  readonly refusesLogBase: boolean;
  /** The migration thread works without the big lock while others hold it: at every so many calls; 0 is never. */
  readonly interleaves: number;
  /** The defect of 9.1 to 10.2: a device whose log was resized is elected no more. */
  readonly losesLogger: boolean;
}

/** Runs of which nothing rare is asked. */
export const PLAIN: Omit<Profile, 'version' | 'devices'> = {
  quits: true,
  mixesBackends: false,
  reusesAddresses: false,
  stopsLogWhileClosing: false,
  failsWhileLogging: false,
  failsLate: false,
  refusesLogBase: false,
  interleaves: 0,
  losesLogger: false,
};

/** Names and numbers of run states, which trace events print. */
const RUN_STATES: Readonly<Record<string, number>> = {
  colo: 14,
  'finish-migrate': 7,
  paused: 4,
  running: 9,
  'save-vm': 10,
  shutdown: 11,
};

export class Machine {
  readonly run: Execution;
  readonly log: GdbLog;
  readonly vhost: Vhost;
  readonly main: Thread;
  readonly vcpu: Thread;
  isRunning = true;
  isQuitting = false;
  aborted = false;
  private runState = 'running';

  constructor(
    readonly profile: Profile,
    watch: Watch,
    defect: Defect | undefined,
  ) {
    const { version } = profile;
    const functions = functionsOf(version, watch.functions);
    this.log = new GdbLog(
      { ...watch, functions },
      { version, sourceOf: (func) => sourceOf(func, version) },
    );
    this.run = new Execution(this.log, defect);
    this.vhost = new Vhost(this.run, version);
    this.vhost.electsAfterResize = !profile.losesLogger;
    this.main = this.log.thread('qemu', 'main', 'qemu_main_loop');
    this.log.thread('call_rcu', 'call_rcu_thread');
    this.log.thread('IO mon_iothread', 'iothread_run');
    this.log.thread('gmain', 'g_main_loop_run');
    this.vcpu = this.log.thread('CPU 0/KVM', 'kvm_vcpu_thread_fn');
  }

  within<Result>(t: Thread, frames: readonly string[], body: () => Result): Result {
    const [outer, ...inner] = frames;
    if (outer === undefined) return body();
    return this.run.call(t, outer, argsOf(outer, this.profile.version), () =>
      this.within(t, inner, body),
    );
  }

  /** runstate_set(), and what vm_state_notify() traces. */
  setRunState(t: Thread, state: string): void {
    const { version } = this.profile;
    const from = RUN_STATES[this.runState] ?? 0;
    const to = RUN_STATES[state] ?? 0;
    const long = `current_run_state ${from} (${this.runState}) new_state ${to} (${state})`;
    this.log.event(t, 'runstate_set', version >= 400 ? long : `new state ${to}`);
    this.runState = state;
    const reason = version >= 400 ? ` (${state})` : '';
    const running = Number(this.isRunning);
    this.log.event(t, 'vm_state_notify', `running ${running} reason ${to}${reason}`);
  }

  abort(thread: Thread): void {
    this.log.abort(thread);
    this.aborted = true;
  }
}

const STATE: Arg = ['s', 0x5555562817b0n];
const ERRP: Arg = ['errp', 0x7ffff4dfeb48n];

/** Functions around the vhost core whose arguments a stack shows; `errp` came to the setup with 9.1. */
function argsOf(func: string, version: Version): readonly Arg[] {
  const errp = version >= 901 ? [ERRP] : [];
  const lastStage: Arg[] = version >= 801 ? [['last_stage', false]] : [];
  switch (func) {
    case 'memory_listener_register':
      return [['filter', 0x5555561c3de0n]];
    case 'memory_region_sync_dirty_bitmap':
      return [['mr', 0n], ...lastStage];
    case 'memory_global_dirty_log_sync':
      return lastStage;
    case 'migration_bitmap_sync':
    case 'migration_bitmap_sync_precopy':
      return [['rs', 0x7fff94002690n], ...lastStage];
    case 'ram_init_bitmaps':
      return [['rs', 0x7fff94002690n], ...errp];
    case 'ram_init_all':
      return [['rsp', 0x5555561da3e0n], ...errp];
    case 'ram_save_setup':
      return [['f', 0x5555564070f0n], ['opaque', 0x5555561da3e0n], ...errp];
    case 'qemu_savevm_state_setup':
      return [['f', 0x5555564070f0n], ...errp];
    case 'memory_global_dirty_log_do_start':
      return errp;
    case 'migration_iteration_run':
    case 'migration_completion':
    case 'migration_completion_precopy':
    case 'migrate_fd_cleanup':
    case 'migration_cleanup':
      return [STATE];
    default:
      return [];
  }
}

function sourceOf(func: string, version: Version): string {
  const root = version >= 501 ? '../' : '';
  if (/^(?:memory|listener)_/.test(func)) {
    const folder = version >= 802 ? 'system/' : version >= 501 ? 'softmmu/' : '';
    return `${root}${folder}memory.c`;
  }
  if (/^(?:clone3|start_thread)$/.test(func)) return `./nptl/${func}.c`;
  if (func.startsWith('vhost_user_')) return `${root}hw/virtio/vhost-user.c`;
  if (func.startsWith('vhost_kernel_'))
    return `${root}hw/virtio/vhost-${version >= 1101 ? 'kernel' : 'backend'}.c`;
  if (func.startsWith('vhost_vdpa_')) return `${root}hw/virtio/vhost-vdpa.c`;
  if (func.startsWith('vhost_')) return `${root}hw/virtio/vhost.c`;
  if (func.startsWith('virtio_')) return `${root}hw/virtio/virtio.c`;
  return `${root}migration/migration.c`;
}
