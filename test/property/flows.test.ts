/** Call flows of simulated runs: nothing is lost on the way from activations to the tree, and nothing is made up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildFlows } from '../../src/flows/tree/flow.js';
import { buildRun } from '../../src/flows/run.js';
import type { FlowNode } from '../../src/model/flow.js';
import { readText } from '../helpers/read-text.js';
import { anyRun, textOf } from '../model/legitimate.js';

/** Executions of calls that a tree stands for: a repeat stands for all that is inside of it, too. */
function executions(nodes: readonly FlowNode[], counts = new Map<string, number>(), times = 1) {
  for (const node of nodes) {
    const all = times * node.count;
    if (node.kind === 'call') counts.set(node.name, (counts.get(node.name) ?? 0) + all);
    executions(node.children, counts, all);
  }
  return counts;
}

function* depthFirst(nodes: readonly FlowNode[]): Generator<FlowNode> {
  for (const node of nodes) {
    yield node;
    yield* depthFirst(node.children);
  }
}

test('every execution is in the tree once, on both sides of a migration border if it goes on; wrappers of the same kind and the thread itself are folded', () => {
  fc.assert(
    fc.property(anyRun, (generated) => {
      const reading = readText(textOf(generated));
      const run = buildRun(reading, { assumeOrdered: true });
      const info = { path: 'run', sha256: '', bytes: 0 };
      const flows = buildFlows(info, reading, run);
      const shown = executions(flows.flatMap(({ nodes }) => nodes));
      const expected = new Map<string, number>();
      const mayBeCut = new Set<string>();
      // Where a trace event alone shows a migration, the run has none and the tree has its border.
      const hasBorder = flows.some(({ nodes }) => nodes.some(({ kind }) => kind === 'migration'));
      for (const { func, kind, parent, children } of run.activations) {
        if (kind === 'migration_thread' || kind === parent?.kind) continue;
        expected.set(func, (expected.get(func) ?? 0) + 1);
        if (hasBorder && children.length > 0) mayBeCut.add(func);
      }
      expect([...shown.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
      for (const [func, times] of expected) {
        if (mayBeCut.has(func)) expect(shown.get(func)).toBeGreaterThanOrEqual(times);
        else expect(shown.get(func)).toBe(times);
      }
      for (const { nodes } of flows) {
        const all = [...depthFirst(nodes)];
        expect(all.map(({ id }) => id)).toEqual(all.map((_, i) => i));
      }
    }),
    { numRuns: 100 },
  );
});
