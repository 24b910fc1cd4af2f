/**
 * Threads of the machine interface: their names, and where the debugger stands.
 *
 * Source: gdb/thread.c, print_thread_info_1(); gdb/mi/mi-interp.c, mi_on_normal_stop(). A stop has the
 * number of its thread; the name is in the console's line about the same stop, or in `-thread-info`.
 */
import type { Frame, ThreadRef } from '../../model/record.js';
import type { MiItem } from './lines.js';
import { itemsOf, textOf } from './values.js';

/** A hostile log has only new threads. */
const MOST_THREADS = 65_536;

/** One frame of a listed stack. */
export type Place = Pick<Frame, 'func' | 'address'>;

export class MiThreads {
  readonly #names = new Map<string, string>();
  /** Where each thread stands, as `-thread-info` said since the program stopped. */
  readonly #addresses = new Map<string, string | undefined>();
  #selected: string | undefined;
  #frame: Frame | undefined;
  /** The stack that was listed for it. */
  #stack: readonly Place[] = [];
  /** Where the debugger stood when the program went on; undefined when that is not certain. */
  #left: readonly Place[] | undefined;

  /** The frame that was printed for where the debugger stands. */
  get frame(): Frame | undefined {
    return this.#frame;
  }

  ref(num: string): ThreadRef {
    const name = this.#names.get(num);
    return name === undefined ? { num } : { num, name };
  }

  /** The program stopped. */
  stop(num: string | undefined, frame: Frame | undefined): void {
    this.#selected = num;
    this.#frame = frame;
    this.#stack = [];
    this.#left = undefined;
  }

  /** A thread is looked at; false when it is the same as before, in another of its frames. */
  select(num: string, frame: Frame | undefined): boolean {
    if (num === this.#selected) {
      this.selectFrame();
      return false;
    }
    this.stop(num, frame);
    return true;
  }

  /** Another frame is looked at: a `finish` leaves that one. */
  selectFrame(): void {
    if (this.#stack.length === 0) this.#frame = undefined;
  }

  /** The stack of the thread at which the debugger stands. */
  show(stack: readonly Place[]): void {
    this.#stack = stack;
  }

  /** Another process. */
  clear(): void {
    this.#names.clear();
    this.stop(undefined, undefined);
  }

  resume(): void {
    const frame = this.#frame;
    const isStack = this.#stack[0]?.address === frame?.address;
    if (frame !== undefined) this.#left = isStack ? this.#stack : [frame];
    this.#frame = undefined;
    this.#stack = [];
    this.#addresses.clear();
  }

  /** The function that a `finish` left, which no record names: it was called from where it came back. */
  finished(back: Frame | undefined): string | undefined {
    const left = this.#left ?? [];
    if (left.length === 1) return left[0]?.func;
    const caller = left.findIndex(({ address }, i) => i > 0 && address === back?.address);
    return left[caller - 1]?.func;
  }

  name({ num, name }: ThreadRef): void {
    if (num === undefined || name === undefined) return;
    if (this.#names.size >= MOST_THREADS) this.#names.clear();
    this.#names.set(num, name);
  }

  forget(num: string): void {
    this.#names.delete(num);
  }

  /** `threads=[{id="5",name="CPU 0/TCG",frame={addr="0x..."}}]` */
  learn(items: readonly MiItem[]): void {
    this.#addresses.clear();
    for (const { value } of itemsOf(items, 'threads') ?? []) {
      const num = typeof value === 'string' ? undefined : textOf(value, 'id');
      if (typeof value === 'string' || num === undefined) continue;
      const name = textOf(value, 'name');
      if (name !== undefined) this.name({ num, name });
      this.#addresses.set(num, textOf(itemsOf(value, 'frame') ?? [], 'addr')?.toLowerCase());
    }
  }

  /**
   * Whose stack begins at this address: `own` for the thread at which the debugger stands, undefined
   * for another one that cannot be told. A log without commands does not show which was asked for.
   */
  ownerOf(address: string | undefined): ThreadRef | 'own' | undefined {
    if (this.#frame === undefined || this.#frame.address === address) return 'own';
    const there = [...this.#addresses].filter(([, at]) => at !== undefined && at === address);
    const num = there.length === 1 ? there[0]?.[0] : undefined;
    return num === undefined ? undefined : this.ref(num);
  }

  /** The thread of `--thread N`; `own` where it is the one at which the debugger stands. */
  named(num: string): ThreadRef | 'own' {
    return num === this.#selected ? 'own' : this.ref(num);
  }
}
