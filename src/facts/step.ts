/**
 * A step: one time that the capture reports something about the protocol. See `steps.ts` for how they are made.
 *
 * Lines are 1-based, and of the capture; indices of steps and sessions are 0-based.
 */
import type { Backend, FactKind } from '../model/fact.js';
import type {
  Frame,
  FunctionReturn,
  Reach,
  SocketLine,
  TraceEvent,
  VhostUserMessage,
} from '../model/record.js';
import type { Call } from './stacks/calls.js';
import type { EventRow } from './trace-events.js';

/**
 * Either what a debugger prints (a stop, a backtrace, the return of a call), or a trace event (`event`), or a request or
 * message on the wire (`wire`). Members that are not `readonly` may be set by records that follow.
 */
export interface Step {
  /** Its place in {@link Steps.steps}: order in the capture, 0-based. */
  readonly index: number;
  /** The QEMU process that it is of: 0-based within the capture. */
  readonly session: number;
  /** Line of the capture: of the stop, of frame 0 where there is none, of the event or the request. */
  readonly line: number;
  /** Key of the thread within its session; undefined when the text names none. */
  readonly thread: string | undefined;
  /** Known calls of the stack, outermost first, up to {@link MOST_CALLS}; empty for trace events. */
  readonly calls: readonly Call[];
  /** Line of the capture for each of `calls`, in the same order. */
  readonly callLines: readonly number[];
  /** Whole stack, innermost first; empty when the stop printed only its own frame. */
  readonly frames: readonly Frame[];
  /** Line of the capture for each of `frames`, in the same order. */
  readonly frameLines: readonly number[];
  /** The last of `calls`, the innermost one, was reported at its entry: a breakpoint stopped where its code begins. */
  entry: boolean;
  /** Breakpoint number of the stop line; undefined where it has none. */
  readonly breakpoint: number | undefined;
  /** A temporary breakpoint (`tbreak`) stopped: calls of this function go unreported from now on. */
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
  /** Members of the innermost call's argument that the debugger printed, see `debugger/printed.ts`; undefined for nearly every step. */
  printed: Readonly<Record<string, string>> | undefined;
  /** The known trace event, and what it means; undefined for all other steps. */
  readonly event: { readonly row: EventRow; readonly record: SaidEvent } | undefined;
  /** What crossed the border to the backend: a system call, a message, a call in the kernel. A later record may add its result. */
  wire: WireFact | undefined;
  /** The vhost-user message that `wire` is about, with its flags and its payload. */
  readonly message: VhostUserMessage | undefined;
  /** A connection that messages are sent over begins or ends; it is no fact. */
  readonly socket: SocketLine | undefined;
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
  /** The step before says the same, of the same thread in the same microsecond: a line that stands twice. */
  readonly isRepeated?: true;
};

// Microseconds, or nanoseconds without a point (SystemTap). Two listeners are asked within some microseconds.
const FINE = /[.,]\d{6}|^\d{16}/;

/** Two lines that say the same differ by their stamps; those of syslog or of no stamp do not. */
export function hasOwnStamp({ isStamped, time }: SaidEvent): boolean {
  return isStamped ?? (time !== undefined && FINE.test(time));
}

/** A debugger shows a stack or a part of one; trace events and requests, millions of them, do not. */
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
  /** `fd 13 /dev/vhost-net`, `pid 4697 fd 13`, a socket; undefined where the text names nothing. */
  readonly endpoint: string | undefined;
  readonly backend: Backend | undefined;
  /** Index that the request names, as the backend counts them, 0-based. */
  readonly vring: number | undefined;
  /** It asks for logging: LOG_ALL in the features, F_LOG in the flags of a vring; undefined where that is not printed. */
  readonly enable: boolean | undefined;
  /** The word or size that it is about, as printed. */
  readonly value: string | undefined;
  /** What the request returned, as printed; undefined where the text does not say. */
  readonly result: string | undefined;
  /** The return of a call whose entry, if it is that of one before the gap, is a fact already. */
  readonly isAgain?: true;
}

/** The debugger's own hand (`return`, `set var`, `call`). */
export interface Alteration {
  /** Line of the command, or of the frame that shows a call from gdb. */
  readonly line: number;
  readonly command: string;
}

/** A thread of the debugged program ended, after step `after` and before the next one; -1 is before all. */
export interface ThreadExit {
  readonly thread: string;
  readonly after: number;
  /** Line of the capture. */
  readonly line: number;
  /** Lines that tell which thread it is, in order, where the notice only has the name that the kernel gave it. */
  readonly named: readonly number[];
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
  /** `qemu-system-x86_64`. */
  readonly program: string | undefined;
}

/** A signal killed the traced process. */
export interface Death {
  readonly session: number;
  /** Line of the capture. */
  readonly line: number;
  /** `SIGSEGV` */
  readonly signal: string;
}

/** A system call that had not returned where the capture ends, of which it is known what for it waits. */
export interface CallWait {
  readonly session: number;
  /** Line of the capture. */
  readonly line: number;
  readonly awaits: 'reply' | 'socket' | 'kernel';
  /** `recvmsg`. */
  readonly func: string;
  /** `fd 12`, with its path where that is told. */
  readonly endpoint: string;
  /** The vhost-user request, `SET_LOG_BASE`, or the ioctl, `VHOST_SET_LOG_BASE`. */
  readonly request: string;
  /** Of the thread. */
  readonly pid: number | undefined;
  readonly comm: string | undefined;
}

/** QEMU reports that an operation of vhost or of a migration failed. */
export interface RefusedOperation {
  readonly session: number;
  /** Line of the capture. */
  readonly line: number;
  /** The last step in front of it, 0 where it is the first. */
  readonly after: number;
  /** `vhost_set_log_base`, `vhost: Failed to start logging`. */
  readonly operation: string;
  /** `Bad address (14)`; empty where QEMU does not say why. */
  readonly error: string;
  /** All that QEMU says of it. */
  readonly message: string;
}

/** `enable 17-19`, `disable 17`. */
export interface Switched {
  /** The first step behind it. */
  readonly from: number;
  /** Undefined for all breakpoints. */
  readonly numbers: ReadonlySet<number> | undefined;
}

/** A gap in front of a step that no record tells of: steps show it. */
export interface Loss {
  /** Index of the step; that behind the last stands for the end. */
  readonly step: number;
  /** Where it shows, there or below. */
  readonly line: number;
  /** What is missing, or shows that. */
  readonly why: string;
}

/** Damage may be on every line. */
export const MOST_LOSSES = 100;

/** All that the records of a capture say, as steps. */
export interface Steps {
  readonly steps: readonly Step[];
  /** How many sessions there are. Given away before the end: so far, as all that follows. */
  readonly sessions: number;
  readonly exits: readonly ThreadExit[];
  readonly assertions: readonly FailedAssertion[];
  readonly deaths: readonly Death[];
  readonly refusals: readonly RefusedOperation[];
  /** What the threads of a traced process wait for where the capture ends. */
  readonly waits: readonly CallWait[];
  /** Breakpoints that from a step on may be switched off or narrowed: `delete`, `disable`, `condition`. */
  readonly narrowed: readonly Switched[];
  /** Breakpoints that a command switches on: up to then they may have been off. */
  readonly enabled: readonly Switched[];
  /** Functions with a condition from the start: `break f if x`. */
  readonly conditional: ReadonlySet<string>;
  /** Where records may be missing that are told of elsewhere. */
  readonly reaches: readonly Reach[];
  /** The first ones. */
  readonly losses: readonly Loss[];
  /** Numbers that stand in the place of addresses, see masks.ts. */
  readonly masks: readonly string[];
  /** The last record is a gap: the end of the capture is not the end of the story. */
  readonly gapAtEnd: boolean;
}
