/**
 * Two gdbs that write into one file (`set logging on` appends to gdb.txt, whoever else does): the stacks of two processes
 * stand among each other, and nothing in most lines tells whose they are.
 */
import type { CaptureRecord, ThreadNotice, ThreadRef } from '../../model/record.js';

/** So many addresses of threads that live are given to others; gdb may tell of one end late, or a log leaves it out. */
const LEAST_CLASHES = 2;

/**
 * Follows which process a thread was first seen in: once the next one has started, none before it goes on. In one process
 * no two threads that live have the same pthread_t.
 */
export class TwoDebuggers {
  readonly #processOf = new Map<number, number>();
  /** Threads that gdb found in a process to which it attached (`[New LWP 6594]`), before it says that it debugs it. */
  #attached: number[] = [];
  #process = 0;
  /** Line that shows a thread of a process behind the start of the next one. */
  #line: number | undefined;
  /** One gdb has several inferiors, and says whose each thread is. */
  #hasInferiors = false;
  readonly #alive = new Map<string, number>();
  /** By their address the threads whose address another one has got, and the line of that. */
  readonly #clashes = new Map<string, { readonly lwp: number; readonly line: number }>();

  follow(record: CaptureRecord): void {
    if (record.kind === 'process') {
      this.#alive.clear();
      if (record.what === 'start') this.#begin();
      else this.#forgetProcess();
    }
    if (record.kind === 'stop' && isOfInferior(record.thread)) this.#hasInferiors = true;
    if (record.kind !== 'thread') return;
    const { thread, what, span } = record;
    if (isOfInferior(thread)) this.#hasInferiors = true;
    const { lwp, pthread } = thread;
    if (lwp === undefined) return;
    if (pthread !== undefined) this.#live(what, lwp, pthread, span.first);
    else if (what === 'new') this.#attached.push(lwp);
    const process = this.#processOf.get(lwp);
    if (process === undefined) this.#processOf.set(lwp, this.#process);
    else if (process !== this.#process && what !== 'new') this.#line ??= span.first;
  }

  #begin(): void {
    this.#process += 1;
    for (const lwp of this.#attached) this.#processOf.set(lwp, this.#process);
    this.#attached = [];
  }

  /** It ended, and the kernel gives its numbers to others; or gdb left it, and may come back. */
  #forgetProcess(): void {
    for (const [lwp, process] of this.#processOf)
      if (process === this.#process) this.#processOf.delete(lwp);
  }

  #live(what: ThreadNotice['what'], lwp: number, pthread: string, line: number): void {
    const before = this.#alive.get(pthread);
    if (what === 'new') {
      const isClash = before !== undefined && before !== lwp;
      if (isClash && this.#clashes.size < LEAST_CLASHES)
        this.#clashes.set(pthread, { lwp: before, line });
      this.#alive.set(pthread, lwp);
    } else if (what === 'exit') {
      if (before === lwp) this.#alive.delete(pthread);
      if (this.#clashes.get(pthread)?.lwp === lwp) this.#clashes.delete(pthread);
    }
  }

  /** Where it is known, undefined as long as it is not. */
  get line(): number | undefined {
    if (this.#hasInferiors) return undefined;
    const [clash] = this.#clashes.values();
    return this.#line ?? (this.#clashes.size < LEAST_CLASHES ? undefined : clash?.line);
  }
}

/** `2.5` */
function isOfInferior(thread: ThreadRef | undefined): boolean {
  return thread?.num?.includes('.') === true;
}
