/** What a rule finds in a session by the order of its records, or in spite of it. */
import type { Judgement, Rule, SessionContext } from '../rules/rule.js';

/** All judgements where the order is known, in a note those that one record proves. */
export function* judgeSequence({ sequence }: Rule, context: SessionContext): Generator<Judgement> {
  for (const judgement of sequence?.(context) ?? []) {
    if (context.run.ordered || judgement.alone === true) yield judgement;
  }
}
