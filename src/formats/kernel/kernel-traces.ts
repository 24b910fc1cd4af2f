/** Lines that only the kernel's tracers, trace-cmd and perf print, whatever stands around them. */
import { isTraceNotice } from './ftrace.js';
import { readGraph, readRow } from './ftrace-lines.js';
import { readPerfCall, readPerfLoss, readPerfRow } from './perf-lines.js';

export function isKernelTrace(line: string): boolean {
  return readRow(line) !== undefined || isNamelessTrace(line);
}

/** The same but for the rows of ftrace, which are read with what stands in front of their names. */
export function isNamelessTrace(line: string): boolean {
  return (
    readGraph(line) !== undefined ||
    readPerfRow(line) !== undefined ||
    readPerfLoss(line) !== undefined ||
    readPerfCall(line) !== undefined ||
    isTraceNotice(line)
  );
}
