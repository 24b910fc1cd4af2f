/** The tree by code: every frame of every backtrace once, whatever the order of the backtraces. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildCodeFlow } from '../../src/flows/tree/by-code.js';
import { outerFrames } from '../../src/flows/tree/outer-frames.js';
import type { CodeFlow, CodeNode } from '../../src/model/code-flow.js';
import type { Backtrace, CaptureRecord, Frame } from '../../src/model/record.js';

const FUNCS = [
  'main',
  'clone',
  'start_thread',
  'migration_thread',
  'kvm_vcpu_thread_fn',
  'memory_region_dispatch_write',
  'virtio_set_status',
  'vhost_dev_start',
  'vhost_dev_set_log',
  'f',
  'f.part.0',
] as const;

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constant('call' as const),
  address: fc.constant(undefined),
  func: fc.constantFrom(...FUNCS),
  args: fc.constant([]),
  file: fc.constant('../a.c'),
  line: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  lib: fc.constant(undefined),
});

const anyBacktrace: fc.Arbitrary<Backtrace> = fc
  .tuple(fc.array(anyFrame, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 1000 }))
  .map(([frames, first]) => ({
    kind: 'backtrace',
    span: { first, last: first + frames.length - 1 },
    frames,
    levels: frames.map((_, i) => i),
    lines: frames.map((_, i) => first + i),
    wrapped: [],
    thread: undefined,
    incomplete: false,
  }));

function flowOf(records: readonly CaptureRecord[], unfold: boolean): CodeFlow {
  const reading = { lines: 0, blank: 0, formats: [], records, problems: [] };
  return buildCodeFlow([{ path: 'a', reading }], { unfold });
}

function sum(nodes: readonly CodeNode[], of: (node: CodeNode) => number): number {
  return nodes.reduce((total, node) => total + of(node) + sum(node.children, of), 0);
}

const anyStacks = fc.array(anyBacktrace, { maxLength: 30 });

test('counts add up: no frame is lost, none is there twice', () => {
  fc.assert(
    fc.property(anyStacks, fc.boolean(), (stacks, unfold) => {
      const { actors, backtraces } = flowOf(stacks, unfold);
      const shown = stacks.map(({ frames }) => (unfold ? frames.length : outerFrames(frames).from));
      const nodes = actors.flatMap(({ children }) => children);
      expect(backtraces).toBe(stacks.length);
      expect(actors.reduce((total, { count }) => total + count, 0)).toBe(stacks.length);
      expect(sum(nodes, ({ count }) => count)).toBe(shown.reduce((a, b) => a + b, 0));
      expect(sum(nodes, ({ innermost }) => innermost)).toBe(stacks.length);
      for (const { count, children } of actors) {
        expect(children.reduce((total, child) => total + child.count, 0)).toBe(count);
      }
      const unbalanced = sum(nodes, (node) => {
        const below = node.children.reduce((total, child) => total + child.count, 0);
        return node.count === node.innermost + below ? 0 : 1;
      });
      expect(unbalanced).toBe(0);
    }),
    { numRuns: 300 },
  );
});

/** Without what depends on which backtrace came first. */
function canonical(nodes: readonly CodeNode[]): unknown[] {
  return nodes
    .map(({ func, callSite, caller, args, count, innermost, children }) =>
      JSON.stringify([callSite, caller, func, args, count, innermost, canonical(children)]),
    )
    .sort();
}

test('the order of the backtraces changes nothing but first-seen places', () => {
  const shuffled = anyStacks.chain((stacks) =>
    fc.tuple(
      fc.constant(stacks),
      fc.shuffledSubarray(stacks, { minLength: stacks.length, maxLength: stacks.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([stacks, others]) => {
      const trees = [stacks, others].map((records) =>
        flowOf(records, false)
          .actors.map(({ actor, count, children }) =>
            JSON.stringify([actor, count, canonical(children)]),
          )
          .sort(),
      );
      expect(trees[1]).toEqual(trees[0]);
    }),
    { numRuns: 300 },
  );
});

test('call sites rise among the children of a node', () => {
  fc.assert(
    fc.property(anyStacks, (stacks) => {
      const check = (nodes: readonly CodeNode[]): void => {
        const sites = nodes.map(({ callSite }) => callSite ?? Infinity);
        expect(sites).toEqual([...sites].sort((a, b) => a - b || 0));
        for (const { children } of nodes) check(children);
      };
      for (const { children } of flowOf(stacks, false).actors) check(children);
    }),
  );
});
