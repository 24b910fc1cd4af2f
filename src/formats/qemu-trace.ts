/**
 * Lines of QEMU's "log" trace backend → TraceEvent.
 *
 * Producer: scripts/tracetool/backend/log.py (QEMU 2.12 to 10.2), in its three prefix forms.
 * Unit:     one record per line.
 * Not read: simpletrace, ftrace and dtrace output; other `-d` text between the events.
 */
import { parse } from '../grammar/qemu-trace.js';
import type { TraceEvent } from '../model/record.js';
import { compileDeclarations } from './event-declarations.js';
import { qemuEvents } from './qemu-events.js';

/** The parts of a line, before the event's own format is applied. */
export interface TraceLine {
  readonly tid: number | undefined;
  readonly time: string | undefined;
  readonly name: string;
  readonly text: string;
}

/** An event, and whether its arguments should have been readable but were not. */
export interface ReadEvent {
  readonly event: TraceEvent;
  readonly unread: boolean;
}

const readers = compileDeclarations(qemuEvents);

// 27074@1795320809.223469:vhost_commit Started: 1 Changed: 0
const THREAD_STAMP = /^(\d+)@(\d+\.\d+):([A-Za-z_]\w*)(?: |$)/;

// ```3425@1591457166.997765:virtqueue_fill ... : console output glued in front
const ANY_STAMP = /(?:^|\D)\d+@\d+\.\d+:[A-Za-z_]/;

// 2025-11-22T03:27:38.123456Z vhost_commit Started: 1 Changed: 0
const ISO_STAMP = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+) [a-z]\w*(?: |$)/;

/**
 * Reads the line as an event. Bare lines (`vhost_commit Started: 1 Changed: 0`) count only for events
 * of the table whose format fits, and, when the format is no evidence by itself, only next to others.
 */
export function readEvent(
  line: string,
  lineNo: number,
  afterEvent: boolean,
): ReadEvent | undefined {
  const parts = traceLine(line);
  if (parts === undefined) return undefined;
  const known = readers.get(parts.name);
  const bare = parts.time === undefined;
  if (bare && known === undefined) return undefined;
  // An ISO stamp stands in front of many programs' messages; a thread stamp is QEMU's own.
  if (parts.tid === undefined && !bare && known === undefined && !afterEvent) return undefined;
  const args = readArguments(parts);
  if (bare && (args === undefined || !isEvidence(line, parts, args, afterEvent))) return undefined;
  const span = { first: lineNo, last: lineNo };
  const event: TraceEvent = {
    kind: 'event',
    span,
    name: parts.name,
    args,
    text: parts.text,
    tid: parts.tid,
    time: parts.time,
  };
  return { event, unread: known !== undefined && args === undefined };
}

/** Fast path in front of the grammar for the stamp that most logs have; equal to it, see the tests. */
export function traceLine(line: string): TraceLine | undefined {
  const stamp = THREAD_STAMP.exec(line);
  if (stamp !== null) {
    const [head, tid = '', time = '', name = ''] = stamp;
    return { tid: Number(tid), time, name, text: line.slice(head.length) };
  }
  if (!mayBeEvent(line)) return undefined;
  try {
    return parse(line);
  } catch {
    return undefined;
  }
}

function mayBeEvent(line: string): boolean {
  if (ISO_STAMP.test(line)) return true;
  const end = line.indexOf(' ');
  if (readers.has(end < 0 ? line : line.slice(0, end))) return true;
  const at = line.indexOf('@');
  return at > 0 && at < 512 && ANY_STAMP.test(line.slice(0, 1024));
}

function readArguments(parts: TraceLine): Readonly<Record<string, string>> | undefined {
  for (const read of readers.get(parts.name) ?? []) {
    const args = read(parts.text);
    if (args !== undefined) return args;
  }
  return undefined;
}

/**
 * "migrate_fd_cancel" and "vhost_section is called" may be a person's words: a format without text of
 * its own proves nothing, except that QEMU leaves a blank behind a name without arguments.
 */
function isEvidence(
  line: string,
  parts: TraceLine,
  args: Readonly<Record<string, string>>,
  afterEvent: boolean,
): boolean {
  if (afterEvent) return true;
  const values = Object.values(args);
  if (values.length === 0) return line.endsWith(' ');
  return values.join('') !== parts.text || !/\s/.test(parts.text);
}
