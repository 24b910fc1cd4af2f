/**
 * Stacks of other tools than gdb, with the text of the reports around them.
 *
 * Producer: the sanitizers, systemd-coredump, crash, the kernel (without stamps; with them see dmesg.ts), gef and
 *           gdb-dashboard, lldb, eu-stack, perf script (below an event see kernel/perf.ts), bpftrace (src/bpftrace.cpp,
 *           get_stack()), bcc's tools (BPF.sym()), SystemTap's print_backtrace(), glibc's backtrace_symbols(),
 *           PHP's exceptions, Android's tombstones, Dart and Flutter, numbered lists in notes.
 * Unit:     one record per stack, with the line above that names its thread.
 * Not read: pwndbg, WinDbg; what a script of bpftrace or bcc prints besides; bcc's functions without offset; arguments of
 *           lldb and gef; of several stacks that a log keeps in one line, those behind the first; the `====` above a
 *           report of ASan, which nobody can tell from a person's rule.
 */
import type {
  CaptureRecord,
  ForeignFrame,
  ForeignStack,
  Problem,
  Stamp,
} from '../../model/record.js';
import { splitMargin } from '../wrappings/clean.js';
import { stacksInLine } from './escaped-lines.js';
import {
  isReportTable,
  isReportText,
  readForeign,
  readOopsInLog,
  readPerfPlace,
} from './foreign-lines.js';
import type { ForeignLine } from './foreign-lines.js';
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
  /** What the line `#announcedAt` says that follows. */
  #announced: ForeignStack['tool'] | undefined;
  #announcedAt = -1;
  /** The last line that tells of a report whose stack begins some lines below. */
  #reportAt = -Infinity;
  /** The frame on the line above, where its place is still to come. */
  #torn = '';
  #problem: Problem | undefined;

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get isOpen(): boolean {
    return this.#stacks.isOpen;
  }

  take(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    this.#problem = undefined;
    const text = splitMargin(line).rest.trimEnd();
    const records =
      this.#readEscaped(text, lineNo) ?? this.#readPlace(line, lineNo) ?? this.#read(text, lineNo);
    if (records !== undefined) this.#last = lineNo;
    return records;
  }

  end(): readonly CaptureRecord[] {
    return this.#stacks.end();
  }

  /** A line is told by one record: the first stack, which is that of the thread that crashed. */
  #readEscaped(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const [first, ...others] = stacksInLine(text, lineNo);
    if (first === undefined) return undefined;
    if (others.length > 0) {
      const message = `of ${others.length + 1} stacks in one line, only the first is read`;
      this.#problem = { code: 'FRAME_UNREAD', message, span: first.span };
    }
    this.#torn = '';
    return [...this.#stacks.end(), first];
  }

  #readPlace(line: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const place = this.#stacks.tool === 'perf' ? readPerfPlace(line) : undefined;
    return place && this.#stacks.add(place, lineNo);
  }

  #read(text: string, lineNo: number): readonly CaptureRecord[] | undefined {
    const torn = this.#last === lineNo - 1 ? this.#torn : '';
    const bare = readForeign(text) ?? readCutName(text, this.#stacks.tool === 'asan');
    const read = bare ?? readOopsInLog(text);
    this.#torn = isPlaceless(read) ? text : '';
    const whole = torn === '' || read?.type === 'frame' ? undefined : mended(torn, text);
    if (whole !== undefined) {
      this.#stacks.replaceLast(whole, lineNo);
      return [];
    }
    if (read?.type === 'task') this.#task = read.stamp;
    const isOops = read !== undefined && 'tool' in read && read.tool === 'oops';
    const isReport = lineNo - this.#reportAt <= MOST_LINES_ABOVE_STACK;
    const above = isReport ? 'asan' : undefined;
    const announced = this.#announcedAt === lineNo - 1 ? this.#announced : above;
    // People write "Call Trace:" above what gdb prints as well; "<TASK>" may stand below it.
    if (
      isOops &&
      bare !== undefined &&
      (read.type === 'head' || (read.type === 'inside' && announced === 'oops'))
    ) {
      this.#announce('oops', lineNo);
      return undefined;
    }
    // "CPU: 1 PID: 4260 Comm: x" stands above the stack, with registers in between.
    const records = read && this.#stacks.add(read, lineNo, isOops ? this.#task : {}, announced);
    if (records !== undefined) {
      if (isOops) this.#task = {};
      return records;
    }
    const isNear = this.#last === lineNo - 1;
    if (read?.type !== 'task' && !isReportText(text) && !(isNear && isReportTable(text))) {
      return undefined;
    }
    this.#announce('asan', lineNo);
    if (REPORT.test(text)) this.#reportAt = lineNo;
    return [...this.#stacks.end(), { kind: 'chatter', span: { first: lineNo, last: lineNo } }];
  }

  #announce(tool: ForeignStack['tool'], lineNo: number): void {
    this.#announced = tool;
    this.#announcedAt = lineNo;
  }
}

/** Of a sanitizer's report; a terminal may wrap them, and fuzzers add some. */
const MOST_LINES_ABOVE_STACK = 8;
const REPORT = /^==\d+== ?(?:ERROR|WARNING)|^(?:READ|WRITE) of size \d/;

/**
 * "#2 0xf4d120be in Code::Verify(Code*,": a terminal wrapped the name. Where no stack of a sanitizer is open, it needs an
 * address that gdb would have padded.
 */
function readCutName(text: string, isOpen: boolean): ForeignLine | undefined {
  const pattern = isOpen ? CUT_NAME : CUT_UNPADDED;
  const cut = pattern.exec(text)?.[1];
  return cut === undefined ? undefined : readForeign(cut);
}

const CUT_NAME = /^(#\d{1,6} 0x[0-9a-f]+ in [^=]{1,1024}),$/;
const CUT_UNPADDED = /^(#\d{1,6} 0x[0-9a-f]{9,12} in [^=]{1,1024}),$/;

function isPlaceless(read: ForeignLine | undefined): boolean {
  if (read?.type !== 'frame' || read.tool !== 'asan') return false;
  return read.frame.file === undefined && read.frame.moduleOffset === undefined;
}

/** The frame of a sanitizer that a terminal or mail has wrapped in its name, where its place stands, or within that. */
function mended(line: string, rest: string): ForeignFrame | undefined {
  if (!WRAPPED.test(rest) && !isNameOpen(line)) return undefined;
  const place = rest.replace(/^at (?=\S+$)/, '');
  const texts = [line + place, `${line} ${place}`];
  // "... operator()(int) const" and "/src/x.cc:20:1" is no file "const/src/x.cc"; where the place has begun, it is torn.
  if (line.endsWith(',') || (place.startsWith('/') && !line.includes(' /'))) texts.reverse();
  for (const text of texts) {
    const read = readForeign(text);
    if (read?.type === 'frame' && !isPlaceless(read)) return read.frame;
  }
  return undefined;
}

/** "#2 0x55d0c0ffee00 in std::map<int," */
function isNameOpen(line: string): boolean {
  const name = line.replace(/operator(?:<<?=?|>>?=?|->)/g, '');
  const count = (sign: string): number => name.split(sign).length;
  return name.endsWith(',') || count('<') > count('>') || count('(') > count(')');
}

// "(/lib/libc.so.6+0x21b96)"   "hw/pci/pci_bridge.c:153"   "er-l/src/x.cc:619:3"   "at /src/x.cc:619:3"
const WRAPPED = /^(?:at )?\S{1,512}(?::\d+|\))(?: \(BuildId: [0-9a-f]+\))?$/;
