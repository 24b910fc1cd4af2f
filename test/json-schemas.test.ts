/** The JSON Schemas that `vhtrace schema` prints hold for what is printed of every fixture capture, and name all of it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { runFlows } from '../src/pipeline/flows.js';
import { flowReporters } from '../src/reporters/flow/index.js';
import type { FlowReporter } from '../src/reporters/flow/index.js';
import { reporters } from '../src/reporters/index.js';
import { checkSchema } from '../src/reporters/schemas/check.js';
import { flowsSchema } from '../src/reporters/schemas/flows.js';
import { defaults } from '../src/settings/options.js';
import { check } from './helpers/check.js';
import { findingOf, optionsOf, reportOf } from './helpers/reports.js';
import { shareOf } from './helpers/share.js';

const fixtures = join(import.meta.dirname, '..', 'fixtures');
const folders = ['captures', 'rules', 'formats', 'flows', 'notes'];
const texts = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => folders.some((folder) => name.startsWith(`${folder}/`)))
  .filter(
    (name) => /(?:^|\/)input\.txt$/.test(name) || /^captures\/[^/]*\.(?:txt|log)$/.test(name),
  );

/** Unknown fields are allowed to programs of tomorrow; today's program prints none. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.fromEntries(
    Object.entries(schema).map(([name, part]) => [name, closed(part)]),
  );
  return 'properties' in schema ? { ...parts, additionalProperties: false } : parts;
}

function validatorOf(schema: object): (json: string) => string {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  const validate = ajv.compile(closed(schema) as object);
  return (json) => {
    validate(JSON.parse(json));
    return ajv.errorsText(validate.errors);
  };
}

test('there are captures of every kind', () => {
  expect(texts.length).toBeGreaterThan(300);
});

describe('check --json', () => {
  const problemsOf = validatorOf(checkSchema);

  test.each(shareOf(texts, 0, 3))('%s', (name) => {
    const report = check(name, readFileSync(join(fixtures, name), 'utf8'));
    expect(problemsOf(reporters.json(report, optionsOf({ all: true })))).toBe('No errors');
  });

  test('with a baseline, problems and failures', () => {
    const entry = { rule: 'ST-IDX', fingerprint: 'f', message: 'm', reason: 'r' };
    const report = reportOf([findingOf({ known: { reason: 'r', expires: '2030-01-01' } })], {
      baseline: {
        path: 'b.json',
        known: 1,
        unused: [entry],
        expired: [{ ...entry, expires: '2020-01-01' }],
      },
      alterations: [
        { capture: 'a'.repeat(64), func: 'f', line: 1, command: 'return', commandLine: 2 },
      ],
    });
    const options = optionsOf({
      problems: [{ path: 'p', code: 'CUT_OFF', message: 'm', span: { first: 1, last: 2 } }],
      failures: [{ path: 'q', error: { code: 'FILE_MISSING', message: 'm' } }],
      exitCode: 2,
    });
    expect(problemsOf(reporters.json(report, options))).toBe('No errors');
  });

  test('a report of another shape does not pass', () => {
    expect(problemsOf(reporters.json(reportOf([findingOf({ count: -1 })]), optionsOf()))).toMatch(
      /count must be >= 0/,
    );
    expect(problemsOf('{"schemaVersion":2}')).not.toBe('No errors');
  });
});

describe('flows --json', () => {
  const problemsOf = validatorOf(flowsSchema);
  const options = { color: false, width: 100, unfold: false };

  test.each(shareOf(texts, 1, 3))('%s', async (name) => {
    const result = await runFlows({
      ...defaults,
      paths: [join(fixtures, name)],
      database: 'none.db',
      unfold: false,
    });
    for (const { json } of Object.values(flowReporters)) {
      const render: FlowReporter = json;
      expect(problemsOf(render(result, options))).toBe('No errors');
    }
  });
});
