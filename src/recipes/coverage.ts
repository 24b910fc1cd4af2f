/** Which rules a recipe makes decidable, told by what they need. */
import type { Need, RuleInfo } from '../model/report.js';
import { recipes } from './index.js';
import { ALL_BACKENDS, RECIPE_NAMES } from './recipe.js';
import type { Recipe, RecipeName, RecipeRequest } from './recipe.js';

export interface Coverage {
  /** Ids of the rules that a capture of this recipe alone can decide. */
  readonly decides: readonly string[];
  readonly leaves: readonly LeftRule[];
}

/** A rule that needs more, and why. */
export interface LeftRule {
  readonly rule: string;
  readonly why: string;
  /** Recipes that show all of it, together in one file; empty where none do. */
  readonly with: readonly RecipeName[];
}

/** Goes over the rules that concern one of the backends. Pure. */
export function coverageOf(
  recipe: Recipe,
  rules: readonly RuleInfo[],
  { backends }: RecipeRequest,
): Coverage {
  const decides: string[] = [];
  const leaves: LeftRule[] = [];
  for (const rule of rules) {
    if (!rule.backends.some((backend) => backends.includes(backend))) continue;
    const why = whyNot(rule, recipe);
    if (why === undefined) decides.push(rule.id);
    else leaves.push(why);
  }
  return { decides, leaves };
}

function whyNot({ id, undecidable, probes = [] }: RuleInfo, recipe: Recipe): LeftRule | undefined {
  if (undecidable !== undefined) return { rule: id, why: undecidable, with: [] };
  if (probes.length === 0) return { rule: id, why: 'what it needs is not known', with: [] };
  const missing = probes.filter((need) => !recipe.shows.has(need));
  if (missing.length === 0) return undefined;
  return { rule: id, why: `needs ${missing.join(', ')}`, with: recipesFor(probes) };
}

/** One recipe that shows all of it, else several that do so together; none where none can. */
export function recipesFor(needs: readonly Need[]): readonly RecipeName[] {
  const rest = (name: RecipeName, of: readonly Need[]): Need[] => {
    const { shows } = recipes[name]({ backends: ALL_BACKENDS, needs: undefined });
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
