/** Log resizes of devices, each with the time in which nothing elects the device again. */
import { append } from '../../../base/append.js';
import { callerOf } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { FactKind } from '../../../model/fact.js';
import type { SessionContext } from '../../rule.js';
import { isSeenFirst } from './first-sight.js';

/** From the first resize of a device to what elects it again or makes election pointless. */
export interface ResizeWindow {
  readonly device: string;
  /** Calls of vhost_dev_log_resize() below vhost_commit(), or of the set_log_base op where that one is inlined. */
  readonly resizes: readonly [Activation, ...Activation[]];
  /** The device is put on the list again: the end of the window. */
  readonly again: Activation | undefined;
  /** First step after the window. */
  readonly end: number;
}

/** Calls of the device itself that begin or end a log session, or that a start of the device makes. */
const ENDS: readonly FactKind[] = [
  'vhost_dev_init',
  'vhost_dev_cleanup',
  'vhost_dev_start',
  'vhost_dev_set_log',
  'vhost_migration_log',
  'vhost_log_global_start',
  'vhost_log_global_stop',
];

/** In the order of the resizes. */
export function resizeWindows(context: SessionContext): ResizeWindow[] {
  const open = new Map<string, [Activation, ...Activation[]]>();
  const found: ResizeWindow[] = [];
  const close = (device: string, end: number, again?: Activation): void => {
    const resizes = open.get(device);
    if (resizes !== undefined) found.push({ device, resizes, again, end });
    open.delete(device);
  };
  const kinds = ['vhost_dev_log_resize', 'op_set_log_base', 'vhost_dev_elect_mem_logger'] as const;
  for (const activation of context.of(...kinds, ...ENDS)) {
    const { kind, device, first, enable } = activation;
    if (device === undefined) continue;
    if (isResize(activation)) append(open, device, activation);
    else if (kind === 'vhost_dev_elect_mem_logger') {
      if (enable === true) close(device, first, activation);
    } else if (ENDS.includes(kind)) {
      close(device, first);
    }
  }
  const end = (context.steps.at(-1)?.index ?? 0) + 1;
  for (const device of [...open.keys()]) close(device, end);
  return found.sort((a, b) => a.resizes[0].id - b.resizes[0].id);
}

/** A resize by a topology change, once for each; the resize of a log start is followed by an election. */
function isResize(activation: Activation): boolean {
  const { kind } = activation;
  if (callerOf(activation, 'vhost_commit') === undefined) return false;
  if (kind === 'vhost_dev_log_resize') return isSeenFirst(activation);
  return kind === 'op_set_log_base' && callerOf(activation, 'vhost_dev_log_resize') === undefined;
}
