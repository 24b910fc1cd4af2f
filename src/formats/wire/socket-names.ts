/**
 * A socket whose name changes and changes back: strace -y reads it from /proc at each call, and no socket gets the number of
 * one before it (Linux net/socket.c, sock_alloc()). Something tore the name in between.
 */
import type { Gap, Span, SystemCall } from '../../model/record.js';

/** "socket:[285201]"   "UNIX-STREAM:[284083->284084]" */
const NUMBERED = /^(?:socket|[A-Z][\w-]*):\[\d+/;

/** Threads and their descriptors that are remembered; a hostile file has a new one on each line. */
const MOST_REMEMBERED = 4096;

interface Named {
  name: string;
  /** Another name that it had in between. */
  between: string | undefined;
  /** The lines with that. */
  lines: Span;
}

export class SocketNames {
  readonly #named = new Map<string, Named>();

  /** In front of the call, about the lines with a torn name; undefined for nearly every call. */
  gapBefore(call: SystemCall): Gap | undefined {
    const torn = this.#tornBefore(call);
    if (torn === undefined) return undefined;
    const { first } = call.span;
    const reach = { from: torn.first, to: torn.last };
    const why = 'the name of a socket is torn';
    return { kind: 'gap', span: { first, last: first - 1 }, why, reach };
  }

  /** The lines with another name of the same descriptor, between two calls with this one; undefined for nearly every call. */
  #tornBefore({ pid, fd, path, span }: SystemCall): Span | undefined {
    if (fd === undefined || path === undefined) return undefined;
    const key = `${pid ?? ''} ${fd}`;
    const known = this.#named.get(key);
    if (known === undefined) {
      if (this.#named.size >= MOST_REMEMBERED) this.#named.clear();
      if (NUMBERED.test(path))
        this.#named.set(key, { name: path, between: undefined, lines: span });
      return undefined;
    }
    if (known.name === path) {
      const torn = known.between === undefined ? undefined : known.lines;
      known.between = undefined;
      return torn;
    }
    if (known.between === path) {
      // Twice: it is another socket.
      if (NUMBERED.test(path)) known.name = path;
      else this.#named.delete(key);
      known.between = undefined;
    } else {
      const { first } = known.between === undefined ? span : known.lines;
      known.lines = { first, last: span.last };
      known.between = path;
    }
    return undefined;
  }
}
