/**
 * Uprobes on QEMU → the calls that they show, and what calls returned.
 *
 * Source: Linux tools/perf/util/probe-event.c, get_new_event_name() and probe_trace_event__set_name(): an event is named after
 * its function, with `_1`, `_2` where that has several places and `__return` for its return; kernel/trace/trace_uprobe.c and
 * trace_probe.c for values. An event that somebody has named otherwise says nothing.
 */
import { own } from '../base/own.js';
import type { FactKind } from '../model/fact.js';
import type { Arg, BreakpointSet, Frame, KernelEvent } from '../model/record.js';
import { bigintOf } from '../model/values.js';
import { functionTable } from './functions.js';
import type { FunctionRow } from './functions.js';
import { makeCall } from './stacks/calls.js';
import { deviceOf, LISTENER_OFFSET } from './stacks/device.js';

/** The known function of QEMU that the event stands in; undefined for any other event. */
export function probedFunction({ name, what, address }: KernelEvent): string | undefined {
  if (address === undefined || what === 'event') return undefined;
  return knownFunction(name, what === 'return' ? OF_RETURN : /_\d{1,3}$/);
}

/** The row of such an event that lost its address, which the kernel prints right behind the name. */
export function isTornProbe({ name, what }: KernelEvent): boolean {
  return what === 'event' && knownFunction(name, OF_RETURN) !== undefined;
}

/**
 * A row that ends in its name, or in the beginning of one. The kernel's function tracer prints such rows of functions of its
 * own, some of which have these names: a loss only among uprobes.
 */
export function isTornName({ name, what, address, caller, args }: KernelEvent): boolean {
  if (what !== 'call' || address !== undefined || caller !== undefined || args !== undefined)
    return false;
  const event = name.slice(name.indexOf(':') + 1);
  return [...functionTable.keys()].some((func) => `${func}__return`.startsWith(event));
}

const OF_RETURN = /(?:__return|_ret)?(?:_\d{1,3})?$/;

function knownFunction(name: string, suffix: RegExp): string | undefined {
  const event = name.slice(name.indexOf(':') + 1);
  return [event, event.replace(suffix, '')].find((func) => functionTable.has(func));
}

/** What a debugger would have shown of the call, as far as the probe has fetched its arguments. */
export function probedFrame(func: string, { address, args = {} }: KernelEvent): Frame {
  const row = functionTable.get(func);
  return {
    kind: 'call',
    address,
    func,
    args: Object.entries(args).map(([name, value]): Arg => ({
      name,
      value: row === undefined ? value : ofParameter(name, value, row),
      entry: undefined,
    })),
    file: undefined,
    line: undefined,
    lib: undefined,
  };
}

/**
 * A register that was fetched without a type (`enable_log=%si`) is as wide as it is: what stands in it above a narrow parameter
 * is of no call (System V ABI, 3.2.3; AAPCS64, 6.8.2).
 */
function ofParameter(name: string, text: string, { enable, idx }: FunctionRow): string {
  const bits = name === enable ? 8 : name === 'idx' && idx !== undefined ? 32 : undefined;
  const number = bits === undefined ? undefined : bigintOf(text);
  if (bits === undefined || number === undefined) return text;
  const narrow = BigInt.asUintN(bits, number);
  return narrow === number ? text : `0x${narrow.toString(16)}`;
}

/**
 * Functions that return an int in every QEMU from 2.12 to 11.1; so do all members of VhostOps. What others leave in the
 * register depends on the version: vhost_log_global_start() returns a bool since 9.1 and nothing before.
 */
const RETURNS_INT: ReadonlySet<FactKind> = new Set([
  'vhost_dev_init',
  'vhost_dev_start',
  'vhost_dev_prepare_inflight',
  'vhost_dev_set_features',
  'vhost_dev_set_log',
  'vhost_virtqueue_start',
  'vhost_virtqueue_set_addr',
  'vhost_migration_log',
]);

/** What the call returned, decimal; undefined where that is not shown, or no value. */
export function returnedValue(func: string, { args = {} }: KernelEvent): string | undefined {
  const kind = functionTable.get(func)?.kind;
  if (kind === undefined || !(RETURNS_INT.has(kind) || kind.startsWith('op_'))) return undefined;
  // `perf probe 'f%return $retval'` calls it arg1; in uprobe_events people name it as they like.
  const [first, ...others] = Object.values(args);
  const number = others.length > 0 ? undefined : bigintOf(first);
  return number === undefined ? undefined : BigInt.asIntN(32, number).toString();
}

/**
 * Which device a row names. In a copy of a function that the compiler has put into another one, perf may fetch `dev` from a
 * register that holds something else by then: such a row is believed where another function names the device, too.
 */
export class NamedDevices {
  private readonly copied = new Set<string>();
  private readonly known = new Set<string>();

  /** What the recipe declares of a function. */
  declare({ func, several }: BreakpointSet): void {
    if (func !== undefined && several === true) this.copied.add(func);
  }

  /** The frame, without the device where only this row names it. */
  checked(frame: Frame): Frame {
    const call = makeCall(frame);
    const device = call && deviceOf(call, LISTENER_OFFSET);
    if (call === undefined || device === undefined || this.known.has(device)) return frame;
    if (call.row.device === 'listener' || !this.copied.has(call.func)) {
      if (this.known.size < MOST_EVENTS) this.known.add(device);
      return frame;
    }
    const args = frame.args?.filter(({ name }) => !DEVICES.includes(name));
    return { ...frame, args };
  }
}

/** How far inside of a function its probe may stand: perf passes over the prologue of code that is not optimized. */
const PROLOGUE = 256n;

/** The call stopped at its own beginning, not in a copy inside another function. Both addresses may be unknown. */
export function isEntryOf(func: string | undefined, entry: string | undefined): boolean {
  if (func === undefined || entry === undefined) return true;
  const distance = BigInt(entry) - BigInt(func);
  return distance >= 0n && distance < PROLOGUE;
}

/** The code of a program and its probes lie closer together than this, and two programs hardly ever (mmap_rnd_bits). */
const IMAGE = 1n << 28n;

/**
 * Which process a row is of, where it names its thread only and all of the host was watched: each has its program at an
 * address of its own (Linux fs/binfmt_elf.c, position-independent executables).
 */
export class Images {
  private readonly found: bigint[] = [];
  private readonly threads = new Map<string, number>();

  keyOf(address: string): string {
    const at = BigInt(address);
    let base = this.found.find((known) => at - known < IMAGE && known - at < IMAGE);
    if (base === undefined) this.found.push((base = at));
    return `program at 0x${base.toString(16)}`;
  }

  /** A thread of which a QEMU has one, seen once more: programs that are not moved about. */
  isSecond(process: number | string, { comm = '', pid }: KernelEvent): boolean {
    if (pid === undefined || !/^CPU \d+\//.test(comm)) return false;
    const key = `${process} ${comm}`;
    const known = this.threads.get(key);
    this.threads.set(key, pid);
    return known !== undefined && known !== pid;
  }
}

/** Rows of one event print the same arguments, each in the same base (trace_probe.c, print_probe_args()): one that does not was cut. */
export class Rows {
  private readonly shapes = new Map<string, string>();

  /** A row of a uprobe has come. */
  get isUsed(): boolean {
    return this.shapes.size > 0;
  }

  isCut({ name, address = '', args = {}, what }: KernelEvent): boolean {
    const key = `${name} ${address}`;
    const shape = Object.entries(args)
      .map(([arg, value]) => `${arg}=${value.startsWith('0x') ? 'x' : 'u'}`)
      .join(' ');
    const known = this.shapes.get(key);
    if (known === undefined && this.shapes.size < MOST_EVENTS) this.shapes.set(key, shape);
    return (known ?? shape) !== shape || (what === 'call' && isShort(args, address));
  }
}

/** A hostile file has a new one on each line. */
const MOST_EVENTS = 65_536;

/** A device lies above its program, and so has as many digits at least (Linux fs/binfmt_elf.c: the heap begins behind it). */
function isShort(args: Readonly<Record<string, string>>, address: string): boolean {
  return DEVICES.some((name) => {
    const pointer = own(args, name);
    return (
      pointer?.startsWith('0x') === true && pointer !== '0x0' && pointer.length < address.length
    );
  });
}

const DEVICES = ['dev', 'hdev', 'net', 'listener'];
