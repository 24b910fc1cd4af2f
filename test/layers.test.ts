/** The folders under src/ import each other only as test/layers.ts says. */
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { describe, expect, test } from 'vitest';

import { judge, layers } from './layers.js';

async function cruiseSources(): Promise<ICruiseResult> {
  const { output } = await cruise(['src'], {
    // Types are knowledge too.
    tsPreCompilationDeps: true,
    exclude: '\\.d\\.ts$',
    doNotFollow: 'node_modules',
    validate: true,
    ruleSet: {
      forbidden: [{ name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } }],
    },
  });
  if (typeof output === 'string') throw new Error('dependency-cruiser printed a report');
  return output;
}

describe('src', async () => {
  const { modules, summary } = await cruiseSources();
  const sources = modules.filter(({ source }) => source.startsWith('src/'));

  test('every import is in the table', () => {
    const wrong = sources.flatMap(({ source, dependencies }) => [
      judge({ from: source, to: source }),
      ...dependencies.map(({ module, resolved, coreModule, couldNotResolve }) => {
        // Packages are resolved by the compiler; here their name is enough.
        if (couldNotResolve && module.startsWith('.'))
          return `unresolved: ${source} imports ${module}. Correct the path.`;
        // dependency-cruiser takes `node:` off.
        const name = coreModule ? `node:${module}` : module;
        return judge({ from: source, to: module.startsWith('.') ? resolved : name });
      }),
    ]);
    expect(wrong.filter((text) => text !== undefined)).toEqual([]);
    expect(sources.length).toBeGreaterThan(0);
  });

  test('no files import each other in a circle', () => {
    const circles = summary.violations.map(({ from, cycle }) =>
      [from, ...(cycle ?? []).map(({ name }) => name)].join(' → '),
    );
    expect(circles, 'Put what both files need into a third one.').toEqual([]);
  });
});

describe('the table', () => {
  test('stands in order: a layer imports only layers above it in the list', () => {
    layers.forEach(({ folder, imports }, index) => {
      const below = layers.slice(0, index).map((layer) => layer.folder);
      expect(below, folder).toEqual(expect.arrayContaining(Object.keys(imports)));
    });
  });

  test('gives sqlite3 to the store alone', () => {
    const owners = layers.filter(({ outside }) => Object.hasOwn(outside, 'sqlite3'));
    expect(owners.map(({ folder }) => folder)).toEqual(['store']);
  });
});

test.each([
  [
    'src/rules/a.ts',
    'src/formats/b.ts',
    /^layers: .* imports src\/formats\/b\.ts\. rules\/ judges/,
  ],
  ['src/formats/a.ts', 'src/facts/b.ts', /^layers: .*if formats → facts is right/],
  ['src/facts/a.ts', 'src/grammar/b.js', /^layers: /],
  ['src/model/a.ts', 'test/helpers/b.ts', /^outside-world: /],
  ['src/check/a.ts', 'sqlite3', /^outside-world: .*if check → sqlite3 is right/],
  ['src/protocol/a.ts', 'node:fs/promises', /^outside-world: .*protocol → node:fs /],
  ['src/utils/a.ts', 'src/model/b.ts', /^unknown-folder: src\/utils\/a\.ts/],
  ['src/a.ts', 'src/model/b.ts', /^unknown-folder: src\/a\.ts/],
])('%s may not import %s', (from, to, message) => {
  expect(judge({ from, to })).toMatch(message);
});

test.each([
  ['src/rules/a.ts', 'src/rules/b.ts'],
  ['src/rules/a.ts', 'src/model/b.ts'],
  ['src/input/a.ts', 'node:fs/promises'],
  ['src/commands/a.ts', '@oclif/core/flags'],
])('%s may import %s', (from, to) => {
  expect(judge({ from, to })).toBeUndefined();
});
