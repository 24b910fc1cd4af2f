/**
 * A record as a row of a block: a JSON array that starts with kind, first line, last line.
 *
 * The positions are read by the views of migrations/, so they only change with a migration.
 * Texts that repeat are row ids of `text`, frames and stacks row ids of theirs; `null` is undefined.
 */
import type {
  Backtrace,
  BreakpointSet,
  CallPath,
  CaptureRecord,
  CodeReference,
  CommandList,
  ForeignStack,
  Frame,
  FunctionReturn,
  Heading,
  KernelEvent,
  LogLine,
  OpenCall,
  OrderMark,
  PrintedValue,
  ProcessMark,
  Reach,
  SourceCode,
  Stop,
  SystemCall,
  ThreadNotice,
  ThreadRef,
  TraceEvent,
  VhostUserMessage,
} from '../model/record.js';
import { argsOf, textOf } from './event-shapes.js';
import type { EventShape } from './event-shapes.js';
import type { Interned } from './intern.js';
import { wellFormedJson } from './well-formed.js';

type Optional<Value> = Value | null;
type Flag = 0 | 1;

/** Kinds that are few in a capture, or whose members rarely repeat: stored as the JSON object they are. */
type PlainRecord =
  | CallPath
  | CodeReference
  | ForeignStack
  | FunctionReturn
  | Heading
  | KernelEvent
  | LogLine
  | OpenCall
  | OrderMark
  | PrintedValue
  | SourceCode
  | SystemCall
  | VhostUserMessage;

/** One row for each kind of record, after JSON. */
export type EncodedRecord =
  | [
      kind: 'backtrace',
      first: number,
      last: number,
      stack: number,
      /** The row ends here where all that follows is null or 0. Null for 0, 1, 2 ... */
      levels?: Optional<number[]>,
      /** Null for one line a frame from `first` on. */
      lines?: Optional<number[]>,
      thread?: Optional<ThreadRef>,
      incomplete?: Flag,
      /** Left out where no frame is wrapped, and the next is left out, too. */
      wrapped?: readonly number[],
      /** Left out where nobody wrote between the frames. */
      parted?: readonly number[],
    ]
  | [
      kind: 'stop',
      first: number,
      last: number,
      /** Null for `breakpoint`, which nearly all are. */
      reason: Optional<Stop['reason']>,
      number: Optional<number>,
      /** Row of the JSON text; stores before schema 3 have the object itself. */
      thread: Optional<number | ThreadRef>,
      frame: Optional<number>,
      /** Left out where no signal stopped it. */
      signal?: string,
      ended?: Flag,
    ]
  | [
      kind: 'breakpoint-set',
      first: number,
      last: number,
      number: number,
      temporary: Flag,
      func: Optional<string>,
      file: Optional<string>,
      line: Optional<number>,
      /** `narrowed`, `declared`, `inside`, `listed`, `several`, as far as one is set. */
      ...flags: Flag[],
    ]
  | [
      kind: 'thread',
      first: number,
      last: number,
      what: ThreadNotice['what'],
      thread: number | ThreadRef,
    ]
  | [kind: 'process', first: number, last: number, what: ProcessMark['what']]
  | [
      kind: 'command',
      first: number,
      last: number,
      text: string,
      /** Left out for a command that is not part of a list. */
      list?: CommandList,
    ]
  | [
      kind: 'event',
      first: number,
      /** Null where it is the first. */
      last: Optional<number>,
      /** Row of `event_shape`; negative: of `event_again`. */
      shape: number,
      tid: Optional<number>,
      time: Optional<string>,
      /** Null where the shape and the values tell it. The row ends here where the event comes again and its process is not known. */
      text?: Optional<string>,
      /** Null for an event that is not known, and for one that comes again. */
      values?: Optional<string[]>,
      /** Left out where the process is not known. */
      pid?: number | string,
    ]
  | [kind: PlainRecord['kind'], first: number, last: number, members: object]
  | [
      kind: 'gap',
      first: number,
      last: number,
      why: string,
      /** Left out for a gap that is where it is told. */
      reach?: Reach,
    ]
  /** The last line is left out where it is the first. */
  | [kind: 'chatter', first: number, last?: number, wraps?: 1]
  | [kind: 'prose', first: number, last: number, human: Flag, words?: string];

/** A record whose row may name rows of other tables; trace events are written by event-rows.ts. */
export type InternedRecord = Exclude<CaptureRecord, TraceEvent>;

/** JSON text of the row of one record, see {@link EncodedRecord}. */
export function encodeRecord(record: InternedRecord, ids: Interned): string {
  return wellFormedJson(rowOf(record, ids));
}

/** The row of a record names rows of other tables. */
export function namesRows({ kind }: CaptureRecord): boolean {
  return kind === 'backtrace' || kind === 'stop' || kind === 'thread';
}

function rowOf(record: InternedRecord, ids: Interned): EncodedRecord {
  const { first, last } = record.span;
  switch (record.kind) {
    case 'backtrace':
      return backtraceRow(record, ids);
    case 'stop': {
      const { reason, number = null, thread, frame, signal, ended } = record;
      const who = thread ? ids.thread(thread) : null;
      const why = reason === 'breakpoint' ? null : reason;
      const row = ['stop', first, last, why, number, who, frame ? ids.frame(frame) : null] as const;
      if (signal === undefined) return [...row];
      return ended === true ? [...row, signal, 1] : [...row, signal];
    }
    case 'breakpoint-set': {
      const { number, temporary, func = null, file = null, line = null, narrowed } = record;
      const flag = temporary ? 1 : 0;
      const row = ['breakpoint-set', first, last, number, flag, func, file, line] as const;
      const flags = [narrowed, record.declared, record.inside, record.listed, record.several];
      const used = flags.lastIndexOf(true) + 1;
      return [...row, ...flags.slice(0, used).map((is): Flag => (is === true ? 1 : 0))];
    }
    case 'thread':
      return ['thread', first, last, record.what, ids.thread(record.thread)];
    case 'process':
      return ['process', first, last, record.what];
    case 'command':
      return record.list === undefined
        ? ['command', first, last, record.text]
        : ['command', first, last, record.text, record.list];
    case 'call-path':
    case 'code':
    case 'code-reference':
    case 'foreign-stack':
    case 'heading':
    case 'kernel-event':
    case 'log':
    case 'message':
    case 'open-call':
    case 'order':
    case 'return':
    case 'syscall':
    case 'value': {
      const { kind, span: _span, ...members } = record;
      return [kind, first, last, members];
    }
    case 'gap':
      return record.reach === undefined
        ? ['gap', first, last, record.why]
        : ['gap', first, last, record.why, record.reach];
    case 'chatter':
      if (record.wraps === true) return ['chatter', first, last, 1];
      return last === first ? ['chatter', first] : ['chatter', first, last];
    case 'prose':
      return record.words === undefined
        ? ['prose', first, last, record.human ? 1 : 0]
        : ['prose', first, last, record.human ? 1 : 0, record.words];
  }
}

function backtraceRow(record: Backtrace, ids: Interned): EncodedRecord {
  const { first, last } = record.span;
  const plainLevels = record.levels.every((level, i) => level === i);
  const plainLines = record.lines.every((line, i) => line === first + i);
  const { parted } = record;
  const isPlain = plainLevels && plainLines && record.thread === undefined && !record.incomplete;
  if (isPlain && record.wrapped.length === 0 && parted === undefined) {
    return ['backtrace', first, last, ids.stack(record)];
  }
  const row = [
    'backtrace',
    first,
    last,
    ids.stack(record),
    plainLevels ? null : [...record.levels],
    plainLines ? null : [...record.lines],
    record.thread ?? null,
    record.incomplete ? 1 : 0,
  ] as const;
  if (parted !== undefined) return [...row, record.wrapped, parted];
  return record.wrapped.length === 0 ? [...row] : [...row, record.wrapped];
}

/** What a shape, or an event that comes again, says of an event. */
export function decodeEvent(
  { name, keys = [], pieces, known }: EventShape,
  values: Optional<string[]> = null,
  text: Optional<string> = null,
): Pick<TraceEvent, 'name' | 'args' | 'text'> {
  if (known !== undefined) return known;
  if (values === null) return { name, args: undefined, text: text ?? '' };
  return { name, args: argsOf(keys, values), text: text ?? textOf(pieces ?? [], values) };
}

/** What row ids stand for. Equal ids give the same object. */
export interface Resolver {
  shape(id: number): EventShape;
  thread(id: number): ThreadRef;
  frame(id: number): Frame;
  /** Innermost frame first. */
  stack(id: number): readonly Frame[];
}

/** The inverse of {@link encodeRecord}. */
export function decodeRecord(row: EncodedRecord, resolve: Resolver): CaptureRecord {
  const span = { first: row[1], last: row[2] ?? row[1] };
  switch (row[0]) {
    case 'backtrace':
      return decodeBacktrace(row, resolve);
    case 'stop':
      return {
        kind: 'stop',
        span,
        reason: row[3] ?? 'breakpoint',
        number: row[4] ?? undefined,
        thread: row[5] === null ? undefined : threadOf(row[5], resolve),
        frame: row[6] === null ? undefined : resolve.frame(row[6]),
        ...(row[7] === undefined ? {} : { signal: row[7] }),
        ...(row[8] === 1 ? { ended: true } : {}),
      };
    case 'breakpoint-set':
      return decodeBreakpoint(row);
    case 'thread':
      return { kind: 'thread', span, what: row[3], thread: threadOf(row[4], resolve) };
    case 'process':
      return { kind: 'process', span, what: row[3] };
    case 'command':
      return {
        kind: 'command',
        span,
        text: row[3],
        ...(row[4] === undefined ? {} : { list: row[4] }),
      };
    case 'event':
      return {
        kind: 'event',
        span,
        ...decodeEvent(resolve.shape(row[3]), row[7], row[6]),
        tid: row[4] ?? undefined,
        time: row[5] ?? undefined,
        ...(row[8] === undefined ? {} : { pid: row[8] }),
      };
    case 'call-path':
    case 'code':
    case 'code-reference':
    case 'foreign-stack':
    case 'heading':
    case 'kernel-event':
    case 'log':
    case 'message':
    case 'open-call':
    case 'order':
    case 'return':
    case 'syscall':
    case 'value':
      return { kind: row[0], span, ...row[3] } as PlainRecord;
    case 'gap':
      return {
        kind: 'gap',
        span,
        why: row[3],
        ...(row[4] === undefined ? {} : { reach: row[4] }),
      };
    case 'chatter':
      return { kind: 'chatter', span, ...(row[3] === 1 ? { wraps: true } : {}) };
    case 'prose':
      return {
        kind: 'prose',
        span,
        human: row[3] === 1,
        ...(row[4] === undefined ? {} : { words: row[4] }),
      };
  }
}

function threadOf(thread: number | ThreadRef, resolve: Resolver): ThreadRef {
  return typeof thread === 'number' ? resolve.thread(thread) : thread;
}

function decodeBacktrace(
  row: Extract<EncodedRecord, ['backtrace', ...unknown[]]>,
  resolve: Resolver,
): Backtrace {
  const [kind, first, last, stack, levels, lines, thread, incomplete, wrapped, parted] = row;
  const frames = resolve.stack(stack);
  return {
    kind,
    span: { first, last },
    frames,
    levels: levels ?? frames.map((_, i) => i),
    lines: lines ?? frames.map((_, i) => first + i),
    thread: thread ?? undefined,
    incomplete: incomplete === 1,
    wrapped: wrapped ?? [],
    ...(parted === undefined ? {} : { parted }),
  };
}

function decodeBreakpoint(
  row: Extract<EncodedRecord, ['breakpoint-set', ...unknown[]]>,
): BreakpointSet {
  const [kind, first, last, number, temporary, func, file, line, ...flags] = row;
  const [narrowed, declared, inside, listed, several] = flags;
  return {
    kind,
    span: { first, last },
    number,
    temporary: temporary === 1,
    func: func ?? undefined,
    file: file ?? undefined,
    line: line ?? undefined,
    ...(narrowed === 1 ? { narrowed: true } : {}),
    ...(declared === 1 ? { declared: true } : {}),
    ...(inside === 1 ? { inside: true } : {}),
    ...(listed === 1 ? { listed: true } : {}),
    ...(several === 1 ? { several: true } : {}),
  };
}
