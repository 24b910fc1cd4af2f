/**
 * What a capture literally says. Readers in `formats/` make records; nothing here knows the vhost
 * protocol. Every record carries the lines it came from, so that every later verdict can point back.
 */

/** Lines of the capture, 1-based, both ends included. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/**
 * One argument of a frame, values kept as gdb printed them.
 *
 * `x=5` has only `value`; `x@entry=5` only `entry`; `x=x@entry=5` has both, equal; `x=7, x@entry=5`
 * is one Arg with both. `...` and `<optimized out>` are kept as that text.
 * Source: gdb/stack.c, read_frame_arg() and print_frame_args().
 */
export interface Arg {
  readonly name: string;
  readonly value: string | undefined;
  readonly entry: string | undefined;
}

/**
 * One frame line without its level. Interned: equal text gives the same object within a reading.
 *
 * Source: gdb/stack.c, print_frame().
 */
export interface Frame {
  readonly kind: 'call' | 'signal-handler' | 'called-from-gdb';
  /** Program counter as printed (`0x0000555555b8fda2`), lower case; absent on inlined frames and at the first instruction of a line. */
  readonly address: string | undefined;
  /** Function name as printed; `??` when the program is stripped, also where gdb printed no name at all. */
  readonly func: string;
  /** Undefined when no argument list was printed (hand-shortened frames, `frame-arguments presence`). */
  readonly args: readonly Arg[] | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Shared object of `from LIB`, or of `at LIB` without a line number. */
  readonly lib: string | undefined;
}

/** What a text says of a thread; gdb's number and the kernel's LWP are different things. */
export interface ThreadRef {
  /** gdb's thread number, `5` or `1.2`. */
  readonly num?: string;
  readonly name?: string;
  /** Kernel thread id. */
  readonly lwp?: number;
  /** pthread_t as printed, `0x7ffff60b46c0`. */
  readonly pthread?: string;
}

/** Frames that belong together: levels rise, no prompt, header or blank line in between. */
export interface Backtrace {
  readonly kind: 'backtrace';
  readonly span: Span;
  readonly frames: readonly Frame[];
  /** Level printed for each frame, same length as `frames`; normally 0, 1, 2 ... */
  readonly levels: readonly number[];
  /** First line of each frame, same length as `frames`. */
  readonly lines: readonly number[];
  /** From a `Thread N (...):` header directly above (thread apply); stops name their thread themselves. */
  readonly thread: ThreadRef | undefined;
  /** Text of this backtrace is known to be missing: a frame could not be read, a pager was quit, a level is skipped, or the input ended in mid-frame. */
  readonly incomplete: boolean;
}

/** The debugger stopped: `Thread 5 "CPU 0/TCG" hit Breakpoint 3, f (args) at file:line`. */
export interface Stop {
  readonly kind: 'stop';
  readonly span: Span;
  readonly reason: 'breakpoint' | 'temporary-breakpoint' | 'watchpoint' | 'catchpoint' | 'signal';
  /** Breakpoint number; `3` for `3.1` too. */
  readonly number: number | undefined;
  readonly thread: ThreadRef | undefined;
  /** Where it stopped; undefined when no location was printed. */
  readonly frame: Frame | undefined;
}

/** `Breakpoint N at 0x...: file F, line L.`, or a row of `info breakpoints`. */
export interface BreakpointSet {
  readonly kind: 'breakpoint-set';
  readonly span: Span;
  readonly number: number;
  readonly temporary: boolean;
  /** Known only when the command that set it is on the line above, or from `info breakpoints`. */
  readonly func: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** `[Switching to Thread 0x... (LWP n)]`, `[New Thread ...]`, `[Thread ... exited]`. */
export interface ThreadNotice {
  readonly kind: 'thread';
  readonly span: Span;
  readonly what: 'switch' | 'new' | 'exit' | 'header';
  readonly thread: ThreadRef;
}

/** A process begins or ends here: `Starting program`, libthread_db banner, `[Inferior 1 (process n) exited normally]`. */
export interface ProcessMark {
  readonly kind: 'process';
  readonly span: Span;
  readonly what: 'start' | 'exit';
}

/** A command typed at a `(gdb)` prompt; '' for an empty line. */
export interface Command {
  readonly kind: 'command';
  readonly span: Span;
  readonly text: string;
}

/**
 * One QEMU trace event as the log backend prints it.
 *
 * `args` are typed by the event's declaration where it is known (names as in `trace-events`, values
 * as printed), undefined for an event that is not known. Source: scripts/tracetool/backend/log.py.
 */
export interface TraceEvent {
  readonly kind: 'event';
  readonly span: Span;
  readonly name: string;
  readonly args: Readonly<Record<string, string>> | undefined;
  /** Everything after the event name and one space. */
  readonly text: string;
  /** The number before `@`: thread id since QEMU 4.0, process id before. */
  readonly tid: number | undefined;
  /** Time as printed: `SEC.USEC` or ISO 8601. Text, because a double cannot hold it. */
  readonly time: string | undefined;
}

/** Records may be missing here, and the text says so (pager quit, unread frame, dropped events). */
export interface Gap {
  readonly kind: 'gap';
  readonly span: Span;
  readonly why: string;
}

/** Output of the debugger that carries no record: source echo, `Continuing.`, printed values. Claimed so that it is not mistaken for prose. */
export interface Chatter {
  readonly kind: 'chatter';
  readonly span: Span;
}

/** Human text, in any language, or anything else that no format claims. Never blank lines only. */
export interface Prose {
  readonly kind: 'prose';
  readonly span: Span;
  /** True when it reads like a person's words (a sentence, a heading, a dividing rule), not like the output of a program. */
  readonly human: boolean;
}

export type CaptureRecord =
  | Backtrace
  | Stop
  | BreakpointSet
  | ThreadNotice
  | ProcessMark
  | Command
  | TraceEvent
  | Gap
  | Chatter
  | Prose;

/** Formats that a reading can contain; the names are part of the JSON contract. */
export type FormatId = 'gdb' | 'qemu-log';

/** Trouble with reading the input; never mixed with findings. */
export interface Problem {
  readonly code: 'FRAME_UNREAD' | 'STOP_UNREAD' | 'EVENT_UNREAD' | 'LINE_TOO_LONG' | 'CUT_OFF';
  readonly message: string;
  readonly span: Span;
}

/** One capture as read: the records in file order; together with blank lines their spans cover every line exactly once. */
export interface Reading {
  readonly lines: number;
  readonly blank: number;
  readonly formats: readonly FormatId[];
  readonly records: readonly CaptureRecord[];
  readonly problems: readonly Problem[];
}

/** A capture: one input file (or standard input), known by the sha256 of its bytes. */
export interface CaptureInfo {
  /** As the user gave it; `-` for standard input. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}
