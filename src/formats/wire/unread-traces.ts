/**
 * Lines that only a trace of the protocol has and that nobody read: their wrapping is not known, or they were cut.
 *
 * A line counts where the trace's text reaches its end, and one that begins like the trace's own where no words go on: a
 * person who writes of `ioctl(3, VHOST_SET_OWNER, 0) = 0` goes on in words, or with a full stop.
 */
import type { Problem } from '../../model/record.js';
import { configLine } from './dpdk-line.js';
import { withoutRemains } from './remains.js';
import { hasStraceHead, holdsTwo, straceLine } from './strace-line.js';

/** What the text ends with: quotes and brackets of whatever it stands in, or the end of a string in JSON, which goes on. */
const TAIL = /(?:[^\w\s.`]{0,8}(?:\\n)?[^\w\s.`]{0,8}[ \t]*$|(?:\\{1,3}n)?\\{0,3}"[ \t]?[,\]}])/
  .source;

const TRACES: readonly { readonly of: string; readonly line: RegExp }[] = [
  {
    of: 'strace',
    // "ioctl(13</dev/vhost-net>, VHOST_SET_VRING_ADDR, 0x7fd295a2ae40) = 0 <0.000063>"
    line: new RegExp(
      /\bioctl\(\d{1,8}(?:<\S{0,256}>)?, VHOST_[A-Z_]{3,40}(?:, (?:0x[\da-f]{1,16}|[[{][^()]{0,512}|NULL|-?\d{1,20}))?/
        .source +
        /(?: <unfinished \.\.\.>|\)[ \t]{0,64}= (?:-?\d{1,20}|\?)(?: E[A-Z\d]{1,16} \([^()]{1,64}\))?(?: <[\d.]{1,16}>)?)/
          .source +
        TAIL,
    ),
  },
  // "sendmsg(12, {msg_name=NULL, ...": nobody writes that by hand
  { of: 'strace', line: /\b(?:send|recv)msg\(\d{1,8}(?:<\S{0,256}>)?, \{msg_name/ },
  {
    of: 'DPDK',
    line: new RegExp(
      /VHOST_CONFIG: (?:\([^()]{1,256}\) |\/[^ :]{1,256}: )?read message VHOST_USER_[A-Z_]{3,40}/
        .source + `(?:VHOST_CONFIG: |(?:, \\d{1,9})?${TAIL})`,
    ),
  },
  // "VirtualEthernet0/0/0: if 3 msg VHOST_USER_SET_LOG_BASE": its vhost_user.c, vu_log_debug()
  { of: 'VPP', line: /: if \d{1,6} msg VHOST_USER_[A-Z_]{3,40}/ },
  {
    of: 'libvhost-user',
    line: new RegExp(/\bRequest: VHOST_USER_[A-Z_]{3,40} \(\d{1,3}\)/.source + TAIL),
  },
];

/** `VHOST_CONFIG: read message VHOST_USER_SET_FEATURES.`, and with any other text behind that is no words. */
const OWN_MESSAGE = /^read message VHOST_USER_[A-Z_]{3,40}(?![A-Z_]|,? [A-Za-z])/;

/** A full stop or a backtick. */
const CITED = /[.`]{1,4}[ \t]*$/;

/**
 * Rows of perf that name what stands in QEMU and show nothing of it: the field `trace` was not printed, or it is one of QEMU's
 * static probes (scripts/tracetool/backend/dtrace.py), whose arguments have no names.
 */
const UNUSED =
  /\b(?:sdt_qemu:(?:vhost|virtio|migrat|savevm|ram|memory|vm)\w{0,64}(?::|[ \t]|$)|probe_\w{1,64}:(?:do_)?(?:vhost|virtio|migrat|qemu_savevm|ram|memory|vm)_\w{1,64}:?(?:[ \t]*$|[ \t]+[\da-f]{4,16} ))/;

/** Most lines have none of these. */
const SIGN = /VHOST_|msg\(\d/;

/** All of the line is code, or a cell of a table. */
const SET_OFF = /^[ \t]*[`|][ \t]?(.*?)[ \t]*[`|][ \t]*$/;

/** Nothing that a trace prints in front is as long. */
const LONGEST_LINE = 16_384;

export class UnreadTraces {
  readonly #seen: Counts = new Map();
  readonly #foreign: Counts = new Map();
  readonly #damaged: Counts = new Map();

  #unused: { readonly first: number; last: number } | undefined;

  /** True for such a line, which is counted. */
  see(text: string, lineNo: number): boolean {
    const of = unreadTraceOf(text);
    if (of === undefined) return false;
    this.count(of, lineNo);
    return true;
  }

  /** A line of the trace `of` that is not read. */
  count(of: string, lineNo: number): void {
    countIn(this.#seen, of, lineNo);
  }

  /** A line that the reader of the trace `of` knows as its own. */
  countDamaged(of: string, lineNo: number): void {
    countIn(this.#damaged, of, lineNo);
  }

  /** A row of a tracer that is not read at all. */
  countForeign(of: string, lineNo: number): void {
    countIn(this.#foreign, of, lineNo);
  }

  /** A line that a format took, and of which nothing is made. */
  seeUnused(text: string, lineNo: number): void {
    if (!text.includes('probe_') && !text.includes('sdt_qemu:')) return;
    if (text.length > LONGEST_LINE || !UNUSED.test(text)) return;
    if (this.#unused === undefined) this.#unused = { first: lineNo, last: lineNo };
    else this.#unused.last = lineNo;
  }

  /** One for each kind of trace, however many lines there are. */
  problems(): readonly Problem[] {
    const message =
      'events name functions of QEMU, but show no call: probes of perf probe -x are read, printed with the field trace';
    const unused =
      this.#unused === undefined
        ? []
        : [{ code: 'UNREAD_PROTOCOL', message, span: this.#unused } as const];
    const foreign = [...this.#foreign].map(
      ([of, { first, last, count }]) =>
        ({
          code: 'UNREAD_PROTOCOL',
          message: `${count === 1 ? 'a line names' : `${count} lines from here on name`} what vhost does as ${of} prints it, which is not read`,
          span: { first, last },
        }) as const,
    );
    return [...this.#unread(), ...this.#torn(), ...foreign, ...unused];
  }

  #torn(): readonly Problem[] {
    return [...this.#damaged].map(([of, { first, last, count }]) => ({
      code: 'UNREAD_PROTOCOL',
      message:
        count === 1
          ? `a line of ${of} is cut or damaged: what is missing in it is not read`
          : `${count} lines of ${of} from here on are cut or damaged: what is missing in them is not read`,
      span: { first, last },
    }));
  }

  #unread(): readonly Problem[] {
    return [...this.#seen].map(([of, { first, last, count }]) => ({
      code: 'UNREAD_PROTOCOL',
      message:
        count === 1
          ? `a line looks like one of ${of}, but is cut, or has something around it that is not known`
          : `${count} lines from here on look like ${of}, but are cut, or have something around them that is not known`,
      span: { first, last: count === 1 ? first : last },
    }));
  }
}

type Counts = Map<string, { readonly first: number; last: number; count: number }>;

function countIn(counts: Counts, of: string, lineNo: number): void {
  const seen = counts.get(of);
  if (seen === undefined) counts.set(of, { first: lineNo, last: lineNo, count: 1 });
  else {
    seen.last = lineNo;
    seen.count += 1;
  }
}

/** Which trace the line is of, if there is one that nobody reads there. */
export function unreadTraceOf(text: string): string | undefined {
  if (!SIGN.test(text)) return undefined;
  const bounded = text.length > LONGEST_LINE ? text.slice(0, LONGEST_LINE) : text;
  const bare = SET_OFF.exec(bounded)?.[1] ?? bounded;
  return traceOf(bounded) ?? traceOf(bare) ?? ownTraceOf(bounded);
}

function traceOf(text: string): string | undefined {
  const line = withoutRemains(text) ?? text;
  return TRACES.find((trace) => trace.line.test(line))?.of;
}

/** The line begins as one of the trace does. */
function ownTraceOf(line: string): string | undefined {
  if (OWN_MESSAGE.test(configLine(line)?.text ?? '')) return 'DPDK';
  if (!hasStraceHead(line) || !CITED.test(line)) return undefined;
  const text = line.replace(CITED, '');
  const call = straceLine(text);
  return call === undefined || holdsTwo(text, call) ? undefined : traceOf(text);
}
