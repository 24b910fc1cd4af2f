/**
 * Which messages in the log of a backend are of one connection, where all that a socket has are named by its path.
 *
 * Source: DPDK lib/vhost/socket.c: vhost_user_add_connection() gives each connection the path of its socket as its name; a
 * server has any number of them at a time (struct vhost_user_socket, conn_list), a client one. One thread serves them
 * all, so that the lines have the order of what happens.
 */
import type { Step } from '../../../facts/step.js';
import type { Mark } from '../../rule.js';

/** A missing-list entry where others may have sent messages under the same path. */
export const ONE_CONNECTION =
  'that the socket has no other connection of the same path meanwhile: the log of the backend without a gap from "socket created" on, or an strace -y of it';

/** The connection that a message is of. */
export interface Told {
  /** Equal for messages between which none was opened or closed. */
  readonly key: string;
  /** The lines that show that there is no other; undefined where there may be one. */
  readonly proof: readonly Mark[] | undefined;
}

/** Follows the steps of a session in their order. */
export class ServerSockets {
  readonly #sockets = new Map<string, Socket>();

  follow({ socket, line, gapBefore }: Step): void {
    // What is lost may have been another connection, of any socket.
    if (gapBefore) for (const one of this.#sockets.values()) one.forget();
    if (socket !== undefined) this.#of(socket.channel).follow(socket.what, line);
  }

  /** Of a message over this endpoint; undefined where it is not the path of a socket. */
  tell(endpoint: string | undefined): Told | undefined {
    const isPath = endpoint !== undefined && !endpoint.startsWith('fd ');
    return isPath ? this.#of(endpoint).told(endpoint) : undefined;
  }

  #of(path: string): Socket {
    const socket = this.#sockets.get(path) ?? new Socket();
    this.#sockets.set(path, socket);
    return socket;
  }
}

class Socket {
  /** How many connections there are; undefined where that is not known. */
  #open: number | undefined;
  #isServer = true;
  /** A connection was opened whose device is not made yet. */
  #isOpening = false;
  #changes = 0;
  #created: Mark | undefined;
  #last: Mark | undefined;

  follow(what: NonNullable<Step['socket']>['what'], line: number): void {
    switch (what) {
      case 'server':
      case 'client':
        this.#isServer = what === 'server';
        this.#open = this.#isServer ? 0 : 1;
        this.#isOpening = false;
        this.#created = { line, role: `the backend creates the socket, as a ${what}` };
        this.#change(undefined);
        break;
      case 'open':
        if (this.#open !== undefined) this.#open++;
        this.#isOpening = true;
        this.#change({ line, role: 'a connection is made, and there is no other' });
        break;
      case 'device':
        if (this.#isServer && !this.#isOpening) this.forget();
        this.#isOpening = false;
        break;
      case 'close':
        if (this.#open !== undefined) this.#open--;
        this.#change({ line, role: 'a connection ends, and one is left' });
        break;
    }
  }

  forget(): void {
    if (this.#open === undefined) return;
    this.#open = undefined;
    this.#change(undefined);
  }

  told(path: string): Told {
    // One that has none has more than it tells of.
    if (this.#open !== undefined && this.#open < 1) this.forget();
    const marks = [this.#created, this.#last].filter((mark) => mark !== undefined);
    return { key: `${path} ${this.#changes}`, proof: this.#open === 1 ? marks : undefined };
  }

  #change(last: Mark | undefined): void {
    this.#changes++;
    this.#last = last;
  }
}
