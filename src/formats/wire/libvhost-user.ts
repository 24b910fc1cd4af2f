/**
 * libvhost-user's debug text → one record per message.
 *
 * Producer: QEMU's subprojects/libvhost-user/libvhost-user.c, vu_process_message(), built with
 *           LIBVHOST_USER_DEBUG (QEMU 2.7 to 10.2), and copies of it: passt, `Request: 9` without a name.
 * Unit:     from the banner of `=` to the last line about that message. A line of GLib's log in between
 *           ends the record; what follows is chatter, as are lines about running rings, wherever they stand
 *           below the first message: the backend prints lines of its own in between (vhost-user-bridge its packets).
 * Not read: what the backend did with a message; its answer only where it is printed (`Sending back to guest`).
 */
import { accept } from '../../grammar/libvhost-user.js';
import type { CaptureRecord } from '../../model/record.js';
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

class LibvhostUser implements LineFormat {
  readonly id = 'libvhost-user';
  #open: OpenMessage | undefined;
  #lastLine = -Infinity;

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  take(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    // GLib leaves a blank line in front of its own.
    const isNear = lineNo - this.#lastLine <= 2;
    const line = debugLine(text, isNear, this.#lastLine >= 0);
    const isGlib = line === undefined && isNear && isGlibLine(text);
    if (!isGlib && line === undefined) return undefined;
    this.#lastLine = lineNo;
    if (line?.what === 'banner') {
      const before = this.end();
      this.#open = {
        first: lineNo,
        last: lineNo,
        request: undefined,
        flags: undefined,
        payload: {},
        regions: 0,
      };
      return before;
    }
    if (line !== undefined && this.#adds(line, lineNo)) return [];
    return [...this.end(), { kind: 'chatter', span: { first: lineNo, last: lineNo } }];
  }

  end(): readonly CaptureRecord[] {
    const open = this.#open;
    this.#open = undefined;
    return open === undefined ? [] : [recordOf(open)];
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

function isGlibLine(text: string): boolean {
  return GLIB.test(text.replace(MARGIN, ''));
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
