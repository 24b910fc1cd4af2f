/**
 * The frames that every stack of a thread has in common: how the thread began, its loop, and for vCPUs the
 * emulation of an access to a device. They are folded into the name of the thread.
 */
import { functionTable, plainName } from '../../facts/functions.js';
import { isOutermost } from '../../facts/stacks/process-signs.js';
import type { Frame } from '../../model/record.js';
import { actorOf } from './actors.js';

/** Sources: util/qemu-thread-posix.c, util/main-loop.c, util/aio-posix.c, util/async.c, accel/, system/memory.c, system/physmem.c. */
const PLUMBING =
  /^(?:\?\?|_start|main|qemu_default_main|_?_libc_start\w*|_*clone3?|start_thread|thread_start|qemu_thread_start|coroutine_trampoline|__start_context|qemu_main_loop|main_loop|main_loop_wait|os_host_main_loop_wait|glib_pollfds_poll|g_main_\w+|aio_\w+|\w+_cpu_thread_fn|\w*cpu_exec\w*|cpu_tb_exec|cpu_loop_exec_tb|code_gen_buffer|helper_\w+|do_st\w+|do_ld\w+|address_space_\w+|flatview_\w+|access_with_adjusted_size|memory_region_(?:dispatch_\w+|\w+_accessor))$/;

/** Where work begins that the table of facts does not know: changes of the memory map (system/memory.c). */
const ENTRY = /^memory_region_transaction_commit$/;

/** Those that do what others ask for; what leads from their loop to the vhost code is plumbing, too. */
const SERVES_OTHERS = /^(?:vCPU|main loop|qemu_init|qemu_cleanup)$/;

export interface OuterFrames {
  /** `migration thread`, else the outermost function that is no plumbing; undefined where outer frames are not shown. */
  readonly actor: string | undefined;
  /** Position of the first frame that is folded; from there on all are. Never 0. */
  readonly from: number;
}

/** `frames`: innermost first. */
export function outerFrames(frames: readonly Frame[]): OuterFrames {
  const bottom = withoutPlumbing(frames);
  const actor = actorOf(frames) ?? bottomFunction(frames, bottom);
  if (actor === undefined) return { actor, from: frames.length };
  const start = frames.findLastIndex(
    (frame) => actorOf([frame]) === actor || nameOf(frame) === actor,
  );
  const work = withoutPlumbing(start < 0 ? frames : frames.slice(0, start));
  const known = SERVES_OTHERS.test(actor) ? frames.slice(0, work).findLastIndex(isWork) + 1 : 0;
  return { actor, from: Math.max(1, known === 0 ? work : known) };
}

/** How many frames are left without the plumbing at the outer end. */
function withoutPlumbing(frames: readonly Frame[]): number {
  return frames.findLastIndex((frame) => !PLUMBING.test(nameOf(frame))) + 1;
}

function bottomFunction(frames: readonly Frame[], bottom: number): string | undefined {
  const frame = frames[bottom - 1] ?? frames.at(-1);
  return frame !== undefined && frames.some(isOutermost) ? nameOf(frame) : undefined;
}

function isWork(frame: Frame): boolean {
  const name = nameOf(frame);
  return functionTable.has(name) || ENTRY.test(name);
}

function nameOf({ func }: Frame): string {
  return plainName(func);
}
