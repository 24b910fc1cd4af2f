/**
 * Lines of a kernel trace → their parts. Syntax: grammars/ftrace.peggy.
 *
 * The patterns here only spare the grammar lines that it would refuse.
 */
import { accept } from '../../grammar/ftrace.js';

/** What stands in front of a row. */
export interface TraceStamp {
  readonly comm: string;
  /** Thread, although the column says PID. */
  readonly pid: number;
  readonly tgid: number | undefined;
  readonly cpu: number;
  readonly time: string;
}

/** What a row says; `args` is the text that holds them. */
export type TraceBody =
  | {
      readonly what: 'call' | 'return' | 'event';
      readonly name: string;
      readonly func: string | undefined;
      readonly caller: string | undefined;
      readonly args: string | undefined;
      /** Of a uprobe: where in the program it stands, of a return where the function begins; `0x`, lower case. */
      readonly address: string | undefined;
    }
  /** Written to trace_marker by a program. */
  | { readonly what: 'marker'; readonly text: string }
  /** A stack follows, ` => f` on each line. */
  | { readonly what: 'stack' };

export interface TraceRow {
  readonly stamp: TraceStamp;
  readonly body: TraceBody;
}

/** The code column of the function_graph tracer. */
export type GraphCode =
  | { readonly type: 'open'; readonly func: string; readonly args: string }
  | {
      readonly type: 'leaf';
      readonly func: string;
      readonly args: string;
      readonly ret: string | undefined;
    }
  | { readonly type: 'close'; readonly func: string | undefined; readonly ret: string | undefined }
  /** An event or marker between the calls. */
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'interrupt' };

export interface GraphRow {
  readonly cpu: number;
  readonly time: string | undefined;
  readonly pid: number | undefined;
  readonly code: GraphCode;
}

/** From here on this CPU runs another task. */
export interface TaskSwitch {
  readonly cpu: number;
  readonly from: number;
  readonly to: number;
}

/** Longer than what the kernel's sequence buffer prints at once. */
const LONGEST_LINE = 8192;

const ROW = /-\d{1,10}[ \t]+(?:\([ \d-]{1,16}\)[ \t]+)?\[\d{1,5}\][ \t]/;

// " 0) + 88.632 us   |      f();"   "  360.774522 |   1)               |  }"
const GRAPH = /^[ \t]{0,16}(?:\d[\d.]{0,24}[ \t]{0,8}\|[ \t]{0,8})?\d{1,5}\)[ \t]/;

/** Task and CPU stand near the beginning of the line. */
export function hasRowHead(line: string): boolean {
  return ROW.test(line.slice(0, 128));
}

export function readRow(line: string): TraceRow | undefined {
  if (!line.includes('[') || line.length > LONGEST_LINE || !hasRowHead(line)) return undefined;
  const row = accept(line, 'Row');
  return row && row.stamp.comm.length > COMM ? { ...row, stamp: withoutMargin(row.stamp) } : row;
}

/** Columns that a name has, which is shorter (trace_print_context()): what stands in front is of whatever keeps the trace. */
const COMM = 16;

function withoutMargin(stamp: TraceStamp): TraceStamp {
  return { ...stamp, comm: stamp.comm.slice(-COMM).trimStart() };
}

export function readGraph(line: string): GraphRow | undefined {
  if (!line.includes('|') || line.length > LONGEST_LINE || !GRAPH.test(line)) return undefined;
  return accept(line, 'GraphLine');
}

// "ret=0x0   CPU 0/KVM-4021 [000] d..1. 76900.887266: vhost_dev_start: (0x564a3b862c40)", also as perf script prints it
const INNER_ROW = /[ \t]\d{1,10}\.\d{6,9}:[ \t]+[A-Za-z_]\w*[:( ]/;

/** Why the line is not what it seems: the end of a line was lost, and another row stands among the arguments. */
export const TWO_ROWS = 'two rows of the trace stand on one line';

export function hasInnerRow({ args }: { readonly args?: string | undefined }): boolean {
  return args !== undefined && args.length > 16 && INNER_ROW.test(args);
}

/** The body of a row alone, as function_graph puts it between `/*` and its end. */
export function readBody(text: string): TraceBody | undefined {
  return accept(text, 'Body');
}

export function readSwitch(line: string): TaskSwitch | undefined {
  if (!line.includes('=>') || line.length > 256 || !GRAPH.test(line)) return undefined;
  return accept(line, 'Switch');
}
