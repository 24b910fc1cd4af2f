/** What is on the screen, as golden text: sizes, panes, views. ␛ stands for ESC. */
import { renderToString } from 'ink';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { App } from '../../src/tui/app.js';
import { createStyle } from '../../src/tui/style.js';
import { headerRow } from '../../src/tui/views/header.js';
import { openViewer } from './open-viewer.js';

const GDB = 'fixtures/captures/vring-never-logged.gdb.txt';
const RESIZE = 'fixtures/captures/log-resize-loses-memory.gdb.txt';
const TRACE = 'fixtures/captures/cancelled-migration.trace.log';
const NOTHING = 'fixtures/formats/foreign-stack/coredump/input.txt';
const CRASH = 'fixtures/crashes/abort-in-log-start/input.txt';
const CUT = 'fixtures/rules/MG-STOPPED-EARLY/inconclusive-lost-lines-trace/input.txt';
const NOTE = 'fixtures/captures/note-on-dirty-bitmap.txt';

interface Scene {
  readonly name: string;
  readonly size: string;
  readonly paths: readonly string[];
  readonly keys: readonly string[];
  readonly color?: boolean;
  readonly ascii?: boolean;
}

const type = (text: string): string[] =>
  Array.from(text, (character) => (character === ' ' ? 'Space' : character));

const scenes: readonly Scene[] = [
  { name: 'first', size: '80x24', paths: [GDB], keys: [] },
  { name: 'first', size: '40x10', paths: [GDB], keys: [] },
  { name: 'first', size: '120x40', paths: [GDB], keys: [] },
  { name: 'violation', size: '80x24', paths: [RESIZE], keys: ['e'] },
  { name: 'violation', size: '40x10', paths: [RESIZE], keys: ['e'] },
  { name: 'violation', size: '120x40', paths: [RESIZE], keys: ['e'] },
  { name: 'violation-color', size: '80x24', paths: [RESIZE], keys: ['e'], color: true },
  { name: 'violation-ascii', size: '80x24', paths: [GDB], keys: ['e'], ascii: true },
  { name: 'detail', size: '40x10', paths: [GDB], keys: ['e', 'Tab'] },
  { name: 'violation-second-device', size: '120x40', paths: [GDB], keys: ['e'] },
  { name: 'backtrace', size: '120x40', paths: [GDB], keys: ['e', 'Tab', 'G'] },
  { name: 'findings', size: '80x24', paths: [GDB], keys: ['Shift-Tab', 'j'] },
  { name: 'flow', size: '80x24', paths: [GDB], keys: ['e', 't'] },
  { name: 'flow', size: '120x40', paths: [RESIZE], keys: ['t'] },
  { name: 'flow-folded', size: '80x24', paths: [GDB], keys: ['t', 'g', 'j', 'Enter'] },
  { name: 'trace', size: '80x24', paths: [TRACE], keys: [] },
  { name: 'note', size: '80x24', paths: [NOTE], keys: [] },
  { name: 'nothing-to-check', size: '80x24', paths: [NOTHING], keys: ['Shift-Tab'] },
  { name: 'crash', size: '80x24', paths: [CRASH], keys: [] },
  {
    name: 'records-missing',
    size: '80x24',
    paths: [CUT],
    keys: ['/', ...type('none'), 'Enter', 'j'],
  },
  {
    name: 'records-missing-finding',
    size: '120x40',
    paths: [CUT],
    keys: ['Shift-Tab', 'G', 'k', 'k', 'k', 'k'],
  },
  { name: 'two-captures', size: '80x24', paths: [GDB, TRACE], keys: ['G'] },
  { name: 'search', size: '80x24', paths: [GDB], keys: ['/', ...type('log_get'), 'Enter'] },
  {
    name: 'search-request',
    size: '80x24',
    paths: [TRACE],
    keys: ['/', ...type('set_log'), 'Enter'],
  },
  { name: 'search-prompt', size: '80x24', paths: [GDB], keys: ['/', ...type('a b')] },
  { name: 'filter', size: '80x24', paths: [GDB], keys: ['f', ...type('vring_addr'), 'Enter'] },
  {
    name: 'search-prompt-long',
    size: '40x10',
    paths: [GDB],
    keys: ['/', ...type(`the beginning${' more'.repeat(6)} the end`)],
  },
  {
    name: 'flow-filter',
    size: '80x24',
    paths: [GDB],
    keys: ['t', 'f', ...type('log_get'), 'Enter'],
  },
  {
    name: 'findings-two-captures',
    size: '80x24',
    paths: [GDB, TRACE],
    keys: ['Shift-Tab', 'j'],
  },
  { name: 'filter-empty', size: '80x24', paths: [GDB], keys: ['f', ...type('xyz'), 'Enter'] },
  { name: 'help', size: '80x24', paths: [GDB], keys: ['?'] },
  { name: 'help', size: '40x10', paths: [GDB], keys: ['?', 'PgDn'] },
];

test.each(scenes)('$name at $size', async ({ name, size, paths, keys: names, ...look }) => {
  const { viewer, keys, around } = await openViewer(paths, size);
  await keys(...names);
  const { columns, rows } = viewer.state.size;
  const style = createStyle({ color: look.color ?? false, unicode: look.ascii !== true });
  const frame = renderToString(<App viewer={viewer} style={style} around={around} />, { columns });
  const lines = frame.split('\n');
  expect(lines.length).toBe(rows);
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
  if (look.color !== true) expect(frame).not.toContain('\x1b');
  if (look.ascii === true) expect(frame).toMatch(/^[\0-\x7f]*$/);
  const text = `${lines.map((line) => line.trimEnd()).join('\n')}\n`.replaceAll('\x1b', '␛');
  await expect(text).toMatchFileSnapshot(`../../fixtures/tui/${name}-${size}.txt`);
});

test('where there is nothing to judge nobody waits for a judgement', async () => {
  const { viewer } = await openViewer([NOTHING], '80x24');
  const style = createStyle({ color: false, unicode: true });
  const { captures } = viewer.browser;
  const header = headerRow({ captures, capture: 0, judged: undefined, width: 80, style });
  expect(header).toMatch(/nothing to check *$/);
});
