/**
 * `*stopped` → the stop that the command line prints for it.
 *
 * Source: gdb/breakpoint.c, print_bp_stop_message() and its print_it methods; gdb/infrun.c,
 * print_signal_received_reason(); gdb/mi/mi-common.c for the reasons. As on the command line, the end
 * of a `finish` or of a step is no stop of its own.
 */
import type { Stop } from '../../model/record.js';
import type { MiItem } from './lines.js';
import { itemsOf, numberOf, textOf } from './values.js';

/** `exit`: the process is gone; `return`: a `finish` came to its end. Undefined for a stop that nothing set. */
export function readStop(
  items: readonly MiItem[],
): Pick<Stop, 'reason' | 'number' | 'signal'> | 'exit' | 'return' | undefined {
  const reason = textOf(items, 'reason');
  const number = numberOf(/^\d+/.exec(textOf(items, 'bkptno') ?? '')?.[0]);
  switch (reason) {
    // The command list of a breakpoint began with `silent`: gdb says nothing else.
    case undefined:
      return items.length === 0 ? { reason: 'breakpoint', number } : undefined;
    case 'breakpoint-hit': {
      const isKept = (textOf(items, 'disp') ?? 'keep') === 'keep';
      return { reason: isKept ? 'breakpoint' : 'temporary-breakpoint', number };
    }
    case 'watchpoint-trigger':
    case 'read-watchpoint-trigger':
    case 'access-watchpoint-trigger':
      return { reason: 'watchpoint', number: watchpoint(items) };
    case 'fork':
    case 'vfork':
    case 'exec':
    case 'syscall-entry':
    case 'syscall-return':
      return { reason: 'catchpoint', number };
    case 'solib-event':
      return number === undefined ? undefined : { reason: 'catchpoint', number };
    case 'signal-received': {
      const signal = textOf(items, 'signal-name');
      return { reason: 'signal', number: undefined, ...(signal === undefined ? {} : { signal }) };
    }
    case 'exited':
    case 'exited-normally':
    case 'exited-signalled':
      return 'exit';
    case 'function-finished':
      return 'return';
    default:
      return undefined;
  }
}

// wpt={number="2",exp="counter"}
function watchpoint(items: readonly MiItem[]): number | undefined {
  for (const name of ['wpt', 'hw-rwpt', 'hw-awpt']) {
    const number = textOf(itemsOf(items, name) ?? [], 'number');
    if (number !== undefined) return numberOf(number);
  }
  return undefined;
}
