/**
 * Calls of a simulated QEMU → the log that gdb would have printed of them.
 *
 * A call is a frame on the stack of its thread while its body runs; a watched function prints a stop
 * and a backtrace at its entry. Looks are those of gdb 13 with `set width 0` and `set pagination off`.
 */

/** How the debugger watches. */
export interface Watch {
  /** Functions with a breakpoint, in the order of their numbers. */
  readonly functions: readonly string[];
  /** `bt`, no backtrace at all, or `bt N`. */
  readonly backtrace: 'full' | 'none' | number;
  /** `silent` in the commands: the stop line is not printed. */
  readonly silent: boolean;
  /** gdb says where it sets the breakpoints: a log of the whole session, not only of the run. */
  readonly declared: boolean;
}

export type Arg = readonly [name: string, value: string | number | boolean | bigint];

export interface Thread {
  readonly num: number;
  readonly name: string;
  readonly id: string;
  /** Frames as a backtrace shows them, outermost first. */
  readonly stack: string[];
}

/** `memory.c` moved twice; the build directory is one level down since meson (5.2). */
export type SourceOf = (func: string) => string;

export class GdbLog {
  private readonly lines: string[] = [];
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly threads: Thread[] = [];
  private stopped: Thread | undefined;
  /** The process is gone: nothing more is printed. */
  private ended = false;
  private made = 0;

  constructor(
    private readonly watch: Watch,
    private readonly sourceOf: SourceOf,
  ) {
    this.numbers = new Map(watch.functions.map((func, i) => [func, i + 1]));
    if (watch.declared) {
      for (const [func, number] of this.numbers) {
        const at = `file ${sourceOf(func)}, line ${lineOf(func)}.`;
        this.lines.push(`Breakpoint ${number} at ${addressOf(func)}: ${at}`);
      }
    }
    this.lines.push('[Thread debugging using libthread_db enabled]');
  }

  /** A thread that runs `outer` functions, the first of them on top of the C library's. */
  thread(name: string, ...outer: readonly string[]): Thread {
    const number = ++this.made;
    const lwp = 23068 + number;
    const id = `Thread 0x${(0x7ffff7afd9c0 - number * 0x801000).toString(16)} (LWP ${lwp})`;
    const bottom = number === 1 ? [] : ['clone3', 'start_thread', 'qemu_thread_start'];
    const stack = [...bottom, ...outer].map((func) => this.callerFrame(func, []));
    const thread = { num: number, name, id, stack };
    if (number > 1) this.print(`[New ${id}]`);
    this.stopped ??= thread;
    this.threads.push(thread);
    return thread;
  }

  exit(thread: Thread): void {
    const at = this.threads.indexOf(thread);
    if (at < 0) return;
    this.threads.splice(at, 1);
    this.print(`[${thread.id} exited]`);
  }

  call<Result>(thread: Thread, func: string, args: readonly Arg[], body: () => Result): Result {
    const number = this.numbers.get(func);
    if (number !== undefined) this.report(thread, func, args, number);
    thread.stack.push(this.callerFrame(func, args));
    const result = body();
    thread.stack.pop();
    return result;
  }

  /** What abort() leaves in the log; the rest of the run is not printed. */
  abort(thread: Thread): void {
    this.switchTo(thread);
    this.print('', `Thread ${thread.num} "${thread.name}" received signal SIGABRT, Aborted.`);
    this.print('0x00007ffff7c7300b in raise () from /lib/x86_64-linux-gnu/libc.so.6');
    this.ended = true;
  }

  /** The process exits. */
  quit(): void {
    for (const thread of [...this.threads].reverse()) this.exit(thread);
    this.print('[Inferior 1 (process 23068) exited normally]');
    this.ended = true;
  }

  text(): string {
    return this.lines.join('\n') + '\n';
  }

  private print(...lines: readonly string[]): void {
    if (!this.ended) this.lines.push(...lines);
  }

  private switchTo(thread: Thread): void {
    if (this.stopped !== thread) this.print(`[Switching to ${thread.id}]`);
    this.stopped = thread;
  }

  private report(thread: Thread, func: string, args: readonly Arg[], number: number): void {
    this.switchTo(thread);
    const own = `${func} (${textOf(args)}) at ${this.sourceOf(func)}:${lineOf(func)}`;
    if (!this.watch.silent) {
      const stop = `Thread ${thread.num} "${thread.name}" hit Breakpoint ${number}, ${own}`;
      this.print('', stop, `${lineOf(func)}\t    int r;`);
    }
    const { backtrace } = this.watch;
    if (backtrace === 'none') return;
    const frames = [own, ...thread.stack.toReversed()];
    const shown = backtrace === 'full' ? frames : frames.slice(0, backtrace);
    this.print(...shown.map((frame, level) => `#${level}`.padEnd(4) + frame));
    if (shown.length < frames.length) this.print('(More stack frames follow...)');
  }

  private callerFrame(func: string, args: readonly Arg[]): string {
    const at = `${this.sourceOf(func)}:${lineOf(func) + 3}`;
    return `${addressOf(func)} in ${func} (${textOf(args)}) at ${at}`;
  }
}

function textOf(args: readonly Arg[]): string {
  return args.map(([name, value]) => `${name}=${valueOf(value)}`).join(', ');
}

/** Addresses are bigints. */
function valueOf(value: Arg[1]): string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
}

function hashOf(text: string): number {
  let hash = 0;
  for (const char of text) hash = (hash * 31 + char.charCodeAt(0)) % 1_000_003;
  return hash;
}

function lineOf(func: string): number {
  return 100 + (hashOf(func) % 2000);
}

/** One call site for each function is enough: rules do not read return addresses. */
function addressOf(func: string): string {
  return `0x${(0x555555800000 + hashOf(func)).toString(16).padStart(16, '0')}`;
}
