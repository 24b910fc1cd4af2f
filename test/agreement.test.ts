/** What one rule proves no other rule leaves open, and what is one cause is reported by the rule that it belongs to. */
import { expect, test } from 'vitest';
import type { Finding } from '../src/model/report.js';
import { judge } from './helpers/check.js';
import { FUNCTIONS } from './model/functions.js';
import type { Watch } from './model/gdb-log.js';
import { PLAIN } from './model/machine.js';
import { FAULTS } from './model/protocol-faults.js';
import { play } from './model/scenarios.js';
import type { Backend, Version } from './model/vhost-backend.js';

interface Lived {
  readonly backend: Backend;
  readonly version: Version;
  readonly actions: readonly string[];
  /** By its name. */
  readonly fault?: string;
  readonly unwatched?: readonly string[];
  readonly backtrace?: Watch['backtrace'];
}

/** A debugger at all functions but a few, which prints no values and no returns. */
function findingsOf({
  backend,
  version,
  actions,
  fault,
  unwatched = [],
  backtrace = 'full',
}: Lived): Finding[] {
  const defect = FAULTS.find(({ name }) => name === fault)?.defect;
  const devices = [{ backend, pairs: 1 }];
  const profile = { ...PLAIN, failsWhileLogging: true, failsLate: true, version, devices };
  const { text } = play({ name: '', profile, actions }, defect, {
    functions: FUNCTIONS.filter((func) => !unwatched.includes(func)),
    backtrace,
    silent: false,
    declared: 'typed',
  });
  return judge(text);
}

function saysOf(findings: readonly Finding[], ...rules: readonly string[]): string[] {
  return findings
    .filter(({ rule, verdict }) => rules.includes(rule) && verdict !== 'not-exercised')
    .map(({ rule, verdict, vring }) => `${rule} ${verdict}${vring === null ? '' : ` ${vring}`}`);
}

test('a vring that starts again without logging is wrong itself: its device logs', () => {
  const findings = findingsOf({
    backend: 'kernel',
    version: 802,
    actions: ['boot', 'migrate', 'sync', 'ring-reset', 'ring-restart', 'sync'],
    fault: 'reset ring restarts without logging',
    unwatched: ['vhost_dev_init', 'vhost_dev_cleanup'],
  });
  const violations = findings.filter(({ verdict }) => verdict === 'violation');
  expect(saysOf(violations, ...violations.map(({ rule }) => rule))).toEqual([
    'DS-FLAG violation 0',
  ]);
  expect(saysOf(findings, 'MG-SYNC-OFF')).toEqual(['MG-SYNC-OFF pass']);
});

/** What is left of a start once the guest tries it again. */
function failedStart(fault: number): Finding[] {
  return findingsOf({
    backend: 'kernel',
    version: 1000,
    actions: [
      ...['boot', 'migrate', 'sync', 'driver-reset', `fail-start 0 ${fault}`, 'sync'],
      ...['status', 'sync', 'cancel'],
    ],
  });
}

test.each([
  ['a vring', 1],
  ['the log base', 2],
])('a start that fails at %s and is undone has not succeeded', (_where, fault) => {
  const open = failedStart(fault).filter(({ verdict }) => verdict === 'inconclusive');
  expect(saysOf(open, 'DS-DOUBLE', 'DS-LOGBASE', 'MG-LOGGER', 'MG-SYNC-OFF')).toEqual([]);
});

test('the device runs when the start after the failed one is over, though stacks are cut', () => {
  const findings = findingsOf({
    backend: 'kernel',
    version: 802,
    actions: [...['boot', 'migrate', 'sync', 'driver-reset', 'fail-start 0 1', 'status', 'cancel']],
    backtrace: 2,
  });
  expect(findings.filter(({ verdict }) => verdict === 'violation')).toEqual([]);
});

test('a start that fails before its first vring undoes nothing: it may have succeeded', () => {
  expect(saysOf(failedStart(0), 'DS-DOUBLE')).toContain('DS-DOUBLE inconclusive');
});

test.each(['kernel', 'user'] as const)(
  'a log start that is undone leaves logging off: %s',
  (backend) => {
    const findings = findingsOf({
      backend,
      version: 1002,
      actions: ['boot', 'migrate-fault 0 1', 'refresh', 'migrate', 'sync', 'cancel'],
    });
    expect(saysOf(findings, 'LS-UNIFORM')).toContain('LS-UNIFORM pass');
    const rules = ['LS-EARLY-EXIT', 'LS-TWICE', 'MG-LOGGER'];
    expect(new Set(saysOf(findings, ...rules))).toEqual(
      new Set(rules.map((rule) => `${rule} pass`)),
    );
  },
);

test('a device that starts behind an undone log start starts without logging', () => {
  const findings = findingsOf({
    backend: 'kernel',
    version: 1002,
    actions: ['boot', 'migrate-fault 0 1', 'driver-reset', 'boot'],
  });
  const verdicts = findings.filter(({ rule }) => rule === 'DS-FLAG').map(({ verdict }) => verdict);
  expect(verdicts).toEqual(['pass']);
});
