/**
 * libvhost-user's debug text → one record per message.
 *
 * Producer: QEMU's subprojects/libvhost-user/libvhost-user.c, vu_process_message(), built with
 *           LIBVHOST_USER_DEBUG (QEMU 2.7 to 10.2), and copies of it: passt, `Request: 9` without a name.
 * Unit:     from the banner of `=` to the last line about that message, lines of a log in between included. Lines about
 *           running rings are chatter, wherever they stand below the first message: the backend prints lines of its own
 *           in between (vhost-user-bridge its packets). A blank line may stand below the banner (mail wraps it); where it
 *           parts the rest of a message from its request, that is lost.
 * Not read: what the backend did with a message; its answer only where it is printed (`Sending back to guest`).
 */
import { accept } from '../../grammar/libvhost-user.js';
import type { CaptureRecord, Problem } from '../../model/record.js';
import type { LineFormat } from '../line-format.js';
import { vringFile } from './vhost-user-bytes.js';
import {
  frontendRequests,
  plainRequestName,
  requestByName,
} from '../../model/vhost-user-requests.js';

/** One line, as the grammar reads it. */
export type DebugLine =
  | { readonly what: 'banner' | 'region' | 'detail' | 'runtime' }
  | { readonly what: 'request'; readonly name: string | undefined; readonly id: number }
  | { readonly what: 'flags'; readonly value: number }
  | { readonly what: 'member' | 'region-member'; readonly name: string; readonly value: string };

export function createLibvhostUser(): LineFormat {
  return new LibvhostUser();
}

interface OpenMessage {
  readonly first: number;
  last: number;
  request: { readonly id: number; readonly name: string } | undefined;
  flags: number | undefined;
  readonly payload: Record<string, string>;
  regions: number;
}

/** A message has some 300 lines when it brings the largest memory table. */
const MOST_LINES = 4096;

const REPLY = 0x4;

/** Lines between a banner and its request, what is left of a banner that mail has wrapped among them. */
const MOST_BETWEEN = 4;

/** Lines that no other text has below a request. */
const OF_MESSAGE: ReadonlySet<DebugLine['what']> = new Set([
  'request',
  'flags',
  'member',
  'region-member',
]);

class LibvhostUser implements LineFormat {
  readonly id = 'libvhost-user';
  #open: OpenMessage | undefined;
  #lastLine = -Infinity;
  /** A banner without a request so far. */
  #bannerLine = -Infinity;
  #problem: Problem | undefined;
  #hasTold = false;

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  take(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    // GLib leaves a blank line in front of its own.
    const isNear = lineNo - this.#lastLine <= 2;
    const line = debugLine(text, isNear, this.#lastLine >= 0);
    const isLog = line === undefined && isNear && isLogLine(text);
    this.#problem = undefined;
    if (!isLog && line === undefined) return undefined;
    this.#lastLine = lineNo;
    if (line?.what === 'banner') {
      const before = this.end();
      this.#begin(lineNo);
      return before;
    }
    if (
      line?.what === 'request' &&
      this.#open === undefined &&
      lineNo - this.#bannerLine <= MOST_BETWEEN
    )
      this.#begin(lineNo);
    if (isLog && this.#open?.request !== undefined) {
      this.#open.last = lineNo;
      return [];
    }
    if (line !== undefined && this.#adds(line, lineNo)) return [];
    const span = { first: lineNo, last: lineNo };
    if (line === undefined || !OF_MESSAGE.has(line.what) || this.#open !== undefined)
      return [...this.end(), { kind: 'chatter', span }];
    if (!this.#hasTold) {
      this.#hasTold = true;
      const message = 'the rest of a message stands apart from its request, and is not read';
      this.#problem = { code: 'UNREAD_PROTOCOL', message, span };
    }
    return [{ kind: 'gap', span, why: 'a part of a message is not read' }];
  }

  end(): readonly CaptureRecord[] {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return [];
    if (open.request === undefined) this.#bannerLine = open.last;
    return [recordOf(open)];
  }

  #begin(lineNo: number): void {
    this.#bannerLine = -Infinity;
    this.#open = {
      first: lineNo,
      last: lineNo,
      request: undefined,
      flags: undefined,
      payload: {},
      regions: 0,
    };
  }

  /** Is the line part of the open message? */
  #adds(line: DebugLine, lineNo: number): boolean {
    const open = this.#open;
    if (open === undefined || lineNo - open.first >= MOST_LINES) return false;
    if ((open.request === undefined) !== (line.what === 'request')) return false;
    switch (line.what) {
      case 'banner':
      case 'runtime':
        return false;
      case 'request':
        open.request = { id: line.id, name: nameOf(line.name, line.id) };
        break;
      case 'flags':
        open.flags = line.value;
        break;
      case 'member':
        open.payload[line.name] = line.value;
        break;
      case 'region':
        open.regions += 1;
        break;
      case 'region-member':
        open.payload[regionMember(open, line.name)] = line.value;
        break;
      case 'detail':
        break;
    }
    open.last = lineNo;
    return true;
  }
}

// passt: "12.3456: Request: ...", quoted mail: "> Request: ...", commit messages: "  Request: ..."
const MARGIN = /^(?:>[> \t]*|\d{1,10}\.\d{4}: )?[ \t]*/;

/** GLib's default handler: `** (vhost-user-input:1816): CRITICAL **: 07:20:46.077: Invalid vring_addr message` */
const GLIB = /^(?:\*\* )?\([^()]{1,64}:\d{1,10}\): (?:[\w-]{1,64}-)?[A-Z]+(?: \*\*)?: /;

/** Another handler of the same messages: `vhost-user-rpmb-INFO: 18:58:08.312: vrpmb_process_msg: ...` */
const OTHER_LOG =
  /^[\w-]{1,64}-(?:ERROR|CRITICAL|WARNING|Message|INFO|DEBUG): \d\d:\d\d:\d\d\.\d{3}: /;

const LONGEST_LINE = 256;

/** What these lines say, they say wherever they stand: the banner of a message, and what rings do below one. */
const RUNTIME = /^(?:Got kick|Kicking the QEMU|Logged dirty|skipped notify)/;

/** The first line of a message, without margin. */
export function isBanner(text: string): boolean {
  return /^={16} Vhost user message ={16}[ \t]*$/.test(text);
}

function debugLine(text: string, isNear: boolean, isBelow: boolean): DebugLine | undefined {
  if (text.length > LONGEST_LINE) return undefined;
  const line = text.replace(MARGIN, '');
  if (isNear) return accept(line);
  if (line.startsWith('================ V')) return accept(line);
  const read = isBelow && RUNTIME.test(line) ? accept(line) : undefined;
  return read?.what === 'runtime' ? read : undefined;
}

function isLogLine(text: string): boolean {
  const line = text.replace(MARGIN, '');
  return GLIB.test(line) || OTHER_LOG.test(line);
}

function nameOf(name: string | undefined, id: number): string {
  const known = frontendRequests[id]?.name ?? `${id}`;
  return name?.startsWith('VHOST_USER_') === true ? plainRequestName(name) : known;
}

/** SET_MEM_TABLE brings several regions, the others one. */
function regionMember({ request, regions }: OpenMessage, name: string): string {
  return request?.name === 'SET_MEM_TABLE' ? `regions[${Math.max(0, regions - 1)}].${name}` : name;
}

/** A banner without a request says nothing. */
function recordOf({ first, last, request, flags, payload }: OpenMessage): CaptureRecord {
  const span = { first, last };
  if (request === undefined) return { kind: 'chatter', span };
  const members = withFile(request.name, payload);
  return {
    kind: 'message',
    span,
    sender: flags !== undefined && (flags & REPLY) !== 0 ? 'reply' : 'frontend',
    request: request.id,
    name: request.name,
    flags,
    payload: Object.keys(members).length === 0 ? undefined : members,
  };
}

// The word of SET_VRING_KICK and its like is a ring and a bit.
function withFile(name: string, payload: Record<string, string>): Record<string, string> {
  const { u64, ...others } = payload;
  if (u64 === undefined || requestByName(name)?.payload !== 'file') return payload;
  return { ...vringFile(BigInt(u64)), ...others };
}
