/** The formats of CI systems, validated against their published schemas; what a capture says is never markup. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { validateXML } from 'xmllint-wasm';
import { describe, expect, test } from 'vitest';
import { captureUri, pathFromRepository, repositoryPath } from '../src/reporters/ci/locations.js';
import type { CheckReport } from '../src/model/report.js';
import { markedLines } from '../src/reporters/ci/markdown-text.js';
import { reporters } from '../src/reporters/index.js';
import type { ReportOptions } from '../src/reporters/reporter.js';
import { check } from './helpers/check.js';
import { findingOf, optionsOf, reportOf, sha256 } from './helpers/reports.js';
import { ruleInfos } from '../src/pipeline/catalogue.js';

const require = createRequire(import.meta.url);
const fixtures = join(import.meta.dirname, '..', 'fixtures');
const captures = ['vring-never-logged.gdb.txt', 'cancelled-migration.trace.log'];
const CI = ['sarif', 'code-scanning', 'junit', 'github', 'gitlab', 'markdown'] as const;

/** Everything that some reader would obey. */
const EVIL =
  '\x1b[31m\x1b]0;title\x07 \r\n::error::planted %0A ]]> <script>alert(1)</script> & "quoted" \u202e \ud800 \ufffe `x` [a](b)';

const evil = reportOf(
  [
    findingOf({
      message: EVIL,
      at: { path: `a:b/${EVIL}`, line: 3 },
      evidence: [{ path: '../out/x y.txt', line: 1, role: EVIL }],
      stateBefore: EVIL,
      expected: EVIL,
    }),
    findingOf({ verdict: 'inconclusive', missing: [EVIL] }),
  ],
  {
    crashes: [
      {
        capture: sha256,
        session: 0,
        line: 7,
        func: EVIL,
        place: EVIL,
        how: 'assertion',
        assertion: EVIL,
        device: EVIL,
        means: EVIL,
        rules: [],
      },
    ],
  },
);
/** Of both captures something is inconclusive, and of one of them something passed. */
const [capture] = reportOf([]).captures;
const undecided = reportOf([
  findingOf({ verdict: 'inconclusive', missing: ['probe vhost_dev_start'] }),
  findingOf({ verdict: 'inconclusive', missing: ['probe vhost_dev_stop'] }),
]);
const halfDecided = reportOf(
  [
    ...undecided.findings,
    findingOf({ verdict: 'inconclusive', capture: 'b'.repeat(64) }),
    findingOf({ verdict: 'pass', capture: 'b'.repeat(64) }),
  ],
  { captures: [capture!, { ...capture!, path: 'other.txt', sha256: 'b'.repeat(64) }] },
);
const evilOptions = optionsOf({
  excerpt: () => EVIL,
  problems: [{ path: EVIL, code: 'CUT_OFF', message: EVIL, span: { first: 1, last: 2 } }],
  failures: [{ path: EVIL, error: { code: 'FILE_MISSING', message: EVIL } }],
});

function optionsFor(path: string): ReportOptions {
  const lines = readFileSync(join(fixtures, 'captures', path), 'utf8').split('\n');
  return optionsOf({ rules: ruleInfos(), excerpt: (_path, line) => lines[line - 1] });
}

const reports = [
  ...captures.map((path) => {
    const text = readFileSync(join(fixtures, 'captures', path), 'utf8');
    return { name: path, report: check(path, text), options: optionsFor(path) };
  }),
  { name: 'planted', report: evil, options: evilOptions },
  { name: 'undecided', report: undecided, options: optionsOf() },
  { name: 'empty', report: reportOf([], { captures: [] }), options: optionsOf({ exitCode: 3 }) },
];

describe.each(CI)('%s', (format) => {
  test.each(captures)('%s', async (path) => {
    const found = reports.find(({ name }) => name === path);
    if (found === undefined) throw new Error(path);
    const golden = join(fixtures, 'reporters', 'ci', `${path}.${format}`);
    const text = reporters[format](found.report, found.options);
    await expect(text).toMatchFileSnapshot(golden);
    expect(reporters[format](found.report, found.options)).toBe(text);
  });

  test('no control character of a capture gets through', () => {
    const text = reporters[format](evil, evilOptions);
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
  });
});

describe('where nothing could be decided', () => {
  const textOf = (format: keyof typeof reporters, report: CheckReport): string =>
    reporters[format](report, optionsOf()).replace(/\s+/g, ' ');

  test.each(['pretty', ...CI] as const)(
    '%s says so, and nothing that reads like a pass',
    (format) => {
      const text = textOf(format, undecided);
      expect(text).toContain('nothing could be decided');
      expect(text).not.toMatch(/no violation|0 errors/);
    },
  );

  test.each(CI)('%s says so of one of several captures', (format) => {
    const text = textOf(format, halfDecided);
    expect(
      text.match(/nothing could be decided: 2 checks inconclusive, none passed/g),
    ).toHaveLength(1);
  });

  test('pretty has it as its headline, or at the capture', () => {
    expect(textOf('pretty', undecided)).toContain(
      ' nothing could be decided; 0 checks passed, 2 inconclusive',
    );
    expect(textOf('pretty', halfDecided)).toContain('no violation found; 1 check passed');
    expect(textOf('pretty', halfDecided)).toMatch(/gdb\.txt: .*; nothing could be decided: 2/);
  });

  test('no rule that had something to judge is nothing that was checked', () => {
    const report = reportOf([findingOf({ verdict: 'not-exercised' })]);
    expect(textOf('pretty', report)).toContain(' nothing was checked; 0 checks passed');
    expect(textOf('github', report)).toContain('no rule had anything to judge');
  });
});

describe('sarif', () => {
  const schema = JSON.parse(
    readFileSync(
      require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'),
      'utf8',
    ),
  ) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false });
  // Its address is written as in draft 4, which this validator does not read; the rest is the same in draft 7.
  const { $schema: _, id: __, ...draft7 } = schema;
  const validate = ajv.compile(draft7);

  interface Log {
    readonly runs: readonly [
      {
        readonly results: readonly {
          readonly ruleId: string;
          readonly ruleIndex: number;
          readonly kind: string;
          readonly level: string;
          readonly locations: readonly [
            { physicalLocation: { artifactLocation: { uri: string } } },
          ];
          readonly codeFlows?: readonly [
            {
              threadFlows: readonly [
                { locations: readonly { location: { message: { text: string } } }[] },
              ];
            },
          ];
        }[];
        readonly tool: { driver: { rules: readonly { id: string; help: { text: string } }[] } };
      },
    ];
  }
  const logOf = (name: string): Log['runs'][0] => {
    const found = reports.find((each) => each.name === name);
    if (found === undefined) throw new Error(name);
    return (JSON.parse(reporters.sarif(found.report, found.options)) as Log).runs[0];
  };

  test.each(reports)('$name is valid', ({ report, options }) => {
    for (const format of ['sarif', 'code-scanning'] as const) {
      const valid = validate(JSON.parse(reporters[format](report, options)));
      expect(validate.errors ?? []).toEqual([]);
      expect(valid).toBe(true);
    }
  });

  test('a rule of which a legal path can look like a violation is less precise', () => {
    const [one] = optionsOf().rules;
    const precisionOf = (severity: 'error' | 'warning'): string | undefined =>
      /"precision": "(.*)"/.exec(
        reporters.sarif(reportOf([]), optionsOf({ rules: [{ ...one!, severity }] })),
      )?.[1];
    expect(precisionOf('error')).toBe('very-high');
    expect(precisionOf('warning')).toBe('medium');
  });

  test('code scanning gets new violations alone, because each result is an alert; the rest is counted', () => {
    const known = { reason: 'accepted' };
    const text = reporters['code-scanning'](
      reportOf([
        findingOf({ verdict: 'violation', rule: 'LS-ALL-RINGS' }),
        findingOf({ verdict: 'violation', rule: 'DS-PUT', known }),
        findingOf({ verdict: 'inconclusive', rule: 'ST-IDX' }),
      ]),
      optionsOf(),
    );
    const { results } = (JSON.parse(text) as Log).runs[0];
    expect(results.map(({ ruleId, kind }) => [ruleId, kind])).toEqual([['LS-ALL-RINGS', 'fail']]);
    expect(text).toContain('1 violation of the baseline left out');
    expect(text).toContain('1 check inconclusive');
  });

  test.each(reports)('$name: every result has a place and a rule with help', ({ name }) => {
    const { results, tool } = logOf(name);
    for (const { locations, ruleId, ruleIndex } of results) {
      const { uri } = locations[0].physicalLocation.artifactLocation;
      expect(uri).toMatch(/^[\w.~%-][\w.~%/-]*$/);
      expect(uri).not.toMatch(/(?:^|\/)\.\.(?:\/|$)/);
      if (name !== 'planted') expect(tool.driver.rules[ruleIndex]).toMatchObject({ id: ruleId });
    }
  });

  test('a violation is told step by step; what is undecided is open', () => {
    const { results } = logOf('vring-never-logged.gdb.txt');
    const violation = results.find(({ kind }) => kind === 'fail');
    expect(violation).toMatchObject({ ruleId: 'LS-ALL-RINGS', level: 'error' });
    const steps = violation?.codeFlows?.[0].threadFlows[0].locations ?? [];
    expect(steps.map(({ location }) => location.message.text)).toContain(
      'the same pass reaches vring 0',
    );
    expect(
      results.filter(({ kind }) => kind === 'open').every(({ level }) => level === 'none'),
    ).toBe(true);
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['fail', 'open']));
  });

  test('a pass names the lines at which it is seen', () => {
    const evidence = [{ path: 'a.txt', line: 1, role: 'the start before it' }];
    const passes = [
      findingOf({ verdict: 'pass', rule: 'DS-DOUBLE', evidence }),
      findingOf({ verdict: 'pass', rule: 'LS-WORD', evidence: [] }),
    ];
    const options = optionsOf({ all: true });
    const log: unknown = JSON.parse(reporters.sarif(reportOf(passes), options));
    expect(validate(log)).toBe(true);
    const { results } = (log as Log).runs[0];
    expect(results.map((result) => Object.keys(result).includes('relatedLocations'))).toEqual([
      true,
      false,
    ]);
    expect(results[0]).toMatchObject({
      relatedLocations: [
        {
          physicalLocation: { region: { startLine: 1 } },
          message: { text: 'the start before it' },
        },
      ],
    });
  });

  test('GitHub takes 25,000 results: what is left out is said, and is never a violation before an open one', () => {
    const many = Array.from({ length: 25_010 }, (_, i) =>
      findingOf({
        verdict: i % 2 === 0 ? 'violation' : 'inconclusive',
        at: { path: 'a', line: i + 1 },
      }),
    );
    const text = reporters.sarif(reportOf(many), optionsOf());
    const { results } = (JSON.parse(text) as Log).runs[0];
    expect(results).toHaveLength(25_000);
    expect(results.filter(({ kind }) => kind === 'fail')).toHaveLength(12_505);
    expect(text).toContain('10 more results are left out');
  });
});

describe('junit', () => {
  const schema = readFileSync(join(import.meta.dirname, 'schemas', 'jenkins-junit.xsd'), 'utf8');

  test.each(reports)('$name is valid', async ({ report, options }) => {
    const xml = [{ fileName: 'report.xml', contents: reporters.junit(report, options) }];
    const { errors } = await validateXML({ xml, schema: [schema] });
    expect(errors).toEqual([]);
  });

  test('fails exactly where the command fails', () => {
    const report = reportOf([findingOf({ severity: 'warning' })]);
    const failures = (failOn: ReportOptions['failOn']): string | undefined =>
      /failures="(\d+)"/.exec(reporters.junit(report, optionsOf({ failOn })))?.[1];
    expect(failures('error')).toBe('0');
    expect(failures('warning')).toBe('1');
    expect(failures('note')).toBe('1');
    expect(failures('never')).toBe('0');
    expect(reporters.junit(report, optionsOf({ failOn: 'error' }))).toContain(
      '<system-out>warning[',
    );
  });
});

describe('github', () => {
  test('one line a command: no text can begin another', () => {
    const lines = reporters.github(evil, evilOptions).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith('::'))).toHaveLength(3);
    expect(lines[0]).toMatch(/^::error file=[^:]*%3A[^:]*,line=3,title=[^:]*::/);
  });

  test('a path with a line end still names its file', () => {
    const report = reportOf([findingOf({ at: { path: 'a\nb, c', line: 1 } })]);
    expect(reporters.github(report, optionsOf())).toContain('file=a%0Ab%2C c,line=1,');
  });

  test('ten of a kind, worst first, and how many more', () => {
    const many = [
      ...Array.from({ length: 3 }, () => findingOf({ severity: 'note' })),
      ...Array.from({ length: 25 }, (_, i) => findingOf({ at: { path: 'a', line: i + 1 } })),
    ];
    const lines = reporters.github(reportOf(many), optionsOf()).trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ', 1)[0])).toEqual([
      ...Array.from({ length: 9 }, () => '::error'),
      '::error::16',
      '::notice',
      '::notice',
      '::notice',
      'vhtrace:',
    ]);
  });
});

test('a capture with nothing to check does not look like a pass', () => {
  const { report } = reports[0] ?? {};
  const captures =
    report?.captures.map((capture) => ({ ...capture, path: 'a.txt', facts: 0 })) ?? [];
  const idle = reportOf([], { captures: [...captures, ...captures] });
  expect(reporters.github(idle, optionsOf())).toContain(
    '::warning file=a.txt::no call of the logging protocol was read in it, nothing to check (and 1 more capture)\n',
  );
  expect(reporters.sarif(idle, optionsOf())).toContain(
    '"no call of the logging protocol was read in it',
  );
});

describe('gitlab', () => {
  interface Issue {
    readonly description: string;
    readonly check_name: string;
    readonly fingerprint: string;
    readonly severity: string;
    readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
  }
  // As docs.gitlab.com, "Code quality report format", gives it; there is no published schema.
  const validate = new Ajv().compile({
    type: 'array',
    items: {
      type: 'object',
      required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
      properties: {
        description: { type: 'string', minLength: 1 },
        check_name: { type: 'string', minLength: 1 },
        fingerprint: { type: 'string', minLength: 1 },
        severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
        location: {
          type: 'object',
          required: ['path', 'lines'],
          properties: {
            path: { type: 'string', pattern: '^(?!\\./|/)' },
            lines: {
              type: 'object',
              required: ['begin'],
              properties: { begin: { type: 'integer', minimum: 1 } },
            },
          },
        },
      },
    },
  });

  test.each(reports)('$name is valid, and every fingerprint is unique', ({ report, options }) => {
    const issues = JSON.parse(reporters.gitlab(report, options)) as Issue[];
    expect(validate(issues), JSON.stringify(validate.errors)).toBe(true);
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length);
  });

  test('the same fault in two captures, and twice in one, are three', () => {
    const report = reportOf([
      findingOf({ at: { path: 'a', line: 1 } }),
      findingOf({ at: { path: 'b', line: 1 } }),
      findingOf({ at: { path: 'b', line: 9 } }),
    ]);
    const issues = JSON.parse(reporters.gitlab(report, optionsOf())) as Issue[];
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });
});

describe('markdown', () => {
  /** Pieces of code, as CommonMark finds them, and the text around them. */
  function readMarkdown(text: string): { code: string[]; plain: string } {
    const parts = text.match(/\\`|(`+)(?!`)[^]*?(?<!`)\1(?!`)|[^]/g) ?? [];
    const isCode = (part: string): boolean => part.length > 1 && part.startsWith('`');
    return {
      code: parts.filter(isCode).map((part) => part.slice(1, -1).replaceAll('\n', ' ')),
      plain: parts.filter((part) => !isCode(part)).join(''),
    };
  }

  test.each([
    ['a `b`c_d` e', ['bc_d']],
    ['`vhost_dev_start`() of it', ['vhost_dev_start()']],
    ["Assertion `dev->log' failed", ['dev->log']],
    ['x_y`z', ['x_y']],
    ['`print *log` and `print *dev->log`', ['print *log', 'print *dev->log']],
    [`${'word '.repeat(13)}in \`print - *log\` at a_b`, ['print - *log', 'a_b']],
    [`${'word '.repeat(13)}with \`a \\ - b\` c_d`, ['a \\ - b', 'c_d']],
  ])('code is balanced: %s', (text, code) => {
    const read = readMarkdown(markedLines(text, 72).join('\n'));
    expect(read.code).toEqual(code);
    expect(read.plain).not.toMatch(/(?<!\\)`/);
  });

  test('code is balanced in every text of a rule', () => {
    for (const info of ruleInfos()) {
      for (const text of JSON.stringify(info).match(/"(?:[^"\\]|\\.)*"/g) ?? []) {
        const read = readMarkdown(markedLines(text, 72).join('\n'));
        expect(read.plain, text).not.toContain('`');
        expect(read.code.join(' '), text).not.toContain('`');
      }
    }
  });

  test.each(reports)('$name fits in a mail of 72 columns', ({ name, report, options }) => {
    const lines = reporters.markdown(report, options).split('\n');
    // A path or a word that long cannot be broken.
    if (name !== 'planted') expect(lines.filter((line) => line.length > 72)).toEqual([]);
    expect(
      lines.filter((line, i) => line === '' && lines[i + 1] === '' && i < lines.length - 2),
    ).toEqual([]);
  });

  test('nothing in it is HTML or a link', () => {
    const text = reporters.markdown(evil, evilOptions).replace(/^ {6}.*$/gm, '');
    expect(text.replace(/`[^`]+`/g, '')).not.toMatch(/[<[]/);
  });

  test('functions and expressions are code, so that no sign needs a backslash', () => {
    const message =
      'vhost_dev_set_log(dev=0x1, enable_log=true) of vhost_*_set_log_base (see dev->nvqs), not virtio-net (line 5), <b>';
    const text = reporters.markdown(reportOf([findingOf({ message })]), optionsOf());
    expect(text.replace(/\s+/g, ' ')).toContain(
      '`vhost_dev_set_log(dev=0x1, enable_log=true)` of `vhost_*_set_log_base` (see `dev->nvqs`), not virtio-net (line 5), `<b>`',
    );
  });

  test('quoted lines are wrapped, not cut before the last argument', () => {
    const line =
      '#0  vhost_virtqueue_set_addr (dev=0x5555562b1f00, vq=0x5555562b2210, idx=1, enable_log=false) at ../hw/virtio/vhost.c:949';
    const report = reportOf([findingOf({})]);
    const text = reporters.markdown(report, optionsOf({ excerpt: () => line }));
    expect(text.replace(/\n +/g, ' ')).toContain(line);
    expect(reporters.markdown(report, optionsOf({ excerpt: () => 'x'.repeat(9999) }))).toContain(
      '…',
    );
  });

  test('says which QEMU, devices and migrations there are', () => {
    const found = reports.find(({ name }) => name === captures[0]);
    const text = found === undefined ? '' : reporters.markdown(found.report, found.options);
    for (const section of ['Devices', 'QEMU', 'Migrations'])
      expect(text).toContain(`\n## ${section}\n`);
    expect(text).toContain('- outcome unknown; phases seen: setup, cleanup');
  });
});

describe('calls that the debugger altered', () => {
  const report = reportOf([findingOf({ verdict: 'pass' })], {
    alterations: [
      {
        capture: sha256,
        func: 'vhost_kernel_set_features',
        line: 121,
        command: 'return (int)-22',
        commandLine: 139,
      },
    ],
  });

  test.each(CI)('%s names them', (format) => {
    const text = reporters[format](report, optionsOf()).replace(/\s+/g, ' ').replaceAll('`', '');
    expect(text).toMatch(/altered by the debugger/i);
    expect(text.replaceAll('&quot;', '"').replaceAll('\\"', '"')).toContain(
      'vhost_kernel_set_features (line 121) by "return (int)-22" (line 139)',
    );
  });

  test.each(['pretty', 'markdown'] as const)('%s does not read as if all were well', (format) => {
    expect(reporters[format](report, optionsOf()).replace(/\s+/g, ' ')).toContain(
      'no violation found, but the debugger altered the run; 1 check passed',
    );
  });
});

describe('paths', () => {
  const folders = { cwd: '/repo/sub', roots: ['/repo', '/mnt/link'] };

  test.each([
    ['a.txt', 'sub/a.txt'],
    ['./a.txt', 'sub/a.txt'],
    ['../a.txt', 'a.txt'],
    ['/repo/x/a.txt', 'x/a.txt'],
    ['/mnt/link/x/a.txt', 'x/a.txt'],
    ['a\\b:c', 'sub/a\\b:c'],
    ['..', '.'],
  ])('in the repository: %s → %s', (path, expected) => {
    expect(repositoryPath(path, folders)).toBe(expected);
    expect(pathFromRepository(path, folders)).toBe(expected);
    expect(captureUri(path, folders)).not.toContain(':');
  });

  test.each([
    ['/repository/a.txt', '../repository/a.txt', 'file:///repository/a.txt'],
    ['/tmp/a.txt', '../tmp/a.txt', 'file:///tmp/a.txt'],
    ['../../sub/a.txt', '../sub/a.txt', 'file:///sub/a.txt'],
    ['-', 'stdin', 'stdin'],
  ])('elsewhere: %s → %s, %s', (path, relative, uri) => {
    expect(repositoryPath(path, folders)).toBeUndefined();
    expect(pathFromRepository(path, folders)).toBe(relative);
    expect(captureUri(path, folders)).toBe(uri);
  });

  test('of another system', () => {
    const windows = { cwd: 'C:\\repo', roots: ['C:\\repo'] };
    expect(repositoryPath('x\\a.txt', windows)).toBe('x/a.txt');
    expect(captureUri('D:\\repo\\a.txt', windows)).toBe('file:///D:/repo/a.txt');
  });

  test('of two files of one name the one elsewhere is told by its own', () => {
    const report = reportOf(
      ['a.txt', '../a.txt'].map((path) => findingOf({ at: { path, line: 3 } })),
    );
    const lines = reporters.github(report, optionsOf()).split('\n');
    expect(lines[0]).toMatch(/^::error file=a\.txt,line=3,title=/);
    expect(lines[1]).toMatch(/^::error title=[^:]*::\.\.\/a\.txt:3: /);
    expect(reporters['code-scanning'](report, optionsOf())).toContain('"file:///a.txt"');
    expect(reporters.gitlab(report, optionsOf())).toContain('"path": "../a.txt"');
  });

  test('as a URI nothing is left that one forbids', () => {
    expect(captureUri("a b:c%/d'e\ud800(1).txt", folders)).toBe(
      'sub/a%20b%3Ac%25/d%27e%EF%BF%BD%281%29.txt',
    );
  });
});
