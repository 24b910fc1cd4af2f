/**
 * Whose requests go over a file descriptor: those of QEMU, or those of the backend over the channel of
 * SET_BACKEND_REQ_FD. Both sides use the same ids for other requests: the size of the payload tells most of them
 * apart. Where it does not, a thread does that has sent requests of one side or received those of the other,
 * and the channel by what went over it before.
 */
import type { Transfer } from './strace-line.js';
import { isReply, kindOfAnySize, replyKind, requestKind } from './vhost-user-bytes.js';
import type { MessageHeader, MessageKind } from './vhost-user-bytes.js';

/** Who makes a system call: QEMU or the backend; a process may be both, each on other connections. */
type Side = 'frontend' | 'backend' | 'both';

/** Whose requests a channel is for. */
type Owner = 'frontend' | 'backend';

/** How a message went. */
export interface Carriage extends Pick<Transfer, 'direction' | 'bringsFile'> {
  readonly thread: number | undefined;
  readonly channel: string;
}

/** SET_LOG_BASE brings the log, and SHMEM_MAP what is to be mapped; what looks like them brings no file. */
const BRINGS_FILE: ReadonlyMap<number, Owner> = new Map([
  [6, 'frontend'],
  [9, 'backend'],
]);

/** Threads and channels that are remembered; a hostile file has a new one on each line. */
const MOST_REMEMBERED = 4096;

export class Channels {
  readonly #sides = new Map<number | undefined, Side>();
  readonly #owners = new Map<string, Owner>();

  /** The file descriptor is free for something else. */
  close(channel: string): void {
    this.#owners.delete(channel);
  }

  /** Messages went over it. */
  isKnown(channel: string): boolean {
    return this.#owners.has(channel);
  }

  /** What the next message is, or undefined: no message, or QEMU's answer to a request of the backend. */
  kindOf(header: MessageHeader, carriage: Carriage): MessageKind | undefined {
    const { thread, channel, direction } = carriage;
    const known = this.#owners.get(channel);
    // By the thread before the channel: file descriptors of two processes may be equal.
    const owner = ownerFor(this.#sides.get(thread), direction, isReply(header)) ?? known;
    const other = owner === 'frontend' && known !== undefined ? kindOfAnySize(header) : undefined;
    if (isReply(header)) return owner === 'backend' ? undefined : (replyKind(header) ?? other);
    const ofFrontend = requestKind('frontend', header);
    const ofBackend = requestKind('backend', header);
    if (ofFrontend !== undefined && ofBackend !== undefined) {
      const told = (carriage.bringsFile ? BRINGS_FILE.get(header.request) : undefined) ?? owner;
      if (told !== undefined) put(this.#owners, channel, told);
      if (told === 'backend') return ofBackend;
      const isDoubtful = told === undefined && ofFrontend.name === 'SET_LOG_BASE';
      return isDoubtful ? { ...ofFrontend, isDoubtful } : ofFrontend;
    }
    if (ofFrontend !== undefined) this.#learn('frontend', carriage);
    if (ofBackend !== undefined) this.#learn('backend', carriage);
    return ofFrontend ?? ofBackend ?? other;
  }

  #learn(owner: Owner, { thread, channel, direction }: Carriage): void {
    const side: Side = (direction === 'send') === (owner === 'frontend') ? 'frontend' : 'backend';
    put(this.#sides, thread, merged(this.#sides.get(thread), side));
    put(this.#owners, channel, owner);
  }
}

/** Whose channel it is when that side sends or receives a request there, or the answer to one. */
function ownerFor(
  side: Side | undefined,
  direction: Transfer['direction'],
  isAnswer: boolean,
): Owner | undefined {
  if (side === undefined || side === 'both') return undefined;
  const isOwn = (direction === 'send') !== isAnswer;
  if (isOwn) return side;
  return side === 'frontend' ? 'backend' : 'frontend';
}

function merged(before: Side | undefined, side: Side): Side {
  return before === undefined || before === side ? side : 'both';
}

/** The oldest entry makes room. */
function put<Key, Value>(entries: Map<Key, Value>, key: Key, value: Value): void {
  if (entries.size >= MOST_REMEMBERED && !entries.has(key)) {
    const oldest = entries.keys().next();
    if (oldest.done !== true) entries.delete(oldest.value);
  }
  entries.set(key, value);
}
