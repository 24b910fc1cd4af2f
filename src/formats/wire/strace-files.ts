/**
 * Where the file of another thread begins: `cat strace.out.*` puts those of `strace -ff` one behind the other.
 *
 * Source: strace's src/strace.c, printleader(), which names no thread in a file of its own; print_exited(), after which nothing
 * comes in it; detach(), which prints `<detached ...>` last.
 */
import { goesBack } from '../../base/clock.js';
import type { StraceLine } from './strace-line.js';

export class ThreadFiles {
  #time: string | undefined;
  #isOver = false;
  #isTold = false;

  /** True once, at the first line of a second file. Lines that name their thread are all of one file. */
  begins(line: StraceLine, text: string): boolean {
    if (line.pid !== undefined || line.what === 'notice') {
      this.#time = undefined;
      this.#isOver = false;
      return false;
    }
    const isOther = this.#isOver || goesBack(this.#time, line.time);
    this.#time = line.time ?? this.#time;
    this.#isOver = line.what === 'exit' || text.trimEnd().endsWith('<detached ...>');
    if (!isOther || this.#isTold) return false;
    this.#isTold = true;
    return true;
  }
}
