/** A step: one time that the capture reports something about the protocol. See `steps.ts` for how they are made. */
import type { Backend, FactKind } from '../model/fact.js';
import type {
  Frame,
  FunctionReturn,
  Reach,
  TraceEvent,
  VhostUserMessage,
} from '../model/record.js';
import type { Call } from './calls.js';
import type { EventRow } from './trace-events.js';

export interface Step {
  /** Order in the capture, 0-based. */
  readonly index: number;
  readonly session: number;
  /** Line of the capture. */
  readonly line: number;
  /** Key of the thread within its session; undefined when the text names none. */
  readonly thread: string | undefined;
  /** Known calls of the stack, outermost first, up to {@link MOST_CALLS}; empty for trace events. */
  readonly calls: readonly Call[];
  /** Line of the capture for each of `calls`. */
  readonly callLines: readonly number[];
  /** Whole stack, innermost first; empty when the stop printed only its own frame. */
  readonly frames: readonly Frame[];
  /** Line of the capture for each of `frames`. */
  readonly frameLines: readonly number[];
  /** The innermost call was reported at its entry: the last of `calls`. */
  entry: boolean;
  /** Breakpoint number of the stop line. */
  readonly breakpoint: number | undefined;
  /** Stop reason says that other calls of this function go unreported. */
  readonly temporary: boolean;
  /** False when only the stop line is there: the callers are unknown. */
  readonly stackKnown: boolean;
  /** Frames are missing: innermost ones (`up`, `frame 2`), or any of a torn trace. What runs there is unknown. */
  readonly partial: boolean;
  /** The stack reaches the thread's outermost functions: what it does not show was not running. */
  readonly complete: boolean;
  /** Records may be missing between the step before and this one. */
  gapBefore: boolean;
  /** A signal that ends QEMU stopped it here: `SIGSEGV`, `11`; undefined for nearly every step. */
  readonly deadly: string | undefined;
  /** The debugger changed what the call did (`return`, `set var`): evidence of the entry, not of the effect. */
  altered: Alteration | undefined;
  /** Members of the innermost call's argument that the debugger printed, see `printed.ts`; undefined for nearly every step. */
  printed: Readonly<Record<string, string>> | undefined;
  readonly event: { readonly row: EventRow; readonly record: SaidEvent } | undefined;
  /** What crossed the border to the backend: a system call, a message, a call in the kernel. A later record may add its result. */
  wire: WireFact | undefined;
  /** The vhost-user message that `wire` is about, with its flags and its payload. */
  readonly message: VhostUserMessage | undefined;
  /** A call of this thread came back; the value may follow in a step of its own. */
  readonly returned: FunctionReturn | undefined;
}

/**
 * Known calls of a step, the innermost ones. In QEMU a dozen of them is much, and none of the known functions calls
 * itself: a stack of so many was made up, and nothing that follows calls inwards and outwards needs to bear its depth.
 */
export const MOST_CALLS = 64;

/** Its stack has known calls outside of those that it shows, see {@link MOST_CALLS}. */
export function isTooDeep({ calls }: Pick<Step, 'calls'>): boolean {
  return calls.length >= MOST_CALLS;
}

/** What a trace event says; where it stands is of the step. */
export type SaidEvent = Omit<TraceEvent, 'kind' | 'span'> & {
  /** Its stamp tells it from an event that says the same, see {@link hasOwnStamp}. */
  readonly isStamped?: boolean;
};

// Microseconds, or nanoseconds without a point (SystemTap). Two listeners are asked within some microseconds.
const FINE = /[.,]\d{6}|^\d{16}/;

/** Two lines that say the same differ by their stamps; those of syslog or of no stamp do not. */
export function hasOwnStamp({ isStamped, time }: SaidEvent): boolean {
  return isStamped ?? (time !== undefined && FINE.test(time));
}

/** It is of a debugger, and shows a stack or a part of one; trace events and requests, millions of them, do not. */
export function showsCalls({ calls, stackKnown }: Step): boolean {
  return stackKnown || calls.length > 0;
}

/** What a step says that shows no stack. */
export type Report = Pick<Step, 'line' | 'session' | 'thread' | 'event' | 'wire'>;

/**
 * One request to a backend as strace, the kernel's tracers or the backend's own log show it. There
 * is no vhost_dev pointer on that side of the border: `endpoint` stands for the device.
 */
export interface WireFact {
  readonly kind: FactKind;
  /** As the text names it: `VHOST_SET_FEATURES`, `SET_VRING_ADDR`, `vhost_net_ioctl`. */
  readonly func: string;
  readonly endpoint: string | undefined;
  readonly backend: Backend | undefined;
  readonly vring: number | undefined;
  readonly enable: boolean | undefined;
  readonly value: string | undefined;
  /** What the request returned, as printed; undefined where the text does not say. */
  readonly result: string | undefined;
}

/** The debugger's own hand (`return`, `set var`, `call`). */
export interface Alteration {
  /** Line of the command, or of the frame that shows a call from gdb. */
  readonly line: number;
  readonly command: string;
}

/** A thread ended after step `after` (-1: before all). */
export interface ThreadExit {
  readonly thread: string;
  readonly after: number;
  /** Line of the capture. */
  readonly line: number;
}

/** QEMU's last words: an assertion that failed. */
export interface FailedAssertion {
  readonly session: number;
  /** Line of the capture. */
  readonly line: number;
  readonly func: string;
  /** `!hdev->log`. */
  readonly what: string;
  /** `../hw/virtio/vhost.c:1718`. */
  readonly place: string | undefined;
}

export interface Steps {
  readonly steps: readonly Step[];
  /** So far, as all that follows. */
  readonly sessions: number;
  readonly exits: readonly ThreadExit[];
  readonly assertions: readonly FailedAssertion[];
  /** Steps (by index) from which on breakpoints may be switched off or narrowed: `delete`, `disable`, `condition`. */
  readonly narrowed: readonly number[];
  /** Functions with a condition from the start: `break f if x`. */
  readonly conditional: ReadonlySet<string>;
  /** Where records may be missing that are told of elsewhere. */
  readonly reaches: readonly Reach[];
  /** The last record is a gap: the end of the capture is not the end of the story. */
  readonly gapAtEnd: boolean;
}
