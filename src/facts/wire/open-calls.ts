/**
 * Calls that have not returned where a capture ends → what they wait for: the reply to a vhost-user request, room for one on
 * the socket, the end of a vhost ioctl.
 *
 * Source: QEMU hw/virtio/vhost-user.c, where the thread that sends a request reads its reply before it does anything else
 * with the connection, and nothing but replies is read from it; hw/virtio/vhost-backend.c, vhost_kernel_call().
 */
import { detached } from '../../base/detached.js';
import type { OpenCall, VhostUserMessage } from '../../model/record.js';
import type { CallWait } from '../step.js';
import type { CommandWords } from './ioctls.js';
import { syscallFact } from './syscall.js';

/** Threads on connections that are remembered; a hostile file has a new one on each line. */
const MOST_REMEMBERED = 4096;

/** The last request of a thread on a connection, as long as its reply has not come. */
interface Asked {
  readonly request: string;
  readonly line: number;
  readonly session: number;
}

export class OpenRequests {
  private readonly asked = new Map<string, Asked>();

  /** Only strace tells which side it is that makes a call. */
  follow({ sender, side, name, channel, pid, span }: VhostUserMessage, session: number): void {
    if (side !== 'frontend' || channel === undefined || sender === 'backend') return;
    const key = keyOf(pid, channel);
    this.asked.delete(key);
    if (sender === 'reply') return;
    if (this.asked.size >= MOST_REMEMBERED) this.asked.clear();
    this.asked.set(detached(key), { request: detached(name), line: span.first, session });
  }

  /** A reply may be among what is lost. */
  forget(): void {
    this.asked.clear();
  }

  /** Undefined for a call that waits for no backend; `session`: the one in which the capture ends. */
  waitOf({ call, channel }: OpenCall, words: CommandWords, session: number): CallWait | undefined {
    const { pid, comm, name: func, span } = call;
    const line = span.first;
    const place = { line, func, endpoint: channel, pid, comm };
    const request = syscallFact(call, words)?.func;
    if (request !== undefined) return { ...place, session, awaits: 'kernel', request };
    const asked = this.asked.get(keyOf(pid, channel));
    if (asked === undefined || asked.line > line) return undefined;
    // What was sent is the message itself.
    const awaits = asked.line === line ? 'socket' : 'reply';
    return { ...place, session: asked.session, awaits, request: asked.request };
  }
}

function keyOf(pid: number | undefined, channel: string): string {
  return `${pid ?? ''} ${channel}`;
}
