/**
 * Calls that have not returned where a capture ends → what they wait for: the reply to a vhost-user request, room for one on
 * the socket, the end of a vhost ioctl.
 *
 * Source: QEMU hw/virtio/vhost-user.c, where the thread that sends a request reads its reply before it does anything else
 * with the connection, and nothing but replies is read from it; hw/virtio/vhost-backend.c, vhost_kernel_call().
 */
import { detached } from '../../base/detached.js';
import type { OpenCall, Reach, VhostUserMessage } from '../../model/record.js';
import type { CallWait } from '../step.js';
import type { CommandWords } from './ioctls.js';
import { syscallFact } from './syscall.js';

/** VHOST_USER_NEED_REPLY_MASK: QEMU hw/virtio/vhost-user.c. */
const NEED_REPLY = 0x8;

/** Threads on connections that are remembered; a hostile file has a new one on each line. */
const MOST_REMEMBERED = 4096;

/** The last request of a thread on a connection. */
interface Asked {
  readonly request: string;
  /** It has one, and the next message is that: QEMU docs/interop/vhost-user.rst, "Communication". */
  readonly hasReply: boolean;
  /** Its reply has not come. */
  readonly isOpen: boolean;
  /** Of the request, or of its reply. */
  readonly line: number;
  readonly session: number;
}

export class OpenRequests {
  private readonly asked = new Map<string, Asked>();
  /** The last request on each connection, of whatever thread: one at a time has the lock for it. */
  private readonly last = new Map<string, Asked>();

  /**
   * Where the request of a reply is missing; undefined for any other message. Only strace tells which side it is that makes
   * a call.
   */
  follow(
    { sender, side, name, flags = 0, channel, pid, span }: VhostUserMessage,
    session: number,
  ): Reach | undefined {
    if (side !== 'frontend' || channel === undefined || sender === 'backend') return undefined;
    const key = keyOf(pid, channel);
    const before = this.asked.get(key) ?? this.last.get(channel);
    const isReply = sender === 'reply';
    // Where a capture begins a request was sent before; a reply of another name may be the fault of the backend.
    const isAnswer = before?.isOpen === true && (before.request === name || before.hasReply);
    const isLost = isReply && before !== undefined && !isAnswer;
    const hasReply = (flags & NEED_REPLY) !== 0 || /^GET_|^SET_LOG_BASE$/.test(name);
    if (this.asked.size >= MOST_REMEMBERED) this.forget();
    const line = span.first;
    const asked = { request: detached(name), hasReply, isOpen: !isReply, line, session };
    this.asked.set(detached(key), asked);
    this.last.set(detached(channel), asked);
    return isLost
      ? { from: before.line + 1, to: line, why: `the request ${name}, which is answered` }
      : undefined;
  }

  /** A reply may be among what is lost. */
  forget(): void {
    this.asked.clear();
    this.last.clear();
  }

  /** Undefined for a call that waits for no backend; `session`: the one in which the capture ends. */
  waitOf({ call, channel }: OpenCall, words: CommandWords, session: number): CallWait | undefined {
    const { pid, comm, name: func, span } = call;
    const line = span.first;
    const place = { line, func, endpoint: channel, pid, comm };
    const request = syscallFact(call, words)?.func;
    if (request !== undefined) return { ...place, session, awaits: 'kernel', request };
    const asked = this.asked.get(keyOf(pid, channel));
    if (asked?.isOpen !== true || asked.line > line) return undefined;
    // What was sent is the message itself.
    const awaits = asked.line === line ? 'socket' : 'reply';
    return { ...place, session: asked.session, awaits, request: asked.request };
  }
}

function keyOf(pid: number | undefined, channel: string): string {
  return `${pid ?? ''} ${channel}`;
}
