/** What one rule proves no other rule leaves open, and what is one cause is reported by the rule that it belongs to. */
import { expect, test } from 'vitest';
import type { Finding } from '../src/model/report.js';
import { judge } from './helpers/check.js';
import { FUNCTIONS } from './model/functions.js';
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
}

/** A debugger at all functions but a few, which prints no values and no returns. */
function findingsOf({ backend, version, actions, fault, unwatched = [] }: Lived): Finding[] {
  const defect = FAULTS.find(({ name }) => name === fault)?.defect;
  const profile = { ...PLAIN, version, devices: [{ backend, pairs: 1 }] };
  const { text } = play({ name: '', profile, actions }, defect, {
    functions: FUNCTIONS.filter((func) => !unwatched.includes(func)),
    backtrace: 'full',
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
