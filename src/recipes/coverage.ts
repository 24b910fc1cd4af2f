/** Which rules a recipe makes decidable, told by what they need. */
import type { Backend } from '../model/fact.js';
import type { Need, RuleInfo } from '../model/rule-info.js';
import { recipes } from './index.js';
import { ALL_BACKENDS, RECIPE_NAMES } from './recipe.js';
import type { Recipe, RecipeName, RecipeRequest } from './recipe.js';

export interface Coverage {
  /** Ids of the rules that a capture of this recipe alone can decide. */
  readonly decides: readonly string[];
  /** Ids of rules that it cannot decide, and of which it shows faults all the same. */
  readonly faults: readonly string[];
  readonly leaves: readonly LeftRule[];
}

/** A rule that needs more, and why. */
export interface LeftRule {
  readonly rule: string;
  readonly why: string;
  /** Recipes that show all of it, together in one file; empty where none do. */
  readonly with: readonly RecipeName[];
  /** Backends of whose devices this recipe shows enough by itself. */
  readonly decidesFor: readonly Backend[];
}

/** Goes over the rules that concern one of the backends. Pure. */
export function coverageOf(
  { name }: Recipe,
  rules: readonly RuleInfo[],
  request: RecipeRequest,
): Coverage {
  const decides: string[] = [];
  const faults: string[] = [];
  const leaves: LeftRule[] = [];
  const { shows } = recipes[name]({ backends: ['user'], needs: undefined });
  for (const rule of rules) {
    const backends = ownBackends(rule, request.backends);
    if (backends.length === 0) continue;
    // What a recipe shows of another backend does not help.
    const left = (among: readonly Backend[]): Left | undefined =>
      whyNot(rule, recipes[name]({ ...request, backends: among }), among);
    const why = left(backends);
    if (why === undefined) decides.push(rule.id);
    else {
      const decidesFor = backends.filter((backend) => left([backend]) === undefined);
      leaves.push({ ...why, decidesFor });
      const { faultProbes = [] } = rule;
      const isShown = faultProbes.length > 0 && faultProbes.every((need) => shows.has(need));
      if (isShown && backends.includes('user')) faults.push(rule.id);
    }
  }
  return { decides, faults, leaves };
}

type Left = Omit<LeftRule, 'decidesFor'>;

function whyNot(rule: RuleInfo, { shows }: Recipe, backends: readonly Backend[]): Left | undefined {
  const { id, undecidable } = rule;
  const [first = [], ...others] = waysOf(rule, backends);
  if (undecidable !== undefined) return { rule: id, why: undecidable, with: [] };
  if (first.length === 0) return { rule: id, why: 'what it needs is not known', with: [] };
  const isShown = (needs: readonly Need[]): boolean => needs.every((need) => shows.has(need));
  if (isShown(first) || others.some(isShown)) return undefined;
  const missing = first.filter((need) => !shows.has(need));
  return { rule: id, why: `needs ${missing.join(', ')}`, with: recipesFor(first, backends) };
}

/** Sets of needs, each of which is enough by itself. */
function waysOf(
  { probes = [], traceProbes = [], messageProbes = [], requestProbes = [] }: RuleInfo,
  backends: readonly Backend[],
): readonly (readonly Need[])[] {
  // The kernel's devices have no messages.
  const messages = backends.every((backend) => backend === 'user') ? messageProbes : [];
  const requests = backends.every((backend) => backend === 'kernel') ? requestProbes : [];
  return [probes, ...[traceProbes, messages, requests].filter((way) => way.length > 0)];
}

/** What a recipe is to show for a rule: the first set that it can show. */
export function needsFor(
  name: RecipeName,
  rule: RuleInfo,
  among: readonly Backend[] = ALL_BACKENDS,
): readonly Need[] {
  const backends = ownBackends(rule, among);
  const { shows } = recipes[name]({ backends, needs: undefined });
  const ways = waysOf(rule, backends);
  return ways.find((way) => way.every((need) => shows.has(need))) ?? ways[0] ?? [];
}

function ownBackends({ backends }: RuleInfo, among: readonly Backend[]): readonly Backend[] {
  return backends.filter((backend) => among.includes(backend));
}

/** One recipe that shows all of it, else several that do so together; none where none can. */
export function recipesFor(
  needs: readonly Need[],
  backends: readonly Backend[] = ALL_BACKENDS,
): readonly RecipeName[] {
  const rest = (name: RecipeName, of: readonly Need[]): Need[] => {
    const { shows } = recipes[name]({ backends, needs: undefined });
    return of.filter((need) => !shows.has(need));
  };
  const alone = RECIPE_NAMES.find((name) => rest(name, needs).length === 0);
  if (alone !== undefined) return [alone];
  let missing = needs;
  const together = RECIPE_NAMES.filter((name) => {
    const before = missing.length;
    missing = rest(name, missing);
    return missing.length < before;
  });
  return missing.length === 0 ? together : [];
}
