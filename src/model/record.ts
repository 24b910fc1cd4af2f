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
  /** pthread_t as printed, `0x7ffff60b46c0`; gdb 6 has `-1210886448`. */
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
  /** Frames (by position) whose text was wrapped over several lines. */
  readonly wrapped: readonly number[];
  /** From a `Thread N (...):` header directly above (thread apply); stops name their thread themselves. */
  readonly thread: ThreadRef | undefined;
  /** Text of this backtrace is known to be missing: a frame could not be read, a pager was quit, a level is skipped, or the input ended in mid-frame. */
  readonly incomplete: boolean;
  /** Frames (by position) above which a person wrote: they, and those below, may be of another stack. Left out where there are none. */
  readonly parted?: readonly number[];
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
  /** As printed, `SIGSEGV` or `11`; with the reason `signal` alone, and not in stores of version 0.1. */
  readonly signal?: string;
  /** The process ended by it: a core file is looked at. */
  readonly ended?: true;
}

/** `Breakpoint N at 0x...: file F, line L.`, or a row of `info breakpoints`. */
export interface BreakpointSet {
  readonly kind: 'breakpoint-set';
  readonly span: Span;
  /** 0 where something is said of all of them: `No breakpoints or watchpoints.` */
  readonly number: number;
  readonly temporary: boolean;
  /** Known only when the command that set it is on the line above, or from `info breakpoints`. */
  readonly func: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Said of it: not every call stops, or none any more or yet (a condition, an ignore count, one thread only, switched off, deleted, pending). */
  readonly narrowed?: true;
  /** Set at a source line or an address: a hit need not be the entry of its function. */
  readonly inside?: true;
  /** Set at several places: the function is inlined as well, or several have its name. */
  readonly several?: true;
  /** A table tells (`info breakpoints`): since when it is as it says nobody knows. */
  readonly listed?: true;
  /** The recipe of `vhtrace probes` says so; with `narrowed`: inlined calls of the function may not stop. */
  readonly declared?: true;
}

/** `[Switching to Thread 0x... (LWP n)]`, `[New Thread ...]`, `[Thread ... exited]`. */
export interface ThreadNotice {
  readonly kind: 'thread';
  /** Without a line of its own, `last` one less than `first`, where a frame follows in the same line. */
  readonly span: Span;
  readonly what: 'switch' | 'new' | 'exit' | 'header';
  readonly thread: ThreadRef;
}

/** A process begins or ends here: `Starting program`, libthread_db banner, `[Inferior 1 (process n) exited normally]`, `[... detached]`, libvirt's header. */
export interface ProcessMark {
  readonly kind: 'process';
  readonly span: Span;
  /** A normal exit has the code 0 (gdb/infrun.c, print_exited_event_reason()). */
  readonly what: 'start' | 'exit' | 'normal-exit';
}

/**
 * A call came back under the debugger's eyes: `finish`, MI's function-finished, the recipe of `vhtrace probes`.
 *
 * Source: gdb/infcmd.c, finish_command() and print_return_value(). A void function prints no value.
 */
export interface FunctionReturn {
  readonly kind: 'return';
  readonly span: Span;
  /** The function named by `Run till exit from`; in MI the one where the debugger stood. */
  readonly func: string | undefined;
  /** As printed, without `$2 = `: `-22`, `0x555555558030 <b> "but"`. */
  readonly value: string | undefined;
  /** The thread that returned, where the text names it; else the one that stopped last. */
  readonly thread?: ThreadRef;
  /** Where the function begins: a uprobe tells it of the very call that came back. */
  readonly address?: string;
}

/**
 * A structure or an array that the debugger printed: `$3 = {index = 0, flags = 1}`, over one line or several; or one
 * member, where the command that asked for it stands directly above (`p addr->flags`).
 *
 * Source: gdb/printcmd.c, print_value(); gdb/valprint.c.
 */
export interface PrintedValue {
  readonly kind: 'value';
  readonly span: Span;
  /** In the value history, `$3`; the machine interface has none. */
  readonly number?: number;
  /** The expression (`*addr`, `addr->flags`), where the command that asked for it stands directly above. */
  readonly asked?: string;
  /** Text of each member; a structure inside gives `outer.inner`, an array of scalars `[0]`, one of structures `[0].member`. Arrays inside are left out. */
  readonly members: Readonly<Record<string, string>>;
}

/**
 * A command typed at a `(gdb)` prompt ('' for an empty line), or run by a script under `set
 * trace-commands on`. Source: gdb/top.c, command_line_input().
 */
export interface Command {
  readonly kind: 'command';
  readonly span: Span;
  readonly text: string;
  /** Set for a line of a command list: it runs later, at each hit of these breakpoints or as this user-defined command. */
  readonly list?: CommandList;
}

/** Whose commands a list holds. Source: gdb/breakpoint.c, commands_command(); gdb/cli/cli-script.c, define_command(). */
export interface CommandList {
  /** A few, however many were typed: they stand in every line of the list. Ranges are pairs: first and last. */
  readonly breakpoints: readonly (number | readonly [from: number, to: number])[];
  readonly definition?: string;
}

/**
 * One QEMU trace event as the log backend prints it, whatever backend recorded it.
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
  /** The number before `@`: thread id since QEMU 4.0, process id before, and with every other backend but LTTng. */
  readonly tid: number | undefined;
  /**
   * The process where that is known: simple trace files, syslog, SystemTap, LTTng with `vpid`, ftrace with
   * `record-tgid`. A name where it is that of a container, or of a program that has started it: there may be several in one.
   */
  readonly pid?: number | string | undefined;
  /**
   * Time as printed: `SEC.USEC`, ISO 8601, nanoseconds (SystemTap); `SEC.NNNNNNNNN` since boot out of binary
   * traces. Text, because a double cannot hold it, and clocks differ.
   */
  readonly time: string | undefined;
}

/** Members of every record that a trace of a running system prints: who, where and when, as far as the text says. */
export interface Stamp {
  /** Thread id as the kernel counts it (the text often calls it pid). */
  readonly pid?: number | undefined;
  /** Name of the thread, `qemu-system-x86`. */
  readonly comm?: string | undefined;
  readonly cpu?: number | undefined;
  /** Time as printed. Text, because a double cannot hold it and clocks differ. */
  readonly time?: string | undefined;
}

/**
 * One line of a kernel trace: a function, a kprobe or an event.
 *
 * Source: Linux kernel/trace/trace_output.c, trace_functions.c, trace_functions_graph.c, trace_kprobe.c; tools/perf.
 */
export interface KernelEvent extends Stamp {
  readonly kind: 'kernel-event';
  readonly span: Span;
  readonly what: 'call' | 'return' | 'event';
  /** Process of the thread, where the trace has that column. */
  readonly tgid?: number | undefined;
  /**
   * Event as printed before the colon (`vn_ioctl`); for the function tracers the function itself. With perf's group in
   * front where that is a program's (`probe_qemu:vhost_dev_start`).
   */
  readonly name: string;
  /** Function that is entered or left, without offset and module; undefined for other events. */
  readonly func?: string | undefined;
  /** Function that called it, or to which it returns. */
  readonly caller?: string | undefined;
  /** Arguments by name, values as printed. */
  readonly args?: Readonly<Record<string, string>> | undefined;
  /**
   * A uprobe: it stands in a program, at this address, and not in the kernel; of a return, where the function begins.
   * Its `name` is that of the event, and `func` is not known.
   */
  readonly address?: string;
}

/**
 * One system call of an strace, whole; a torn call (`<unfinished ...>`) spans from its first line to
 * its first line only, and the `resumed` line is chatter. Source: strace's src/syscall.c.
 */
export interface SystemCall extends Stamp {
  readonly kind: 'syscall';
  readonly span: Span;
  readonly name: string;
  /** File descriptor of the first argument; `path` is what -y printed behind it. */
  readonly fd?: number | undefined;
  readonly path?: string | undefined;
  /** Second argument of ioctl as strace names it: `VHOST_SET_FEATURES`, `_IOC(...)`. */
  readonly request?: string | undefined;
  /** What was returned, as printed (`0`, `-1`, `0x7f..`); undefined for a call that never returned. */
  readonly result?: string | undefined;
  /** `EFAULT` */
  readonly errno?: string | undefined;
}

/**
 * A system call that had not returned where the capture of its thread ends; its record, or that of the message in it, may
 * stand far above. Source: strace's src/syscall.c, syscall_entering_trace(), which prints what is known before the call.
 */
export interface OpenCall {
  readonly kind: 'open-call';
  /** Empty: it stands behind everything that is read, or above the line that the end of the capture cuts. */
  readonly span: Span;
  readonly call: SystemCall;
  /** As messages name it: `fd 12`. */
  readonly channel: string;
}

/**
 * One vhost-user message: seen in the bytes of a sendmsg, or in the log of a backend.
 *
 * Source: QEMU docs/interop/vhost-user.rst; libvhost-user.c, vu_message_print(); DPDK lib/vhost/vhost_user.c.
 */
export interface VhostUserMessage extends Stamp {
  readonly kind: 'message';
  readonly span: Span;
  /** `frontend`: from QEMU to the backend. `reply`: the answer to that. `backend`: on the channel of the backend's own requests. */
  readonly sender: 'frontend' | 'reply' | 'backend';
  /** Whose system call it is, where that is what the text shows: the one side sends what the other receives. */
  readonly side?: 'frontend' | 'backend' | undefined;
  /** Request id; undefined where the text gives only a name that the protocol does not know. */
  readonly request?: number | undefined;
  /** Name without prefix: `SET_FEATURES`. */
  readonly name: string;
  /** Header flags: version in bits 0-1, 0x4 reply, 0x8 need-reply. */
  readonly flags?: number | undefined;
  /** Connection: `fd 12`, a socket path. */
  readonly channel?: string | undefined;
  /** SET_LOG_BASE of the frontend: the file of the log came along, or none did; undefined where the text shows neither. */
  readonly bringsFile?: boolean | undefined;
  /** Members by their name in the protocol (`u64`, `index`, `num`, `flags`, `mmap_size`, `mmap_offset` ...), numbers decimal or 0x hex. */
  readonly payload?: Readonly<Record<string, string>> | undefined;
}

/**
 * A line that tells of the connections of a socket which each is named by: the backend makes it (`server`, which others
 * connect to, or `client`), one is made (`open`), gets its device, or ends (`close`).
 */
export interface SocketLine {
  /** As messages name it. */
  readonly channel: string;
  readonly what: 'server' | 'client' | 'open' | 'device' | 'close';
}

/** A line of a log that is no trace: kernel messages, messages of a backend, the assertion that ends QEMU. */
export interface LogLine extends Stamp {
  readonly kind: 'log';
  readonly span: Span;
  readonly source: 'kernel' | 'backend' | 'qemu';
  readonly text: string;
  /** `key=value` pairs found in the text: `name=control, index=0, num=128`; of an assertion `func`, `what`, `file`, `line`. */
  readonly values?: Readonly<Record<string, string>> | undefined;
  readonly socket?: SocketLine | undefined;
}

/** One frame of a stack that gdb did not print. */
export interface ForeignFrame {
  /** Undefined where only an address is printed. */
  readonly func: string | undefined;
  readonly address?: string;
  /** `0x63` of `vhost_worker+0x63/0xb0`; crash and lldb count decimal. */
  readonly offset?: string;
  readonly module?: string;
  /** Where in the module, `0x566573`. */
  readonly moduleOffset?: string;
  /** The kernel's `?`: found on the stack, perhaps left over from another call. */
  readonly doubtful?: boolean;
  readonly file?: string;
  readonly line?: number;
}

/** A stack as another tool prints it; innermost frame first. Never counted among backtraces. */
export interface ForeignStack extends Stamp {
  readonly kind: 'foreign-stack';
  readonly span: Span;
  readonly tool:
    | 'asan'
    | 'coredump'
    | 'crash'
    | 'oops'
    | 'gef'
    | 'lldb'
    | 'eu-stack'
    | 'perf'
    | 'bpftrace'
    | 'bcc'
    | 'systemtap'
    | 'glibc'
    | 'php'
    | 'android'
    | 'dart'
    | 'listed';
  readonly frames: readonly ForeignFrame[];
}

/** One call of a documented path. */
export interface PathCall {
  /** Function as written, without parentheses. */
  readonly func: string;
  /** Calls above it in the tree or chain; 0 is the root. */
  readonly depth: number;
  readonly line: number;
}

/** Calls as a person wrote them down: `a()->b()`, or `a()` with `-> b()` below it. What should happen, not what did. */
export interface CallPath {
  readonly kind: 'call-path';
  readonly span: Span;
  readonly calls: readonly PathCall[];
}

/** A place in the source, as cscope and editors list it: `hw/virtio/vhost.c|1475| <<f>> code`. */
export interface CodeReference {
  readonly kind: 'code-reference';
  readonly span: Span;
  readonly file: string;
  readonly line: number;
  /** Undefined for `<global>`. */
  readonly func: string | undefined;
  readonly code: string;
}

/** A dividing rule or a heading: what follows belongs together. A person's mark. */
export interface Heading {
  readonly kind: 'heading';
  readonly span: Span;
  /** Undefined for a rule. */
  readonly title: string | undefined;
}

/** Source code pasted into a note. */
export interface SourceCode {
  readonly kind: 'code';
  readonly span: Span;
}

/** Records may be missing here, and the text says so (pager quit, unread frame, dropped events). */
export interface Gap {
  readonly kind: 'gap';
  /** Empty for a gap between two lines that are read: `last` is then the line above `first`. */
  readonly span: Span;
  readonly why: string;
  /** Where they may be missing, for a notice that does not stand there. */
  readonly reach?: Reach;
}

/** Why a gap stands for a line that is a second copy of the one above: which line was there is not known. */
export const STANDS_TWICE = 'a line stands twice, with one time';

/** Here it shows that the lines do not stand in the order of what happened. */
export interface OrderMark {
  readonly kind: 'order';
  /** Empty: it stands between two lines that are read. */
  readonly span: Span;
  /** By what a collector of logs put around the lines; the files of `strace -ff`, of which each is of one thread. */
  readonly why: 'newest first' | 'thread behind thread';
}

/** In front of which lines records may be missing, both ends included; without `to`, of all up to the end. */
export interface Reach {
  readonly from: number;
  readonly to?: number;
  /** What is missing, where no {@link Gap} tells of it. */
  readonly why?: string;
}

/** Output of the debugger that carries no record: source echo, `Continuing.`, printed values. Claimed so that it is not mistaken for prose. */
export interface Chatter {
  readonly kind: 'chatter';
  readonly span: Span;
  /** Set for lines of what the log is wrapped into: the line below them stood directly below the line above. */
  readonly wraps?: true;
}

/** Human text, in any language, or anything else that no format claims. Never blank lines only. */
export interface Prose {
  readonly kind: 'prose';
  readonly span: Span;
  /** True when it reads like a person's words (a sentence, a heading, a dividing rule), not like the output of a program. */
  readonly human: boolean;
  /** What a debugger may have printed for a breakpoint: words directly below its output, `0x` and `0` in place of numbers. */
  readonly words?: string;
}

/** Anything that a capture says, told apart by `kind`. */
export type CaptureRecord =
  | Backtrace
  | Stop
  | BreakpointSet
  | ThreadNotice
  | ProcessMark
  | OrderMark
  | FunctionReturn
  | PrintedValue
  | Command
  | TraceEvent
  | KernelEvent
  | SystemCall
  | OpenCall
  | VhostUserMessage
  | LogLine
  | ForeignStack
  | CallPath
  | CodeReference
  | Heading
  | SourceCode
  | Gap
  | Chatter
  | Prose;

/** Formats that a reading can contain, in the order in which they are listed; the names are part of the JSON contract. */
export const FORMAT_IDS = [
  'gdb',
  'gdb-mi',
  'qemu-log',
  'qemu-simple',
  'simpletrace',
  'ftrace',
  'perf',
  'strace',
  'dmesg',
  'libvhost-user',
  'dpdk',
  'foreign-stack',
  'vhtrace-probes',
  'notes',
] as const;

export type FormatId = (typeof FORMAT_IDS)[number];

/** Trouble with reading the input; never mixed with findings. */
export interface Problem {
  readonly code:
    | 'FRAME_UNREAD'
    | 'STOP_UNREAD'
    | 'EVENT_UNREAD'
    | 'PROBE_UNREAD'
    | 'UNREAD_PROTOCOL'
    | 'LINE_TOO_LONG'
    | 'CUT_OFF';
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
