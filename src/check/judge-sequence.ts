/** What a rule finds in a session: in single stacks, and by the order of its records, or in spite of it. */
import type { Judgement, Rule, SessionContext } from '../rules/rule.js';
import { kindsAnew } from '../rules/shared/calls/stack-calls.js';
import { doneUnlessEnding } from '../rules/shared/calls/unfinished.js';

/** All that one rule says of a session. */
export function* judgementsOf(rule: Rule, context: SessionContext): Generator<Judgement> {
  const { stack } = rule;
  for (const step of stack === undefined ? [] : context.steps) {
    if (kindsAnew(step, context.run).some((kind) => stack?.of.includes(kind)))
      yield* stack?.judge(step, context.run) ?? [];
  }
  yield* judgeSequence(rule, context);
}

/** All judgements where the order is known, in a note those that one record proves. */
export function* judgeSequence(
  { sequence, passesAtEntry }: Rule,
  context: SessionContext,
): Generator<Judgement> {
  for (const judgement of sequence?.(context) ?? []) {
    if (!context.run.ordered && judgement.alone !== true) continue;
    yield passesAtEntry === true ? judgement : untilDone(context, judgement);
  }
}

/** What a call is there for is not done while it goes on: it may hang, or crash. */
function untilDone(context: SessionContext, judgement: Judgement): Judgement {
  return judgement.verdict === 'pass' ? doneUnlessEnding(context, judgement, judgement) : judgement;
}
