/**
 * What DPDK's vhost library says of a request while and when it is handled → whether the line that it was read is missing.
 *
 * Source: DPDK lib/vhost/vhost_user.c vhost_user_msg_handler(), since 19.05: `read message X` (level INFO), the lines of the
 * handler, then `processing X failed.` (ERR) or `processing X succeeded.` (DEBUG), all in one thread.
 * VHOST_USER_IOTLB_MSG is read at level DEBUG: that it failed is told where that it was read is not.
 */
import { detached } from '../../base/detached.js';
import type { ConfigLine } from './dpdk-line.js';
import { isSocket } from './dpdk-line.js';
import { plainRequestName } from '../../model/vhost-user-requests.js';

const HANDLED = /^processing (VHOST_USER_[A-Z\d_]{1,40}) (?:succeeded|failed)\b/;

/** Sockets that are remembered; a hostile file has a new one on each line. */
const MOST_REMEMBERED = 1024;

/** The requests of one socket. */
interface Read {
  /** Of the last line that told of one. */
  line: number;
  /** They are not yet said to be handled. */
  readonly open: Set<string>;
  /** The last one; undefined where its name could not be read. */
  name: string | undefined;
}

export class HandledRequests {
  /** By what the lines name; all others in one. */
  readonly #read = new Map<string, Read>();

  /** A line `read message`; `name`: its plain name, undefined where it could not be read. */
  read(path: string | undefined, name: string | undefined, line: number): void {
    const before = this.#read.get(path ?? '');
    if (before === undefined && this.#read.size >= MOST_REMEMBERED) this.#read.clear();
    // Lines without the name of a socket may be of several processes, each with one request at a time.
    const open = before === undefined || isSocket(path) ? new Set<string>() : before.open;
    if (name !== undefined) open.add(detached(name));
    this.#read.set(detached(path ?? ''), { line, open, name: name && detached(name) });
  }

  /**
   * The line from which on the request of this one must have been read, where that is not shown; undefined where it is, where
   * a log begins or tells of no requests that are read, and for any other line.
   */
  missingSince({ path, text }: ConfigLine, line: number): number | undefined {
    const said = HANDLED.exec(text)?.[1];
    const read = this.#read.get(path ?? '');
    if (said === undefined || read === undefined) return undefined;
    const name = plainRequestName(said);
    if (read.open.delete(name) || read.name === undefined || name === 'IOTLB_MSG') return undefined;
    return restart(read, name, line);
  }

  /** The same for a line that its handler alone prints, with what it handles; only where lines name their socket. */
  unreadSince({ path }: ConfigLine, requests: readonly string[], line: number): number | undefined {
    const read = this.#read.get(path ?? '');
    if (read?.name === undefined || !isSocket(path) || requests.includes(read.name))
      return undefined;
    const [name = ''] = requests;
    read.open.add(name);
    return restart(read, name, line);
  }
}

/** One that was read before this line, and told by it alone. */
function restart(read: Read, name: string, line: number): number {
  const since = read.line + 1;
  read.line = line;
  read.name = name;
  return since;
}
