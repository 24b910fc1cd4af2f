/** The few facts of each session that a rule must look through to know whether it has a subject there. */
import type { Run } from '../flows/run.js';
import type { Fact, FactKind } from '../model/fact.js';

const ROLES: Readonly<Record<Fact['role'], number>> = { entry: 0, caller: 1, event: 2, wire: 3 };

/** By session the first fact of each kind and role, apart for those with a device and those without; in order. */
export function distinctFacts({ facts, sessions }: Run): readonly (readonly Fact[])[] {
  const seen = Array.from({ length: sessions }, () => new Map<FactKind, number>());
  const distinct = Array.from({ length: sessions }, (): Fact[] => []);
  for (const fact of facts) {
    const { session, kind, role, device } = fact;
    const sorts = seen[session]?.get(kind) ?? 0;
    const sort = 1 << (2 * ROLES[role] + Number(device !== undefined));
    if ((sorts & sort) !== 0) continue;
    seen[session]?.set(kind, sorts | sort);
    distinct[session]?.push(fact);
  }
  return distinct;
}
