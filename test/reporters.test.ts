/** Golden reports: `fixtures/reporters/<case>.txt`, rewritten by `npm test -- -u`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { VhtraceError } from '../src/base/errors.js';
import type { CheckReport, Finding } from '../src/model/report.js';
import Check from '../src/commands/check.js';
import Flows from '../src/commands/flows.js';
import { flowReporters } from '../src/reporters/flow/index.js';
import { ruleInfos } from '../src/pipeline/catalogue.js';
import { reporters } from '../src/reporters/index.js';
import { renderJson } from '../src/reporters/json.js';
import { renderPretty } from '../src/reporters/pretty.js';
import type { ReportOptions } from '../src/reporters/reporter.js';
import { renderListing } from '../src/reporters/store-tables.js';
import { check } from './helpers/check.js';
import { findingOf, optionsOf, reportOf, sha256 } from './helpers/reports.js';

const violation = findingOf({
  stateBefore: 'run started; log off',
  expected: 'vhost_virtqueue_set_addr(idx=1, enable_log=true)',
  count: 12,
  evidence: [
    { path: 'gdb.txt', line: 7, role: 'vring 1 was started here' },
    { path: 'gdb.txt', line: 12, role: 'the pass begins' },
    { path: 'gdb.txt', line: 1400, role: 'the destination says so, too' },
    { path: 'gdb.txt', line: 13, role: 'the pass ended well' },
  ],
});

/** A hundred rules that could not be decided. */
const undecided = Array.from({ length: 100 }, (_, i) =>
  findingOf({
    rule: `R-${String(i).padStart(3, '0')}`,
    verdict: 'inconclusive',
    vring: null,
    missing: [`probe f${Math.floor(i / 3)}`, 'probe vhost_dev_start'],
  }),
);

const cases: Record<string, [CheckReport, Partial<ReportOptions>?]> = {
  violation: [reportOf([violation])],
  'violation-in-color': [reportOf([violation]), { color: true }],
  'violation-without-excerpt': [reportOf([violation]), { excerpt: () => undefined }],
  'violation-of-an-unknown-rule': [
    reportOf([findingOf({ rule: 'X-1', device: null, vring: null })]),
  ],
  'much-evidence': [
    reportOf([
      findingOf({
        evidence: Array.from({ length: 20 }, (_, i) => ({
          path: 'gdb.txt',
          line: 20 + 100 * i,
          role: `step ${i}`,
        })),
      }),
    ]),
  ],
  'severities-in-order': [
    reportOf([
      findingOf({ severity: 'note', at: { path: 'gdb.txt', line: 1 } }),
      findingOf({ severity: 'warning', at: { path: 'gdb.txt', line: 9 }, rule: 'B' }),
      findingOf({ severity: 'warning', at: { path: 'gdb.txt', line: 9 }, rule: 'A' }),
      findingOf({ severity: 'warning', at: { path: 'gdb.txt', line: 8 } }),
      findingOf({ severity: 'error', at: { path: 'gdb.txt', line: 1000 } }),
    ]),
  ],
  passed: [
    reportOf([
      findingOf({ verdict: 'pass', vring: 0 }),
      findingOf({ verdict: 'pass', vring: 1 }),
      findingOf({ verdict: 'pass', rule: 'ST-IDX' }),
      findingOf({ verdict: 'not-exercised', rule: 'LE-SKIP' }),
      ...undecided.slice(0, 3),
    ]),
  ],
  'passed-all': [
    reportOf([
      findingOf({ verdict: 'pass' }),
      findingOf({ verdict: 'not-exercised', rule: 'LE-SKIP' }),
      ...undecided.slice(0, 12),
    ]),
    { all: true },
  ],
  'much-undecided': [reportOf(undecided)],
  'notes-and-sessions': [
    reportOf([], {
      captures: [{ ...reportOf([]).captures[0]!, ordered: false, formats: ['gdb', 'qemu-log'] }],
      devices: [
        { capture: sha256, session: 0, address: '0x10', backend: 'kernel', vrings: [] },
        { capture: sha256, session: 1, address: '0x10', backend: 'unknown', vrings: [3] },
      ],
      migrations: [
        {
          capture: sha256,
          session: 0,
          outcome: 'cancelled',
          phases: ['setup', 'iterate', 'iterate'],
        },
        { capture: sha256, session: 1, outcome: 'cancelled', phases: ['setup', 'iterate'] },
        { capture: sha256, session: 1, outcome: 'unknown', phases: [] },
      ],
    }),
  ],
  'nothing-read': [
    reportOf([], { captures: [], devices: [], migrations: [] }),
    {
      failures: [{ path: 'a', error: new VhtraceError('FILE_MISSING', 'no such file') }],
      exitCode: 2,
    },
  ],
  problems: [
    reportOf([findingOf({ verdict: 'pass' })]),
    {
      problems: Array.from({ length: 12 }, (_, i) => ({
        path: '-',
        code: 'FRAME_UNREAD' as const,
        message: 'a frame that is none: #0 \x1b[31m(',
        span: { first: i + 1, last: i + 1 },
      })),
    },
  ],
  'narrow-terminal': [reportOf([violation]), { width: 60 }],
  'very-narrow-terminal': [reportOf([violation, ...undecided.slice(0, 3)]), { width: 40 }],
};

test.each(Object.entries(cases))('%s', async (name, [report, options]) => {
  const text = renderPretty(report, optionsOf(options)).replaceAll('\x1b', '␛');
  const file = new URL(`../fixtures/reporters/${name}.txt`, import.meta.url);
  await expect(text).toMatchFileSnapshot(fileURLToPath(file));
});

test('no control character of a capture, a path or a message gets out of any reporter', () => {
  // eslint-disable-next-line no-control-regex -- what must not come out
  const control = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
  const evil = 'x\x1b]0;owned\x07\x9b31m\u202e\r\nnext\0';
  const finding = findingOf({
    message: evil,
    at: { path: evil, line: 1 },
    evidence: [{ path: evil, line: 2, role: evil }],
    stateBefore: evil,
    expected: evil,
  });
  const report = reportOf([finding, findingOf({ verdict: 'inconclusive', missing: [evil] })], {
    captures: [{ ...reportOf([]).captures[0]!, path: evil }],
  });
  const options = optionsOf({ excerpt: () => evil, all: true });
  expect(renderPretty(report, options)).not.toMatch(control);
  const json = renderJson(report, options);
  // eslint-disable-next-line no-control-regex -- what JSON escapes
  expect(json).not.toMatch(/[\0-\x09\x0b-\x1f]/);
  expect((JSON.parse(json) as CheckReport).findings[0]?.message).toBe(evil);
});

test('what is missing at one line, or in one capture, does not read as if all of it were needed', () => {
  const open = (line: number, missing: string, capture = sha256): Finding =>
    findingOf({
      verdict: 'inconclusive',
      at: { path: 'gdb.txt', line },
      missing: [missing],
      capture,
    });
  const one = reportOf([open(147, 'the flags'), open(174, 'the address'), open(180, 'the flags')]);
  const text = renderPretty(one, optionsOf());
  expect(text).toContain('LS-ALL-RINGS (2: line 147, 180): missing the flags\n');
  expect(text).toContain('LS-ALL-RINGS (line 174): missing the address\n');
  expect(reporters.junit(one, optionsOf())).toContain(
    'inconclusive (line 147, 180): missing the flags. inconclusive (line 174): missing the address',
  );
  const [capture] = one.captures;
  const captures = [capture!, { ...capture!, path: 'b.txt', sha256: 'b' }];
  const both = reportOf([open(5, 'the flags'), open(7, 'the address', 'b')], { captures });
  const markdown = reporters.markdown(both, optionsOf());
  expect(markdown).toContain('- LS-ALL-RINGS (gdb.txt:5): missing the flags\n');
  expect(markdown).toContain('- LS-ALL-RINGS (b.txt:7): missing the address\n');
});

test('every reporter shows every violation', () => {
  const report = reportOf([violation, findingOf({ rule: 'ST-IDX', severity: 'note' })]);
  for (const render of Object.values(reporters)) {
    const text = render(report, optionsOf());
    for (const { rule } of report.findings) expect(text).toContain(rule);
    expect(text.endsWith('\n')).toBe(true);
  }
});

describe('the impact of a rule is that on the backend of the device', () => {
  const harms = (text: string): string[] => {
    const report = check('input.txt', text);
    const found = report.findings.filter(
      ({ rule, verdict }) => rule === 'LE-SKIP' && verdict === 'violation',
    );
    const only = reportOf(found, { captures: report.captures });
    const options = optionsOf({ rules: ruleInfos(), excerpt: () => '' });
    const shown = /\(impact: ([^)]*)\)/.exec(
      reporters.pretty(only, options).replace(/\n\s*/g, ' '),
    );
    const [issue] = JSON.parse(reporters.gitlab(only, options)) as { severity: string }[];
    return [found[0]?.impact ?? '', shown?.[1] ?? '', issue?.severity ?? ''];
  };
  const fixture = (name: string): string =>
    readFileSync(
      join(import.meta.dirname, '..', 'fixtures', 'rules', 'LE-SKIP', name, 'input.txt'),
      'utf8',
    );

  test.each(['violation-log-put-while-logging', 'violation-one-of-two-devices-trace'])(
    'LE-SKIP/%s: a vhost-user backend has its own mapping of the log',
    (name) => {
      expect(harms(fixture(name))).toEqual(['leak', 'resources are leaked', 'major']);
    },
  );

  test('LE-SKIP of a device whose backend nobody knows: what it may do at worst', () => {
    const unknown = fixture('violation-log-put-first-in-optimised-build')
      .replaceAll('vhost_user_', 'other_')
      .replaceAll('vhost-user', 'other');
    expect(harms(unknown)).toEqual([
      '',
      'memory of the guest on the destination, or of QEMU, may be corrupted',
      'blocker',
    ]);
  });
});

test('JSON leaves out what passed unless all is asked for, and has the exit code of the command', () => {
  const report = reportOf([
    findingOf({ verdict: 'pass' }),
    findingOf({ verdict: 'not-exercised' }),
    findingOf({ verdict: 'inconclusive' }),
    findingOf(),
  ]);
  const verdicts = (options: Partial<ReportOptions>): string[] => {
    const json = JSON.parse(renderJson(report, optionsOf(options))) as CheckReport;
    return json.findings.map(({ verdict }) => verdict).sort();
  };
  expect(verdicts({})).toEqual(['inconclusive', 'violation']);
  expect(verdicts({ all: true })).toHaveLength(4);
  expect(renderJson(report, optionsOf({ exitCode: 2 }))).toContain('"exitCode": 2');
});

test('JSON has no character that a terminal obeys, and keeps the text', () => {
  const path = 'a\x1b]0;b\x07\x7f\x9b31m\u202ec\u2028.txt';
  const text = renderJson(reportOf([findingOf({ at: { path, line: 1 } })]), optionsOf({}));
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  expect((JSON.parse(text) as CheckReport).findings[0]?.at.path).toBe(path);
});

test('a very long line of a capture is cut, not wrapped', () => {
  const report = reportOf([findingOf()]);
  const text = renderPretty(report, optionsOf({ excerpt: () => '\u{1f600}'.repeat(1_000_000) }));
  expect(Math.max(...text.split('\n').map((line) => Array.from(line).length))).toBeLessThan(101);
});

test('a listing of nothing says how to begin', () => {
  expect(renderListing({ captures: [], sessions: [], devices: [] })).toContain('vhtrace ingest');
  expect(sha256).toHaveLength(64);
});

test('check and flows offer every reporter that there is', () => {
  expect([...(Check.flags.format.options ?? [])].sort()).toEqual(Object.keys(reporters));
  expect([...(Flows.flags.format.options ?? [])].sort()).toEqual(Object.keys(flowReporters.time));
  expect([...(Flows.flags.by.options ?? [])].sort()).toEqual(Object.keys(flowReporters).sort());
});

test('backends are listed by the names that requests and messages have for them', () => {
  const report = check(
    'strace.txt',
    [
      '4703 ioctl(13</dev/vhost-net>, VHOST_SET_OWNER, 0) = 0',
      '4703 ioctl(14</dev/vhost-vsock>, VHOST_SET_OWNER, 0) = 0',
      '4703 ioctl(13</dev/vhost-net>, VHOST_SET_MEM_TABLE, 0x7fd295a2aec0) = 0',
    ].join('\n'),
  );
  const [net, vsock] = report.endpoints ?? [];
  expect(net).toMatchObject({ endpoint: 'fd 13 /dev/vhost-net', backend: 'kernel', line: 1 });
  expect(vsock).toMatchObject({ endpoint: 'fd 14 /dev/vhost-vsock', line: 2 });
  expect(report.endpoints).toHaveLength(2);
  expect(renderPretty(report, optionsOf())).toContain(
    '  fd 13 /dev/vhost-net (backend kernel, line 1)',
  );
  expect(JSON.parse(renderJson(report, optionsOf()))).toMatchObject({ endpoints: [net, vsock] });
});
