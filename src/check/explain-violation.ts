/** What stands around a violation, so that it can be checked by hand. */
import { plainName } from '../facts/functions.js';
import { backendOfEvent } from '../flows/facts.js';
import type { Run } from '../flows/run.js';
import type { Backend } from '../model/fact.js';
import type { Finding, Slice } from '../model/report.js';
import type { RealBug } from '../model/rule-info.js';
import { describe } from '../protocol/replay.js';
import { describeSpan, spanOf } from '../protocol/spans.js';
import type { Judgement, Rule } from '../rules/rule.js';
import type { Session } from './session.js';

/** States of the device before it, what the call may do in its order, the stack that asked for it, and the records that prove it. */
export function explainViolation(
  violation: Judgement,
  context: Session,
  slice: Slice | undefined,
  { info }: Rule,
): Pick<Finding, 'stateBefore' | 'allowed' | 'stack' | 'slice' | 'knownBug' | 'impact'> {
  const { device, step } = violation;
  const { run } = context;
  const at = run.steps[step];
  const stack = (at?.frames ?? []).slice(0, MAX_STACK).map((frame, i) => ({
    func: plainName(frame.func),
    line: at?.frameLines[i] ?? at?.line ?? 0,
  }));
  const allowed = allowedAt(run, step);
  const { bugs = [], impactOn } = info;
  // It is looked for in all of the capture.
  const isAsked = impactOn !== undefined || bugs.some((bug) => bug.backend !== undefined);
  const backend = isAsked ? backendOf(violation, run) : undefined;
  const bug = bugOf(violation, backend, bugs);
  const impact = backend === undefined ? undefined : impactOn?.[backend];
  return {
    ...(device === undefined || !run.ordered
      ? {}
      : {
          stateBefore: describe(
            context.stateBefore(device, step),
            context.sinceBefore(device, step),
          ),
        }),
    ...(allowed === undefined ? {} : { allowed: [allowed] }),
    ...(stack.length < 2 ? {} : { stack }),
    ...(slice === undefined ? {} : { slice }),
    ...(bug === undefined ? {} : { knownBug: `${bug.where}: ${bug.what}` }),
    ...(impact === undefined ? {} : { impact }),
  };
}

/** The first that such a violation may show: of its fault, and not of another type of backend. */
function bugOf(
  violation: Judgement,
  backend: Backend | undefined,
  bugs: readonly RealBug[],
): RealBug | undefined {
  return bugs.find(
    (bug) =>
      bug.unreported !== true &&
      bug.fault === violation.fault &&
      (bug.backend === undefined || backend === undefined || bug.backend === backend),
  );
}

/** As the place itself shows it, or, where that is no call of a device, a record that is cited. */
function backendOf({ step, evidence = [] }: Judgement, run: Run): Backend | undefined {
  const here = backendAt(run, step);
  if (here !== undefined) return here;
  const cited = new Set(evidence.map(({ line }) => line));
  const steps = run.steps.filter(({ line }) => cited.has(line));
  return steps.map(({ index }) => backendAt(run, index)).find((backend) => backend !== undefined);
}

function backendAt({ atStep, rings, steps }: Run, step: number): Backend | undefined {
  const { event, wire } = steps[step] ?? {};
  const calls = [...(atStep[step] ?? [])].reverse();
  return (
    calls.map((call) => rings.backendOf(call)).find((backend) => backend !== undefined) ??
    wire?.backend ??
    (event && backendOfEvent(event))
  );
}

/** Frames of a stack that are told: from the call to whoever asked for it. */
const MAX_STACK = 10;

/** What the innermost span at a step may do. */
function allowedAt(run: Run, step: number): string | undefined {
  const shown = run.atStep[step] ?? [];
  for (const activation of [...shown].reverse()) {
    const { enable } = activation;
    const span = spanOf(activation.kind, enable);
    if (span === undefined) continue;
    const steps = describeSpan(span, enable, run.rings.backendOf(activation));
    const flag = enable === undefined ? '' : String(enable);
    return `${activation.func}(${flag}) calls in this order: ${steps}`;
  }
  return undefined;
}
