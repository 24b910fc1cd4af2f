/**
 * Rules × sessions → findings.
 *
 * A stack rule judges every stack, whatever the order. A sequence rule judges a session only when
 * its order is known; in a note it judges what one record proves, and is otherwise inconclusive where its
 * subject appears at all.
 */
import { append } from '../base/append.js';
import { isTooDeep, MOST_CALLS } from '../facts/step.js';
import type { Step } from '../facts/step.js';
import type { Run } from '../flows/run.js';
import type { FactKind } from '../model/fact.js';
import type { CaptureInfo } from '../model/record.js';
import type { Finding } from '../model/report.js';
import type { Judgement, Rule } from '../rules/rule.js';
import { kindsAnew } from '../rules/shared/calls/stack-calls.js';
import { Collector } from './collector.js';
import { judgeSequence } from './judge-sequence.js';
import { openByGaps } from './open-by-gaps.js';
import { sessionsOf } from './session.js';
import type { Session } from './session.js';
import { slicesOf } from './slice.js';
import { unjudgedSubject } from './unjudged-subject.js';

/** What is looked for behind the verdicts, which takes longer than to reach them. */
const REASONS = { slicesOf, openByGaps };

/** All findings of one capture, by rule, session and place. Pure. */
export function judgeRun(
  info: CaptureInfo,
  run: Run,
  rules: readonly Rule[],
  { slicesOf, openByGaps } = REASONS,
): Finding[] {
  const collectors = rules
    .filter(({ stack, sequence }) => stack !== undefined || sequence !== undefined)
    .map((rule) => new Collector(info, rule));
  const byKind = collectorsByKind(collectors);
  for (const context of sessionsOf(run)) {
    const judged = collectors.map(({ size }) => size);
    judgeStacks(context, byKind);
    for (const [i, collector] of collectors.entries()) {
      if (collector.rule.sequence !== undefined) addSequence(collector, context, judged[i] ?? 0);
    }
  }
  const slices = slicesOf(collectors.map(({ violations }) => violations));
  const open = run.gaps.length === 0 ? [] : collectors.flatMap((collector) => collector.open);
  const reasons = { slices, gaps: openByGaps(run, open) };
  return collectors.flatMap((collector) => collector.findings(reasons));
}

/** For each kind of call the rules that judge the stacks which show one. */
function collectorsByKind(collectors: readonly Collector[]): ReadonlyMap<FactKind, Collector[]> {
  const byKind = new Map<FactKind, Collector[]>();
  for (const collector of collectors) {
    for (const kind of new Set(collector.rule.stack?.of)) append(byKind, kind, collector);
  }
  return byKind;
}

function judgeStacks(context: Session, byKind: ReadonlyMap<FactKind, readonly Collector[]>): void {
  const { run } = context;
  if (context.activations.length === 0) return;
  for (const step of context.steps) {
    if (step.calls.length === 0) continue;
    const unjudged = outsideOf(step);
    for (const collector of askedOf(kindsAnew(step, run), byKind)) {
      if (unjudged !== undefined) collector.add(unjudged, context, false);
      for (const judgement of collector.rule.stack?.judge(step, run) ?? [])
        collector.add(judgement, context);
    }
  }
}

/** What is said of the calls of a stack that no rule sees; undefined for those of a real QEMU. */
function outsideOf(step: Step): Judgement | undefined {
  if (!isTooDeep(step)) return undefined;
  return {
    verdict: 'inconclusive',
    step: step.index,
    line: step.line,
    message: `only the innermost ${MOST_CALLS} calls of this stack are judged`,
    missing: [`a backtrace with fewer than ${MOST_CALLS} calls of known functions`],
  };
}

/** Each collector once, whichever of its kinds are shown. */
function askedOf(
  kinds: readonly FactKind[],
  byKind: ReadonlyMap<FactKind, readonly Collector[]>,
): Iterable<Collector> {
  const [first] = kinds;
  if (kinds.length === 1 && first !== undefined) return byKind.get(first) ?? [];
  return new Set(kinds.flatMap((kind) => byKind.get(kind) ?? []));
}

function addSequence(collector: Collector, context: Session, judgedBefore: number): void {
  const { rule } = collector;
  const before = collector.size;
  for (const judgement of judgeSequence(rule, context)) collector.add(judgement, context);
  if (collector.size > (context.run.ordered ? judgedBefore : before)) return;
  const judgement = unjudgedSubject(rule, context);
  if (judgement !== undefined) collector.add(judgement, context, false);
}
