/** `vhtrace probes`: a recipe, and what captures made by it can decide. */
import type { Backend } from '../model/fact.js';
import { coverageOf, needsFor } from '../recipes/coverage.js';
import { recipes } from '../recipes/index.js';
import { printRecipe } from '../recipes/print.js';
import { ALL_BACKENDS, BACKEND_NAMES } from '../recipes/recipe.js';
import type { RecipeName } from '../recipes/recipe.js';
import { findRule, ruleInfos } from './catalogue.js';

export interface ProbesOptions {
  readonly recipe: RecipeName;
  /** All where none is given. */
  readonly backend: Backend | undefined;
  /** Ids of rules to watch for, in any case; all where none is given. */
  readonly rules: readonly string[];
}

/** Field names are the JSON contract of `probes --json`. */
export interface ProbesResult {
  readonly recipe: RecipeName;
  readonly text: string;
  readonly functions: readonly string[];
  readonly events: readonly string[];
  readonly decides: readonly string[];
  readonly leaves: readonly {
    readonly rule: string;
    readonly why: string;
    readonly with: readonly RecipeName[];
    readonly decidesFor: readonly Backend[];
  }[];
}

/**
 * What a capture of the recipe leaves open of the rules that somebody asked for, a line each; none where it decides
 * them. `backend` is the one that was asked for. Pure.
 */
export function whatIsLeft(
  { recipe, leaves }: ProbesResult,
  rules: readonly string[],
  backend: Backend | undefined,
): readonly string[] {
  const wanted = rules.map(findRule);
  return wanted.flatMap(({ id, backends }) => {
    if (backend !== undefined && !backends.includes(backend)) {
      return `${id} is not about ${BACKEND_NAMES[backend]} devices`;
    }
    const left = leaves.find(({ rule }) => rule === id);
    if (left === undefined) return [];
    const { why, with: names, decidesFor } = left;
    const only = decidesFor.map((one) => BACKEND_NAMES[one]).join(' and ');
    const what = only === '' ? `cannot decide ${id}` : `decides ${id} for ${only} devices only`;
    const others = names.map((name) => `vhtrace probes ${name} --rule ${id}`).join(' and ');
    return `a capture of the ${recipe} recipe ${what} (${others === '' ? why : others})`;
  });
}

/** Errors: USAGE for a rule that does not exist. */
export function runProbes({ recipe: name, backend, rules }: ProbesOptions): ProbesResult {
  const wanted = rules.length === 0 ? ruleInfos() : rules.map(findRule);
  const backends = backend === undefined ? ALL_BACKENDS : [backend];
  const needs = wanted.flatMap((rule) => needsFor(name, rule, backends));
  const request = { backends, needs: rules.length === 0 ? undefined : needs };
  const recipe = recipes[name](request);
  const coverage = coverageOf(recipe, wanted, request);
  const { functions, events } = recipe;
  return { recipe: name, text: printRecipe(recipe, coverage), functions, events, ...coverage };
}
