/**
 * Which printed structures are arguments of a call: `print *addr` where a ring address is set, `print *log`
 * where the log base is. Only there are they known to be the argument and to have their value at the entry;
 * `addr` of vhost_virtqueue_set_addr() is a local variable that nobody has filled yet.
 */
import type { FactKind } from '../model/fact.js';
import type { PrintedValue } from '../model/record.js';
import type { Step } from './step.js';

interface Structure {
  /** Name of the argument, the same in every backend. */
  readonly argument: string;
  /** All members. */
  readonly members: readonly string[];
}

/** Sources: Linux include/uapi/linux/vhost_types.h; QEMU include/hw/virtio/vhost.h. */
const STRUCTURES: Partial<Record<FactKind, Structure>> = {
  op_set_vring_addr: {
    argument: 'addr',
    members: [
      'index',
      'flags',
      'desc_user_addr',
      'used_user_addr',
      'avail_user_addr',
      'log_guest_addr',
    ],
  },
  op_set_log_base: { argument: 'log', members: ['size', 'refcnt', 'fd', 'log'] },
};

/** Members of a call's argument that a printed value shows; none where it may be another variable. */
export function printedMembers(
  kind: FactKind,
  { asked, members }: PrintedValue,
): PrintedValue['members'] {
  const structure = STRUCTURES[kind];
  if (structure === undefined || !isArgument(structure, asked, members)) return {};
  return members;
}

function isArgument(
  { argument, members: names }: Structure,
  asked: string | undefined,
  members: PrintedValue['members'],
): boolean {
  if (asked !== undefined) {
    return names.some((name) => asked === `${argument}->${name}`) || asked === `*${argument}`;
  }
  const printed = Object.keys(members);
  return printed.length === names.length && names.every((name) => name in members);
}

/**
 * Silent breakpoint commands print a value before the backtrace of their stop, or behind it. They do so
 * at every hit alike: a hit whose backtrace follows another one directly prints behind it, if at all.
 */
export class SilentPrints {
  /** A value was printed since the last stack, or what was printed is not known. */
  #printed = true;
  readonly #behind = new Set<string>();

  onValue(): void {
    this.#printed = true;
  }

  /** A stack without a stop line: are values below it those of its innermost call? */
  prints({ calls, entry, gapBefore }: Step): boolean {
    const func = calls.at(-1)?.func;
    const isDirect = !this.#printed && !gapBefore;
    this.#printed = false;
    if (func === undefined || !entry) return false;
    if (isDirect) this.#behind.add(func);
    return this.#behind.has(func);
  }
}
