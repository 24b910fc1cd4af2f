/** Calls of several devices that come by turns, in the flow. */
import fc from 'fast-check';
import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { draft, finishNodes } from '../src/flows/tree/flow-nodes.js';
import { marksOf } from '../src/model/flow-marks.js';
import type { Finding } from '../src/model/report.js';
import type { FlowRow } from '../src/tui/flow-rows.js';
import type { Style } from '../src/tui/style.js';
import { flowRow } from '../src/tui/views/flow-tree.js';

/** One letter a call, each on a line of its own; `A`: vhost_commit of device 0xa. */
function nodesOf(letters: string): ReturnType<typeof finishNodes> {
  return finishNodes(
    Array.from(letters, (letter, i) =>
      draft({ kind: 'call', name: letter, line: i + 1, device: `0x${letter.toLowerCase()}` }),
    ),
  );
}

const shown = (letters: string): string =>
  nodesOf(letters)
    .map(({ name, count, inTurn }) => `${name}${count}${inTurn === true ? '~' : ''}`)
    .join(' ');

describe('calls that come by turns', () => {
  test.each([
    ['ABABAB', 'A3~ B3~'],
    ['ABCABCABCABC', 'A4~ B4~ C4~'],
    ['AABAABAAB', 'A6~ B3~'],
    ['ABABABA', 'A3~ B3~ A1'],
    ['ABABABB', 'A1 B1 A1 B1 A1 B2'],
    ['SABABABSABABAB', 'S1 A3~ B3~ S1 A3~ B3~'],
    ['ABAB', 'A1 B1 A1 B1'],
    ['AAAA', 'A4'],
  ])('%s is %s', (letters, expected) => {
    expect(shown(letters)).toBe(expected);
  });

  test('none is lost, and the first of each is in its place', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 60 }), (letters) => {
        const nodes = nodesOf(letters.join(''));
        for (const letter of 'ABC') {
          const of = nodes.filter(({ name }) => name === letter);
          const count = of.reduce((sum, node) => sum + node.count, 0);
          expect(count).toBe(letters.filter((one) => one === letter).length);
        }
        const lines = nodes.map(({ line }) => line);
        expect(lines).toEqual(lines.toSorted((a, b) => a - b));
        for (const { name, line, lastLine } of nodes)
          expect([letters[line - 1], letters[lastLine - 1]]).toEqual([name, name]);
      }),
    );
  });

  test('rows of the interactive view say so', () => {
    const [node] = nodesOf('ABABAB');
    const flow = { capture: 'x', path: 'x', session: 0, ordered: true, nodes: [] };
    const row = { flow, node, above: undefined, depth: 0, hasChildren: false, isOpen: false };
    const style = { colors: createColors(false), signs: { times: '×', leaf: '●' } };
    expect(flowRow(row as unknown as FlowRow, [], style as unknown as Style)).toMatch(
      / ×3 in turn$/,
    );
  });

  test('a violation is marked at the device that it is of', () => {
    const flow = { capture: 'x', path: 'x', session: 0, ordered: true, nodes: nodesOf('ABABAB') };
    const finding = { capture: 'x', session: 0, verdict: 'violation', rule: 'XD-ORDER' } as const;
    const at = { ...finding, severity: 'error', at: { line: 5 }, device: '0xa' };
    const [[id, marks] = []] = marksOf(flow, [at as unknown as Finding]);
    expect(flow.nodes.find((node) => node.id === id)?.name).toBe('A');
    expect(marks?.map(({ text }) => text)).toEqual(['✗ XD-ORDER (line 5)']);
  });
});
