/**
 * Which lines belong to a stack that another tool than gdb printed. Syntax: grammars/foreign-frame.peggy.
 *
 * The patterns only spare the grammar lines that it would refuse; one line for each kind of line.
 */
import { anyOf } from '../../base/any-of.js';
import { accept } from '../../grammar/foreign-frame.js';
import type { ForeignFrame, ForeignStack, Stamp } from '../../model/record.js';

/** One line of a stack or of the text around it. */
export type ForeignLine =
  | {
      readonly type: 'frame';
      readonly tool: ForeignStack['tool'];
      /** Number of the frame, where the tool numbers them. */
      readonly level?: number;
      readonly frame: ForeignFrame;
      /** Too little by itself: counts only in an open stack of this tool, or where one is announced. */
      readonly weak?: true;
    }
  /** A stack follows. */
  | { readonly type: 'head'; readonly tool: ForeignStack['tool']; readonly stamp: Stamp }
  /** The place of the frame above. */
  | { readonly type: 'place'; readonly file: string; readonly line: number }
  /** Registers, marks: part of an open stack of this tool. */
  | { readonly type: 'inside'; readonly tool: ForeignStack['tool'] }
  /** Names the task of the stack that follows later. */
  | { readonly type: 'task'; readonly stamp: Stamp };

type Rule = Exclude<NonNullable<Parameters<typeof accept>[1]>, 'PerfSample'>;

/** Longer lines hold no frame: names of C++ functions are long, but not that long. */
const LONGEST_LINE = 2048;

const KINDS: readonly { readonly may: RegExp; readonly rules: readonly Rule[] }[] = [
  {
    may: /^#\d{1,6} {1,2}(?:[^\n]{1,1024}\(\d{1,9}\): |\[internal function\]: |[^ \n]{1,512}\([^\n]*\) called at \[|\{main\}$|[^ \n]{0,512}\{closure[}:])/,
    rules: ['Php'],
  },
  // gdb's own frames are most lines of a log: "f (hdev=0x1", ") at " and "f ()" stand in no other tool's.
  { may: /^#\d{1,10}(?:\.\d+)?[ \t](?!.*(?: \(\w+=|\) (?:at|from) | \(\)$))/, rules: ['Numbered'] },
  { may: /^\[#?\d/, rules: ['Gef', 'Listed'] },
  {
    may: /^\[[0-9a-f]{8}(?:[0-9a-f]{8})?\] \[|^--- (?:interrupt|Exception): [0-9a-f]/,
    rules: ['Oops'],
  },
  { may: /^\[exception RIP: /, rules: ['CrashException'] },
  {
    may: /^\[<|^(?:\? )?[A-Za-z_.$][\w.$]{0,255}(?:\+0x| \(?[^ :()]+:\d)|^<\/?#?[A-Z]{2,}>|^Call [Tt]race:/,
    rules: ['Oops'],
  },
  { may: /^CPU: \d|^task:\S/, rules: ['OopsTask'] },
  { may: /^(?:frame|thread) #\d/, rules: ['Lldb'] },
  { may: /^Stack trace of thread \d/, rules: ['CoredumpHead'] },
  { may: /^PID: /, rules: ['CrashHead'] },
  { may: /^[PT]ID \d/, rules: ['EuStackHead'] },
  { may: /^\/\S/, rules: ['Place'] },
  { may: /^[A-Z][A-Z0-9_]{0,7}: [0-9a-f]|^--- </, rules: ['CrashInside'] },
  { may: /^[0-9a-f]{1,16} [^\n]+\)$|^[0-9a-f]{4,16} [^ ]+$/, rules: ['Bpftrace', 'Perf'] },
  {
    may: /^(?:[0-9a-f]{4,16} |\[inlined\] )?[A-Za-z_.$~][^\n]{0,1000}\+\d+(?:@[^\n]*)?$|^\[inlined\] |^@\w*\[[^\]\n]*$|^(?:,[^\]\n]*)?\]: |^,$|^<unwind failure>$/,
    rules: ['Bpftrace'],
  },
  {
    may: /^(?:b'|[0-9a-f]{4,16} )?(?:\[unknown\]|[A-Za-z_.$~][^\n]{0,1000}\+0x[0-9a-f]+ \[)/,
    rules: ['Bcc'],
  },
  { may: /^0x[0-9a-f]+$/, rules: ['Bpftrace'] },
  { may: /^<asynchronous suspension>$/, rules: ['DartInside'] },
  { may: /^0x[0-9a-f]+ (?:: \w|\(inexact\)$)/, rules: ['SystemTap'] },
];

/** Two kinds are told by their end: they begin with the name of a thread or a file. */
const PERF_HEAD = /\d\.\d{6,9}:(?:[ \t]|$)|\d\]?[ \t]+[A-Za-z][^ :]*:(?:\w{1,64}:)?$/;
const PERF_SAMPLE = /:[ \t]+[0-9a-f]{1,16} [^\n]+\)$/;
const GLIBC = /\) ?\[0x/;

const ANY_KIND = anyOf(KINDS.map(({ may }) => may));

/** `line` has lost its margin and the blanks at its end. */
export function readForeign(line: string): ForeignLine | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  if (line.endsWith(':') && PERF_HEAD.test(line)) return accept(line, 'PerfHead');
  if (line.endsWith(']') && GLIBC.test(line)) return accept(line, 'Glibc');
  if (!ANY_KIND.test(line)) return undefined;
  for (const { may, rules } of KINDS) {
    if (!may.test(line)) continue;
    for (const rule of rules) {
      const read = accept(line, rule);
      if (read !== undefined) return read;
    }
  }
  return undefined;
}

/** What perf script prints of a sample in one line, where it recorded no stacks. */
export interface PerfSample {
  readonly stamp: Stamp;
  readonly frame: ForeignFrame;
}

export function readPerfSample(line: string): PerfSample | undefined {
  if (line.length > LONGEST_LINE || !PERF_SAMPLE.test(line)) return undefined;
  return accept(line, 'PerfSample');
}

/** Where the frame above stands in the source, in a stack of perf. */
export function readPerfPlace(line: string): ForeignLine | undefined {
  const text = /^[ \t]{1,64}([^ \t].*)$/.exec(line)?.[1];
  return text === undefined || text.length > LONGEST_LINE ? undefined : accept(text, 'PerfPlace');
}

// What stands in front of the kernel's own stack where a log keeps none of the usual stamps: "kernel: " of syslog without
// time and host, "<4>" of vmcore-dmesg, "[18:01:50] " of a CI system, "5392s " of autopkgtest, ":" of ABRT.
const BEFORE_OOPS = /^(?:kernel: ?|<\d{1,3}>|\[\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\] ?|\d{1,9}s |: ?)/;

/** A line of the kernel's stack behind such a margin. */
export function readOopsInLog(line: string): ForeignLine | undefined {
  const margin = BEFORE_OOPS.exec(line)?.[0];
  return margin === undefined ? undefined : readOops(line.slice(margin.length));
}

/** The same among the messages of a kernel, which print no other stack. */
export function readOops(text: string): ForeignLine | undefined {
  const line = text.trim();
  if (line.length > LONGEST_LINE) return undefined;
  return accept(line, 'Oops') ?? accept(line, 'OopsTask');
}

/** Text of a report around its stacks: what happened, where the memory lies, what the registers held. */
export function isReportText(line: string): boolean {
  if (line.length > LONGEST_LINE) return false;
  return ANY_REPORT.test(line) || (line.includes(': runtime error: ') && UBSAN.test(line));
}

/** Further text that only its neighbours tell. */
export function isReportTable(line: string): boolean {
  return TABLE.test(line);
}

const REPORT: readonly RegExp[] = [
  // ASan, LSan, MSan: compiler-rt/lib/asan/asan_errors.cpp, asan_descriptions.cpp
  /^==\d+== ?(?:ERROR|WARNING|HINT|Hint|ABORTING|The signal|Register values|\w+Sanitizer)/,
  /^(?:READ|WRITE) of size \d+ at 0x[0-9a-f]+ thread T\d/,
  /^(?:freed|previously allocated|allocated) by thread T\d+\b.* here:$/,
  /^Thread T\d+ .*created by .*(?:here|at):$/,
  /^0x[0-9a-f]+ is located \d+ bytes |^Address 0x[0-9a-f]+ is (?:a wild|located)/,
  /^SUMMARY: \w+Sanitizer: |^WARNING: \w+Sanitizer: |^(?:Direct|Indirect) leak of \d+ byte/,
  /^Shadow bytes? (?:around|legend)|^(?:=>)?0x[0-9a-f]+:[ [](?:[0-9a-f]{2}[ \][]*){4}/,
  // TSan: compiler-rt/lib/tsan/rtl/tsan_report.cpp
  /^(?:Previous )?(?:atomic )?(?:[Rr]ead|[Ww]rite) of size \d+ at 0x[0-9a-f]+ by /,
  /^Location is (?:heap|global|stack) /,
  // glibc's abort message up to 2.25
  /^={7} (?:Backtrace|Memory map): ={8,9}$/,
  // an oops without stamps: kernel/panic.c, arch/x86/kernel/dumpstack.c, mm/fault.c
  /^(?:RIP|[A-Z]{1,2}P|[RE]?FLAGS|R[A-D]X|R\d\d|FS|CS|CR2|DR[0-7]|Code): [0-9a-f]/,
  /^BUG: (?:kernel|unable to handle|soft lockup|scheduling|sleeping|workqueue)|^Oops: [0-9a-f]{4}|^watchdog: BUG/,
  /^(?:Modules linked in|Hardware name|Workqueue): |^-{3,}\[ (?:cut here|end trace)|^INFO: task \S+ blocked for/,
  /^WARNING: CPU: \d+ PID: \d+ at |^general protection fault/,
  // coredumpctl info
  /^ELF object binary architecture: /,
  // bpftrace before its first output
  /^Attach(?:ing|ed) \d{1,6} probes?(?:\.\.\.)?$/,
  // gef's list of threads
  /^\[#\d+\] Id \d+, /,
];

const UBSAN = /^\S{1,512}:\d+:\d+: runtime error: /;

const ANY_REPORT = anyOf(REPORT);

// "  Addressable:           00"
const TABLE = /^[A-Z][A-Za-z -]{3,40}:[ \t]+(?:[0-9a-f]{2}(?: |$))+/;
