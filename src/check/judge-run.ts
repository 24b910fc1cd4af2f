/**
 * Rules × sessions → findings.
 *
 * A stack rule judges every stack, whatever the order. A sequence rule judges a session only when
 * its order is known; in a note it is inconclusive where its subject appears at all.
 */
import type { Run } from '../flows/run.js';
import type { CaptureInfo } from '../model/record.js';
import type { Finding } from '../model/report.js';
import type { Rule } from '../rules/rule.js';
import { Collector } from './collector.js';
import { Session } from './session.js';
import { unjudgedSubject } from './unjudged-subject.js';

/** Steps judged again for the slices of one capture, a second or two of work; enough for some forty violations. */
const SLICE_BUDGET = 50_000;

/** All findings of one capture, by rule, session and place. Pure. */
export function judgeRun(info: CaptureInfo, run: Run, rules: readonly Rule[]): Finding[] {
  const contexts = Array.from({ length: run.sessions }, (_, session) => new Session(run, session));
  const findings: Finding[] = [];
  const budget = { left: SLICE_BUDGET };
  for (const rule of rules) {
    if (rule.stack === undefined && rule.sequence === undefined) continue;
    const collector = new Collector(info, rule, budget);
    for (const context of contexts) {
      const judged = collector.size;
      if (rule.stack !== undefined) judgeStacks(rule, context, collector);
      if (rule.sequence !== undefined)
        judgeSequence(rule, rule.sequence, context, collector, judged);
    }
    findings.push(...collector.findings());
  }
  return findings;
}

function judgeStacks(rule: Rule, context: Session, collector: Collector): void {
  for (const step of context.stacks) {
    for (const judgement of rule.stack?.(step, context.run) ?? [])
      collector.add(judgement, context);
  }
}

function judgeSequence(
  rule: Rule,
  sequence: NonNullable<Rule['sequence']>,
  context: Session,
  collector: Collector,
  judgedBefore: number,
): void {
  if (context.run.ordered) {
    for (const judgement of sequence(context)) collector.add(judgement, context);
    if (collector.size > judgedBefore) return;
  }
  const judgement = unjudgedSubject(rule, context);
  if (judgement !== undefined) collector.add(judgement, context);
}
