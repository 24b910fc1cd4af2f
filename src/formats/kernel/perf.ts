/**
 * What perf recorded of probes, tracepoints and system calls.
 *
 * Producer: Linux tools/perf: builtin-script.c and util/evsel_fprintf.c (`perf script`), builtin-trace.c with
 *           trace/beauty/ioctl.c (`perf trace`).
 * Unit:     one record per sample, as ftrace.ts has them, and one for the stack below it, or for the one place in the row of
 *           a sample without stack; one per system call.
 * Lost:     `--show-lost-events` prints PERF_RECORD_LOST with the sample behind the loss; without it, the warning that
 *           perf gives on standard error, see gdb/chatter.ts.
 * Not read: heads of samples that are no events (`cycles:`), whose stacks are those of stacks/foreign-stack.ts; events without a
 *           text; bytes of buffers, which perf trace does not print.
 */
import type {
  CaptureRecord,
  Gap,
  KernelEvent,
  Problem,
  Stamp,
  SystemCall,
} from '../../model/record.js';
import type { Doubts } from '../doubts.js';
import { HeldRecords, Waiting } from '../held-records.js';
import type { Slot } from '../held-records.js';
import { keyValues } from '../key-values.js';
import type { LineFormat } from '../line-format.js';
import { readForeign, readPerfPlace, readPerfSample } from '../stacks/foreign-lines.js';
import { StackBuilder } from '../stacks/stack-builder.js';
import { hasInnerRow, TWO_ROWS } from './ftrace-lines.js';
import { cutLastValue, cutProblem, Widths } from './ftrace-width.js';
import { readPerfCall, readPerfLoss, readPerfRow } from './perf-lines.js';
import type { PerfCall, PerfRow } from './perf-lines.js';
import { hasTornPlace, isOfTwo, isTornRow, TORN_PLACE, withSureValues } from './torn-rows.js';

/** `doubts`: of records that are given out. */
export function createPerf(doubts: Doubts): LineFormat {
  return new Perf(doubts);
}

/** A program's own probes: their functions are none of the kernel's, even where they are called alike. */
const OF_PROGRAM = /^(?:probe_|sdt_|uprobes?$)/;

/** What `perf probe` calls the kernel's (PERFPROBE_GROUP), and static probes of a program, which are no functions. */
const NO_UPROBE = /^(?:probe$|sdt_)/;

/** A call that another thread's line interrupted: its arguments stand on its first line, its result on a later one. */
interface TornCall {
  readonly call: PerfCall;
  readonly slot: Slot;
}

class Perf implements LineFormat {
  readonly id = 'perf';
  readonly #stacks = new StackBuilder();
  /** The sample whose stack may stand below. */
  #row: Stamp = {};
  #rowAt = -1;
  /** The last sample of each processor. */
  readonly #rows = new Map<number, number>();
  readonly #held = new HeldRecords();
  /** By thread. */
  readonly #torn = new Waiting<TornCall>();
  readonly #widths = new Widths();
  readonly #doubts: Doubts;
  #problem: Problem | undefined;
  #missed: number[] = [];

  constructor(doubts: Doubts) {
    this.#doubts = doubts;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get isOpen(): boolean {
    return this.#stacks.isOpen || !this.#held.isEmpty;
  }

  takeMissed(): readonly number[] {
    const missed = this.#missed;
    if (missed.length > 0) this.#missed = [];
    return missed;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    const frame = this.#stackFrame(line, lineNo);
    if (frame !== undefined) return frame;
    if (!this.#read(line, lineNo)) return undefined;
    const stack = this.#stacks.end();
    return [...stack, ...this.#held.drain()];
  }

  end(): readonly CaptureRecord[] {
    return [...this.#held.flush(), ...this.#stacks.end()];
  }

  // perf sets frames off with a tab or blanks.
  #stackFrame(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    if (!this.#stacks.isOpen && this.#rowAt !== lineNo - 1) return undefined;
    if (!/^[ \t]/.test(line)) return undefined;
    const place = this.#stacks.isOpen ? readPerfPlace(line) : undefined;
    if (place !== undefined) return this.#stacks.add(place, lineNo);
    const read = readForeign(line.trim());
    if (read?.type !== 'frame' || read.tool !== 'perf') return undefined;
    const held = this.#held.flush();
    return [...held, ...(this.#stacks.add(read, lineNo, this.#row, 'perf') ?? [])];
  }

  /** False for a line that is not perf's. */
  #read(line: string, lineNo: number): boolean {
    const sample = readPerfSample(line);
    if (sample !== undefined) {
      const { stamp, frame } = sample;
      const stack = { kind: 'foreign-stack', span: span(lineNo), ...stamp } as const;
      this.#held.add({ ...stack, tool: 'perf', frames: [frame] });
      return true;
    }
    const row = readPerfRow(line);
    if (row !== undefined) {
      const { comm, pid, cpu, time } = row.stamp;
      this.#row = { comm, pid, cpu, time };
      this.#rowAt = lineNo;
      if (cpu !== undefined) this.#rows.set(cpu, lineNo);
      if (isTornRow(row.body)) this.#missed.push(lineNo);
      const record = recordOf(row, lineNo);
      this.#seeWidth(line, row, record);
      this.#held.add(record);
      return true;
    }
    const loss = readPerfLoss(line);
    if (loss !== undefined) {
      this.#held.add(this.#gap(loss.cpu, lineNo));
      return true;
    }
    const call = readPerfCall(line);
    if (call !== undefined) this.#addCall(call, lineNo);
    return call !== undefined;
  }

  /** Where the rows of a trace end in one column, the last value there may be cut. */
  #seeWidth(text: string, row: PerfRow, record: CaptureRecord): void {
    const { first, last } = record.span;
    const doubt = this.#widths.see({ text, row, first, last });
    if (doubt !== undefined && record.kind !== 'gap') {
      const otherwise = (): CaptureRecord =>
        recordOf(readPerfRow(cutLastValue(text)) ?? row, first);
      this.#doubts.begin(record, { doubt, otherwise });
    }
    this.#problem = cutProblem(this.#widths);
  }

  #gap(cpu: number | undefined, lineNo: number): Gap {
    const from = (cpu === undefined ? 0 : (this.#rows.get(cpu) ?? 0)) + 1;
    const why = 'the trace says that events were lost';
    return { kind: 'gap', span: span(lineNo), why, reach: { from, to: lineNo } };
  }

  #addCall(call: PerfCall, lineNo: number): void {
    const thread = String(call.pid ?? '');
    const torn = this.#torn.take(thread);
    if (call.what === 'call') {
      const slot = this.#held.add(systemCallOf(call, lineNo));
      if (call.unfinished) this.#torn.add(thread, { call, slot });
      return;
    }
    if (torn?.call.name === call.name) {
      const { result, errno } = call;
      torn.slot.record = systemCallOf({ ...torn.call, result, errno }, torn.slot.record.span.first);
    }
    this.#held.add({ kind: 'chatter', span: span(lineNo) });
  }
}

function recordOf(row: PerfRow, lineNo: number): CaptureRecord {
  const isTwo = hasInnerRow(row.body) || isOfTwo(row.stamp.comm);
  const why = isTwo ? TWO_ROWS : TORN_PLACE;
  return why === TWO_ROWS || hasTornPlace(row.body)
    ? { kind: 'gap', span: span(lineNo), why }
    : eventOf({ ...row, body: withSureValues(row.body) }, lineNo);
}

function eventOf({ stamp, group, body }: PerfRow, lineNo: number): KernelEvent {
  const { comm, pid, tgid, cpu, time } = stamp;
  const { what, name, func, caller, args = '' } = body;
  const address = NO_UPROBE.test(group) ? undefined : body.address;
  const isOfProgram = address !== undefined || OF_PROGRAM.test(group);
  return {
    kind: 'kernel-event',
    span: span(lineNo),
    comm,
    pid,
    tgid,
    cpu,
    time,
    what,
    name: isOfProgram ? `${group}:${name}` : name,
    func: isOfProgram ? undefined : func,
    caller,
    args: what === 'return' ? returned(keyValues(args)) : keyValues(args),
    ...(address === undefined ? {} : { address }),
  };
}

// Of a return `perf probe 'f%return $retval'` has one value, which nobody named: arg1.
function returned(args: KernelEvent['args']): KernelEvent['args'] {
  const [key, value] = Object.entries(args ?? {})[0] ?? [];
  const isOnly = args !== undefined && Object.keys(args).length === 1;
  return isOnly && key === 'arg1' && value !== undefined ? { ret: value } : args;
}

function systemCallOf(call: PerfCall, lineNo: number): SystemCall {
  const { comm, pid, time, name, args, result, errno } = call;
  const fd = /^fd: (\d{1,10})(?:<([^<>]*)>)?(?=,|$)/.exec(args);
  return {
    kind: 'syscall',
    span: span(lineNo),
    pid,
    comm,
    time,
    name,
    fd: fd === null ? undefined : Number(fd[1]),
    path: fd?.[2],
    request: name === 'ioctl' ? requestOf(args) : undefined,
    result,
    errno,
  };
}

// "cmd: VHOST_SET_FEATURES"   "cmd: (READ|WRITE, 0xaf, 0x12, 0x8)"   of its own table perf prints "(0xaf, 0x7f, 0x1)"
function requestOf(args: string): string | undefined {
  const [, name, words, number] =
    /, cmd: (?:([A-Z][A-Z0-9_]*)|\(([A-Z|]+), (0x[0-9a-f]+, (?:0x[0-9a-f]+|0), (?:0x[0-9a-f]+|0))\))(?=,|$)/.exec(
      args,
    ) ?? [];
  if (words === undefined) return name;
  return `_IOC(${words.replace(/[A-Z]+/g, '_IOC_$&')}, ${number ?? ''})`;
}

function span(lineNo: number): { readonly first: number; readonly last: number } {
  return { first: lineNo, last: lineNo };
}
