/** The few facts of each session that a rule must look through to know whether it has a subject there. */
import type { Step } from '../facts/step.js';
import type { Fact, FactKind } from '../model/fact.js';
import type { Activation } from './activations/activation.js';
import { factShownBy } from './facts.js';
import type { Run } from './run.js';

/** What a fact says of itself, but for what is known of its device and of its ring. */
export type Subject = Pick<
  Fact,
  'kind' | 'role' | 'device' | 'backend' | 'line' | 'func' | 'value' | 'enable'
>;

const ROLES: Readonly<Record<Fact['role'], number>> = { entry: 0, caller: 1, event: 2, wire: 3 };

/**
 * By session the first fact of each kind and role, apart for those with a device and those without, and for
 * messages that ask for logging and those that do not; in order.
 */
export function distinctFacts({ steps, atStep, sessions }: Run): readonly (readonly Subject[])[] {
  const distinct = Array.from({ length: sessions }, () => new DistinctFacts());
  for (const step of steps) {
    distinct[step.session]?.addReport(step);
    for (const activation of atStep[step.index] ?? []) {
      if (activation.first === step.index) distinct[step.session]?.addCall(activation);
    }
  }
  return distinct.map(({ found }) => found);
}

class DistinctFacts {
  readonly found: Subject[] = [];
  private readonly seen = new Map<FactKind, number>();

  addReport(step: Step): void {
    const { event, wire } = step;
    const kind = event?.row.kind ?? wire?.kind;
    if (kind === undefined) return;
    const isNamed = event?.row.device !== undefined;
    const role = event === undefined ? 'wire' : 'event';
    // Whether the device can be read is seen in the fact.
    if (!isNamed && this.has({ kind, role, device: undefined, enable: wire?.enable })) return;
    const fact = factShownBy(step, 0, undefined);
    if (fact !== undefined) this.add(fact);
  }

  addCall({ kind, entered, device, backend, line, func, value, enable }: Activation): void {
    const role = entered ? 'entry' : 'caller';
    if (!this.has({ kind, role, device, enable }))
      this.add({ kind, role, device, backend, line, func, value, enable });
  }

  private add(fact: Subject): void {
    if (this.has(fact)) return;
    const { kind } = fact;
    this.seen.set(kind, (this.seen.get(kind) ?? 0) | bitOf(fact));
    this.found.push(fact);
  }

  private has(fact: Distinction): boolean {
    return ((this.seen.get(fact.kind) ?? 0) & bitOf(fact)) !== 0;
  }
}

type Distinction = Pick<Subject, 'kind' | 'role' | 'device' | 'enable'>;

function bitOf({ role, device, enable }: Distinction): number {
  const isNamed = device !== undefined;
  const asksForLogging = role === 'wire' && enable === true;
  return 1 << (2 * ROLES[role] + Number(isNamed) + 2 * Number(asksForLogging));
}
