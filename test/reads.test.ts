/**
 * How often rules and flows look at what a capture shows. Counted, because times differ: four times the capture is four
 * times the work and a little more, and not sixteen times as much.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sessionsOf } from '../src/check/session.js';
import { BareCalls } from '../src/flows/activations/bare-calls.js';
import type { Activation } from '../src/flows/activations/activation.js';
import { buildRun } from '../src/flows/run.js';
import { rules } from '../src/rules/index.js';
import { readText } from './helpers/read-text.js';

/** Calls `onRead` whenever somebody reads the member. */
function watch<Member extends string>(
  item: Readonly<Record<Member, unknown>>,
  member: Member,
  onRead: () => void,
): void {
  const value: unknown = item[member];
  Object.defineProperty(item, member, {
    get: () => {
      onRead();
      return value;
    },
  });
}

function readsOf(id: string, name: string, times: number): number {
  const text = readFileSync(`fixtures/rules/${id}/${name}/input.txt`, 'utf8');
  // What says that a process begins, or a debugger, is left out.
  const repeated = text.replace(/^(?:\[(?!Switching)|Breakpoint \d+ at ).*\n/gm, '').repeat(times);
  const run = buildRun(readText(repeated), { assumeOrdered: false });
  expect(run.ofSession).toHaveLength(1);
  let reads = 0;
  const count = (): void => void (reads += 1);
  for (const activation of run.activations) watch(activation, 'first', count);
  for (const step of run.steps) watch(step, 'frames', count);
  const rule = rules.find(({ info }) => info.id === id);
  for (const context of sessionsOf(run)) Array.from(rule?.sequence?.(context) ?? []);
  return reads;
}

test.each([
  ['RZ-ELECT', 'violation-user-told-to-stop-later'],
  ['DS-RINGBASE', 'violation-bug-20-lost-backend-ignored'],
])('%s reads a capture as often as it is long', (id, name) => {
  const [short, long] = [readsOf(id, name, 32), readsOf(id, name, 128)];
  expect(short).toBeGreaterThan(32);
  expect(long).toBeLessThan(6 * short);
});

test('stops of as many devices as there are calls are each looked at a few times', () => {
  const calls = new BareCalls();
  let reads = 0;
  for (let at = 0; at < 1000; at++) {
    const device = `0x${at.toString(16)}`;
    const call = { func: 'vhost_dev_start', device, closed: undefined as number | undefined };
    watch(call, 'device', () => void (reads += 1));
    calls.endSame(call.func, device, at);
    calls.add(call as unknown as Activation);
  }
  calls.endSame('vhost_dev_start', undefined, 1000);
  expect(reads).toBeLessThan(4000);
  expect(calls.all()).toEqual([]);
  expect(calls.last('vhost_dev_start')).toBeUndefined();
});
