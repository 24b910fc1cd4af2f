/**
 * A stop from which QEMU does not run on.
 *
 * Source: gdb/infrun.c, print_signal_received_reason() and print_signal_exited_reason().
 */
import type { Stop } from '../../model/record.js';

/** Signals that the emulator of a machine handles nowhere (util/oslib-posix.c takes SIGBUS, accel/kvm/kvm-all.c SIGUSR1). */
const DEADLY = /^SIG(?:ABRT|SEGV|FPE|SYS)$/;

export class DeadlyStop {
  private stop: Stop | undefined;
  private thread: string | undefined;

  /** `thread`: its key. */
  onStop(stop: Stop, thread: string | undefined): void {
    this.thread = thread;
    const { signal, ended } = stop;
    const isDeadly = signal !== undefined && (ended === true || DEADLY.test(signal));
    this.stop = isDeadly ? stop : undefined;
  }

  /** The program goes on, or what comes now may be of another process. */
  forget(): void {
    this.stop = undefined;
  }

  /**
   * The signal, of the stack of the thread that it is for, wherever that is shown. `headed`: the thread that a header
   * tells of; without one it is that which stopped, unless `isOther`.
   */
  signalOf(headed: string | undefined, isOther: boolean): string | undefined {
    const isOwn = headed === undefined ? !isOther : headed === this.thread;
    return isOwn ? this.stop?.signal : undefined;
  }
}
