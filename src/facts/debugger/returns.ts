/**
 * What a debugger tells of calls that came back → steps: what `finish` prints, and what QEMU itself reports of an operation
 * that the backend refused.
 */
import type { FunctionReturn, LogLine } from '../../model/record.js';
import { NOTHING_SHOWN } from '../report-step.js';
import type { StepMaker } from '../step-maker.js';

/** The operation of `vhost_dev_log_resize()` and `vhost_dev_start()`, as their report names it. */
const LOG_BASE = 'vhost_set_log_base';

/** QEMU's report of what the call above returned: it comes behind the stack of a stop, never into it. */
export function isAboutLastCall({ values }: LogLine): boolean {
  return values?.refused === LOG_BASE;
}

export class DebuggerReturns {
  constructor(private readonly maker: StepMaker) {}

  onReturn(returned: FunctionReturn): void {
    const thread = this.returningThread(returned);
    this.maker.push({
      ...NOTHING_SHOWN,
      line: returned.span.first,
      returned,
      ...(thread === undefined ? {} : { thread }),
    });
  }

  /**
   * What QEMU reports of a refused operation: VHOST_OPS_DEBUG() in hw/virtio/vhost.c, directly behind its call. What
   * was entered last returned it; undefined where that is not this operation.
   */
  reported({ span, values: { refused, error = '' } = {} }: LogLine): FunctionReturn | undefined {
    if (refused !== LOG_BASE) return undefined;
    const { lastStep } = this.maker;
    const call = lastStep?.entry === true ? lastStep.calls.at(-1) : undefined;
    const errno = /\(-?(\d+)\)$/.exec(error)?.[1];
    if (call?.row.kind !== 'op_set_log_base' || errno === undefined) return undefined;
    return { kind: 'return', span, func: call.func, value: `-${errno}` };
  }

  /** As long as the program has one thread, no stop names it, and the return is its own. */
  private returningThread({ thread }: FunctionReturn): string | undefined {
    const isNamed = thread !== undefined && this.maker.threads.current !== undefined;
    return isNamed ? this.maker.threads.keyOf(thread) : undefined;
  }
}
