/**
 * The log of DPDK's vhost library → messages that it read, and log lines.
 *
 * Producer: DPDK's lib/vhost/vhost_user.c, vhost_user_msg_handler() and the handlers that it calls
 *           (17.11 to 25.11), also in SPDK, Open vSwitch and VPP.
 * Unit:     `read message X` with the lines below it that tell its payload is one message; every other
 *           line of the library is one log record, and so is what the program around it prints in between; those about
 *           a connection say so. What the handler of two requests says of its failure is the member `refused` of the
 *           payload.
 * Not read: whether a message was answered (printed at DEBUG level only, and then a log line, which tells no more than that
 *           the message was read); what the lines of other parts of DPDK, Open vSwitch and SPDK say. A payload is what the library made of it: the features that it
 *           keeps, no flags of a vring.
 */
import { isMaimed } from '../../base/maimed.js';
import { own } from '../../base/own.js';
import type { CaptureRecord, Problem, VhostUserMessage } from '../../model/record.js';
import {
  configLine,
  configText,
  continuation,
  isBetween,
  isGlued,
  isNeighbour,
  isOfStart,
  isSocket,
  socketLine,
  valuesIn,
  withoutPrompt,
} from './dpdk-line.js';
import type { ConfigLine, Detail } from './dpdk-line.js';
import { HandledRequests } from './dpdk-handled.js';
import type { LineFormat } from '../line-format.js';
import {
  frontendRequests,
  plainRequestName,
  requestByName,
} from '../../model/vhost-user-requests.js';

export function createDpdk(): LineFormat {
  return new Dpdk();
}

interface OpenMessage {
  readonly first: number;
  last: number;
  readonly line: ConfigLine;
  readonly name: string;
  readonly payload: Record<string, string>;
  regions: number;
}

/**
 * What handlers print before they return an error, by the request. Source: DPDK lib/vhost/vhost_user.c,
 * vhost_user_set_log_base(), vhost_user_set_features().
 */
const REFUSALS: Readonly<Record<string, RegExp>> = {
  SET_LOG_BASE: /^(?:mmap log base failed!?|invalid log base msg size: .*|invalid log fd: .*)$/,
  SET_FEATURES:
    /^(?:features changed while device is running\.?|received invalid negotiated features\.?)$/,
};

/** A line that tells of a message, and not of which one on which connection. */
interface Loss {
  readonly message: string;
  readonly why: string;
}

const GLUED: Loss = {
  message: 'lines of DPDK are glued to one, of which none is read',
  why: 'lines are glued to one',
};

const TORN: Loss = {
  message: 'a line of DPDK about a message has lost a part',
  why: 'a message could not be read',
};

/** "(/tmp/vhost.socad message VHOST_USER_SET_MEM_TABLE", "read mess": the library names a request at the end of no other line. */
function isTorn({ text }: ConfigLine): boolean {
  const said = text.trim();
  if (said !== '' && 'read message'.startsWith(said)) return true;
  return /VHOST_USER_[A-Z\d_]+$/.test(said) || /(?:\bread |mess).*[A-Z]_[A-Z\d_]+$/.test(said);
}

/** "VHOST_USER_SING_NUM", "VHOST_USER_SE", "VHOSET_LOG_BASE": no request, and a part of one. */
function isTornName(said: string): boolean {
  if (!said.startsWith('VHOST_USER_')) return true;
  const name = plainRequestName(said);
  if (requestByName(name) !== undefined) return false;
  return frontendRequests.some(
    (known) =>
      known.name.startsWith(name) ||
      (known.name.length > name.length && isMaimed(name, known.name)),
  );
}

/** The largest memory table takes some 300 lines. */
const MOST_LINES = 4096;

class Dpdk implements LineFormat {
  readonly id = 'dpdk';
  readonly #handled = new HandledRequests();
  #open: OpenMessage | undefined;
  #lastLine = -1;
  #problem: Problem | undefined;

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  take(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    const line = configLine(withoutPrompt(text));
    if (line === undefined) return this.#takeOther(text, lineNo);
    if (isGlued(line)) return this.#lose(lineNo, GLUED);
    const said = configText(line.text);
    if (said === undefined && isTorn(line)) return this.#loseMessage(line, lineNo);
    // A build that says more of a request than the library does: what it left out is not known either.
    if (said === undefined && line.text.startsWith('read message ')) return undefined;
    if (said?.what === 'message' && isTornName(said.name)) return this.#loseMessage(line, lineNo);
    this.#lastLine = lineNo;
    if (said?.what === 'message') {
      const before = this.end();
      const name = plainRequestName(said.name);
      this.#handled.read(line.path, name, lineNo);
      this.#open = { first: lineNo, last: lineNo, line, name, payload: {}, regions: 0 };
      return before;
    }
    if (said !== undefined && this.#adds(said, line, lineNo)) return [];
    if (line.path === this.#open?.line.path && this.#isRefused(line)) {
      const refused: Detail = { what: 'detail', values: { refused: line.text.trimEnd() } };
      if (this.#adds(refused, line, lineNo)) return [];
    }
    const of = requestsOf(said);
    const since =
      of === undefined
        ? this.#handled.missingSince(line, lineNo)
        : this.#handled.unreadSince(line, of, lineNo);
    return [
      ...this.end(),
      ...(since === undefined ? [] : [gapOf(since, lineNo)]),
      logOf(line, lineNo),
    ];
  }

  end(): readonly CaptureRecord[] {
    const open = this.#open;
    this.#open = undefined;
    return open === undefined ? [] : [messageOf(open)];
  }

  /** What its handler says tells of no other one. */
  #loseMessage({ path }: ConfigLine, lineNo: number): readonly CaptureRecord[] {
    this.#handled.read(path, undefined, lineNo);
    return this.#lose(lineNo, TORN);
  }

  #lose(lineNo: number, { message, why }: Loss): readonly CaptureRecord[] {
    this.#lastLine = lineNo;
    const span = { first: lineNo, last: lineNo };
    this.#problem = { code: 'UNREAD_PROTOCOL', message, span };
    return [...this.end(), { kind: 'gap', span, why }];
  }

  /** The handler of the message says why it fails. */
  #isRefused({ text }: ConfigLine): boolean {
    return own(REFUSALS, this.#open?.name ?? '')?.test(text.trimEnd()) === true;
  }

  #takeOther(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    if (this.#lastLine === lineNo - 1 && isOfStart(text)) return this.#takeNeighbour(text, lineNo);
    if (this.#lastLine >= 0 && isNeighbour(text)) return this.#takeNeighbour(text, lineNo);
    if (this.#lastLine < 0 || !isBetween(text)) return this.#takeContinuation(text, lineNo);
    const span = { first: lineNo, last: lineNo };
    return [...this.end(), { kind: 'log', span, source: 'backend', text: text.trimEnd() }];
  }

  /** The message above may go on below it. */
  #takeNeighbour(text: string, lineNo: number): readonly CaptureRecord[] {
    this.#lastLine = lineNo;
    if (this.#open !== undefined) {
      this.#open.last = lineNo;
      return [];
    }
    const span = { first: lineNo, last: lineNo };
    return [{ kind: 'log', span, source: 'backend', text: text.trimEnd() }];
  }

  #takeContinuation(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    if (this.#lastLine !== lineNo - 1) return undefined;
    const detail = continuation(text);
    if (detail === undefined) return undefined;
    this.#lastLine = lineNo;
    if (this.#adds(detail, undefined, lineNo)) return [];
    return [...this.end(), { kind: 'chatter', span: { first: lineNo, last: lineNo } }];
  }

  /** Is this about the message that was read last, on the same connection? */
  #adds(detail: Detail, line: ConfigLine | undefined, lineNo: number): boolean {
    const open = this.#open;
    if (open === undefined || lineNo - open.first >= MOST_LINES) return false;
    if (requestsOf(detail)?.includes(open.name) === false) return false;
    // SPDK's own copy of the library names the socket with the request alone.
    const path = line?.path ?? open.line.path;
    if (isSocket(open.line.path) && path !== open.line.path) return false;
    if (detail.what === 'region') open.regions += 1;
    const prefix = detail.what !== 'detail' && open.name === 'SET_MEM_TABLE' ? regionOf(open) : '';
    for (const [name, value] of Object.entries(detail.values)) {
      open.payload[`${prefix}${name}`] = value;
    }
    open.last = lineNo;
    return true;
  }
}

function regionOf({ regions }: OpenMessage): string {
  return `regions[${Math.max(0, regions - 1)}].`;
}

function messageOf({ first, last, line, name, payload }: OpenMessage): VhostUserMessage {
  const request = requestByName(name)?.id;
  return {
    kind: 'message',
    span: { first, last },
    time: line.time,
    sender: 'frontend',
    request,
    name,
    channel: isSocket(line.path) ? line.path : undefined,
    payload: Object.keys(payload).length === 0 ? undefined : payload,
  };
}

/** Regions are those of a memory table. Source: DPDK lib/vhost/vhost_user.c vhost_user_mmap_region(). */
const OF_REGIONS: readonly string[] = ['SET_MEM_TABLE', 'ADD_MEM_REG'];

/** The requests whose handler alone prints it; undefined where others do. */
function requestsOf(said: Detail | undefined): readonly string[] | undefined {
  if (said === undefined) return undefined;
  if (said.what !== 'detail') return OF_REGIONS;
  return said.of === undefined ? undefined : [said.of];
}

/** Between the lines, where the request must have been read. */
function gapOf(from: number, to: number): CaptureRecord {
  const why = 'a request has been handled, and the line that it was read is missing';
  return { kind: 'gap', span: { first: to, last: to - 1 }, why, reach: { from, to } };
}

function logOf(line: ConfigLine, lineNo: number): CaptureRecord {
  const { time, path, text } = line;
  const socket = socketLine(line);
  return {
    kind: 'log',
    span: { first: lineNo, last: lineNo },
    time,
    source: 'backend',
    text: path === undefined ? text : `(${path}) ${text}`,
    values: valuesIn(text),
    ...(socket === undefined ? {} : { socket }),
  };
}
