/**
 * The steps of a simulated QEMU, and the hook by which a defect changes one of them.
 *
 * Everything that QEMU does is a call here; a correct QEMU does each as asked. A defect is asked at
 * every call and every decision, and answers with what goes wrong there. So the model itself knows no
 * defect, and a defect knows no more of the model than the names of its calls.
 */
import type { Arg, GdbLog, Shown, Thread } from './gdb-log.js';

/** A call that is about to be made. */
export interface Step {
  readonly func: string;
  readonly args: readonly Arg[];
  /** Functions that are being executed by this thread, outermost first. */
  readonly callers: readonly string[];
  readonly thread: Thread;
  /** Device-relative number of the virtqueue that the call is about. */
  readonly ring: number | undefined;
}

/** What goes wrong with a call. */
export type Mishap =
  | { readonly kind: 'skip' }
  /** It is made with other arguments; what it calls is as it would have been. */
  | { readonly kind: 'alter'; readonly args: Readonly<Record<string, Arg[1]>> }
  /** What the debugger prints of its structures is altered. */
  | { readonly kind: 'print'; readonly edit: (struct: string) => string }
  /** It is made only when the next call of this function is over. */
  | { readonly kind: 'after'; readonly func: string }
  | { readonly kind: 'twice' }
  /** Something else is done before or behind it, or in the middle of what it does. */
  | { readonly kind: 'before' | 'behind'; readonly run: () => void };

/** Places where QEMU decides by its state and not by a call. */
export type Question =
  | 'log flag of a start'
  | 'log change has nothing to do'
  | 'size of a new log'
  | 'log base at a start'
  | 'put reads the log'
  | 'log must grow'
  | 'messages wait for a reply'
  | 'elects after a resize';

export interface Defect {
  readonly call?: (step: Step) => Mishap | undefined;
  readonly decide?: (question: Question, value: boolean | number) => boolean | number | undefined;
}

interface Late {
  readonly func: string;
  readonly thread: Thread;
  readonly run: () => void;
}

/** What else is known of a call. */
export interface About extends Shown {
  readonly ring?: number | undefined;
}

export class Execution {
  /** Called before each call, where other threads may come in between. */
  onStep: ((thread: Thread) => void) | undefined;
  private late: Late[] = [];

  constructor(
    readonly log: GdbLog,
    private readonly defect: Defect | undefined,
  ) {}

  call<Result>(
    thread: Thread,
    func: string,
    args: readonly Arg[],
    body: () => Result,
    about: About = {},
  ): Result {
    this.onStep?.(thread);
    const make = (given = args, shown: Shown = about): Result => {
      const result = this.log.call(thread, func, given, body, shown);
      this.makeLate(thread, func);
      return result;
    };
    const ask = this.defect?.call;
    if (ask === undefined) return make();
    const mishap = ask({ func, args, callers: thread.calls, thread, ring: about.ring });
    if (mishap === undefined) return make();
    switch (mishap.kind) {
      case 'skip':
        // Nobody is told that it was not done.
        return true as Result;
      case 'alter':
        return make(args.map(([name, value]) => [name, mishap.args[name] ?? value]));
      case 'print':
        return make(args, { ...about, structs: (about.structs ?? []).map(mishap.edit) });
      case 'after':
        this.late.push({ func: mishap.func, thread, run: make });
        return true as Result;
      case 'twice':
        make();
        return make();
      case 'before':
        mishap.run();
        return make();
      case 'behind': {
        const result = make();
        mishap.run();
        return result;
      }
    }
  }

  decide(question: Question, value: boolean): boolean;
  decide(question: Question, value: number): number;
  decide(question: Question, value: boolean | number): boolean | number {
    return this.defect?.decide?.(question, value) ?? value;
  }

  private makeLate(thread: Thread, func: string): void {
    if (this.late.length === 0) return;
    const due = this.late.filter((one) => one.thread === thread && one.func === func);
    this.late = this.late.filter((one) => !due.includes(one));
    for (const one of due) one.run();
  }
}
