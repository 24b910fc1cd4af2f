/** One execution of a known function, and what is around it: who called it, what it called, how it ended. */
import type { Call } from '../../facts/stacks/calls.js';
import type { Step } from '../../facts/step.js';
import type { Backend, FactKind } from '../../model/fact.js';
import { argText, bigintOf, boolOf, pointerOf } from '../../model/values.js';

export class Activation {
  readonly kind: FactKind;
  readonly func: string;
  readonly session: number;
  /** Undefined where nothing names it, up to the first stop that does. */
  thread: string | undefined;
  backend: Backend | undefined;
  readonly enable: boolean | undefined;
  readonly value: string | undefined;
  /** Step at which it was first seen; its entry when `entered`. */
  readonly first: number;
  /** Last step that shows it. */
  last: number;
  /** First step at which it had certainly returned. */
  closed: number | undefined = undefined;
  /** The debugger changed what it did. */
  altered = false;
  /** Perhaps it is one that was shown before: what tells executions apart is not printed in both stacks. */
  mayBeEarlier = false;
  /**
   * Members of the argument that the debugger printed at this stop (`print *addr`, `print *log`), as printed:
   * `flags`, `log_guest_addr` of a vhost_vring_addr; `size`, `refcnt`, `log` of a vhost_log. Undefined for
   * nearly every call.
   */
  printed: ReadonlyMap<string, string> | undefined = undefined;
  /** What it returned, where the debugger watched it return (`finish`); as printed. */
  result: { readonly value: string; readonly line: number } | undefined = undefined;
  private isBare: boolean;
  /** Who called it is known by the stops of its thread, see `chained-stops.ts`. */
  isLinked = false;
  /** How many calls that it may have made inside are not linked to what made them. */
  private looseCalls = 0;
  /** The return of a caller told of that one: what this one called is not known by that. */
  private isEnclosed = false;
  /** Its return was watched, and all that its thread called in between is known to be of it. */
  private isBounded = false;
  private readonly isWhole: boolean;
  private inner: Activation[] | undefined = undefined;

  constructor(
    readonly id: number,
    readonly call: Call,
    step: Step,
    /** Line of the capture that first shows it. */
    readonly line: number,
    /** Its entry was reported: nothing that it did before is unseen. */
    readonly entered: boolean,
    /** The nearest known caller; where a stack was cut short, told by a later one. */
    public parent: Activation | undefined,
    /** vhost_dev address; for calls without one (vhost_log_alloc) that of the nearest caller. */
    public device: string | undefined,
    /** Which life of that address: one more after each vhost_dev_init() or vhost_dev_cleanup() seen, 0-based. */
    public incarnation: number,
  ) {
    this.kind = call.row.kind;
    this.func = call.func;
    this.session = step.session;
    this.thread = step.thread;
    this.backend = call.backendType ?? call.row.backend;
    this.enable = call.enable;
    this.value = call.value;
    this.first = step.index;
    this.last = step.index;
    this.isBare = !step.stackKnown || isLimited(step);
    this.isWhole = step.complete;
    parent?.adopt(this);
  }

  /** Calls made inside, in order. */
  get children(): readonly Activation[] {
    return this.inner ?? NONE;
  }

  /** A caller was shown, or what was called inside is known; false for a bare stop line, and for a `bt 1`, which says no more. */
  get stackKnown(): boolean {
    if (this.looseCalls > 0) return false;
    return !this.isBare || (this.parent !== undefined && !this.isEnclosed);
  }

  /** Who called it is known by the watched return of that call, and by no stack. */
  get isInsideReturned(): boolean {
    return this.isEnclosed;
  }

  /** It is one execution from its entry to its return, whatever stacks show or leave out. */
  get isWatched(): boolean {
    return this.entered && this.isBounded;
  }

  /** Who called it is not shown up to the thread's outermost function: it may have been any call open at that time. */
  get isLoose(): boolean {
    const { parent } = this;
    return parent === undefined ? !this.isWhole : parent.isLoose;
  }

  /** Its return was watched: what this thread called from its entry on was called inside. */
  enclose(children: readonly Activation[]): void {
    this.isBare = false;
    this.isBounded = true;
    for (const child of children) {
      child.parent = this;
      child.isEnclosed = true;
      this.adopt(child);
    }
  }

  /** No other function than `caller` can have called it. */
  link(caller: Activation): void {
    this.parent = caller;
    this.isLinked = true;
    caller.isBare = false;
    caller.adopt(this);
  }

  /** So many calls more, or less, may have been made inside or not. */
  loosen(by: 1 | -1): void {
    this.looseCalls += by;
  }

  adopt(child: Activation): void {
    // No literal: where those of a run live long, V8 makes all others old, too, and with them keeps what they hold.
    (this.inner ??= NONE.slice()).push(child);
  }
}

/** Shared: most calls make none inside that is known. */
const NONE: readonly Activation[] = [];

/** It shows nothing but the function that was entered. */
function isLimited({ entry, complete, frames }: Step): boolean {
  return entry && !complete && frames.length === 1;
}

/** Functions that return whether they succeeded, since QEMU 9.1 (nothing before): `true` and `false`. */
const TELLS_SUCCESS: ReadonlySet<FactKind> = new Set([
  'vhost_log_global_start',
  'memory_global_dirty_log_start',
  'ram_init_bitmaps',
]);

/** It is known to have failed: QEMU's functions return a negative errno. */
export function hasFailed({ kind, result }: Activation): boolean {
  if (TELLS_SUCCESS.has(kind)) return boolOf(result?.value) === false;
  return (bigintOf(result?.value) ?? 0n) < 0n;
}

/** It is known to have succeeded. */
export function hasSucceeded({ kind, result }: Activation): boolean {
  if (TELLS_SUCCESS.has(kind)) return boolOf(result?.value) === true;
  return bigintOf(result?.value) === 0n;
}

/** Nearest caller of one of these kinds, the activation itself excluded. */
export function callerOf(
  activation: Activation,
  ...kinds: readonly FactKind[]
): Activation | undefined {
  for (let a = activation.parent; a !== undefined; a = a.parent)
    if (kinds.includes(a.kind)) return a;
  return undefined;
}

/** Direct caller among the known functions, looking through a wrapper of the same kind (`do_vhost_dev_stop`). */
export function directCaller(activation: Activation): Activation | undefined {
  let caller = activation.parent;
  while (caller?.kind === activation.kind) caller = caller.parent;
  return caller;
}

/** It is one of the calls that were made inside another. */
export function isInside(activation: Activation, outer: Activation): boolean {
  for (let a = activation.parent; a !== undefined; a = a.parent) if (a === outer) return true;
  return false;
}

/** All activations below, depth first. */
export function* descendants(activation: Activation): Generator<Activation> {
  const waiting: Activation[] = [];
  for (let next: Activation | undefined = activation; next !== undefined; next = waiting.pop()) {
    if (next !== activation) yield next;
    const { children } = next;
    for (let i = children.length - 1; i >= 0; i--) {
      const child = children[i];
      if (child !== undefined) waiting.push(child);
    }
  }
}

/** The call itself, or the first one inside it, that the capture shows to fail. */
export function failureIn(activation: Activation): Activation | undefined {
  if (hasFailed(activation)) return activation;
  for (const child of descendants(activation)) if (hasFailed(child)) return child;
  return undefined;
}

/**
 * Is the call that a stack shows the execution that is open? Equal arguments: yes, as far as anyone
 * can tell; another argument: no. Where an argument is not printed, only a watched function is
 * certain: a new execution of it would have been reported.
 */
export function sameness(activation: Activation, call: Call): 'same' | 'different' | 'unknown' {
  if (activation.func !== call.func) return 'different';
  const known = activation.call;
  if (known === call) return 'same';
  const isDifferent =
    differ(known.pointer, call.pointer) ||
    differ(known.enable, call.enable) ||
    differ(known.value, call.value) ||
    differ(known.idx, call.idx) ||
    differ(known.vq, call.vq) ||
    differ(vdevOf(known), vdevOf(call));
  if (isDifferent) return 'different';
  // The device tells as much as its VirtIODevice, which a build may print in one frame and not in the next.
  const isNamed = known.pointer !== undefined || vdevOf(known) === vdevOf(call);
  const isShown =
    isNamed &&
    known.pointer === call.pointer &&
    known.enable === call.enable &&
    known.value === call.value &&
    known.idx === call.idx &&
    known.vq === call.vq;
  return isShown || activation.entered ? 'same' : 'unknown';
}

/** The VirtIODevice that a call is about; virtio_set_status() has no other argument that tells one device from the next. */
function vdevOf({ frame }: Call): string | undefined {
  return pointerOf(argText(frame, 'vdev'));
}

/** Both arguments are printed, and are not the same. */
function differ<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** vhost_log_get() and vhost_log_alloc() name no device, and an optimised build may not print `dev`: the caller's is meant. */
export function inheritedDevice(call: Call, parent: Activation | undefined): string | undefined {
  const { kind, device } = call.row;
  const isDeviceWork =
    device !== undefined || kind === 'vhost_log_get' || kind === 'vhost_log_alloc';
  return isDeviceWork ? parent?.device : undefined;
}
