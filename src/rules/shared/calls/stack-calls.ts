/** The known calls that one stack shows. */
import type { Call } from '../../../facts/stacks/calls.js';
import type { Step } from '../../../facts/step.js';
import type { Activation } from '../../../flows/activations/activation.js';
import type { Run } from '../../../flows/run.js';
import type { FactKind } from '../../../model/fact.js';
import type { Mark } from '../../rule.js';

export interface CallPair {
  readonly outer: Call;
  readonly inner: Call;
  /** The executions of both. */
  readonly caller: Activation | undefined;
  readonly called: Activation | undefined;
  readonly line: number;
  /** Where the outer one is shown, if that is another record. */
  readonly evidence: readonly Mark[];
}

/**
 * Adjacent known calls of a stack, outer and inner, with the line that shows the inner one. A pair is
 * given once: at the first stack that shows the inner call, not again with each of its callees.
 */
export function* callPairs(step: Step, run: Run): Generator<CallPair> {
  for (let i = 1; i < step.calls.length; i++) {
    const outer = step.calls[i - 1];
    const inner = step.calls[i];
    if (outer === undefined || inner === undefined || !isFirstSight(step, run, i)) continue;
    const line = step.callLines[i] ?? step.line;
    const [caller, called] = [shownAt(step, run, i - 1), shownAt(step, run, i)];
    yield { outer, inner, caller, called, line, evidence: [] };
  }
}

/**
 * {@link callPairs}, and where no stack is printed the pair that the watched return of the outer call proves: it was
 * made inside, by that one or by a function that is not watched. Or the one that the order of the stops proves: no other
 * function can have made it, but where it is told by the flag of the call.
 */
export function* nestedPairs(step: Step, run: Run): Generator<CallPair> {
  yield* callPairs(step, run);
  const [inner] = step.calls;
  if (!run.ordered || inner === undefined || step.calls.length > 1) return;
  const activation = shownAt(step, run, 0);
  const caller = activation?.parent;
  if (activation?.first !== step.index || caller === undefined) return;
  if (!activation.isInsideReturned && !activation.isLinked) return;
  const line = step.callLines[0] ?? step.line;
  const told = activation.isLinked
    ? 'is entered: nothing that its thread enters behind it makes this call'
    : 'is entered, and returns later';
  const evidence = [{ line: caller.line, role: `${caller.func} ${told}` }];
  yield { outer: caller.call, inner, caller, called: activation, line, evidence };
}

/** The execution that the call at `index` of the step's calls shows: its own stack may have come before. */
function shownAt(step: Step, run: Run, index: number): Activation | undefined {
  const shown = run.atStep[step.index] ?? [];
  // A limited backtrace shows fewer calls than are known to be open; both lists end with the innermost.
  return shown[shown.length - step.calls.length + index];
}

/** The call at `index` of the step's calls is shown here for the first time. */
export function isFirstSight(step: Step, run: Run, index: number): boolean {
  return shownAt(step, run, index)?.first === step.index;
}

/** Kinds of the calls that a stack shows for the first time, and of its innermost one, which may stand there again. */
export function kindsAnew({ index, calls }: Step, run: Run): FactKind[] {
  const innermost = calls.at(-1)?.row.kind;
  const kinds = innermost === undefined ? [] : [innermost];
  for (const { kind, first } of run.atStep[index] ?? []) {
    if (first === index && !kinds.includes(kind)) kinds.push(kind);
  }
  return kinds;
}
