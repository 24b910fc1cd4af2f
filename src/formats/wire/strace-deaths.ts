/**
 * What kills the process that drives vhost devices: the mark at the end of a thread, `+++ killed by SIGSEGV +++`, → LogLine.
 *
 * Source: strace's src/strace.c, print_signalled(). Any thread of a process that dies has its own mark; the one that sent
 * requests to a backend, or made ioctls of vhost, says whose death it is. With -f others die, too.
 */
import type { CaptureRecord, LogLine, Span } from '../../model/record.js';
import type { MarkLine } from './strace-line.js';

/** By their default action the process is dumped, and it brought them on itself: Linux, man 7 signal. */
const DEADLY = /^SIG(?:SEGV|BUS|ILL|FPE|ABRT|TRAP|SYS)$/;

/** Threads that are remembered; a hostile file has a new one on each line. */
const MOST_THREADS = 4096;

export class Deaths {
  /** Which speak for QEMU; 0 where the text names none. */
  readonly #speakers = new Set<number>();

  /** A call, or the message that it carried. */
  see(record: CaptureRecord): void {
    const isSpeaker =
      (record.kind === 'message' && record.side === 'frontend' && record.sender !== 'backend') ||
      (record.kind === 'syscall' && record.request?.startsWith('VHOST_') === true);
    if (isSpeaker && 'pid' in record && this.#speakers.size < MOST_THREADS) {
      this.#speakers.add(record.pid ?? 0);
    }
  }

  /** Undefined for the end of any other thread, and of one that was told to end. */
  read({ pid, time, signal }: MarkLine, span: Span, text: string): LogLine | undefined {
    const isSpeaker = this.#speakers.delete(pid ?? 0);
    if (!isSpeaker || signal === undefined || !DEADLY.test(signal)) return undefined;
    const stamp = {
      ...(pid === undefined ? {} : { pid }),
      ...(time === undefined ? {} : { time }),
    };
    return { kind: 'log', span, source: 'qemu', text, values: { killed: signal }, ...stamp };
  }
}
