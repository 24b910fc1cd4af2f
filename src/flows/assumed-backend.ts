/**
 * The backend that the user gives for devices that do not show theirs (`--backend`). A capture has the last word: where
 * a session shows backends and the given one is none of them, its devices are not taken for it.
 */
import type { Step } from '../facts/step.js';
import type { Backend } from '../model/fact.js';
import type { OverruledBackend } from '../model/report.js';
import type { Activation } from './activations/activation.js';
import { backendOfEvent } from './facts.js';

/** The sessions in which the given backend is not taken over, in order. */
export function overruledBackends(
  ofSession: readonly (readonly Step[])[],
  activations: readonly Activation[],
  given: Backend | undefined,
): readonly Omit<OverruledBackend, 'capture'>[] {
  if (given === undefined) return [];
  const seen = ofSession.map((): SeenBackends => ({ all: new Set(), first: undefined }));
  const see = (session: number, shown: Backend | undefined, line: number): void => {
    const own = seen[session];
    if (own === undefined || shown === undefined) return;
    own.all.add(shown);
    if (own.first === undefined || line < own.first.line) own.first = { shown, line };
  };
  for (const { session, backend, line } of activations) see(session, backend, line);
  for (const [session, steps] of ofSession.entries()) {
    for (const { event, wire, line } of steps) {
      // Requests to the kernel are the same for vdpa, and strace names their file with -y alone.
      const isOpen = wire?.backend === 'kernel' && given === 'vdpa';
      see(session, isOpen ? undefined : (wire?.backend ?? (event && backendOfEvent(event))), line);
    }
  }
  return seen.flatMap(({ all, first }, session) =>
    first === undefined || all.has(given) ? [] : [{ session, given, ...first }],
  );
}

interface SeenBackends {
  readonly all: Set<Backend>;
  first: Pick<OverruledBackend, 'shown' | 'line'> | undefined;
}
