/**
 * What tools print a line of for each request → steps: strace, the kernel's tracers, backends and QEMU's trace
 * log. They print no blank lines of their own, so that one is a loss.
 */
import type {
  BreakpointSet,
  CaptureRecord,
  KernelEvent,
  OpenCall,
  Reach,
  Span,
  SystemCall,
  TraceEvent,
  VhostUserMessage,
} from '../model/record.js';
import { CommandWords } from './wire/ioctls.js';
import type { StepMaker } from './step-maker.js';
import { eventTable } from './trace-events.js';
import {
  Images,
  isTornName,
  isTornProbe,
  NamedDevices,
  probedFrame,
  probedFunction,
  returnedValue,
  Rows,
} from './uprobes.js';
import { makeCall } from './stacks/calls.js';
import { DeviceLives } from './wire/device-lives.js';
import { NOTHING_SHOWN } from './report-step.js';
import type { WireFact } from './step.js';
import { OpenRequests } from './wire/open-calls.js';
import { UnacceptedSockets } from './wire/unaccepted-sockets.js';
import { wireFact } from './wire/wire.js';
import { lostEntryFact } from './wire/kernel.js';

/** A line that lost its tail within the name of an event that has a meaning: `vhost_user_re`. */
function isTorn({ name, args, text }: TraceEvent): boolean {
  if (args !== undefined || text !== '') return false;
  return [...eventTable.keys()].some((known) => known.startsWith(name));
}

interface ToolLine {
  readonly line: number;
  /** Its chatter lies between its records. */
  readonly hasChatter: boolean;
  /** A blank line stands before it. */
  readonly isBroken: boolean;
}

const OF_TOOLS: ReadonlySet<CaptureRecord['kind']> = new Set([
  'syscall',
  'message',
  'kernel-event',
  'event',
]);

function isBelowBlank({ line, isBroken }: ToolLine, { first }: Span): boolean {
  return isBroken || first > line + 1;
}

export class ToolSteps {
  /** The last line of such a tool. */
  private tool: ToolLine | undefined;
  private sawPid = false;
  private readonly words = new CommandWords();
  private readonly images = new Images();
  private readonly lives = new DeviceLives();
  private readonly requests = new OpenRequests();
  private readonly sockets = new UnacceptedSockets();
  private readonly rows = new Rows();
  private readonly devices = new NamedDevices();
  /** The last line of a tool is no trace event. */
  private isAfterRequest = false;

  /** `endProcess`: what follows is of another process than what came before. */
  constructor(
    private readonly maker: StepMaker,
    private readonly endProcess: () => void,
  ) {}

  onEvent(record: TraceEvent): void {
    const row = eventTable.get(record.name);
    if (row === undefined) {
      if (isTorn(record)) this.maker.lose('an event that could not be read');
      return;
    }
    if (record.pid !== undefined) {
      if (this.maker.sessions.isOtherPid(record.pid)) this.endProcess();
      this.maker.sessions.usePid(record.pid);
    }
    const shown = { line: record.span.first, event: { row, record }, wire: undefined };
    this.maker.show(shown, record.tid);
  }

  onBreakpoint(record: BreakpointSet): void {
    this.devices.declare(record);
  }

  onKernelEvent(record: KernelEvent): void {
    const func = probedFunction(record);
    if (func !== undefined) this.onUprobe(record, func);
    else if (isTornProbe(record) || (this.rows.isUsed && isTornName(record)))
      this.lose('a row that could not be read');
    else this.onWire(record);
  }

  /** A call of QEMU, or its return, as a breakpoint would tell of it that shows no callers. */
  private onUprobe(record: KernelEvent, func: string): void {
    if (this.rows.isCut(record)) {
      this.lose('a row that was cut');
      return;
    }
    const { address = '0x0', tgid, pid, span } = record;
    const process = tgid ?? this.images.keyOf(address);
    if (this.maker.sessions.isOtherPid(process)) this.endProcess();
    this.maker.sessions.usePid(process);
    if (this.images.isSecond(process, record)) this.onLoss({ from: 1 });
    const place = { ...NOTHING_SHOWN, line: span.first };
    const thread = pid === undefined ? {} : { thread: `tid ${pid}` };
    if (record.what === 'return') {
      const value = returnedValue(func, record);
      this.maker.push({
        ...place,
        ...thread,
        returned: { kind: 'return', span, func, value, address },
      });
      this.maker.isAfterTool = true;
      return;
    }
    const frame = this.devices.checked(probedFrame(func, record));
    const call = makeCall(frame);
    if (call === undefined) return;
    const lines = [span.first];
    this.maker.push({
      ...place,
      ...thread,
      calls: [call],
      callLines: lines,
      frames: [frame],
      frameLines: lines,
      entry: true,
    });
    this.maker.isAfterTool = true;
  }

  onWire(shownRecord: KernelEvent | SystemCall | VhostUserMessage): void {
    const record = this.named(shownRecord);
    // Threads of the kernel work for a QEMU under process ids of their own.
    if (record.kind === 'kernel-event') this.maker.sessions.useFirst();
    const isReturn = record.kind === 'kernel-event' && record.what === 'return';
    if (isReturn && this.maker.openCalls.close(record)) return;
    if (record.kind !== 'kernel-event') {
      // strace -f names the process on every line: one that does not has lost its head.
      if (record.pid === undefined && this.sawPid) this.maker.lose('the beginning of a line');
      this.sawPid ||= record.pid !== undefined;
    }
    const fact = isReturn ? this.returnFact(record) : wireFact(record, this.words);
    if (fact === undefined) return;
    const wire = this.lives.follow(fact);
    // The result of a call in the kernel comes with its return.
    const isOpen = record.kind === 'kernel-event' && !isReturn;
    const shown = { line: record.span.first, event: undefined, wire };
    const message = record.kind === 'message' ? record : undefined;
    const lost = message && this.requests.follow(message, this.maker.sessions.current);
    if (lost !== undefined) this.maker.markGap(lost);
    const entry = this.maker.show(shown, record.pid, isOpen, message);
    if (isOpen) this.maker.openCalls.open(record, entry);
  }

  onOpenCall(shownRecord: OpenCall): void {
    const record = this.named(shownRecord);
    const wait = this.requests.waitOf(record, this.words, this.maker.sessions.current);
    if (wait !== undefined) this.maker.addWait(wait);
  }

  /** With one name for one socket. */
  private named<R extends KernelEvent | SystemCall | VhostUserMessage | OpenCall>(record: R): R {
    if (!('channel' in record) || record.channel === undefined) return record;
    const channel = this.sockets.nameOf(record.channel);
    return channel === record.channel ? record : { ...record, channel };
  }

  private returnFact(record: KernelEvent): WireFact | undefined {
    const isAgain = this.maker.openCalls.mayHaveEntry(record);
    const fact = lostEntryFact(record, this.words);
    return fact !== undefined && isAgain ? { ...fact, isAgain } : fact;
  }

  /**
   * Between requests stands a line that nobody could read. QEMU shares its standard error with others, so that
   * between trace events a line is a loss only where it is a piece of one: the reader says so.
   */
  onProse(): void {
    if (this.maker.isAfterTool && this.isAfterRequest) this.lose('a line that nothing reads');
  }

  /** Where a blank line stands in the output of such a tool, one was emptied or some were cut out. */
  followTool(record: CaptureRecord): void {
    const { kind, span } = record;
    const { tool } = this;
    if (record.kind === 'chatter' && record.wraps === true) {
      // The line below stands below the one above.
      if (tool !== undefined)
        this.tool = { ...tool, line: span.last, isBroken: isBelowBlank(tool, span) };
      return;
    }
    const isTool = OF_TOOLS.has(kind);
    if (isTool) this.isAfterRequest = kind !== 'event';
    if (!isTool && !(kind === 'chatter' && tool?.hasChatter === true)) {
      this.tool = undefined;
      return;
    }
    const isBroken = tool !== undefined && isBelowBlank(tool, span);
    if (isBroken && isTool) this.lose('a blank line inside of the log');
    // The second parts of calls in an strace; a graph of the kernel has blank lines where it changes the task.
    const hasChatter = kind === 'syscall' || kind === 'message' || !isTool;
    this.tool = { line: span.last, hasChatter, isBroken: isBroken && !isTool };
  }

  onLoss(reach?: Reach): void {
    this.maker.markGap(reach);
    this.forget();
  }

  private lose(why: string): void {
    this.maker.lose(why);
    this.forget();
  }

  private forget(): void {
    this.maker.openCalls.forget();
    this.requests.forget();
  }
}
