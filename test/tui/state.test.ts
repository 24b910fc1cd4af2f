/** The state and its parts, without data. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completions, filterText, parseFilter } from '../../src/tui/filter-text.js';
import { commandOf, keyNames, keyTable } from '../../src/tui/keys.js';
import { layoutOf, usedRows } from '../../src/tui/layout.js';
import { Painter } from '../../src/tui/painter.js';
import { initialState, paneHeight, reduce } from '../../src/tui/state.js';
import type { Action, PaneId } from '../../src/tui/state.js';
import { cut, createStyle, fit } from '../../src/tui/style.js';
import stringWidth from 'string-width';

const PANES: readonly PaneId[] = ['timeline', 'flow', 'detail', 'findings', 'help'];
const pane = fc.constantFrom(...PANES);
const size = fc.record({
  columns: fc.integer({ min: 1, max: 200 }),
  rows: fc.integer({ min: 1, max: 80 }),
});
const actions: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('resize' as const), size }),
  fc.record({ type: fc.constant('move' as const), by: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ type: fc.constant('page' as const), by: fc.constantFrom(1, -1, 0.5, -0.5) }),
  fc.record({
    type: fc.constant('edge' as const),
    to: fc.constantFrom('first' as const, 'last' as const),
  }),
  fc.record({
    type: fc.constant('place' as const),
    pane,
    cursor: fc.integer({ min: -5, max: 3000 }),
  }),
  fc.record({ type: fc.constant('length' as const), pane, length: fc.nat(2000) }),
  fc.record({
    type: fc.constant('focus' as const),
    focus: fc.constantFrom(1 as const, -1 as const),
  }),
  fc.record({
    type: fc.constant('view' as const),
    view: fc.constantFrom('timeline' as const, 'flow' as const),
  }),
  fc.record({ type: fc.constant('help' as const), isOpen: fc.boolean() }),
  fc.constant<Action>({ type: 'subject' }),
);

test('whatever happens, each cursor is in its list and on the screen', () => {
  fc.assert(
    fc.property(size, fc.array(actions, { maxLength: 40 }), (start, list) => {
      const state = list.reduce(reduce, initialState(start));
      for (const id of PANES) {
        const { cursor, top, length } = state.panes[id];
        const height = Math.max(1, paneHeight(state, id));
        expect(cursor).toBeGreaterThanOrEqual(0);
        expect(cursor).toBeLessThan(Math.max(1, length));
        expect(top).toBeLessThanOrEqual(cursor);
        expect(cursor).toBeLessThan(top + height);
        expect(top === 0 || top + height <= length).toBe(true);
      }
    }),
  );
});

test('panes fill the screen and no more', () => {
  fc.assert(
    fc.property(
      fc.record({
        columns: fc.integer({ min: 20, max: 300 }),
        rows: fc.integer({ min: 8, max: 100 }),
      }),
      fc.constantFrom('main' as const, 'detail' as const, 'findings' as const),
      fc.nat(50),
      (given, focus, findings) => {
        const { mode, areas, hasPhaseBar } = layoutOf(given, focus, findings);
        const { main, detail, findings: list } = areas;
        const rest = usedRows(given) - 2 - (hasPhaseBar ? 1 : 0);
        for (const { height } of [main, detail, list]) expect(height).toBeGreaterThan(0);
        if (mode === 'stack') expect(main.height + detail.height + list.height + 3).toBe(rest);
        else expect(main.height + 1).toBe(rest);
        if (mode === 'side') expect(detail.height + list.height + 2).toBe(rest);
        if (mode === 'side') expect(main.width + 1 + detail.width).toBe(given.columns);
      },
    ),
  );
});

test('no key means two things', () => {
  const keys = keyTable.flatMap((row) => row.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([
  ['j', {}, ['down']],
  ['jje', {}, ['down', 'down', 'next-error']],
  ['', { pageDown: true }, ['page-down']],
  ['', { tab: true, shift: true }, ['previous-pane']],
  ['d', { ctrl: true }, ['half-down']],
  ['z', { ctrl: true }, ['suspend']],
  ['\r', { return: true }, ['enter']],
  ['', { escape: true }, ['clear']],
])('key %j %j', (input, flags, commands) => {
  expect(keyNames(input, flags).map(commandOf)).toEqual(commands);
});

test('a filter is read as it is written', () => {
  expect(parseFilter('device:555f thread:"5 CPU 0/TCG" set addr')).toEqual({
    device: '555f',
    thread: '5 CPU 0/TCG',
    text: 'set addr',
  });
  const word = fc.stringMatching(/^[a-z0-9_/.]{1,8}( [a-z0-9_]{1,5})?$/);
  const filter = fc.record(
    { device: word, thread: word, kind: word, text: word },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(filter, (given) => {
      expect(parseFilter(filterText(given))).toEqual(given);
    }),
  );
});

test('Tab completes fields and values that occur', () => {
  const choices = {
    devices: ['555f', '6660'],
    threads: ['5 CPU 0/TCG'],
    kinds: ['op_set_features'],
  };
  expect(completions('', choices)).toEqual(['device:', 'thread:', 'kind:']);
  expect(completions('x dev', choices)).toEqual(['x device:']);
  expect(completions('device:', choices)).toEqual(['device:555f', 'device:6660']);
  expect(completions('x thread:cpu', choices)).toEqual(['x thread:"5 CPU 0/TCG"']);
  expect(completions('kind:nothing', choices)).toEqual([]);
});

test('wide characters and colours are cut at the column', () => {
  const style = createStyle({ color: true, unicode: true });
  const text = fc.string({ unit: fc.constantFrom('a', '中', 'é', '\x1b[31mx\x1b[39m', '👍') });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 12 }), (given, width) => {
      expect(stringWidth(cut(given, width, style))).toBeLessThanOrEqual(width);
      expect(stringWidth(fit(given, width, style))).toBe(width);
    }),
  );
});

test('only rows that changed are painted, and nothing is cleared', () => {
  const painter = new Painter();
  expect(painter.next('one\ntwo', 3)).toContain('\x1b[1;1Hone');
  const second = painter.next('one\nto', 3);
  expect(second).not.toContain('one');
  expect(second).toContain('\x1b[2;1Hto\x1b[m\x1b[K');
  expect(painter.next('one\nto', 3)).toBe('');
  painter.forget();
  expect(painter.next('one\nto', 3)).toContain('one');
});
