/**
 * Whose work a stack is: the outermost frames say which thread of QEMU it is, and are the same for all
 * its work.
 */
import type { Frame } from '../../model/record.js';

/** Functions that only one kind of thread has beneath its work; the first that a stack shows decides. */
const ACTORS: readonly { readonly actor: string; readonly func: RegExp }[] = [
  { actor: 'migration thread', func: /^(?:bg_)?migration_thread$/ },
  {
    actor: 'vCPU',
    func: /^(?:qemu_)?(?:kvm_|mttcg_|rr_|hvf_|dummy_)?(?:v?cpu|tcg_cpu)_thread(?:_fn|_routine)?$/,
  },
  { actor: 'return path thread', func: /^source_return_path_thread$/ },
  { actor: 'main loop', func: /^(?:qemu_main_loop|main_loop|main_loop_wait)$/ },
];

/** The thread that a stack belongs to; undefined where its outer frames are not shown or say nothing. */
export function actorOf(frames: readonly Frame[]): string | undefined {
  return ACTORS.find(({ func }) => frames.some((frame) => func.test(frame.func)))?.actor;
}
