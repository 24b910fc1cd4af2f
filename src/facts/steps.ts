/**
 * Records → steps: one step for each time that the capture reports something about the protocol. Those of a
 * debugger are made in debugger/debugger-steps.ts, those of tracers and backends in tool-steps.ts.
 */
import type { CaptureRecord } from '../model/record.js';
import { plainCommand, RESUMES, SELECTS } from './debugger/commands.js';
import { DebuggerSteps } from './debugger/debugger-steps.js';
import type { Steps } from './step.js';
import { StepMaker } from './step-maker.js';
import type { Keep, StepTaker } from './step-maker.js';
import { ToolSteps } from './tool-steps.js';

/** Steps of a whole capture, whose records are in its order. Pure. */
export function buildSteps(records: readonly CaptureRecord[]): Steps {
  const builder = new StepBuilder('records');
  for (const record of records) builder.add(record);
  return builder.finish();
}

/** The backtrace of a stop may be asked for at the prompt; what lets the program go on ends that chance. */
function endsStop(record: CaptureRecord): boolean {
  switch (record.kind) {
    case 'stop':
    case 'process':
    case 'event':
    case 'gap':
    case 'return':
    case 'syscall':
    case 'message':
    case 'kernel-event':
      return true;
    case 'command': {
      const text = plainCommand(record.text);
      return record.list === undefined && (RESUMES.test(text) || SELECTS.test(text));
    }
    default:
      return false;
  }
}

/** Makes the steps from the records, one by one. */
export class StepBuilder {
  private readonly maker: StepMaker;
  private readonly debugger: DebuggerSteps;
  private readonly tools: ToolSteps;

  /** See {@link StepMaker}; without a taker, {@link finish} gives the steps. */
  constructor(keep: Keep, taker?: StepTaker) {
    this.maker = new StepMaker(keep, taker);
    this.debugger = new DebuggerSteps(this.maker);
    this.tools = new ToolSteps(this.maker, () => {
      this.debugger.newSession();
    });
  }

  add(record: CaptureRecord): void {
    if (endsStop(record)) this.debugger.endStop();
    this.tools.followTool(record);
    switch (record.kind) {
      case 'stop':
        this.debugger.onStop(record);
        break;
      case 'backtrace':
        this.debugger.onBacktrace(record);
        break;
      case 'thread':
        this.debugger.onThread(record);
        break;
      case 'process':
        this.debugger.onProcessMark(record);
        break;
      case 'command':
        this.debugger.onCommand(record);
        break;
      case 'event':
        this.tools.onEvent(record);
        break;
      case 'gap':
        this.tools.onLoss(record.reach);
        this.debugger.onLoss();
        break;
      case 'return':
        this.debugger.onReturn(record);
        break;
      case 'value':
        this.debugger.onValue(record);
        break;
      case 'kernel-event':
        this.tools.onKernelEvent(record);
        break;
      case 'syscall':
      case 'message':
        this.tools.onWire(record);
        break;
      case 'breakpoint-set':
        this.debugger.onBreakpoint(record);
        this.tools.onBreakpoint(record);
        break;
      case 'chatter':
        this.debugger.onChatter(record);
        break;
      case 'open-call':
        this.tools.onOpenCall(record);
        break;
      case 'call-path':
      case 'code':
      case 'code-reference':
      case 'foreign-stack':
      case 'heading':
      case 'order':
        break;
      case 'log':
        if (record.source === 'qemu') this.debugger.onLog(record);
        if (record.socket !== undefined) this.maker.showSocket(record.span.first, record.socket);
        break;
      case 'prose':
        this.tools.onProse();
        break;
    }
  }

  get stepsMade(): number {
    return this.maker.stepsMade;
  }

  finish(): Steps {
    this.debugger.flushStop();
    this.maker.openCalls.forget();
    return this.maker.built();
  }
}
