/** What a log start of vhost-user devices leaves out, by QEMU's trace events. */
import type { Step } from '../../../facts/step.js';
import { hasGap } from '../../../flows/run.js';
import type { Judgement, SessionContext } from '../../rule.js';
import { tracedLogPasses } from './log-passes.js';
import type { TracedLogPass } from './log-passes.js';
import type { MessageEvent } from './message-events.js';
import { oneQemu } from './one-process.js';

/** LS-BASE-FIRST: features or addresses in front of the first log base. */
export function* judgeTracedBases(context: SessionContext): Generator<Judgement> {
  for (const { begin, messages } of tracedLogStarts(context)) {
    // A reply to the log base shows that it was sent.
    const first = messages.find(({ name }) => TELLS_TO_LOG.has(name) || name === 'SET_LOG_BASE');
    // A device start of the same thread begins with features, too; of a vring it sends the size before the address.
    const isOfStart = messages.every(({ name }) => name !== 'SET_VRING_ADDR');
    if (first === undefined || first.name === 'SET_LOG_BASE' || isOfStart) continue;
    const message = `the log start sends ${first.name}, and no SET_LOG_BASE before it`;
    yield judgeAt(context, begin, first, message, 'SET_LOG_BASE in front of SET_FEATURES');
  }
}

/** LS-FEATURES: the address of a vring with no features between the log base, or the beginning, and it. */
export function* judgeTracedFeatures(context: SessionContext): Generator<Judgement> {
  for (const { begin, messages } of tracedLogStarts(context)) {
    let features: MessageEvent | undefined;
    let isTold = false;
    /** Features that a log base follows before any vring is told: of this device, or of one without a vring. */
    let early: MessageEvent | undefined;
    for (const message of messages) {
      if (message.name === 'SET_LOG_BASE') {
        if (features !== undefined) early = isTold ? undefined : features;
        features = undefined;
      } else if (message.name === 'SET_FEATURES') {
        // Not the reply to it.
        if (features === undefined || message.sender === 'frontend') features = message;
        [early, isTold] = [undefined, false];
      } else if (message.name === 'SET_VRING_ADDR') {
        isTold = true;
        if (features !== undefined) continue;
        yield early === undefined
          ? judgeAt(context, begin, message, NO_FEATURES, 'SET_FEATURES in front of SET_VRING_ADDR')
          : whoseFeatures(message, early);
        break;
      }
    }
  }
}

const NO_FEATURES = 'the log start tells a vring to log, and sends no SET_FEATURES before it';

function whoseFeatures({ step, line }: MessageEvent, early: MessageEvent): Judgement {
  return {
    verdict: 'inconclusive',
    step,
    line,
    message:
      'the log start tells a vring to log, and SET_FEATURES comes in front of the log base only',
    evidence: [{ line: early.line, role: 'the features in front of the log base' }],
    missing: ['whether these are of the same device: probe vhost_dev_set_features'],
  };
}

const TELLS_TO_LOG: ReadonlySet<string> = new Set(['SET_FEATURES', 'SET_VRING_ADDR']);

function judgeAt(
  context: SessionContext,
  begin: Step,
  { step, line, thread }: MessageEvent,
  message: string,
  expected: string,
): Judgement {
  const { run, session } = context;
  const missing: string[] = [];
  if (thread === undefined || run.mixed.has(session)) missing.push(oneQemu(context));
  if (hasGap(run, begin.index, step)) missing.push('the log start without a gap');
  if (missing.length > 0) return { verdict: 'inconclusive', step, line, message, missing };
  const evidence = [{ line: begin.line, role: 'the log start begins here' }];
  return { verdict: 'violation', step, line, message, expected, evidence };
}

function tracedLogStarts(context: SessionContext): readonly TracedLogPass[] {
  return tracedLogPasses(context).filter(({ isStart }) => isStart);
}
