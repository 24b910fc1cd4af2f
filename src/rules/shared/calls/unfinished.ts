/** Calls in which the record of their thread ends: nothing shows that they did what they were called for. */
import { isInside } from '../../../flows/activations/activation.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Judgement, SessionContext } from '../../rule.js';

/** A pass, unless the record ends inside of the call that is to be done. */
export function doneUnlessEnding(
  context: SessionContext,
  { line }: Pick<Activation, 'line'>,
  passed: Omit<Judgement, 'verdict' | 'missing'>,
): Judgement {
  const call = unfinishedAt(context, line);
  if (call === undefined) return { ...passed, verdict: 'pass' };
  const missing = [`what comes behind ${call.func}: the record of its thread ends there`];
  return { ...passed, verdict: 'inconclusive', missing };
}

/** Where the record of its thread ends inside of the call that is first shown on this line: the innermost call there. */
function unfinishedAt(context: SessionContext, line: number): Activation | undefined {
  const calls = unfinished(context);
  const call = calls.find((a) => a.line === line);
  return call && calls.findLast((a) => a === call || isInside(a, call));
}

/**
 * Of each thread the calls that it shows last, outer ones before inner ones. A call that another thread enters later is
 * made with the big lock, which the first one has given back by then.
 */
function unfinished(context: SessionContext): readonly Activation[] {
  return context.once('unfinished calls', () => {
    const lastOf = new Map<string | undefined, readonly Activation[]>();
    let last = 0;
    for (const { index, line, thread, entry } of context.steps) {
      const shown = context.run.atStep[index] ?? [];
      // A stop of which no stack is shown comes behind the stacks that stand below it.
      if (shown.length === 0 || line < last) continue;
      last = line;
      if (entry) lastOf.clear();
      lastOf.set(thread, shown);
    }
    return [...lastOf.values()]
      .flat()
      .filter(({ closed, result }) => closed === undefined && result === undefined);
  });
}
