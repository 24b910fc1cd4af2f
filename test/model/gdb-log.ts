/**
 * Calls and trace events of a simulated QEMU → the log that a terminal would have shown of them.
 *
 * A call is a frame on the stack of its thread while its body runs; a watched function prints a stop
 * and a backtrace at its entry. Looks are those of gdb 13 with `set width 0` and `set pagination off`.
 * QEMU's trace events go to the same terminal, as its standard error does.
 */

import { UprobeRows } from './uprobe-rows.js';
import type { UprobeForm } from './uprobe-rows.js';

/** How the debugger watches. */
export interface Watch {
  /** Functions with a breakpoint, in the order of their numbers. */
  readonly functions: readonly string[];
  /** `bt`, no backtrace at all, or `bt N`. */
  readonly backtrace: 'full' | 'none' | number;
  /** `silent` in the commands: the stop line is not printed. */
  readonly silent: boolean;
  /**
   * A log of the whole session, not only of the run: gdb says where it sets the breakpoints, and with
   * typed commands of which functions, which the recipe of `vhtrace probes` says in its own lines.
   */
  readonly declared: 'no' | 'places' | 'typed' | 'recipe';
  /** QEMU runs with `-trace`: bare lines (6.0 and later), or with its stamps. Without functions there is no gdb. */
  readonly trace?: 'none' | 'plain' | 'stamped';
  /** `print *addr` and `print *log` in the commands of the ops that have them. */
  readonly prints?: boolean;
  /**
   * `finish` in the commands of functions that call nothing else; or the lines of the recipe, for these
   * functions, or for those whose success is not shown by what they call.
   */
  readonly returns?: boolean | 'outer' | readonly string[];
  /** No debugger, but uprobes on these functions, which show no caller. */
  readonly uprobes?: UprobeForm;
}

/** Functions whose success is not shown by what they call. */
const OUTER: readonly string[] = [
  'vhost_dev_start',
  'vhost_migration_log',
  'vhost_dev_set_log',
  'vhost_log_global_start',
  'memory_global_dirty_log_do_start',
  'memory_global_dirty_log_start',
];

export type Arg = readonly [name: string, value: string | number | boolean | bigint];

/** What the debugger may show of a call besides its arguments. */
export interface Shown {
  /** Structures behind pointer arguments, as `print` shows them. */
  readonly structs?: readonly string[];
  /** It calls nothing that is watched, so that `finish` at its entry reaches its end. */
  readonly isLeaf?: boolean;
}

/** A call that is being executed. */
export interface Frame {
  readonly func: string;
  readonly args: readonly Arg[];
}

export interface Thread {
  readonly num: number;
  readonly name: string;
  readonly id: string;
  readonly lwp: number;
  /** Outermost first. */
  readonly stack: Frame[];
  /** The simulated calls among them, by name. */
  readonly calls: string[];
}

/** What the look of lines depends on. */
export interface Build {
  /** 9.1 is 901. */
  readonly version: number;
  /** `memory.c` moved twice; the build directory is one level down since meson (5.2). */
  readonly sourceOf: (func: string) => string;
}

/** Process id, and seconds since the epoch of the first event. */
const PID = 23068;
const EPOCH = 1_795_320_000;

export class GdbLog {
  private readonly lines: string[] = [];
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly threads: Thread[] = [];
  private stopped: Thread | undefined;
  /** The process is gone: nothing more is printed. */
  private ended = false;
  private made = 0;
  private printed = 0;
  private clock = 0;
  private readonly hasDebugger: boolean;
  private readonly uprobes: UprobeRows | undefined;

  constructor(
    private readonly watch: Watch,
    private readonly build: Build,
  ) {
    this.numbers = new Map(watch.functions.map((func, i) => [func, i + 1]));
    this.hasDebugger = watch.functions.length > 0 && watch.uprobes === undefined;
    if (watch.uprobes !== undefined) {
      this.uprobes = new UprobeRows(watch.uprobes);
      if (watch.declared === 'recipe')
        for (const [func, number] of this.numbers)
          this.print(`vhtrace-probes 1 watched ${func} uprobe ${number}.`);
    }
    if (!this.hasDebugger) return;
    if (watch.declared !== 'no') {
      for (const [func, number] of this.numbers) {
        if (watch.declared === 'typed') this.lines.push(`(gdb) break ${func}`);
        const at = `file ${build.sourceOf(func)}, line ${lineOf(func)}.`;
        this.lines.push(`Breakpoint ${number} at ${addressOf(func)}: ${at}`);
      }
    }
    if (watch.declared === 'recipe') {
      for (const [func, number] of this.numbers) this.tell(`watched ${func} breakpoint ${number}`);
    }
    if (watch.declared === 'typed') this.lines.push('(gdb) run');
    this.lines.push('[Thread debugging using libthread_db enabled]');
  }

  /** A thread that runs `outer` functions, the first of them on top of the C library's. */
  thread(name: string, ...outer: readonly string[]): Thread {
    const number = ++this.made;
    const lwp = PID + number;
    const id = `Thread 0x${(0x7ffff7afd9c0 - number * 0x801000).toString(16)} (LWP ${lwp})`;
    const bottom = number === 1 ? [] : ['clone3', 'start_thread', 'qemu_thread_start'];
    const stack = [...bottom, ...outer].map((func) => ({ func, args: [] }));
    const thread = { num: number, name, id, lwp, stack, calls: [] };
    if (number > 1) this.say(`[New ${id}]`);
    this.stopped ??= thread;
    this.threads.push(thread);
    return thread;
  }

  exit(thread: Thread): void {
    const at = this.threads.indexOf(thread);
    if (at < 0) return;
    this.threads.splice(at, 1);
    this.say(`[${thread.id} exited]`);
  }

  call<Result>(
    thread: Thread,
    func: string,
    args: readonly Arg[],
    body: () => Result,
    shown: Shown = {},
  ): Result {
    const number = this.numbers.get(func);
    if (number !== undefined) this.report(thread, func, args, number, shown);
    thread.stack.push({ func, args });
    thread.calls.push(func);
    const result = body();
    thread.calls.pop();
    thread.stack.pop();
    if (number !== undefined) this.returned(thread, func, args, result, shown);
    return result;
  }

  private returned(
    thread: Thread,
    func: string,
    args: readonly Arg[],
    result: unknown,
    { isLeaf = false }: Shown,
  ): void {
    const { returns = false } = this.watch;
    if (this.uprobes !== undefined) {
      const isProbed =
        typeof returns === 'boolean'
          ? returns
          : returns === 'outer'
            ? OUTER.includes(func)
            : returns.includes(func);
      if (isProbed) this.print(this.uprobes.returned(thread, func, result));
      return;
    }
    if (returns === true && isLeaf) {
      this.finish(thread, this.ownFrame(func, args), result === false ? -22 : 0);
    }
    const watched = returns === 'outer' ? OUTER : returns;
    if (typeof watched === 'boolean' || !watched.includes(func)) return;
    const value = returnedValue(func, result, this.build.version);
    this.tell(`return ${func} thread ${thread.num}${value === undefined ? '' : ` value ${value}`}`);
  }

  /** A line that the recipe of `vhtrace probes` prints. */
  private tell(text: string): void {
    this.say(`vhtrace-probes 1 ${text}.`);
  }

  /** A trace event of QEMU, as the `log` backend writes it. */
  event(thread: Thread, name: string, text: string): void {
    const { trace = 'none' } = this.watch;
    if (trace === 'none') return;
    this.clock += 137;
    this.print(`${trace === 'stamped' ? this.stamp(thread) : ''}${name} ${text}`);
  }

  /** The process id up to 3.1, then the thread's; 10.2 prints the time of day and no thread. */
  private stamp({ lwp }: Thread): string {
    const { version } = this.build;
    const micros = String(this.clock % 1_000_000).padStart(6, '0');
    const seconds = EPOCH + Math.floor(this.clock / 1_000_000);
    if (version >= 1002) {
      return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${micros}Z `;
    }
    return `${version >= 400 ? lwp : PID}@${seconds}.${micros}:`;
  }

  private finish(thread: Thread, own: string, value: number): void {
    const frame = thread.stack.at(-1);
    const caller = frame === undefined ? '' : this.callerFrame(frame);
    this.print(`Run till exit from #0  ${own}`, caller, `${lineAt(caller)}\t    r = 0;`);
    this.print(`Value returned is $${++this.printed} = ${value}`);
  }

  /** What abort() leaves in the log; the rest of the run is not printed. */
  abort(thread: Thread): void {
    this.switchTo(thread);
    this.say('', `Thread ${thread.num} "${thread.name}" received signal SIGABRT, Aborted.`);
    this.say('0x00007ffff7c7300b in raise () from /lib/x86_64-linux-gnu/libc.so.6');
    this.ended = true;
  }

  /** The process exits. */
  quit(): void {
    for (const thread of [...this.threads].reverse()) this.exit(thread);
    this.say(`[Inferior 1 (process ${PID}) exited normally]`);
    this.ended = true;
  }

  text(): string {
    return this.lines.join('\n') + '\n';
  }

  private print(...lines: readonly string[]): void {
    if (!this.ended) this.lines.push(...lines);
  }

  /** What only a debugger prints. */
  private say(...lines: readonly string[]): void {
    if (this.hasDebugger) this.print(...lines);
  }

  private switchTo(thread: Thread): void {
    if (this.stopped !== thread) this.say(`[Switching to ${thread.id}]`);
    this.stopped = thread;
  }

  private report(
    thread: Thread,
    func: string,
    args: readonly Arg[],
    number: number,
    { structs = [] }: Shown,
  ): void {
    if (this.uprobes !== undefined) {
      this.print(this.uprobes.call(thread, func, args));
      return;
    }
    this.switchTo(thread);
    const own = this.ownFrame(func, args);
    if (!this.watch.silent) {
      const stop = `Thread ${thread.num} "${thread.name}" hit Breakpoint ${number}, ${own}`;
      this.print('', stop, `${lineOf(func)}\t    int r;`);
    }
    this.backtrace(thread, own);
    if (this.watch.prints !== true) return;
    for (const struct of structs) this.print(`$${++this.printed} = ${struct}`);
  }

  private backtrace(thread: Thread, own: string): void {
    const { backtrace } = this.watch;
    if (backtrace === 'none') return;
    const depth = thread.stack.length + 1;
    const shown = backtrace === 'full' ? depth : Math.min(backtrace, depth);
    const outer = thread.stack.slice(depth - shown).toReversed();
    const frames = [own, ...outer.map((frame) => this.callerFrame(frame))];
    this.print(...frames.map((frame, level) => `#${level}`.padEnd(4) + frame));
    if (shown < depth) this.print('(More stack frames follow...)');
  }

  private ownFrame(func: string, args: readonly Arg[]): string {
    return `${func} (${textOf(args)}) at ${this.build.sourceOf(func)}:${lineOf(func)}`;
  }

  private callerFrame({ func, args }: Frame): string {
    const at = `${this.build.sourceOf(func)}:${lineOf(func) + 3}`;
    return `${addressOf(func)} in ${func} (${textOf(args)}) at ${at}`;
  }
}

/** Functions that return nothing, and up to which version that is so; all others return an int or a pointer. */
const RETURN_NOTHING: readonly (readonly [func: RegExp, before: number])[] = [
  [/^(?:vhost_log_global_start|memory_global_dirty_log_start)$/, 901],
  [/^ram_init_bitmaps$/, 901],
  [/^(?:do_)?vhost_(?:dev|virtqueue)_stop$/, 1001],
  [/^vhost_(?:dev_cleanup|dev_log_resize|dev_elect_mem_logger|dev_sync_region)$/, 9999],
  [/^vhost_(?:log_put|log_global_stop|commit)$/, 9999],
  [/^(?:memory_global_dirty_log_(?:do_)?stop|migration_bitmap_sync\w*)$/, 9999],
];
const RETURN_BOOL =
  /^(?:vhost_log_global_start|vhost_dev_should_log|memory_global_dirty_log_(?:do_)?start|ram_init_bitmaps)$/;

/** As gdb prints what a call returned; undefined where it returns nothing. Calls that succeed do so with 0. */
function returnedValue(func: string, result: unknown, version: number): string | undefined {
  if (RETURN_NOTHING.some(([name, before]) => name.test(func) && version < before))
    return undefined;
  if (typeof result === 'bigint') return `(struct vhost_log *) ${valueOf(result)}`;
  if (RETURN_BOOL.test(func)) return String(result !== false);
  return result === false ? '-22' : '0';
}

function textOf(args: readonly Arg[]): string {
  return args.map(([name, value]) => `${name}=${valueOf(value)}`).join(', ');
}

/** Addresses are bigints. */
function valueOf(value: Arg[1]): string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
}

const hashes = new Map<string, number>();

function hashOf(text: string): number {
  let hash = hashes.get(text);
  if (hash === undefined) {
    hash = 0;
    for (const char of text) hash = (hash * 31 + char.charCodeAt(0)) % 1_000_003;
    hashes.set(text, hash);
  }
  return hash;
}

function lineOf(func: string): number {
  return 100 + (hashOf(func) % 2000);
}

function lineAt(frame: string): string {
  return frame.slice(frame.lastIndexOf(':') + 1);
}

/** One call site for each function is enough: rules do not read return addresses. */
function addressOf(func: string): string {
  return `0x${(0x555555800000 + hashOf(func)).toString(16).padStart(16, '0')}`;
}
