/** One run, captured as a gdb log and as a trace log: two views that must not contradict each other. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildRun } from '../src/flows/run.js';
import type { Run } from '../src/flows/run.js';
import type { Fact } from '../src/model/fact.js';
import type { Finding } from '../src/model/report.js';
import { check } from './helpers/check.js';
import { besideRepository, readFile } from './helpers/read-text.js';

const captures = besideRepository('shared/captures') ?? '';

/** Pairs of one name: `x.gdb.txt` with `x.trace.log` or `x.qemu-trace.txt`. Faults of qemu10-vhost-user are of two runs. */
const pairs = (
  [
    ['qemu9.1.0-vhost-user', '.trace.log'],
    ['qemu10-vhost-kernel', '.qemu-trace.txt'],
    ['qemu10-log-resize', '.qemu-trace.txt'],
  ] as const
).flatMap(([folder, ending]) => {
  const path = join(captures, folder);
  if (captures === '' || !existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith('.gdb.txt'))
    .map((name) => [join(path, name), join(path, name.replace('.gdb.txt', ending))] as const)
    .filter(([, trace]) => existsSync(trace));
});

describe.skipIf(captures === '')('one run in two logs (skipped without ../shared/captures)', () => {
  it.each(pairs)('%s', (gdb, trace) => {
    const [calls, events] = [gdb, trace].map((path) =>
      buildRun(readFile(path), { assumeOrdered: false }),
    ) as [Run, Run];
    // A typed session does not stop at everything, and a log may begin in mid-life: what both watch agrees.
    const kinds = new Set(calls.facts.filter(isEntry).map(({ kind }) => kind));
    const seen = lifeOf(events).filter(({ kind }) => kinds.has(kind));
    const stopped = lifeOf(calls);
    const from = stopped[0] === undefined ? 0 : seen.length - stopped.length;
    expect(from, 'the trace shows all starts and stops').toBeGreaterThanOrEqual(0);
    expect(stopped.length).toBeGreaterThan(0);
    expect(stopped).toEqual(seen.slice(from));
    // What the trace calls a device, the stacks do, too.
    const known = new Set(calls.devices.map(({ address }) => address));
    for (const { address } of events.devices) expect(known).toContain(address);
    const outcomes = [calls, events].map((run) => run.migrations.map(({ outcome }) => outcome));
    const [ofCalls = [], ofEvents = []] = outcomes;
    for (const [i, outcome] of ofCalls.entries()) {
      if (outcome !== 'unknown' && ofEvents[i] !== 'unknown') expect(ofEvents[i]).toBe(outcome);
    }
  });

  it.each(pairs)('%s: no verdict against the other', (gdb, trace) => {
    const [calls, events] = [gdb, trace].map((path) => check(path, readFileSync(path, 'utf8')));
    for (const finding of events?.findings ?? []) {
      const opposite = OPPOSITE[finding.verdict];
      const { rule, device } = finding;
      const ofDevice = (calls?.findings ?? []).filter(
        (other) => other.rule === rule && other.device === device,
      );
      // One start of a device may be right and another one wrong; which vring it is the trace may not tell.
      if (ofDevice.some(({ verdict }) => verdict === finding.verdict)) continue;
      const against = ofDevice.filter(
        ({ verdict, vring }) => verdict === opposite && vring === finding.vring,
      );
      expect(against.map(({ message }) => message)).toEqual([]);
    }
  });
});

const OPPOSITE: Partial<Record<Finding['verdict'], Finding['verdict']>> = {
  pass: 'violation',
  violation: 'pass',
};

function isEntry({ role }: { readonly role: string }): boolean {
  return role === 'entry' || role === 'event';
}

/** Starts and stops in order, by device. */
function lifeOf({ facts }: Run): readonly Pick<Fact, 'kind' | 'device'>[] {
  return facts
    .filter((fact) => isEntry(fact) && ['vhost_dev_start', 'vhost_dev_stop'].includes(fact.kind))
    .map(({ kind, device }) => ({ kind, device }));
}
