/**
 * The steps of a simulated QEMU, and the hook by which a defect changes one of them.
 *
 * Everything that QEMU does is a call here; a correct QEMU does each as asked. A defect is asked at
 * every call and every decision, and answers with what goes wrong there. So the model itself knows no
 * defect, and a defect knows no more of the model than the names of its calls.
 */
import type { Arg, Frame, GdbLog, Shown, Thread } from './gdb-log.js';

/** A call that is about to be made. */
export interface Step {
  readonly func: string;
  readonly args: readonly Arg[];
  /** What this thread is executing, outermost first. */
  readonly callers: readonly Frame[];
  readonly thread: Thread;
  /** Device-relative number of the virtqueue that the call is about. */
  readonly ring: number | undefined;
}

/** What goes wrong with a call. */
export type Mishap =
  | { readonly kind: 'skip' }
  /** Another function is called, with other arguments or structures; what it calls is as it would have been. */
  | {
      readonly kind: 'alter';
      readonly func?: string;
      readonly args?: Readonly<Record<string, Arg[1]>>;
      readonly struct?: (struct: string) => string;
    }
  /** It is made only when the next call of such a function is over. */
  | { readonly kind: 'after'; readonly func: RegExp }
  | { readonly kind: 'twice' }
  /** It returns an error, and its caller goes on as if it had not. */
  | { readonly kind: 'refused' }
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
  | 'log messages wait for a reply'
  | 'elects after a resize'
  | 'a freed log is given again';

export interface Defect {
  readonly call?: (step: Step) => Mishap | undefined;
  readonly decide?: (question: Question, value: boolean | number) => boolean | number | undefined;
}

interface Late {
  readonly func: RegExp;
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
  /** How often a step went wrong. */
  mishaps = 0;
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
    const make = (name = func, given = args, shown: Shown = about): Result => {
      const result = this.log.call(thread, name, given, body, shown);
      this.makeLate(thread, func);
      return result;
    };
    const ask = this.defect?.call;
    if (ask === undefined) return make();
    const mishap = ask({ func, args, callers: thread.stack, thread, ring: about.ring });
    if (mishap === undefined) return make();
    this.mishaps++;
    switch (mishap.kind) {
      case 'skip':
        // Nobody is told that it was not done.
        return true as Result;
      case 'alter': {
        const given = args.map(([name, value]): Arg => [name, mishap.args?.[name] ?? value]);
        const structs = (about.structs ?? []).map(mishap.struct ?? ((text) => text));
        return make(mishap.func, given, { ...about, structs });
      }
      case 'after':
        this.late.push({ func: mishap.func, thread, run: () => make() });
        return true as Result;
      case 'twice':
        make();
        return make();
      case 'refused':
        this.log.call(thread, func, args, () => (body(), false), about);
        this.makeLate(thread, func);
        return true as Result;
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
    const decided = this.defect?.decide?.(question, value) ?? value;
    if (decided !== value) this.mishaps++;
    return decided;
  }

  private makeLate(thread: Thread, func: string): void {
    if (this.late.length === 0) return;
    const due = this.late.filter((one) => one.thread === thread && one.func.test(func));
    this.late = this.late.filter((one) => !due.includes(one));
    for (const one of due) one.run();
  }
}
