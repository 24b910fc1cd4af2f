/**
 * A held text that has ended → its record, or what became of its lines instead.
 *
 * The text of several lines may turn out to be none: then its first line is judged alone, and the
 * others are read as if they had never been held.
 */
import type { Span } from '../../model/record.js';
import { frameText } from './frame-lines.js';
import { isBare, readDamagedFrame } from './frames.js';
import type { FrameTable } from './frames.js';
import { isHalfPlace } from './join.js';
import { readGdbLine, stopHead } from './lines.js';
import type { GdbSession } from './session.js';
import type { Line, Pending } from './pending.js';

/** Lines that did not become part of the record, and how they are to be read. */
export interface Left {
  readonly lines: readonly Line[];
  /** `prose`: the first of them is prose, whatever it looks like. */
  readonly how: 'dispatch' | 'prose';
}

/** Adds to `session` what the text says. `ended`: the input ends here, which may have cut the text off. */
export function finishPending(
  pending: Pending,
  ended: boolean,
  session: GdbSession,
  frames: FrameTable,
): Left {
  switch (pending.what) {
    case 'frame':
      return finishFrame(pending, ended, session, frames);
    case 'stop':
      return finishStop(pending, ended, session, frames);
    case 'location':
      return finishLocation(pending, session, frames);
    case 'finish':
      return finishFinish(pending, session, frames);
    case 'row':
      for (const { lineNo } of pending.lines) session.output(lineNo);
      return { lines: [], how: 'dispatch' };
  }
}

function finishFrame(
  pending: Pending,
  ended: boolean,
  session: GdbSession,
  frames: FrameTable,
): Left {
  const { joint, level, lines, weak } = pending;
  const first = lines[0]?.lineNo ?? 0;
  if (weak && !joint.text.includes('(') && level !== session.nextLevel) {
    return { lines, how: 'prose' };
  }
  const cutOff = ended && (joint.open || isHalfPlace(joint.text));
  const frame = cutOff ? undefined : frames.read(joint.text);
  if (frame !== undefined) {
    session.addFrame(level, frame, first, pending.last);
    return { lines: pending.trailing, how: 'dispatch' };
  }
  if (weak) return { lines, how: 'prose' };
  if (!ended || !lines.every(isContinuation)) return missFrame(pending, first, session, frames);
  const span = { first, last: lines.at(-1)?.lineNo ?? first };
  session.problem('CUT_OFF', `the input ends inside frame #${level}`, span);
  addDamaged(level, joint.text, span, session);
  return { lines: [], how: 'dispatch' };
}

/** Function and place may be readable where the arguments are not. */
function addDamaged(level: number, text: string, span: Span, session: GdbSession): void {
  const frame = readDamagedFrame(text);
  if (frame === undefined) {
    session.missFrame(level, span);
    return;
  }
  session.addFrame(level, frame, span.first, span.last);
  session.markIncomplete();
}

/** What `finish` prints before the frame that it leaves. */
export const RUN_TILL_EXIT = 'Run till exit from';

/** How much of a text that is no frame belongs to it: all of it up to a place, else what looks like arguments. */
function damagedText({ joint, lines }: Pending): { text: string; count: number } {
  if (/\) (?:at \S+:\d+|from \S+)$/.test(joint.text)) {
    return { text: joint.text, count: lines.length };
  }
  const end = lines.findIndex(({ text }, i) => i > 0 && !ARGUMENTS.test(text));
  const own = end === -1 ? lines : lines.slice(0, end);
  const [head, ...rest] = own.map(({ text }) => text.trim());
  return { text: [frameText(head ?? ''), ...rest].join(' '), count: own.length };
}

// "    opaque=0x5555, errp=0x"   "address@hidden, se=0x7f9"   behind any margin
const ARGUMENTS = /^[ \t>|]*(?:[A-Za-z_]\w*(?:@entry)?=|address@hidden)/;

// The text of several lines is no frame. The first line may be one, and something else followed.
function missFrame(pending: Pending, first: number, session: GdbSession, frames: FrameTable): Left {
  const { level, lines } = pending;
  const [head, ...rest] = lines;
  const alone = rest.length > 0 ? frames.read(frameText(head?.text ?? '')) : undefined;
  if (alone !== undefined) session.addFrame(level, alone, first, first);
  else {
    const { text, count } = damagedText(pending);
    const span = { first, last: lines[count - 1]?.lineNo ?? first };
    session.problem(
      'FRAME_UNREAD',
      `frame #${level} is cut, or does not follow gdb's syntax`,
      span,
    );
    addDamaged(level, text, span, session);
    return { lines: lines.slice(count), how: 'dispatch' };
  }
  return { lines: rest, how: 'dispatch' };
}

function finishStop(
  pending: Pending,
  ended: boolean,
  session: GdbSession,
  frames: FrameTable,
): Left {
  const { joint, lines } = pending;
  const first = lines[0]?.lineNo ?? 0;
  const read = readGdbLine(joint.text);
  const location = read?.type === 'stop' ? read.location?.trim() : undefined;
  const frame = location === undefined ? undefined : frames.read(location);
  // "Breakpoint 3, vhost_dev_": gdb prints a list behind the name, as it does elsewhere in the log.
  const isCut = frame !== undefined && isBare(frame) && session.showsLists;
  if (read?.type === 'stop' && frame !== undefined && !isCut && !(ended && joint.open)) {
    session.addStop(stopHead(read), frame, { first, last: pending.last });
    return { lines: pending.trailing, how: 'dispatch' };
  }
  const span = { first, last: first };
  if (ended && lines.every(isContinuation)) {
    session.problem('CUT_OFF', 'the input ends inside a stop', span);
  } else {
    const what = isCut ? 'ends with the name of the function' : 'is no frame';
    session.problem('STOP_UNREAD', `the location of this stop ${what}`, span);
  }
  session.gap(span, 'a stop could not be read');
  return { lines: lines.slice(1), how: 'dispatch' };
}

function finishLocation(pending: Pending, session: GdbSession, frames: FrameTable): Left {
  const { joint, lines, trailing } = pending;
  const frame = frames.read(joint.text);
  if (frame === undefined) return { lines, how: 'prose' };
  const inside = lines.slice(0, lines.length - trailing.length);
  session.addLocation(
    frame,
    inside.map(({ lineNo }) => lineNo),
  );
  return { lines: trailing, how: 'dispatch' };
}

// "Run till exit from #0  vhost_dev_start (hdev=0x5555) at ../hw/virtio/vhost.c:2082"
function finishFinish({ joint, lines }: Pending, session: GdbSession, frames: FrameTable): Left {
  const frame = frames.read(frameText(joint.text.slice(RUN_TILL_EXIT.length).trim()));
  session.finishing(
    frame,
    lines.map(({ lineNo }) => lineNo),
  );
  return { lines: [], how: 'dispatch' };
}

// Of a text that the end of the input cut: its first line, and those that gdb indents below it.
function isContinuation(line: Line, index: number): boolean {
  return index === 0 || /^ {4}/.test(line.text);
}
