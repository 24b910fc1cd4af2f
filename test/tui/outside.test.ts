/** Editor, sources and clipboard. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copySequence } from '../../src/tui/clipboard.js';
import { editorCommand, sourcePlace } from '../../src/tui/editor.js';
import { tempDir } from '../helpers/temp-dir.js';
import { openViewer } from './open-viewer.js';

const GDB = 'fixtures/captures/vring-never-logged.gdb.txt';

test.each([
  ['vi', 'vi', ['+7', '/a/b.txt']],
  ['/usr/bin/nvim', '/usr/bin/nvim', ['+7', '/a/b.txt']],
  ['emacs -nw', 'emacs', ['-nw', '+7', '/a/b.txt']],
  ['code --wait', 'code', ['--wait', '-g', '/a/b.txt:7']],
  ['hx', 'hx', ['/a/b.txt:7']],
  ['some-editor', 'some-editor', ['/a/b.txt']],
])('%s opens a file at a line', (editor, command, args) => {
  expect(editorCommand(editor, '/a/b.txt', 7)).toEqual({ command, args });
});

test('sources are found below the root, and nowhere else', () => {
  const root = tempDir();
  const outside = tempDir();
  mkdirSync(join(root, 'hw/virtio'), { recursive: true });
  writeFileSync(join(root, 'hw/virtio/vhost.c'), '');
  writeFileSync(join(outside, 'secret.c'), '');
  symlinkSync(join(outside, 'secret.c'), join(root, 'link.c'));
  const found = { path: join(root, 'hw/virtio/vhost.c'), line: 1040 };
  expect(sourcePlace(root, '../hw/virtio/vhost.c:1040')).toEqual(found);
  expect(sourcePlace(root, '../../../hw/virtio/vhost.c:1040')).toEqual(found);
  expect(sourcePlace(root, '/home/me/qemu/hw/virtio/vhost.c:1040')).toEqual(found);
  expect(sourcePlace(root, 'hw/../../secret.c:1')).toBeUndefined();
  expect(sourcePlace(root, `${outside}/secret.c:1`)).toBeUndefined();
  expect(sourcePlace(root, 'link.c:1')).toBeUndefined();
  expect(sourcePlace(root, 'hw:1')).not.toEqual(found);
  expect(sourcePlace(join(root, 'missing'), 'hw/virtio/vhost.c:1')).toBeUndefined();
});

test('the clipboard gets the text, also through tmux', () => {
  const plain = `\x1b]52;c;${Buffer.from('é').toString('base64')}\x07`;
  expect(copySequence('é', false)).toBe(plain);
  expect(copySequence('é', true)).toBe(`${plain}\x1bPtmux;\x1b${plain}\x1b\\`);
  expect(copySequence('x'.repeat(100_000), false)).toBeUndefined();
});

test('o opens the line of the capture, or the source of the frame', async () => {
  const root = tempDir();
  mkdirSync(join(root, 'hw/virtio'), { recursive: true });
  for (const name of ['vhost.c', 'vhost-user.c']) writeFileSync(join(root, 'hw/virtio', name), '');
  const { viewer, keys, left } = await openViewer([GDB], '80x24', { sourceRoot: root });
  await keys('e', 'o');
  const line = viewer.alarms[0]?.finding.at.line ?? 0;
  expect(left.at(-1)).toMatchObject({
    kind: 'edit',
    command: { args: [`+${line}`, expect.stringContaining(GDB)] },
  });
  await keys('Tab');
  const frame = viewer.entries().findIndex((entry) => entry.kind === 'frame');
  viewer.dispatch({ type: 'place', pane: 'detail', cursor: frame });
  await keys('o');
  expect(left.at(-1)).toMatchObject({
    kind: 'edit',
    command: { args: [expect.stringMatching(/^\+\d+$/), join(root, 'hw/virtio/vhost.c')] },
  });
});

test('y copies the row, the finding, the backtrace', async () => {
  const { keys, copied } = await openViewer([GDB], '80x24');
  await keys('e', 'y', 'Tab', 'y', 'Tab', 'y');
  const [row, backtrace, finding] = copied;
  expect(row).toMatch(/^fixtures.*\.txt:\d+: vhost_dev_set_log\(enable_log=true\)$/);
  expect(backtrace).toMatch(/\n#0 vhost_dev_set_log .*\n#1 /);
  expect(finding).toMatch(/: LS-ALL-RINGS: /);
});

test('keys before the judgement, at the ends and without subject do no harm', async () => {
  const { viewer, keys, left } = await openViewer([GDB], '80x24');
  await keys('E');
  expect(viewer.state.message).toBe('no violation before this');
  await keys(
    'w',
    'n',
    'Esc',
    'h',
    'l',
    'Enter',
    'Enter',
    'Tab',
    'Tab',
    'Tab',
    't',
    'h',
    'h',
    'l',
    '/',
    'Esc',
  );
  await keys('f', 'Tab', 'Tab', 'Backspace', 'Ctrl-u', 'Enter', '?', 'j', 'q');
  expect(left).toEqual([]);
  await keys('q', 'Ctrl-c');
  expect(left).toEqual([{ kind: 'quit' }, { kind: 'interrupt' }]);
});
