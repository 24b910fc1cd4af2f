/**
 * The items of a trace file of QEMU's "simple" backend: where each begins and ends.
 *
 * Source: trace/simple.c, writeout_thread() and st_write_event_mapping(); scripts/simpletrace.py of QEMU 1.0,
 * 2.0, 2.7 and 10.2 for header versions 0, 2, 3 and 4.
 */

import type { Gap } from '../../model/record.js';
import type { Integer } from './event-format.js';

/** What the header of the file says. */
export interface Layout {
  readonly version: number;
  readonly isLittle: boolean;
}

export interface EventItem {
  readonly type: 'event';
  /** Where the next item begins. */
  readonly end: number;
  readonly id: Integer;
  /** Nanoseconds. */
  readonly time: Integer;
  readonly pid: number | undefined;
  /** Where the values begin; they go to the end of the item. */
  readonly values: number;
}

export type Item =
  | EventItem
  | { readonly type: 'name'; readonly end: number; readonly id: Integer; readonly name: Uint8Array }
  | { readonly type: 'dropped'; readonly end: number; readonly count: bigint }
  /** The item goes on behind the bytes at hand. */
  | { readonly type: 'more' }
  | { readonly type: 'bad'; readonly why: string };

const DROPPED = 0xffff_ffff_ffff_fffen;

/** event, time, length, pid */
const RECORD_HEAD = 24;

/** QEMU's own buffer (TRACE_BUF_LEN): it holds no record that is longer. */
const LONGEST_RECORD = 4096 * 64;

/** How many records the buffer holds at the most. */
const MOST_BUFFERED = Math.ceil(LONGEST_RECORD / RECORD_HEAD);

/**
 * The note of dropped events on a line of its own. writeout_thread() writes it in front of what the buffer held when
 * they were dropped, or behind it where it was writing at that time: events are missing anywhere from the note
 * before up to a buffer behind this one.
 */
export function droppedGap(line: number, count: bigint | number, noteBefore: number): Gap {
  return {
    kind: 'gap',
    span: { first: line, last: line },
    why: `QEMU dropped ${count} events`,
    reach: { from: noteBefore + 1, to: line + MOST_BUFFERED },
  };
}

/** C identifiers; the longest of QEMU has 60 characters. */
const LONGEST_NAME = 512;

/** Version 0: event, time and six values, whatever the event has. */
const FIXED_RECORD = 8 * 8;

/** The file's header, or undefined while it is not there. Its magic was seen before. */
export function headLength(view: DataView): { length: number; layout: Layout } | undefined {
  if (view.byteLength < RECORD_HEAD) return undefined;
  // 0xf2b177cb0aa429b4, after eight bytes of 0xff.
  const isLittle = view.getUint8(8) === 0xb4;
  const version = Number(view.getBigUint64(16, isLittle));
  return { length: version === 0 ? FIXED_RECORD : RECORD_HEAD, layout: { version, isLittle } };
}

/** The item that begins at `at`. */
export function nextItem(view: DataView, at: number, layout: Layout): Item {
  if (layout.version === 0) return fixedRecord(view, at, layout);
  if (layout.version !== 4) return record(view, at, layout);
  if (at + 8 > view.byteLength) return { type: 'more' };
  const type = integerAt(view, at, layout);
  if (type === 0) return mapping(view, at + 8, layout);
  if (type === 1) return record(view, at + 8, layout);
  return { type: 'bad', why: `a record is of type ${type}, which is none` };
}

/** The integer of 64 bits at `at`: many are read, and few are longer than a number holds. */
export function integerAt(view: DataView, at: number, { isLittle }: Layout): Integer {
  const high = view.getUint32(isLittle ? at + 4 : at, isLittle);
  if (high >= 2 ** 21) return view.getBigUint64(at, isLittle);
  return high * 2 ** 32 + view.getUint32(isLittle ? at : at + 4, isLittle);
}

function mapping(view: DataView, at: number, layout: Layout): Item {
  if (at + 12 > view.byteLength) return { type: 'more' };
  const length = view.getUint32(at + 8, layout.isLittle);
  if (length === 0 || length > LONGEST_NAME) {
    return { type: 'bad', why: `the name of an event has a length of ${length} bytes` };
  }
  const end = at + 12 + length;
  if (end > view.byteLength) return { type: 'more' };
  return {
    type: 'name',
    end,
    id: integerAt(view, at, layout),
    name: new Uint8Array(view.buffer, view.byteOffset + at + 12, length),
  };
}

function record(view: DataView, at: number, layout: Layout): Item {
  const { isLittle, version } = layout;
  if (at + RECORD_HEAD > view.byteLength) return { type: 'more' };
  const length = view.getUint32(at + 16, isLittle);
  if (length < RECORD_HEAD || length > LONGEST_RECORD) {
    return { type: 'bad', why: `a record has a length of ${length} bytes` };
  }
  const end = at + length;
  if (end > view.byteLength) return { type: 'more' };
  const id = integerAt(view, at, layout);
  if (id === DROPPED) {
    if (length < RECORD_HEAD + 8)
      return { type: 'bad', why: 'a note of dropped events has no number' };
    return { type: 'dropped', end, count: view.getBigUint64(at + RECORD_HEAD, isLittle) };
  }
  const pid = version === 2 ? undefined : view.getUint32(at + 20, isLittle);
  const time = integerAt(view, at + 8, layout);
  return { type: 'event', end, id, time, pid, values: at + RECORD_HEAD };
}

function fixedRecord(view: DataView, at: number, layout: Layout): Item {
  const end = at + FIXED_RECORD;
  if (end > view.byteLength) return { type: 'more' };
  const id = integerAt(view, at, layout);
  if (id === DROPPED) {
    return { type: 'dropped', end, count: view.getBigUint64(at + 16, layout.isLittle) };
  }
  const time = integerAt(view, at + 8, layout);
  return { type: 'event', end, id, time, pid: undefined, values: at + 16 };
}
