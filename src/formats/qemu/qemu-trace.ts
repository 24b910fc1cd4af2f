/**
 * Lines of QEMU's "log" trace backend, and of SystemTap and syslog, which print the same → TraceEvent.
 *
 * Producer: scripts/tracetool/backend/log.py (QEMU 2.12 to 11.1), in its three prefix forms; backend/syslog.py;
 *           format/log_stap.py.
 * Unit:     one record per line.
 * Not read: `info trace-events` of the monitor, which lists events and reports none.
 */
import { accept } from '../../grammar/qemu-trace.js';
import type { Span, TraceEvent } from '../../model/record.js';
import { hasColour } from '../wrappings/clean.js';
import type { EventForm } from './event-form.js';
import { builtInEvents } from './event-table.js';
import type { EventTable } from './event-table.js';
import { isBehindName } from './simpletrace-text.js';

/** The parts of a line, before the event's own format is applied. */
export interface TraceLine {
  readonly tid: number | undefined;
  readonly time: string | undefined;
  /** What stands in front of the name. */
  readonly by: 'thread' | 'stap' | 'time' | 'syslog' | 'bare';
  /** What stands in front of the stamp. */
  readonly head?: string;
  readonly name: string;
  readonly text: string;
}

/** An event; `damaged` where its arguments should have been readable but were not. */
export interface ReadEvent {
  readonly event: TraceEvent;
  readonly damaged: boolean;
}

// 27074@1795320809.223469:vhost_commit Started: 1 Changed: 0
const THREAD_STAMP = /^(\d+)@(\d+\.\d+):([A-Za-z_]\w*)(?: |$)/;

// The same in plain characters, and without those that entities and pagers have: `&` and `<`.
const PLAIN = /^(\d{1,10})@(\d{1,12}\.\d{1,9}):([a-z]\w*)(?: ([ -%'-;=-~]*))?$/;

// ```3425@1591457166.997765:virtqueue_fill ... : console output glued in front
const ANY_STAMP = /(?:^|\D)\d+@\d+\.\d+:[A-Za-z_]/;

// vhost_dev_start 0x5555:virt27075@1795320809.223470:vhost_commit : another line begins inside
const INNER_STAMP = /\d{1,10}@\d{9,11}\.\d{6}:[A-Za-z_]/;

// 4242@1763782058123456789 vhost_commit Started: 1 Changed: 0
const STAP_STAMP = /^\d+@\d{19} [A-Za-z_]/;

// 2025-11-22T03:27:38.123456Z vhost_commit Started: 1 Changed: 0
const ISO_STAMP = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+) (?:std(?:out|err) F )?[a-z]\w*(?: |$)/;

// Nov 26 12:00:00 vhost_commit Started: 1 Changed: 0    00:00:01 ...    1795320809.223469 ...
const OTHER_STAMP =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d|\d{10}(?=\.))(?:\.\d{1,9})? ([a-z]\w*)(?: |$)/;

// qemu-1  | vhost_commit Started: 1 Changed: 0
const CONTAINER = /^[A-Za-z0-9][\w.-]{0,254} +\| ([a-z]\w*)(?: |$)/;

// Nov 22 03:27:38 host qemu[4242]: 2025-11-22T03:27:38.123456Z vhost_commit ... : the journal keeps what QEMU wrote
const INNER_ISO_STAMP = /\d{4}-\d\d-\d\dT[\d:.]{8,18}Z [a-z]\w*(?: |$)/;

// Nov 22 03:27:38 host qemu-system-x86_64[4242]: vhost_commit Started: 1 Changed: 1
const SYSLOG_STAMP =
  /^[\w :.+[\]-]{8,64} [\w.-]{1,255} [^ [\]:]{1,255}\[\d{1,10}\]: [a-z]\w*(?: |$)/;

/** The stamps above begin with a number, a month or a day of the week, or with `[` and a number. */
const STAMP_BEGINS = /^(?:\d|\[ {0,8}\d|[A-Z][a-z]{2} [ \d]\d)/;

/**
 * Reads the line as an event. Bare lines (`vhost_commit Started: 1 Changed: 0`) count only for events
 * of the table whose format fits, and, when the format is no evidence by itself, only next to others.
 */
export function readEvent(
  line: string,
  lineNo: number,
  afterEvent: boolean,
  events: EventTable = builtInEvents(),
): ReadEvent | undefined {
  const parts = traceLine(line, events);
  // Behind somebody else's stamp: a text that may be anything would fit it.
  if (parts === undefined || isBehindName(parts.text)) return undefined;
  // "vhost_commit : state 1" lists an event, in the monitor.
  if (parts.by === 'bare' && /^: state [01]$/.test(parts.text)) return undefined;
  const known = events.has(parts.name);
  if (!known && !mayBeUnknown(parts, afterEvent)) return undefined;
  const fit = fitting(parts, events);
  if (fit === undefined) {
    if (parts.by === 'bare' && !(afterEvent && isCut(parts, events))) return undefined;
    if (parts.by === 'syslog' && !afterEvent) return undefined;
  } else if (parts.by === 'bare' && !isEvidence(line, parts, fit, afterEvent)) return undefined;
  const event = eventOf(parts, fit, lineNo);
  const pid = processOf(parts);
  return {
    event: pid === undefined ? event : { ...event, pid },
    damaged: isDamaged(parts, fit, events),
  };
}

/** "Nov 22 04:00:35.061685 host qemu-system-x86_64[16996]: " of the journal, "vm2-1  | " of docker compose. */
const OF_PROCESS = /^(?:[^[\]]* )?([^ [\]:]{1,255})\[(\d{1,10})\]: $|^([\w.-]{1,255}) +\| $/;

/** The program itself; of another one, which has started them, there may be several. */
const QEMU = /^(?:qemu|kvm)/i;

function processOf({ tid, by, head }: TraceLine): TraceEvent['pid'] {
  if (by === 'stap' || by === 'syslog') return tid;
  const [, program, pid, container] = head === undefined ? [] : (OF_PROCESS.exec(head) ?? []);
  if (program === undefined || pid === undefined) return container;
  return QEMU.test(program) ? Number(pid) : `${program}[${pid}]`;
}

/**
 * Fast path for most lines of most logs, raw as they are: nobody has to clean them, or to take a margin or a
 * pager's prompt off. Undefined for all others; what is read is what
 * {@link readEvent} reads, see the tests.
 */
export function plainLine(raw: string): TraceLine | undefined {
  const match = PLAIN.exec(raw);
  if (match === null) return undefined;
  const [, tid = '', time = '', name = '', text = ''] = match;
  if (hasColour(text)) return undefined;
  return { tid: Number(tid), time, by: 'thread', name, text };
}

/** Stamp of a line whose rest is sought among {@link KnownEvents}. */
export interface Stamp {
  readonly tid: number;
  readonly time: string;
  /** Where the name begins. */
  readonly end: number;
}

/** The stamp of a {@link plainLine}: `27074@1795320809.223469:`. Character by character, as one of them is on every line. */
export function plainStamp(raw: string): Stamp | undefined {
  let tid = 0;
  let at = 0;
  let code = raw.charCodeAt(at);
  for (; isDigit(code); code = raw.charCodeAt(++at)) tid = tid * 10 + code - ZERO;
  if (code !== AT || at === 0 || at > 10) return undefined;
  const seconds = at + 1;
  const point = digitsEnd(raw, seconds);
  if (raw.charCodeAt(point) !== POINT || point === seconds || point - seconds > 12)
    return undefined;
  const end = digitsEnd(raw, point + 1);
  if (raw.charCodeAt(end) !== COLON || end === point + 1 || end - point > 10) return undefined;
  return { tid, time: raw.slice(seconds, end), end: end + 1 };
}

const [ZERO, NINE, AT, POINT, COLON] = [48, 57, 64, 46, 58];

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function digitsEnd(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at++;
  return at;
}

/** The event of a {@link plainLine}. */
export function readPlain(line: TraceLine, lineNo: number, events: EventTable): ReadEvent {
  const fit = fitting(line, events);
  return { event: eventOf(line, fit, lineNo), damaged: isDamaged(line, fit, events) };
}

function isDamaged(
  { by, head, name, text }: TraceLine,
  fit: Fit | undefined,
  events: EventTable,
): boolean {
  if (fit === undefined && (events.isComplete(name) || isTornName(name, text, events))) return true;
  if ((head !== undefined && BEGUN.test(head)) || text.includes('\ufffd')) return true;
  if (fit?.form.isOfTwo(fit.args) === true) return true;
  // Most texts have no @ and no Z, which are found sooner than a stamp is not.
  if (by === 'thread') return text.includes('@') && INNER_STAMP.test(text.slice(0, 4096));
  return by === 'time' && text.includes('Z ') && INNER_ISO_STAMP.test(text.slice(0, 4096));
}

/** "25762@1795323548.104900:v", "22242@17", "2026-11-26T23:09:02." in front of another one's stamp: what came there is lost. */
const BEGUN = /\d@[\d.]*(?::\w*)?$|\d{4}-\d\d-\d\dT[\d:.]*$/;

/** "memory_re gion_sync_dirty mr '(all)'": a blank in the name of a known event. */
function isTornName(name: string, text: string, events: EventTable): boolean {
  const rest = /^\w+/.exec(text)?.[0];
  return rest !== undefined && !events.has(name) && events.has(name + rest);
}

function eventOf(
  { name, text, tid, time }: TraceLine,
  fit: Fit | undefined,
  lineNo: number,
): TraceEvent {
  return {
    kind: 'event',
    span: { first: lineNo, last: lineNo },
    // The text of the table, one for all events of the name.
    name: fit?.form.name ?? name,
    args: fit?.args,
    text,
    tid,
    time,
  };
}

/**
 * The same for a text that stands in another tool's line, such as a marker of ftrace:
 * `vhost_commit Started: 1 Changed: 1`. Undefined when it is not an event of the table.
 */
export function readEventText(
  text: string,
  span: Span,
  { tid, time }: Partial<Pick<TraceLine, 'tid' | 'time'>> = {},
  events: EventTable = builtInEvents(),
): TraceEvent | undefined {
  const end = text.indexOf(' ');
  const name = end < 0 ? text.trimEnd() : text.slice(0, end);
  if (!events.has(name)) return undefined;
  const parts: TraceLine = {
    tid,
    time,
    by: 'bare',
    name,
    text: end < 0 ? '' : text.slice(end + 1),
  };
  const fit = fitting(parts, events);
  if (fit === undefined && events.isComplete(name)) return undefined;
  return { kind: 'event', span, name, args: fit?.args, text: parts.text, tid, time };
}

/** How often syslog says that the line before was printed again; undefined for other lines. */
export function repeatCount(line: string): number | undefined {
  if (!/message repeated \d+ times/.test(line.slice(0, 512))) return undefined;
  return accept(line.slice(0, 4096), 'Repeated');
}

/** Where a line that another thread began inside this text begins; its length when there is none. */
export function innerStamp(text: string): number {
  return INNER_STAMP.exec(text)?.index ?? text.length;
}

/** Fast path in front of the grammar for the stamp that most logs have; equal to it, see the tests. */
export function traceLine(
  line: string,
  events: EventTable = builtInEvents(),
): TraceLine | undefined {
  const stamp = isDigit(line.charCodeAt(0)) ? THREAD_STAMP.exec(line) : null;
  if (stamp !== null) {
    const [head, tid = '', time = '', name = ''] = stamp;
    return { tid: Number(tid), time, by: 'thread', name, text: line.slice(head.length) };
  }
  if (!mayBeEvent(line, events)) return undefined;
  const parts = accept(line);
  return parts?.head?.endsWith('"') === true ? withoutQuote(parts) : parts;
}

/** What stands behind the text in quotes: `"}`, `","stream":"stderr"}`. */
const BEHIND_QUOTE = /^((?:[^"\\]|\\.)*)"(?:,.*|[\]})]*[,;]?)$/;

/** `{"event": "27074@1795320809.223469:migrate_set_state new state active"}`: an argument that is any text must not take the end. */
function withoutQuote(parts: TraceLine): TraceLine {
  const text = BEHIND_QUOTE.exec(parts.text)?.[1];
  return text === undefined ? parts : { ...parts, text };
}

function mayBeEvent(line: string, events: EventTable): boolean {
  if (STAMP_BEGINS.test(line)) {
    if (ISO_STAMP.test(line) || SYSLOG_STAMP.test(line) || STAP_STAMP.test(line)) return true;
    const name = OTHER_STAMP.exec(line)?.[1];
    if (name !== undefined && events.has(name)) return true;
  }
  if (line.includes(' | ')) {
    const name = CONTAINER.exec(line)?.[1];
    if (name !== undefined && events.has(name)) return true;
  }
  const end = line.indexOf(' ');
  if (events.has(end < 0 ? line : line.slice(0, end))) return true;
  const at = line.indexOf('@');
  if (at > 0 && at < 512 && ANY_STAMP.test(line.slice(0, 1024))) return true;
  const zone = line.indexOf('Z ');
  return zone > 0 && zone < 512 && INNER_ISO_STAMP.test(line.slice(0, 1024));
}

/** A stamp that is QEMU's own proves an event; those of many programs only beside other events. */
function mayBeUnknown({ by, name, head, time }: TraceLine, afterEvent: boolean): boolean {
  switch (by) {
    case 'thread':
    case 'stap':
      return true;
    case 'time':
      return head === undefined && (afterEvent || (name.includes('_') && isOwnTime(time)));
    case 'syslog':
      return afterEvent && name.includes('_');
    case 'bare':
      return false;
  }
}

/** To the microsecond, in UTC: GLib's g_date_time_format_iso8601() as QEMU calls it. Containers give nine digits, CI seven. */
function isOwnTime(time: string | undefined): boolean {
  return time !== undefined && /\.\d{6}Z$/.test(time);
}

/** A form of an event, and what it reads of a text. */
export interface Fit {
  readonly form: EventForm;
  readonly args: Readonly<Record<string, string>>;
}

/** A line as an event that is whole and known; next to others it may be bare. */
export function readFitting(line: string, events: EventTable): Fit | undefined {
  const read = readEvent(line, 0, true, events);
  if (read?.event.args === undefined || read.damaged) return undefined;
  const parts = traceLine(line, events);
  return parts && fitting(parts, events);
}

function fitting({ name, text }: TraceLine, events: EventTable): Fit | undefined {
  for (const form of events.forms(name)) {
    const args = form.readText(text);
    if (args !== undefined) return { form, args };
  }
  return undefined;
}

/**
 * Name and first words are those of an event, and the rest is not, or all of it is an event's beginning: by itself the line
 * is no {@link readEvent}.
 */
export function beginsEvent(line: string, events: EventTable): boolean {
  if (line.length > LONGEST_BEGINNING) return false;
  const parts = traceLine(line, events);
  if (parts === undefined) return false;
  // The blank behind the last word is lost where mail wraps.
  if (isCut({ ...parts, text: `${parts.text} ` }, events)) return true;
  const text = parts.text.trimEnd();
  return (
    events.isComplete(parts.name) && events.forms(parts.name).some((form) => form.isBegunBy(text))
  );
}

const LONGEST_BEGINNING = 4096;

/** The head of a line that was torn: it begins with words of the event's own format. */
function isCut({ name, text }: TraceLine, events: EventTable): boolean {
  return events.isComplete(name) && events.forms(name).some((form) => form.startsLike(text));
}

/**
 * "migrate_fd_cancel" and "vhost_section is called" may be a person's words: a format without text of
 * its own proves nothing, except that QEMU leaves a blank behind a name without arguments.
 */
function isEvidence(
  line: string,
  parts: TraceLine,
  { form, args }: Fit,
  afterEvent: boolean,
): boolean {
  if (afterEvent) return true;
  if (Object.keys(args).length === 0 && parts.text.trim() === '') return line.endsWith(' ');
  return form.isTelling || !/\s/.test(parts.text);
}
