/**
 * A vhost-user socket whose name gets longer: `strace -yy` asks the kernel for the other end at each call, and until the
 * backend has called accept() there is none: `UNIX-STREAM:[284083]`, then `UNIX-STREAM:[284083->284084]`. One descriptor
 * with one inode is one socket: Linux net/socket.c sock_alloc() numbers them anew.
 */
import { detached } from '../../base/detached.js';

const NAMED = /^(fd \d{1,10} UNIX-[A-Z]{1,16}:\[\d{1,20})(->)?/;

/** Sockets that are remembered; a hostile file has a new one on each line. */
const MOST_REMEMBERED = 4096;

export class UnacceptedSockets {
  /** The first name of those that had none of the other end. */
  private readonly names = new Map<string, string>();

  /** What the socket was called first. */
  nameOf(channel: string): string {
    const [, own, hasPeer] = NAMED.exec(channel) ?? [];
    if (own === undefined) return channel;
    const known = this.names.get(own);
    if (hasPeer !== undefined) return known ?? channel;
    if (known === undefined) {
      if (this.names.size >= MOST_REMEMBERED) this.names.clear();
      this.names.set(detached(own), detached(channel));
    }
    return known ?? channel;
  }
}
