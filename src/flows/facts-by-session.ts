/** Facts of a run by session, each with what shows it. */
import type { Step } from '../facts/step.js';
import type { Fact } from '../model/fact.js';
import type { Activation } from './activations/activation.js';
import type { Run } from './run.js';

/** Of a call the activation is known, of an event or a request the step. */
export type ShownFact = { readonly fact: Fact } & (
  | { readonly activation: Activation; readonly step: undefined }
  | { readonly activation: undefined; readonly step: Step | undefined }
);

/** Facts are in the order of the steps, also those that belong to no activation. Linear. */
export function factsBySession(run: Run): readonly (readonly ShownFact[])[] {
  const bySession = Array.from({ length: run.sessions }, (): ShownFact[] => []);
  const reported = run.steps.flatMap((step) => [
    ...(step.event === undefined ? [] : [step]),
    ...(step.wire === undefined ? [] : [step]),
  ]);
  let next = 0;
  for (const fact of run.facts) {
    const activation = run.activations[fact.activation ?? -1];
    const shown =
      activation === undefined
        ? { fact, activation, step: reported[next++] }
        : { fact, activation, step: undefined };
    bySession[fact.session]?.push(shown);
  }
  return bySession;
}
