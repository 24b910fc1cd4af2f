/**
 * Threads and processes of a gdb session, followed through the lines that gdb prints about them.
 *
 * gdb names a thread by its own number in stops and headers, and by LWP or pthread_t in notices
 * (gdb/thread.c, print_thread_info(); gdb/infrun.c, normal_stop()); a notice right before a stop tells
 * which number an LWP has.
 */
import { append } from '../../base/append.js';
import type { ThreadRef } from '../../model/record.js';
import type { FrameMeaning } from '../stacks/frame-meaning.js';
import type { Constant } from '../stacks/process-signs.js';
import { areOfTwoThreads, areSurelyOfTwoThreads } from '../stacks/thread-root.js';
import type { ThreadRoot } from '../stacks/thread-root.js';

const LWP = 'LWP ';

/** Knows which thread gdb stands in. */
export class ThreadFollower {
  /** Key of the thread that stopped last or was switched to. */
  current: string | undefined;
  private readonly keyOfName = new Map<string, string>();
  private readonly alive = new Set<string>();
  private readonly refOf = new Map<string, ThreadRef>();
  /** Lines that tell of a name which thread it is, or of a stop that follows. */
  private readonly toldOf = new Map<string, number[]>();
  /** LWPs under which stacks were shown before the number of their thread was known, and whose numbers these are. */
  private readonly shown = new Set<string>();
  private readonly shownAs = new Map<string, string>();
  private switchedTo: ThreadRef | undefined;
  private readonly roots = new Map<string, ThreadRoot>();
  private readonly doubtfulRoots = new Map<string, ThreadRoot>();
  /** Of the last stack that nothing names, where others are named. */
  private nameless: ThreadRoot | undefined;

  /**
   * A stack of the thread, which its stop line or its header names. True where its outermost frames are of another one: lines in
   * between are missing. Where the next one is like that, too, the number is of another thread now.
   */
  onNamedStack(key: string, root: ThreadRoot | undefined): boolean {
    if (root === undefined) return false;
    const known = this.roots.get(key);
    const doubtful = this.doubtfulRoots.get(key);
    const isOther = known !== undefined && areSurelyOfTwoThreads(known, root);
    if (isOther && (doubtful === undefined || areSurelyOfTwoThreads(doubtful, root))) {
      this.doubtfulRoots.set(key, root);
      return true;
    }
    this.doubtfulRoots.delete(key);
    this.roots.set(key, root);
    return false;
  }

  /**
   * A stack that nothing names: breakpoints whose commands begin with `silent` print no stop line, so that it need not be
   * of the thread that stopped last. True where it is of another than the one before.
   */
  onNamelessStack(root: ThreadRoot | undefined): boolean {
    if (this.current?.startsWith(LWP) === true) this.shown.add(this.current);
    const known = this.roots.get(this.current ?? '');
    if (known !== undefined && root !== undefined && areOfTwoThreads(known, root)) {
      this.onUnknown();
      this.nameless = root;
      return true;
    }
    if (root === undefined || this.current !== undefined || this.roots.size === 0) return false;
    const before = this.nameless;
    this.nameless = root;
    return before !== undefined && areOfTwoThreads(before, root);
  }

  /** `[New Thread ...]`. False when that thread is alive already: this is another process. */
  onNew(ref: ThreadRef): boolean {
    const name = nameOf(ref);
    if (name === undefined) return true;
    const isNew = !this.alive.has(name);
    this.alive.add(name);
    return isNew;
  }

  /**
   * `[Thread ... exited]`: the kernel may give its LWP to another one. The lines that told which thread it is, in
   * order; none where the notice tells that itself.
   */
  onExit(ref: ThreadRef): readonly number[] {
    const name = nameOf(ref);
    if (name === undefined) return [];
    const told = this.toldOf.get(name) ?? [];
    this.alive.delete(name);
    this.keyOfName.delete(name);
    this.toldOf.delete(name);
    return ref.num === undefined ? told : [];
  }

  /** A switch to the thread, or a header of its stack, on this line. */
  onTold(ref: ThreadRef, line: number): void {
    const name = nameOf(ref);
    if (name !== undefined) append(this.toldOf, name, line);
  }

  /** `[Switching to Thread ...]`. */
  onSwitch(ref: ThreadRef): void {
    this.switchedTo = ref;
    this.current = this.keyOf(ref);
  }

  /** A stack whose stop line is lost: what gdb shows next is of the same thread, whichever that is. */
  onUnknown(): void {
    this.current = undefined;
  }

  /**
   * gdb gives a number once: with another LWP than before it is of another process (two logs in one file). The
   * same pthread_t, which the same program gives again, shows that the notice is of this very stop.
   */
  isOther(ref: ThreadRef | undefined): boolean {
    const known = this.refOf.get(ref?.num ?? '');
    const { lwp, pthread } = this.switchedTo ?? {};
    if (known === undefined || lwp === undefined || pthread === undefined) return false;
    return known.lwp !== lwp && known.pthread === pthread;
  }

  /** What was said before the first stop of a process, or before one of another inferior. */
  follows(before: ThreadFollower): void {
    this.switchedTo = before.switchedTo;
    before.switchedTo = undefined;
  }

  /** A stop line; it names its thread where the program has several. */
  onStop(ref: ThreadRef | undefined): void {
    if (ref?.num !== undefined) {
      if (this.switchedTo !== undefined) this.learn(this.switchedTo, ref.num);
      this.current = this.numbered(ref.num);
    }
    this.switchedTo = undefined;
  }

  /** gdb's number where that was known first, else LWP or pthread_t. */
  keyOf(ref: ThreadRef): string | undefined {
    if (ref.num !== undefined) {
      this.learn(ref, ref.num);
      return this.numbered(ref.num);
    }
    const name = nameOf(ref);
    return name === undefined ? undefined : (this.keyOfName.get(name) ?? name);
  }

  /** The key of the thread with this number. */
  private numbered(num: string): string {
    return this.shownAs.get(num) ?? num;
  }

  private learn(ref: ThreadRef, num: string): void {
    const name = nameOf(ref);
    if (name !== undefined && this.shown.has(name)) this.shownAs.set(num, name);
    if (name !== undefined) this.keyOfName.set(name, this.numbered(num));
    if (ref.lwp !== undefined) this.refOf.set(num, ref);
  }
}

/** `2` of `Thread 2.5`: gdb numbers threads by inferior as soon as it has several (gdb/thread.c, print_thread_id()). */
export function inferiorOf(thread: ThreadRef | undefined): string | undefined {
  const num = thread?.num;
  const dot = num?.indexOf('.') ?? -1;
  return dot < 0 ? undefined : num?.slice(0, dot);
}

/** LWP where it is printed: a pthread_t is given to the next thread as soon as one is gone. */
function nameOf({ lwp, pthread }: ThreadRef): string | undefined {
  if (lwp !== undefined) return `${LWP}${lwp}`;
  return pthread === undefined ? undefined : `Thread ${pthread}`;
}

/** Tells processes apart by what one process never changes. */
export class ProcessFollower {
  private readonly constants = new Map<string, string>();
  /** Its main loop is over, and its guest has stopped. */
  private isEnding = false;

  /** True when the frames of a stack belong to another process than the ones before. */
  isOther(stack: readonly FrameMeaning[]): boolean {
    const own: Constant[] = [];
    for (const { globals } of stack) for (const constant of globals) own.push(constant);
    for (let i = Math.max(0, stack.length - 4); i < stack.length; i++) {
      const returnAddress = stack[i]?.returnAddress;
      if (returnAddress !== undefined) own.push(returnAddress);
    }
    let other = this.hasBegunAnew(stack);
    for (const { name, value } of own) {
      const known = this.constants.get(name);
      if (known !== undefined && known !== value) other = true;
    }
    if (other) this.constants.clear();
    for (const { name, value } of own) this.constants.set(name, value);
    return other;
  }

  /** The main loop or the guest runs, and those of this process are over: no exit need have been told in between. */
  private hasBegunAnew(stack: readonly FrameMeaning[]): boolean {
    const isEnd = stack.some(({ stage }) => stage === 'end');
    const hasBegun = this.isEnding && !isEnd && stack.some(({ stage }) => stage === 'run');
    this.isEnding = isEnd || (this.isEnding && !hasBegun);
    return hasBegun;
  }
}
