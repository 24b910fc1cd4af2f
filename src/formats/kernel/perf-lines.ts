/**
 * Lines of perf script and perf trace → their parts. Syntax: grammars/ftrace.peggy.
 *
 * The patterns here only spare the grammar lines that it would refuse.
 */
import { accept } from '../../grammar/ftrace.js';
import type { TraceBody } from './ftrace-lines.js';

/** A sample of a probe or tracepoint, `-F` as the user gave it. */
export interface PerfRow {
  readonly stamp: {
    readonly comm: string | undefined;
    readonly pid: number;
    readonly tgid: number | undefined;
    readonly cpu: number | undefined;
    readonly time: string | undefined;
  };
  /** Of the event: `probe`, `probe_qemu`, `syscalls`. */
  readonly group: string;
  readonly body: Extract<TraceBody, { name: string }>;
}

/** A system call of perf trace. */
export interface PerfCall {
  readonly what: 'call' | 'resumed';
  /** Milliseconds since the trace began. */
  readonly time: string;
  readonly comm: string | undefined;
  readonly pid: number | undefined;
  readonly name: string;
  /** Between the brackets, as printed. */
  readonly args: string;
  readonly unfinished: boolean;
  readonly result: string | undefined;
  readonly errno: string | undefined;
}

/** Longer than any of them, but for strings that a probe prints. */
const LONGEST_LINE = 8192;

/** The stamp is no longer: a name of 16, process and thread, processor, clock, the widest event of the session. */
const LONGEST_STAMP = 160;

const CLOCK = /\d\.\d{6,9}$/;
const EVENT = /\d[\])]?[ \t]+[A-Za-z_]\w*:[A-Za-z_]\w*$/;

export function readPerfRow(line: string): PerfRow | undefined {
  const at = line.indexOf(': ');
  if (at < 8 || at > LONGEST_STAMP || line.length > LONGEST_LINE) return undefined;
  const head = line.slice(0, at);
  if (!CLOCK.test(head) && !EVENT.test(head)) return undefined;
  return accept(line, 'PerfRow');
}

/** The processor whose events were lost; undefined inside where it is not printed, outside for another line. */
export function readPerfLoss(line: string): { readonly cpu: number | undefined } | undefined {
  if (!line.includes(': PERF_RECORD_LOST') || line.length > LONGEST_LINE) return undefined;
  return accept(line, 'PerfLoss');
}

const CALL = /^[ \t]*\d+\.\d{3} \( *(?:\d+\.\d{3} ms)? *\): /;

export function readPerfCall(line: string): PerfCall | undefined {
  if (line.length > LONGEST_LINE || !CALL.test(line)) return undefined;
  return accept(line, 'PerfCall');
}
