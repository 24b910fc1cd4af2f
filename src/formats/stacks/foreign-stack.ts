/**
 * Stacks of other tools than gdb, with the text of the reports around them.
 *
 * Producer: the sanitizers, systemd-coredump, crash, the kernel (without stamps; with them see dmesg.ts), gef and
 *           gdb-dashboard, lldb, eu-stack, perf script, glibc's backtrace_symbols(), numbered lists in notes.
 * Unit:     one record per stack, with the line above that names its thread.
 * Not read: bpftrace, SystemTap, pwndbg, WinDbg; arguments of lldb and gef; the `====` above a report of ASan,
 *           which nobody can tell from a person's rule.
 */
import type { CaptureRecord, Stamp } from '../../model/record.js';
import { splitMargin } from '../clean.js';
import { isReportTable, isReportText, readForeign } from './foreign-lines.js';
import type { LineFormat } from '../line-format.js';
import { StackBuilder } from './stack-builder.js';

export function createForeignStack(): LineFormat {
  return new ForeignStacks();
}

class ForeignStacks implements LineFormat {
  readonly id = 'foreign-stack';
  readonly #stacks = new StackBuilder();
  #task: Stamp = {};
  #last = -1;

  get isOpen(): boolean {
    return this.#stacks.isOpen;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const text = splitMargin(line).rest.trimEnd();
    const records = this.#read(text, lineNo);
    if (records !== undefined) this.#last = lineNo;
    return records;
  }

  end(): readonly CaptureRecord[] {
    return this.#stacks.end();
  }

  #read(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const read = readForeign(text);
    if (read?.type === 'task') this.#task = read.stamp;
    const isOops = read !== undefined && 'tool' in read && read.tool === 'oops';
    // People write "Call Trace:" above what gdb prints as well.
    if (isOops && read.type === 'head') return undefined;
    // "CPU: 1 PID: 4260 Comm: x" stands above the stack, with registers in between.
    const records = read && this.#stacks.add(read, lineNo, isOops ? this.#task : {});
    if (records !== undefined) {
      if (isOops) this.#task = {};
      return records;
    }
    const isNear = this.#last === lineNo - 1;
    if (read?.type !== 'task' && !isReportText(text) && !(isNear && isReportTable(text))) {
      return undefined;
    }
    return [...this.#stacks.end(), { kind: 'chatter', span: { first: lineNo, last: lineNo } }];
  }
}
