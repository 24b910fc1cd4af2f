/**
 * Threads and processes of a gdb session, followed through the lines that gdb prints about them.
 *
 * gdb names a thread by its own number in stops and headers, and by LWP or pthread_t in notices
 * (gdb/thread.c, print_thread_info(); gdb/infrun.c, normal_stop()); a notice right before a stop tells
 * which number an LWP has.
 */
import type { Frame, ThreadRef } from '../model/record.js';
import { argText, pointerOf } from '../model/values.js';
import { plainName } from './functions.js';

/** Knows which thread gdb stands in. */
export class ThreadFollower {
  /** Key of the thread that stopped last or was switched to. */
  current: string | undefined;
  private readonly keyOfName = new Map<string, string>();
  private readonly alive = new Set<string>();
  private switchedTo: ThreadRef | undefined;

  /** `[New Thread ...]`. False when that thread is alive already: this is another process. */
  onNew(ref: ThreadRef): boolean {
    const name = nameOf(ref);
    if (name === undefined) return true;
    const isNew = !this.alive.has(name);
    this.alive.add(name);
    return isNew;
  }

  /** `[Thread ... exited]`: the kernel may give its LWP to another one. */
  onExit(ref: ThreadRef): void {
    const name = nameOf(ref);
    if (name === undefined) return;
    this.alive.delete(name);
    this.keyOfName.delete(name);
  }

  /** `[Switching to Thread ...]`. */
  onSwitch(ref: ThreadRef): void {
    this.switchedTo = ref;
    this.current = this.keyOf(ref);
  }

  /** A stop line; it names its thread where the program has several. */
  onStop(ref: ThreadRef | undefined): void {
    if (ref?.num !== undefined) {
      if (this.switchedTo !== undefined) this.learn(this.switchedTo, ref.num);
      this.current = ref.num;
    }
    this.switchedTo = undefined;
  }

  /** gdb's number where it is known, else LWP or pthread_t. */
  keyOf(ref: ThreadRef): string | undefined {
    if (ref.num !== undefined) {
      this.learn(ref, ref.num);
      return ref.num;
    }
    const name = nameOf(ref);
    return name === undefined ? undefined : (this.keyOfName.get(name) ?? name);
  }

  private learn(ref: ThreadRef, key: string): void {
    const name = nameOf(ref);
    if (name !== undefined) this.keyOfName.set(name, key);
  }
}

/** LWP where it is printed: a pthread_t is given to the next thread as soon as one is gone. */
function nameOf({ lwp, pthread }: ThreadRef): string | undefined {
  if (lwp !== undefined) return `LWP ${lwp}`;
  return pthread === undefined ? undefined : `Thread ${pthread}`;
}

/** Outermost functions of QEMU's threads and of the C library beneath them. */
const OUTERMOST =
  /^(?:main|_start|__libc_start_main.*|__libc_start_call_main|start_thread|clone3?|__clone3?|thread_start|qemu_thread_start|coroutine_trampoline)$/;

/** True when a stack reaches the outermost function of its thread. */
export function reachesBottom(frames: readonly Frame[]): boolean {
  return frames.some((frame) => OUTERMOST.test(frame.func));
}

/** Functions of which a process has one copy, called from one place. */
const CONSTANT = /^(?:start_thread|__?clone3?|clone3?)$/;

/** Tells processes apart by what one process never changes. */
export class ProcessFollower {
  private readonly constants = new Map<string, string>();

  /** True when these frames belong to another process than the ones before. */
  isOther(frames: readonly Frame[]): boolean {
    const own = [...frames.slice(-4).flatMap(returnAddress), ...frames.flatMap(globals)];
    const other = own.some(({ name, value }) => {
      const known = this.constants.get(name);
      return known !== undefined && known !== value;
    });
    if (other) this.constants.clear();
    for (const { name, value } of own) this.constants.set(name, value);
    return other;
  }
}

interface Constant {
  readonly name: string;
  readonly value: string;
}

/** The outermost function of a thread returns to the same address throughout a process. */
function returnAddress({ func, address }: Frame): Constant[] {
  return address !== undefined && CONSTANT.test(func) ? [{ name: func, value: address }] : [];
}

/**
 * Functions that are handed the one MigrationState of a process (migration/migration.c,
 * migration_object_init() makes it before the machine), and the argument's name by version.
 */
const TAKES_MIGRATION_STATE =
  /^(?:migration_thread|bg_migration_thread|source_return_path_thread|migration_(?:completion|completion_precopy|iteration_run|iteration_finish|cleanup|connect|calculate_complete|detect_error)|migrate_(?:fd_cleanup|fd_cleanup_bh|fd_cancel|fd_connect|fd_error|prepare)|postcopy_start)$/;

/** Global variables of QEMU that backtraces show by address: `opaque=0x555556203de0 <ram_state>`. */
const GLOBAL = /^(0x[0-9a-f]+) <(ram_state|address_space_memory|error_fatal|error_abort)>$/;

const globalsOfFrame = new WeakMap<Frame, readonly Constant[]>();

/** Addresses of global objects that a frame shows; cached, because frames are interned. */
function globals(frame: Frame): readonly Constant[] {
  let found = globalsOfFrame.get(frame);
  if (found === undefined) {
    found = [...migrationState(frame), ...globalVariables(frame)];
    globalsOfFrame.set(frame, found);
  }
  return found;
}

function migrationState(frame: Frame): Constant[] {
  if (!TAKES_MIGRATION_STATE.test(plainName(frame.func))) return [];
  const names = ['opaque', 's', 'ms'];
  const pointer = names.map((name) => pointerOf(argText(frame, name))).find(isAddress);
  return pointer === undefined ? [] : [{ name: 'MigrationState', value: pointer }];
}

function isAddress(pointer: string | undefined): boolean {
  return pointer !== undefined && pointer !== '0x0';
}

function globalVariables({ args = [] }: Frame): Constant[] {
  return args.flatMap(({ value, entry }) => {
    const [, address, name] = GLOBAL.exec(value ?? entry ?? '') ?? [];
    return address === undefined || name === undefined ? [] : [{ name, value: address }];
  });
}
