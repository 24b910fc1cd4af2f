/** Configuration files, baselines and policies: what holds, and what is wrong with them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { applyBaseline, baselineOf, pruned } from '../src/check/baseline.js';
import { selectRules, weigh } from '../src/check/policy.js';
import { readBaselineFile } from '../src/input/baseline-file.js';
import { ruleInfos } from '../src/pipeline/catalogue.js';
import { rules } from '../src/rules/index.js';
import { defaults, options } from '../src/settings/options.js';
import { configSchema } from '../src/settings/schema.js';
import { resolveSettings } from '../src/settings/settings.js';
import { validateConfig } from '../src/settings/validate.js';
import { findingOf, reportOf } from './helpers/reports.js';
import { tempDir } from './helpers/temp-dir.js';

const known = { rules: ruleInfos().map(({ id }) => id) };
const request = { ...known, useConfig: true, given: {} };

describe('the configuration file', () => {
  test.each([
    ['vhtrace.config.json', '{"failOn": "warning"}'],
    ['vhtrace.config.yaml', 'failOn: warning'],
    ['package.json', '{"name": "x", "vhtrace": {"failOn": "warning"}}'],
  ])('%s is found from a folder below', async (name, content) => {
    const root = tempDir();
    writeFileSync(join(root, name), content);
    const cwd = join(root, 'a', 'b');
    mkdirSync(cwd, { recursive: true });
    const { settings, origins, file } = await resolveSettings({ ...request, cwd });
    expect(file).toBe(join('..', '..', name));
    expect(settings).toEqual({ ...defaults, failOn: 'warning' });
    expect(origins).toMatchObject({ failOn: file, strict: 'default' });
  });

  test('a package.json that says nothing to vhtrace is passed over, whatever is in it', async () => {
    const root = tempDir();
    const cwd = join(root, 'a');
    mkdirSync(cwd);
    writeFileSync(join(root, 'vhtrace.config.json'), '\ufeff{"strict": true}');
    for (const content of ['\ufeff{"name": "x"}', '{} // no JSON', 'null', '"vhtrace"']) {
      writeFileSync(join(cwd, 'package.json'), content);
      const { settings } = await resolveSettings({ ...request, cwd });
      expect(settings.strict).toBe(true);
    }
    writeFileSync(join(cwd, 'package.json'), '{"vhtrace": {} // no JSON');
    await expect(resolveSettings({ ...request, cwd })).rejects.toThrow('package.json');
  });

  test('of two in one folder none is chosen', async () => {
    const cwd = tempDir();
    for (const type of ['json', 'yaml']) writeFileSync(join(cwd, `vhtrace.config.${type}`), '{}');
    await expect(resolveSettings({ ...request, cwd })).rejects.toThrow(
      'vhtrace.config.yaml in the same folder is a configuration file, too',
    );
  });

  test('the command line wins, and --no-config leaves the file out', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'vhtrace.config.json'), '{"failOn": "warning", "strict": true}');
    const given = { failOn: 'never', strict: undefined } as const;
    const both = await resolveSettings({ ...request, cwd, given });
    expect(both.settings).toMatchObject({ failOn: 'never', strict: true });
    expect(both.origins.failOn).toBe('command line');
    const without = await resolveSettings({ ...request, cwd, given, useConfig: false });
    expect(without.settings).toMatchObject({ failOn: 'never', strict: false });
  });

  test.each([
    [{ failon: 'error' }, '"failon" is no setting', 'did you mean failOn?'],
    [{ severity: {} }, '"severity" is no setting', 'did you mean rules?'],
    [{ failOn: 'eror' }, '"failOn" must be one of error, warning', 'did you mean error?'],
    [{ strict: 'yes' }, '"strict" must be true or false', undefined],
    [{ qemuVersion: 9.1 }, '"qemuVersion" must be a text in quotes', undefined],
    [{ only: 'LS-TWICE' }, '"only" must be a list', undefined],
    [{ only: [1] }, '"only" must be a list of texts', undefined],
    [
      { require: ['LS-TWISE'] },
      'names a rule that does not exist: LS-TWISE',
      'did you mean LS-TWICE?',
    ],
    [{ rules: { 'LS-TWICE': 'of' } }, '"rules.LS-TWICE" must be one of', 'did you mean off?'],
    [{ rules: [] }, '"rules" must be an object', undefined],
    [[], 'must be an object with settings', undefined],
    [null, 'must be an object with settings', undefined],
  ])('%j is refused with what to write', (content, message, hint) => {
    let caught: unknown;
    try {
      validateConfig(content, '/x/vhtrace.config.json', known);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'CONFIG_INVALID', hint });
    expect((caught as Error).message).toContain(message);
    expect((caught as Error).message).toMatch(/^\/x\/vhtrace\.config\.json: /);
  });

  test.each(['{"a"', 'a: [', '&a [*a, *a]: {<<: *a}'])('%j cannot be read', async (content) => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'vhtrace.config.yaml'), content);
    await expect(resolveSettings({ ...request, cwd })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.not.stringMatching(/:$/) as string,
    });
  });

  test('paths are relative to the file, rules in any case', () => {
    const content = { baseline: 'known.json', traceEvents: ['../all'], only: ['ls-twice'] };
    expect(validateConfig(content, '/x/y/vhtrace.config.json', known)).toEqual({
      baseline: '/x/y/known.json',
      traceEvents: ['/x/all'],
      only: ['LS-TWICE'],
    });
  });

  test('the schema takes what the program takes, and has every setting', () => {
    const validate = new Ajv2020({ strict: true }).compile(configSchema(known.rules));
    const full = {
      failOn: 'never',
      strict: true,
      require: ['LS-TWICE'],
      only: ['LS-TWICE', 'LS-DELTA'],
      rules: { 'LS-TWICE': 'off', 'LS-DELTA': 'note' },
      assumeOrdered: true,
      qemuVersion: '9.1',
      backend: 'user',
      traceEvents: ['x'],
      baseline: 'y',
    };
    expect(Object.keys(full).sort()).toEqual(Object.keys(options).sort());
    expect(validate(full)).toBe(true);
    expect(Object.keys(validateConfig(full, '/x', known))).toEqual(Object.keys(full));
    for (const wrong of [{ failon: 1 }, { only: ['X'] }, { rules: { X: 'off' } }, { strict: 1 }]) {
      expect(validate(wrong)).toBe(false);
      expect(() => validateConfig(wrong, '/x', known)).toThrow();
    }
  });
});

describe('a policy', () => {
  test('chooses rules and weighs their violations', () => {
    const policy = {
      only: ['LS-TWICE', 'LS-DELTA'],
      rules: { 'LS-TWICE': 'off', 'LS-DELTA': 'note' },
    } as const;
    const chosen = selectRules(rules, policy);
    expect(chosen.map(({ info }) => [info.id, info.severity])).toEqual([['LS-DELTA', 'note']]);
    expect(weigh(findingOf({ rule: 'LS-DELTA' }), policy).severity).toBe('note');
    expect(weigh(findingOf({ rule: 'LS-SIZE' }), policy).severity).toBe('error');
    expect(selectRules(rules, { only: [], rules: {} })).toEqual(rules);
  });
});

describe('a baseline', () => {
  const old = findingOf({ fingerprint: 'old' });
  const fresh = findingOf({ fingerprint: 'fresh', severity: 'warning' });
  const open = findingOf({ fingerprint: 'old', verdict: 'inconclusive' });
  const entry = { rule: old.rule, fingerprint: 'old', message: 'm', reason: 'known since 2025' };
  const baseline = (...findings: (typeof entry & { expires?: string })[]) =>
    ({ schemaVersion: 1, findings }) as const;

  test('marks what it knows, counts it for itself, and hides nothing', () => {
    const report = applyBaseline(
      reportOf([old, fresh, open]),
      baseline(entry),
      'b.json',
      '2026-01-01',
    );
    expect(report.findings).toHaveLength(3);
    expect(report.findings[0]?.known).toEqual({ reason: 'known since 2025' });
    expect(report.findings[2]?.known).toBeUndefined();
    expect(report.summary).toMatchObject({
      violations: { error: 0, warning: 1, note: 0 },
      known: 1,
      inconclusive: 1,
    });
    expect(report.baseline).toEqual({ path: 'b.json', known: 1, unused: [], expired: [] });
  });

  test('an entry counts to the end of its last day; then the violation is one again', () => {
    const expiring = { ...entry, expires: '2026-03-31' };
    const on = (today: string) =>
      applyBaseline(reportOf([old]), baseline(expiring), 'b.json', today);
    expect(on('2026-03-31').summary.violations.error).toBe(0);
    expect(on('2026-04-01').summary.violations.error).toBe(1);
    expect(on('2026-04-01').baseline?.expired).toEqual([expiring]);
  });

  test('what matches nothing is told, and pruned', () => {
    const gone = { ...entry, fingerprint: 'gone' };
    const known = baseline(entry, gone);
    const { baseline: summary } = applyBaseline(reportOf([old]), known, 'b.json', '2026-01-01');
    expect(summary?.unused).toEqual([gone]);
    if (summary === undefined) throw new Error('no summary');
    expect(pruned(known, summary)).toEqual(baseline(entry));
  });

  test('is written by rule and fingerprint, each once; older entries stay until they expire', () => {
    const report = reportOf([fresh, old, old, open]);
    const gone = { ...entry, fingerprint: 'gone' };
    const today = '2026-01-01';
    const given = { reason: 'new reason', expires: '2027-01-01', today };
    const made = {
      rule: fresh.rule,
      fingerprint: 'fresh',
      message: fresh.message,
      reason: 'new reason',
      expires: '2027-01-01',
    };
    const written = baselineOf(report, baseline(gone, entry), given);
    expect(written.findings).toEqual([made, gone, entry]);
    expect(baselineOf(report, written, { ...given, reason: 'x' })).toEqual(written);
    const expired = baseline({ ...entry, expires: '2025-12-31' });
    expect(baselineOf(reportOf([old]), expired, given).findings).toEqual([
      { ...made, fingerprint: 'old', message: old.message },
    ]);
  });

  test('the file is read back, and refused where it is none', async () => {
    const path = join(tempDir(), 'b.json');
    expect(await readBaselineFile(path)).toBeUndefined();
    writeFileSync(path, JSON.stringify(baseline(entry)));
    expect(await readBaselineFile(path)).toEqual(baseline(entry));
    for (const text of [
      '',
      '[]',
      '{"schemaVersion":2,"findings":[]}',
      '{"schemaVersion":1,"findings":[{}]}',
      JSON.stringify(baseline({ ...entry, expires: '2026-02-31' })),
    ]) {
      writeFileSync(path, text);
      await expect(readBaselineFile(path)).rejects.toMatchObject({ code: 'BASELINE_INVALID' });
    }
  });
});
