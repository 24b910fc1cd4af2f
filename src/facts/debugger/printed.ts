/**
 * Which printed structures belong to a call: `print *addr` where a ring address is set, `print *log` where
 * the log base is, `print *file` where a tap is attached, `print *dev->log` where a log is put, `print *mem` and its
 * regions where the memory table is set, `print features[0]@2` where features are words that the argument points to.
 * Only there are they known to be what the call is about and to have their value at the entry; `addr` of
 * vhost_virtqueue_set_addr() is a local variable that nobody has filled yet.
 */
import type { FactKind } from '../../model/fact.js';
import type { PrintedValue } from '../../model/record.js';
import type { Step } from '../step.js';

interface Structure {
  /** Expression for the pointer to it; names of arguments are the same in every backend. */
  readonly pointer: string;
  /** All members. */
  readonly members: readonly string[];
  /** A local variable that is not set yet has the same members: only the name of what was printed tells, or the recipe. */
  readonly hasDouble?: true;
}

/** QEMU include/hw/virtio/vhost.h, struct vhost_log. */
const LOG = ['size', 'refcnt', 'fd', 'log'];

/** Source of the others: Linux include/uapi/linux/vhost_types.h. */
/** Linux include/uapi/linux/vhost_types.h struct vhost_vring_file, struct vhost_vring_state. */
const FILE = ['index', 'fd'];
const STATE = ['index', 'num'];

const STRUCTURES: Partial<Record<FactKind, Structure>> = {
  op_set_vring_addr: {
    pointer: 'addr',
    members: [
      'index',
      'flags',
      'desc_user_addr',
      'used_user_addr',
      'avail_user_addr',
      'log_guest_addr',
    ],
  },
  op_set_log_base: { pointer: 'log', members: LOG },
  op_net_set_backend: { pointer: 'file', members: FILE },
  op_set_vring_kick: { pointer: 'file', members: FILE },
  op_set_vring_num: { pointer: 'ring', members: STATE },
  op_set_vring_base: { pointer: 'ring', members: STATE },
  op_get_vring_base: { pointer: 'ring', members: STATE },
  vhost_log_put: { pointer: 'dev->log', members: LOG, hasDouble: true },
};

/**
 * Members of a call's structure that a printed value shows; none where it may be another variable.
 * `ofRecipe`: the stop is of a breakpoint of `vhtrace probes`, which prints what the call is about and nothing else.
 */
export function printedMembers(
  kind: FactKind,
  { asked, members }: PrintedValue,
  ofRecipe: boolean,
): PrintedValue['members'] {
  if (kind === 'op_set_features')
    return (asked === undefined ? ofRecipe : WORDS.test(asked)) ? members : {};
  if (kind === 'op_set_mem_table') return isTable(asked, members) ? members : {};
  const structure = STRUCTURES[kind];
  if (structure === undefined || !isArgument(structure, asked, members, ofRecipe)) return {};
  return members;
}

/**
 * The first of the features words, or both. Those that the device keeps, acked_features_ex, are without LOG_ALL.
 * Source: QEMU 10.2 hw/virtio/vhost-backend.c vhost_kernel_set_features(), include/hw/virtio/virtio-features.h.
 */
const WORDS = /^(?:\*features|features\[0\])(?:@[12])?$/;

function isArgument(
  { pointer, members: names, hasDouble }: Structure,
  asked: string | undefined,
  members: PrintedValue['members'],
  ofRecipe: boolean,
): boolean {
  const expression = asked === undefined ? undefined : plainly(asked);
  if (expression !== undefined && CAST.test(expression)) {
    if (expression.replace(CAST, '*') !== `*${pointer}`) return false;
  } else if (expression !== undefined) {
    return (
      names.some((name) => expression === `${pointer}->${name}`) || expression === `*${pointer}`
    );
  } else if (hasDouble === true && !ofRecipe) return false;
  const printed = Object.keys(members);
  return printed.length === names.length && names.every((name) => name in members);
}

/**
 * `print *mem`, or `print mem->regions[0]@2`, of a struct vhost_memory: how many regions there are, and the regions.
 * Source: Linux include/uapi/linux/vhost_types.h.
 */
function isTable(asked: string | undefined, members: PrintedValue['members']): boolean {
  if (asked !== undefined && !/^(?:\*mem$|mem->regions\[0\]@)/.test(asked)) return false;
  const names = Object.keys(members);
  const isHead = 'nregions' in members && names.every((name) => HEAD.has(name));
  return isHead || names.every((name) => REGION.test(name));
}

const HEAD = new Set(['nregions', 'padding', 'regions']);
const REGION = /^\[\d+\]\.(?:guest_phys_addr|memory_size|userspace_addr|flags_padding)$/;

/** `*(struct vhost_vring_addr *)addr`: of which structure it is only its members tell. */
const CAST = /^\*\((?:const )?(?:struct )?\w+ \*\) ?/;

/** `*addr` of `addr[0]`, `addr->flags` of `(*addr).flags` and `addr[0].flags`. */
function plainly(asked: string): string {
  return asked
    .replace(/^([\w>-]+)\[0\]$/, '*$1')
    .replace(/^(?:([\w>-]+)\[0\]|\(\*([\w>-]+)\))\.(?=\w+$)/, '$1$2->');
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
