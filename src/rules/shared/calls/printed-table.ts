/**
 * Memory tables that the debugger printed where the set_mem_table op gets them: `dev->mem`, from which vhost_get_log_size()
 * of hw/virtio/vhost.c takes the size of the log.
 */
import type { Activation } from '../../../flows/activations/activation.js';
import type { SessionContext } from '../../rule.js';
import { callerOf } from '../../../flows/activations/activation.js';
import { printedNumber } from './printed.js';
import { hasGap, hasStranger, unwatched } from './queries.js';

/** A device is given this table, whose highest address is `last`. */
export interface Table {
  readonly op: Activation;
  readonly last: bigint;
}

/**
 * The table that a device has when a call gives it a log, or leaves it its log: that of the same topology change, of the same
 * device start, or for a log start the last one before it.
 */
export function tableAt(context: SessionContext, given: Activation): Table | undefined {
  const { device, first, kind } = given;
  if (kind === 'op_set_mem_table') return tableOf(given);
  const ops = context.of('op_set_mem_table').filter((op) => op.device === device && op.entered);
  const outer = callerOf(given, 'vhost_commit', 'vhost_dev_start');
  if (outer !== undefined) {
    // A change or a start gives one table: two whose entries are not reported look like one.
    const [op, other] = ops.filter((a) => callerOf(a, outer.kind) === outer);
    return op === undefined || other !== undefined ? undefined : tableOf(op);
  }
  const op = ops.findLast((a) => a.first < first);
  if (op === undefined || isChangedUnseen(context, op, first)) return undefined;
  // Any other call is of a function that the compiler has merged with this one (GCC -fipa-icf).
  if (callerOf(op, 'vhost_commit', 'vhost_dev_start') === undefined) return undefined;
  return tableOf(op);
}

/** A running device is given each change of its table, and the next start brings the whole one. */
function isChangedUnseen(context: SessionContext, op: Activation, to: number): boolean {
  const { run } = context;
  return (
    unwatched(run, 'op_set_mem_table', op.first, to, run.rings.backendOf(op)).length > 0 ||
    hasStranger(context, op.first, to, 'op_set_mem_table') ||
    hasGap(run, op.first, to)
  );
}

/** Undefined where a region is not printed. */
function tableOf(op: Activation): Table | undefined {
  const count = printedNumber(op, 'nregions');
  if (count === undefined || count === 0n || op.altered) return undefined;
  let last = 0n;
  for (let i = 0; i < count; i++) {
    const start = printedNumber(op, `[${i}].guest_phys_addr`);
    const size = printedNumber(op, `[${i}].memory_size`);
    if (start === undefined || size === undefined || size === 0n) return undefined;
    const end = start + size - 1n;
    if (end > last) last = end;
  }
  return { op, last };
}
