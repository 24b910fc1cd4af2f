/** Reports made by hand, in which only what matters to a test is given. */
import type { CheckReport, Finding } from '../../src/model/report.js';
import type { RuleInfo } from '../../src/model/rule-info.js';
import type { ReportOptions } from '../../src/reporters/reporter.js';

/** sha256 of the capture that factories speak of. */
export const sha256 = 'a'.repeat(64);

export function findingOf(finding: Partial<Finding> = {}): Finding {
  return {
    rule: 'LS-ALL-RINGS',
    verdict: 'violation',
    severity: 'error',
    capture: sha256,
    session: 0,
    device: '0x5555562b1f00',
    vring: 1,
    message: 'vring 1 was never told to log',
    at: { path: 'gdb.txt', line: 12 },
    evidence: [],
    missing: [],
    fingerprint: '0123456789abcdef',
    count: 1,
    ...finding,
  };
}

/** A report with these findings; the summary counts them. */
export function reportOf(
  findings: readonly Finding[],
  more: Partial<CheckReport> = {},
): CheckReport {
  const times = (verdict: Finding['verdict'], severity?: Finding['severity']): number =>
    findings.filter(
      (finding) =>
        finding.verdict === verdict && (severity === undefined || finding.severity === severity),
    ).length;
  return {
    schemaVersion: 1,
    captures: [
      {
        path: 'gdb.txt',
        sha256,
        formats: ['gdb'],
        lines: 1298,
        records: 120,
        facts: 86,
        problems: 0,
        unclaimed: 3,
        unclaimedLines: [7, 8, 9],
        ordered: true,
      },
    ],
    summary: {
      violations: {
        error: times('violation', 'error'),
        warning: times('violation', 'warning'),
        note: times('violation', 'note'),
      },
      inconclusive: times('inconclusive'),
      pass: times('pass'),
      notExercised: times('not-exercised'),
      exitCode: 0,
    },
    findings,
    devices: [
      { capture: sha256, session: 0, address: '0x5555562b1f00', backend: 'user', vrings: [0, 1] },
    ],
    migrations: [
      {
        capture: sha256,
        session: 0,
        outcome: 'completed',
        phases: ['setup', 'iterate', 'switchover'],
      },
    ],
    crashes: [],
    waits: [],
    reported: [],
    alterations: [],
    profiles: [],
    coverage: [],
    ...more,
  };
}

const rule: RuleInfo = {
  id: 'LS-ALL-RINGS',
  title: 'every started vring gets VHOST_VRING_F_LOG at log start',
  severity: 'error',
  impact: 'corrupt',
  backends: ['kernel', 'user', 'vdpa'],
  versions: '2.12 - 10.2',
  needs: ['probe vhost_dev_set_log'],
  why: 'Writes of the backend to the used ring of that vring are not marked dirty.',
  remedy: 'Check the loop over dev->nvqs in vhost_dev_set_log() of that QEMU.',
  exceptions: [],
  sources: ['QEMU hw/virtio/vhost.c vhost_dev_set_log()'],
};

/** Options of a pipe; line N of every capture says that it is line N. */
export function optionsOf(options: Partial<ReportOptions> = {}): ReportOptions {
  return {
    color: false,
    width: 100,
    all: false,
    exitCode: 0,
    excerpt: (_path, line) => `#0  vhost_dev_set_log (dev=0x5555562b1f00) at line ${line}`,
    rules: [rule],
    problems: [],
    failures: [],
    failOn: 'error',
    cwd: '/repository',
    roots: ['/repository'],
    version: '1.2.3',
    ...options,
  };
}
