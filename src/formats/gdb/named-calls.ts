/**
 * Lines of a gdb log that name a function of the protocol and show no call that could be read: a stack that somebody
 * shortened to names, a frame without its `#`, `(vhost_virtqueue_set_addr: same)`. Nobody is to think that the function
 * was not called here.
 *
 * A script that prints `vhost_dev_start hit` in front of its `bt`, or behind the stop, names the call that gdb shows.
 */
import { hasReportHead } from '../qemu/report-head.js';

/** Functions of QEMU that a rule may miss, as src/facts/functions.ts has them; data have names that begin alike. */
const NAME =
  /\b(?:(?:do_)?vhost_(?:dev_(?:init|cleanup|start|stop|force_stop|prepare_inflight|should_log|set_features|set_log|set_vring_enable|log_resize|elect_mem_logger|sync_region)|virtqueue_(?:start|stop|set_addr)|migration_log|log_(?:global_start|global_stop|get|alloc|put|sync|sync_range)|sync_dirty_bitmap|commit|(?:kernel|user|vdpa)_(?:set_|get_|dev_start|net_set_|scsi_set_)\w*|net_set_backend)|memory_global_dirty_log_\w+|migration_bitmap_sync\w*|ram_init_bitmaps)(?!\w)/g;

/** It stands for a stop or a stack, and not for what is shown beside it. */
const SHORTENED = /^[ \t]*(?:#\d|\[\d|(?:Thread .*hit )?(?:Temporary )?[Bb]reakpoint \d)/;

/** `qemu-system-x86_64: vhost_dev_start failed`: a program signs what it says. */
const SIGNED = /^[\w./-]{1,64}: /;

const LONGEST_LINE = 1024;

export class NamedCalls {
  readonly #names = new Set<string>();
  /** The function of the last stop or stack. */
  #shown = '';

  /** A line that nothing claims. */
  seeLine(text: string): void {
    if (!text.includes('_') || text.length > LONGEST_LINE) return;
    if (SIGNED.test(text) || hasReportHead(text)) return;
    const isShortened = SHORTENED.test(text);
    for (const [name] of text.matchAll(NAME))
      if (isShortened || name !== this.#shown) this.#names.add(name);
  }

  /** A frame without a level that nobody asked for. */
  seeFrame(func: string): void {
    for (const [name] of func.matchAll(NAME)) this.#names.add(name);
  }

  /** The next stop, or the next stack begins: true where calls were named that it does not show. */
  begin(func: string): boolean {
    this.#names.delete(func);
    const isMissed = this.#names.size > 0;
    this.#names.clear();
    this.#shown = func;
    return isMissed;
  }
}
