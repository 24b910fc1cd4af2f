/** What a frame shows of its process and its thread, whatever function the debugger stopped in. */
import type { Frame } from '../../model/record.js';
import { argText, pointerOf } from '../../model/values.js';
import { plainName } from '../functions.js';

/** What one process never changes. */
export interface Constant {
  readonly name: string;
  readonly value: string;
}

/** Outermost functions of QEMU's threads and of the C library beneath them. */
const OUTERMOST =
  /^(?:main|_start|__libc_start_main.*|__libc_start_call_main|start_thread|clone3?|__clone3?|thread_start|qemu_thread_start|coroutine_trampoline)$/;

/** The outermost function of a thread. */
export function isOutermost({ func }: Frame): boolean {
  return OUTERMOST.test(func);
}

/** Functions of which a process has one copy, called from one place. */
const CONSTANT = /^(?:start_thread|__?clone3?|clone3?)$/;

/** The outermost function of a thread returns to the same address throughout a process. */
export function returnAddress({ func, address }: Frame): Constant | undefined {
  return address !== undefined && CONSTANT.test(func) ? { name: func, value: address } : undefined;
}

/**
 * Functions that are handed the one MigrationState of a process (migration/migration.c,
 * migration_object_init() makes it before the machine), and the argument's name by version.
 */
const TAKES_MIGRATION_STATE =
  /^(?:migration_thread|bg_migration_thread|source_return_path_thread|migration_(?:completion|completion_precopy|iteration_run|iteration_finish|cleanup|connect|calculate_complete|detect_error)|migrate_(?:fd_cleanup|fd_cleanup_bh|fd_cancel|fd_connect|fd_error|prepare)|postcopy_start)$/;

/**
 * main() calls it when its main loop is over, and it stops the virtual processors for good: QEMU system/cpus.c, called by
 * qemu_cleanup() in system/runstate.c, up to 4.2 in vl.c.
 */
const ENDS = /^vm_shutdown$/;

/** The main loop, and what runs the guest. */
const RUNS =
  /^(?:qemu_main_loop|main_loop|kvm_cpu_exec|(?:qemu_)?tcg_cpus?_exec|cpu_exec|(?:hvf|whpx|nvmm|hax)_\w*vcpu_exec)$/;

/** The part of its process that a frame is of. */
export function stageOf({ func }: Frame): 'run' | 'end' | undefined {
  if (ENDS.test(func)) return 'end';
  return RUNS.test(func) ? 'run' : undefined;
}

/** Global variables of QEMU that backtraces show by address: `opaque=0x555556203de0 <ram_state>`. */
const GLOBAL = /^(0x[0-9a-f]+) <(ram_state|address_space_memory|error_fatal|error_abort)>$/;

/** False for a function whose name is no sign: its frames show no more than global variables. */
export function isOfSigns(func: string): boolean {
  return (
    OUTERMOST.test(func) ||
    CONSTANT.test(func) ||
    ENDS.test(func) ||
    RUNS.test(func) ||
    TAKES_MIGRATION_STATE.test(plainName(func))
  );
}

/** Addresses of global objects that a frame shows. */
export function globals(frame: Frame): readonly Constant[] {
  return [...migrationState(frame), ...globalVariables(frame)];
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

/** The same of a function whose name is no sign. */
export function globalVariables({ args = [] }: Frame): Constant[] {
  const found: Constant[] = [];
  for (const { value, entry } of args) {
    const text = value ?? entry;
    // Most values are not worth the pattern.
    if (text?.endsWith('>') !== true) continue;
    const [, address, name] = GLOBAL.exec(text) ?? [];
    if (address !== undefined && name !== undefined) found.push({ name, value: address });
  }
  return found;
}
