/** Whole captures → facts and report, as golden files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildFlows } from '../src/flows/tree/flow.js';
import { buildRun } from '../src/flows/run.js';
import type { Fact } from '../src/model/fact.js';
import { renderFlowTree } from '../src/reporters/flow/tree.js';
import { rules } from '../src/rules/index.js';
import { renderPretty } from '../src/reporters/pretty.js';
import { check } from './helpers/check.js';
import { readText } from './helpers/read-text.js';
import { optionsOf } from './helpers/reports.js';

const folder = join(import.meta.dirname, '..', 'fixtures', 'captures');
const files = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name);
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

function factLine(fact: Fact): string {
  const { line, session, thread, role, func, device, backend, vring, enable, value } = fact;
  const parts = { device, backend, vring, enable, value };
  const shown = Object.entries(parts).filter(([, part]) => part !== undefined);
  return [
    String(line).padStart(5),
    `session ${session}`,
    (thread ?? '-').padEnd(12),
    role.padEnd(6),
    func,
    ...shown.map(([name, part]) => `${name}=${String(part)}`),
  ].join(' ');
}

describe.each(files)('%s', (name) => {
  test('facts', async () => {
    const run = buildRun(readText(textOf(name)), { assumeOrdered: false });
    await expect(run.facts.map(factLine).join('\n') + '\n').toMatchFileSnapshot(
      join(folder, 'golden', `${name}.facts`),
    );
  });

  test('report', async () => {
    const report = check(name, textOf(name));
    const findings = report.findings
      .filter(({ verdict }) => verdict !== 'not-exercised')
      .map((f) => [f.verdict, f.rule, f.device, f.vring, `line ${f.at.line}`, f.count].join(' '));
    const { captures, devices, migrations, summary } = report;
    const golden = { captures, devices, migrations, summary, findings };
    await expect(JSON.stringify(golden, null, 2) + '\n').toMatchFileSnapshot(
      join(folder, 'golden', `${name}.report.json`),
    );
  });

  test('flow', async () => {
    const reading = readText(textOf(name));
    const run = buildRun(reading, { assumeOrdered: false });
    const info = { path: name, sha256: '', bytes: 0 };
    const tree = renderFlowTree(buildFlows(info, reading, run), [], {
      color: false,
      unfold: false,
    });
    await expect(tree).toMatchFileSnapshot(join(folder, 'golden', `${name}.flow.txt`));
  });

  test('fingerprints hold neither addresses nor lines: the same run elsewhere has the same', () => {
    const text = textOf(name);
    // Another heap, 4 GiB up, and a hundred lines of chatter before: all pointers and lines change.
    const moved =
      '[New Thread 0x7ffff7afc6c0 (LWP 1)]\n'.repeat(100) +
      text.replace(/0x(0*)5555([0-9a-f]{8})\b/g, '0x$15556$2');
    const prints = (t: string): string[] => check(name, t).findings.map((f) => f.fingerprint);
    expect(prints(moved)).toEqual(prints(text));
  });
});

test('the state before a violation names the start, and the line that implies it', () => {
  const lines = textOf('vring-never-logged.gdb.txt').split('\n');
  const { findings } = check('a.txt', lines.join('\n'));
  const { stateBefore = '' } = findings.find(({ rule }) => rule === 'LS-ALL-RINGS') ?? {};
  const at = /^run started \(line (\d+), as line (\d+) implies\).*; log off \(implied by line \2\)/;
  const [, start, implying] = at.exec(stateBefore) ?? [];
  expect(lines[Number(start) - 1]).toContain('vhost_dev_start (');
  expect(lines[Number(implying) - 1]).toContain('vhost_dev_log_resize (');
});

test('stacks that end before migration_thread tell of no migration, and that is said', () => {
  const text = textOf('vring-never-logged.gdb.txt');
  const whole = check('a.txt', text);
  expect(whole.migrations).toHaveLength(1);
  expect(whole).not.toHaveProperty('cutMigrations');
  const cut = check('a.txt', text.replace(/^#(?:[7-9]|\d\d) .*\n/gm, ''));
  expect(cut.migrations).toEqual([]);
  expect(cut.cutMigrations).toMatchObject([{ session: 0, func: 'qemu_savevm_state_setup' }]);
  expect(renderPretty(cut, optionsOf())).toContain(
    'not known: no stack reaches migration_thread, ',
  );
});

test('a flow does not count what check does not know to be migrations', () => {
  const text = textOf('vring-never-logged.gdb.txt');
  const names = (shown: string): string[] => {
    const reading = readText(shown);
    const info = { path: 'a.txt', sha256: '0'.repeat(64), bytes: shown.length };
    const flows = buildFlows(info, reading, buildRun(reading, { assumeOrdered: false }));
    const nodes = flows.flatMap((flow) => flow.nodes);
    return nodes.filter(({ kind }) => kind === 'migration').map(({ name }) => name);
  };
  expect(names(text)).toEqual(['migration']);
  expect(names(text.replace(/^#(?:[7-9]|\d\d) .*\n/gm, ''))).toEqual(['migration or snapshot']);
});

describe('a note', () => {
  const name = 'note-on-dirty-bitmap.txt';

  test('is counted in full', () => {
    const { records } = readText(textOf(name));
    const backtraces = records.filter((record) => record.kind === 'backtrace');
    expect(backtraces.length).toBe(12);
    expect(backtraces.reduce((total, { frames }) => total + frames.length, 0)).toBe(209);
  });

  test('has what one stack proves judged, and nothing that needs an order', () => {
    const { findings, captures } = check(name, textOf(name));
    expect(captures[0]?.ordered).toBe(false);
    for (const { info, stack } of rules) {
      const own = findings.filter((finding) => finding.rule === info.id);
      const verdicts = new Set(own.map((finding) => finding.verdict));
      expect(verdicts.has('violation'), info.id).toBe(false);
      if (stack === undefined) expect([...verdicts], info.id).not.toContain('pass');
    }
    const passed = new Set(findings.filter((f) => f.verdict === 'pass').map((f) => f.rule));
    expect([...passed].sort()).toEqual([
      'ST-CALLER',
      'ST-ENABLE',
      'ST-IDX',
      'ST-LISTENER',
      'ST-NULLBASE',
      'ST-SHARE',
      'ST-SIZE',
      'ST-SIZE-SANE',
      'ST-SYNCRANGE',
    ]);
    const undecided = findings.find((f) => f.rule === 'LS-ALL-RINGS');
    expect(undecided?.missing.join()).toMatch(
      /the order of the backtraces: words between the dumps/,
    );
  });

  test('is judged as a timeline when the user vouches for its order', () => {
    expect(check(name, textOf(name), { assumeOrdered: true }).captures[0]?.ordered).toBe(true);
  });
});
