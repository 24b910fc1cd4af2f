/**
 * Calls whose result strace made up: `-e inject=sendmsg:retval=20` keeps the kernel from them, and whoever made one believes
 * that it did what it was to do. One that was made to fail is one that failed.
 *
 * Source: strace's src/syscall.c, tamper_with_syscall_entering(), print_injected_note() (4.16 to 6.16).
 */
import type { CaptureRecord, Problem, Span, SystemCall } from '../../model/record.js';
import { hasFailed } from './strace-line.js';
import type { CallLine } from './strace-line.js';
import type { StraceMessages } from './strace-messages.js';
import { mayBeProtocol } from './wrapped-call.js';

export const INJECTED = 'strace injected the result of a call';

export class Injections {
  readonly #messages: StraceMessages;
  #isTold = false;

  constructor(messages: StraceMessages) {
    this.#messages = messages;
  }

  /** No request and no message went with the call, as its line says else. `record`: what its first line was taken for. */
  has(line: CallLine, call: SystemCall, record?: CaptureRecord): boolean {
    if (!line.injected || hasFailed(call)) return false;
    if (call.name === 'ioctl') return mayBeProtocol(call.request ?? '');
    if (call.name === 'close' || record?.kind === 'message') return true;
    return this.#messages.concerns(call, line.args);
  }

  /** The problem, once: strace may make up the result of every call of a kind. */
  tell(span: Span): Problem | undefined {
    if (this.#isTold) return undefined;
    this.#isTold = true;
    const message = `${INJECTED}, which the kernel did not get as it stands here: it is not read, nor are others below that it says this of`;
    return { code: 'UNREAD_PROTOCOL', message, span };
  }
}
