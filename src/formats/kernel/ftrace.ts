/**
 * Kernel traces: the text of /sys/kernel/tracing/trace, and of trace-cmd report.
 *
 * Producer: Linux kernel/trace/trace_output.c (trace_print_context), trace_functions_graph.c, trace_kprobe.c,
 *           trace_uprobe.c, trace_syscalls.c (3.2 to 6.18); trace-cmd's trace-read.c.
 * Unit:     one record per row, wrapped or not; a call of function_graph is one for `{` and one for `}`, or one for `f();`.
 * Lost:     the kernel says it in four ways, each a gap: `[LOST n EVENTS]`, trace-cmd's `[n EVENTS DROPPED]`, a
 *           header that counts more entries written than kept, and `##### CPU n buffer started ####`, which
 *           test_cpu_buff_start() prints only if a buffer overran: what that CPU did before is lost. Each CPU has
 *           a buffer, and its notice stands in front of its next row: the loss may be anywhere since its last one.
 * Not read: the latency format, trace_pipe_raw, the text of events that are not `key=value`, stacks
 *           below a row (chatter), durations; names of tasks in function_graph, cut to 7 characters.
 */
import type {
  CaptureRecord,
  Gap,
  KernelEvent,
  Problem,
  Span,
  TraceEvent,
} from '../../model/record.js';
import type { EventTable } from '../qemu/event-table.js';
import { GraphNesting } from './ftrace-graph.js';
import { hasInnerRow, readBody, readGraph, readSwitch, TWO_ROWS } from './ftrace-lines.js';
import type { GraphRow, TraceBody, TraceRow, TraceStamp } from './ftrace-lines.js';
import {
  cutProblem,
  goesOn,
  isBroken,
  mayBeWrapped,
  Widths,
  withoutLastValue,
} from './ftrace-width.js';
import type { HeldRow } from './ftrace-width.js';
import type { Doubts } from '../doubts.js';
import { keyValues } from '../key-values.js';
import { KnownRows } from './known-rows.js';
import type { LineFormat } from '../line-format.js';
import { hasTornPlace, isTornRow, TORN_PLACE, withSureValues } from './torn-rows.js';
import { readEventText } from '../qemu/qemu-trace.js';

/** `events`: those of QEMU whose arguments are known; `doubts`: of records that are given out. */
export function createFtrace(events: EventTable, doubts: Doubts): LineFormat {
  return new Ftrace(events, doubts);
}

const HEADER = /^# tracer: \S|^# entries-in-buffer\/entries-written: \d/;

/** `# entries-in-buffer/entries-written: 140/250   #P:4` */
const ENTRIES = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/;

// The drawing that explains the columns, only below another line of the header.
const DRAWING =
  /^#(?:[ \t]*$|[ \t]+(?:[|/_\\]|TASK|CPU\b|TIME\b|DURATION|FUNCTION|latency: |-{5,}|=> |cmd\b))/;

const LOSS: readonly (readonly [RegExp, string])[] = [
  [/^CPU:(\d+) \[LOST (?:\d+ )?EVENTS\]/, 'the trace says that events were lost'],
  [/^CPU:(\d+) \[(?:\d+ )?EVENTS DROPPED\]/, 'the trace says that events were dropped'],
  [/^##### CPU (\d+) buffer started ####$/, 'earlier events of this CPU were overwritten'],
];

/** The trace begins, or says of itself that events are lost. */
export function isTraceNotice(line: string): boolean {
  if (!/^[#C]/.test(line)) return false;
  return HEADER.test(line) || LOSS.some(([pattern]) => pattern.test(line));
}

// trace-cmd report
const NOTICE = /^cpus=\d+$|^CPU \d+ is empty$/;

// " => vhost_worker" of a stack; the dashes around " 0)  qemu-42  =>  vhost-43 "
const NEAR_NOTICE = /^ ?=>[ \t]+\S|^ ?-{20,}$|^version = \d+$/;

class Ftrace implements LineFormat {
  readonly id = 'ftrace';
  readonly #events: EventTable;
  readonly #doubts: Doubts;
  readonly #known = new KnownRows();
  #graph = new GraphNesting();
  #last = -1;
  /** The last row of each CPU. */
  readonly #rows = new Map<number, number>();
  /** A row that the next line may go on with. */
  #held: HeldRow | undefined;
  #widths = new Widths();
  /** The same of rows that were wrapped. */
  #joined = new Widths();
  #problem: Problem | undefined;
  #missed: number[] = [];

  constructor(events: EventTable, doubts: Doubts) {
    this.#events = events;
    this.#doubts = doubts;
  }

  get isOpen(): boolean {
    return this.#held !== undefined;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  takeMissed(): readonly number[] {
    const missed = this.#missed;
    if (missed.length > 0) this.#missed = [];
    return missed;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    const before = this.#held;
    const row = this.#known.read(line);
    if (before !== undefined && row === undefined) {
      if (goesOn(before, line, lineNo, this.#widths.widest)) {
        this.#last = lineNo;
        return [];
      }
    }
    const records =
      row === undefined ? this.#readOther(line, lineNo) : this.#takeRow(row, line, lineNo);
    if (records !== undefined) this.#last = lineNo;
    return records;
  }

  end(): readonly CaptureRecord[] {
    this.#problem = undefined;
    return this.#release();
  }

  #takeRow(row: TraceRow, line: string, lineNo: number): readonly CaptureRecord[] {
    const before = this.#release();
    this.#rows.set(row.stamp.cpu, lineNo);
    this.#held = { first: lineNo, last: lineNo, text: line, row };
    return mayBeWrapped(line, row) ? before : [...before, ...this.#release()];
  }

  #readOther(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const graph = readGraph(line);
    if (graph !== undefined) {
      const before = this.#release();
      this.#rows.set(graph.cpu, lineNo);
      return [...before, this.#graphRecord(graph, lineNo)];
    }
    const change = readSwitch(line);
    if (change !== undefined) {
      const before = this.#release();
      this.#graph.switch(change);
      return [...before, chatter(lineNo)];
    }
    const notice = this.#notice(line, lineNo);
    return notice && [...this.#release(), ...notice];
  }

  /** The row that is held, which goes on no further. */
  #release(): readonly CaptureRecord[] {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return [];
    const { first, last, text, row } = held;
    if (isBroken(row)) {
      const message = 'an event is cut in the middle of its function';
      this.#problem = { code: 'EVENT_UNREAD', message, span: { first, last } };
      if (first === last) this.#widths.see(held);
      return [{ kind: 'gap', span: { first, last }, why: 'an event could not be read' }];
    }
    const record = this.#rowRecord(row.stamp, row.body, { first, last });
    if ('args' in row.body && isTornRow(row.body)) this.#missed.push(first);
    // What is wrapped in a screen may have been cut in a wider one before.
    const widths = first === last ? this.#widths : this.#joined;
    const doubt = widths.see(held);
    if (doubt !== undefined && record.kind !== 'gap') {
      const otherwise = (): CaptureRecord => {
        const { stamp, body } = withoutLastValue(text) ?? row;
        return this.#rowRecord(stamp, body, { first, last });
      };
      this.#doubts.begin(record, { doubt, otherwise });
    }
    this.#problem = cutProblem(widths) ?? this.#problem;
    return [record];
  }

  #rowRecord(stamp: PartialStamp, body: TraceBody, at: Span): CaptureRecord {
    switch (body.what) {
      case 'stack':
        return { kind: 'chatter', span: at };
      case 'marker':
        return this.#qemuEvent(stamp, body.text, at) ?? markerRecord(stamp, body.text, at);
      default:
        if (hasInnerRow(body)) return { kind: 'gap', span: at, why: TWO_ROWS };
        if (hasTornPlace(body)) return { kind: 'gap', span: at, why: TORN_PLACE };
        return eventRecord(stamp, withSureValues(body), at);
    }
  }

  /** An event of QEMU's ftrace backend (scripts/tracetool/backend/ftrace.py), which has no stamp of its own. */
  #qemuEvent({ pid, tgid, time }: PartialStamp, text: string, at: Span): TraceEvent | undefined {
    const event = readEventText(text, at, { tid: pid, time }, this.#events);
    return event && tgid !== undefined ? { ...event, pid: tgid } : event;
  }

  #graphRecord(row: GraphRow, lineNo: number): CaptureRecord {
    const { code, cpu, time } = row;
    const stamp = { comm: undefined, pid: this.#graph.pidOf(row), tgid: undefined, cpu, time };
    if (code.type === 'interrupt') return chatter(lineNo);
    if (code.type === 'note') {
      const body = readBody(code.text);
      return body === undefined ? chatter(lineNo) : this.#rowRecord(stamp, body, span(lineNo));
    }
    const step = this.#graph.step(row, code);
    if (step === undefined) return chatter(lineNo);
    const { what, func, caller } = step;
    const ret = code.type === 'open' ? undefined : code.ret;
    const args = `${code.type === 'close' ? '' : code.args}${ret === undefined ? '' : ` ret=${ret}`}`;
    return eventRecord(
      stamp,
      { what, name: func, func, caller, args, address: undefined },
      span(lineNo),
    );
  }

  #notice(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    // What all of them begin with.
    if (!/^[#Cc =v]/.test(line)) return undefined;
    const near = this.#last === lineNo - 1;
    const entries = ENTRIES.exec(line);
    if (entries !== null && entries[1] !== entries[2]) {
      return [gap(lineNo, 'the buffer of the trace overran')];
    }
    // Another trace.
    if (line.startsWith('# tracer: ') || /^cpus=\d+$/.test(line)) {
      this.#graph = new GraphNesting();
      this.#rows.clear();
      this.#widths = new Widths();
      this.#joined = new Widths();
    }
    if (HEADER.test(line) || NOTICE.test(line)) return [chatter(lineNo)];
    for (const [pattern, why] of LOSS) {
      const cpu = pattern.exec(line)?.[1];
      if (cpu === undefined) continue;
      this.#graph.forget();
      const from = (this.#rows.get(Number(cpu)) ?? 0) + 1;
      return [{ ...gap(lineNo, why), reach: { from, to: lineNo } }];
    }
    return near && (DRAWING.test(line) || NEAR_NOTICE.test(line)) ? [chatter(lineNo)] : undefined;
  }
}

type PartialStamp = { readonly [Member in keyof TraceStamp]: TraceStamp[Member] | undefined };

/** What another program wrote. */
function markerRecord(stamp: PartialStamp, text: string, at: Span): KernelEvent {
  const name = 'tracing_mark_write';
  return { kind: 'kernel-event', span: at, ...stamp, what: 'event', name, args: { text } };
}

function eventRecord(
  { comm, pid, tgid, cpu, time }: PartialStamp,
  { what, name, func, caller, args = '', address }: Extract<TraceBody, { name: string }>,
  at: Span,
): KernelEvent {
  const event: KernelEvent = {
    kind: 'kernel-event',
    span: at,
    comm,
    pid,
    tgid,
    cpu,
    time,
    what,
    name,
    func: address === undefined ? func : undefined,
    caller,
    args: keyValues(args),
  };
  return address === undefined ? event : { ...event, address };
}

function chatter(lineNo: number): CaptureRecord {
  return { kind: 'chatter', span: span(lineNo) };
}

function gap(lineNo: number, why: string): Gap {
  return { kind: 'gap', span: span(lineNo), why };
}

function span(lineNo: number): Span {
  return { first: lineNo, last: lineNo };
}
