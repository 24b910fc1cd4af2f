/** A recipe as text: what it is about and which rules it makes decidable as comments, then the recipe. */
import type { Coverage } from './coverage.js';
import { BACKEND_NAMES } from './recipe.js';
import type { Recipe } from './recipe.js';

const WIDTH = 100;

export function printRecipe(
  { name, about, body }: Recipe,
  { decides, faults, leaves }: Coverage,
): string {
  const lines = [
    `FILE below is this text, the output of "vhtrace probes ${name}".`,
    '',
    ...about,
    '',
    ...(decides.length === 0
      ? [`Alone, it makes no rule decidable${leaves.some(isPart) ? ' for every device' : ''}.`]
      : [
          'Rules that it makes decidable ("not exercised" are those that nothing in the run is about):',
          ...indented(decides),
        ]),
    ...partLines(leaves),
    ...(faults.length === 0
      ? []
      : [
          'Of vhost-user devices it shows faults of these, too, and never that they are kept:',
          ...indented(faults),
        ]),
    ...(leaves.length > 0 ? ['', ...leftLines(leaves)] : []),
  ];
  return [...lines.map((line) => `# ${line}`.trimEnd()), '', ...body, ''].join('\n');
}

function isPart({ decidesFor }: Coverage['leaves'][number]): boolean {
  return decidesFor.length > 0;
}

/** Rules that it makes decidable for the devices of some backends only. */
function partLines(leaves: Coverage['leaves']): string[] {
  const byBackends = new Map<string, string[]>();
  for (const { rule, decidesFor } of leaves) {
    const names = decidesFor.map((backend) => BACKEND_NAMES[backend]).join(' and ');
    if (names !== '') byBackends.set(names, [...(byBackends.get(names) ?? []), rule]);
  }
  return [...byBackends].flatMap(([names, rules]) => [
    `For ${names} devices, also:`,
    ...indented(rules),
  ]);
}

/** Rules that other recipes make decidable are listed by recipe; what stands in the way of others is told. */
function leftLines(leaves: Coverage['leaves']): string[] {
  const byRecipes = new Map<string, string[]>();
  const lines: string[] = [];
  for (const { rule, why, with: names } of leaves) {
    if (names.length === 0) lines.push(...indented([`${rule}:`, ...why.split(' ')]));
    else byRecipes.set(names.join(', '), [...(byRecipes.get(names.join(', ')) ?? []), rule]);
  }
  const groups = [...byRecipes].flatMap(([names, rules]) => [
    names.includes(',') ? `Decidable by ${names} together, in one file:` : `Decidable by ${names}:`,
    ...indented(rules),
  ]);
  return lines.length === 0 ? groups : [...groups, 'Not decidable:', ...lines];
}

function indented(words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const word of words) {
    if (line.length + word.length > WIDTH - 4) {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
