/** What a rule finds in a session by the order of its records, or in spite of it. */
import type { Judgement, Rule, SessionContext } from '../rules/rule.js';
import { doneUnlessEnding } from '../rules/shared/calls/unfinished.js';

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
