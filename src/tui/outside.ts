/** What reaches beyond the view: the editor and the clipboard. */
import { placeOf } from './alarms.js';
import type { Place } from './alarms.js';
import { entryLine } from './detail-entries.js';
import { editorCommand, sourcePlace } from './editor.js';
import type { EditorCommand } from './editor.js';
import { captureOfNode } from './jumps.js';
import { plainText } from './plain-text.js';
import type { Viewer } from './viewer.js';

/** What lies outside of the view. */
export interface Surroundings {
  /** $VISUAL or $EDITOR. */
  readonly editor: string;
  readonly sourceRoot: string | undefined;
  /** Gives a text to the clipboard; false where it is too long. */
  readonly copy: (text: string) => boolean;
  readonly leave: (how: Leave) => void;
}

/** Why the screen is given back: for good, or for a while. */
export type Leave =
  | { readonly kind: 'quit' | 'interrupt' | 'suspend' }
  | { readonly kind: 'edit'; readonly command: EditorCommand };

export async function openEditor(
  viewer: Viewer,
  { editor, sourceRoot, leave }: Surroundings,
): Promise<void> {
  const entry =
    viewer.state.focus === 'detail'
      ? viewer.entries()[viewer.state.panes.detail.cursor]
      : undefined;
  if (entry?.kind === 'frame' && entry.frame.at !== null && sourceRoot !== undefined) {
    const source = sourcePlace(sourceRoot, entry.frame.at);
    if (source === undefined) {
      viewer.say(`${entry.frame.at} is not below ${sourceRoot}`);
      return;
    }
    leave({ kind: 'edit', command: editorCommand(editor, source.path, source.line) });
    return;
  }
  const place = await currentPlace(viewer);
  const path = viewer.browser.captures[place.capture]?.path;
  if (path === undefined || path === '-') {
    viewer.say('standard input is no file to open');
    return;
  }
  const line = entryLine(entry) ?? place.line;
  leave({ kind: 'edit', command: editorCommand(editor, path, line) });
}

/** The line that the focused pane is at. */
async function currentPlace(viewer: Viewer): Promise<Place> {
  const { focus, view, panes } = viewer.state;
  if (focus === 'findings') {
    const alarm = viewer.alarms[panes.findings.cursor];
    if (alarm !== undefined) return placeOf(alarm);
  }
  if (focus === 'main' && view === 'flow') {
    const row = viewer.flowRows()[panes.flow.cursor];
    const capture = captureOfNode(viewer, row?.flow.capture);
    return { capture, line: row?.node?.line ?? 1 };
  }
  if (focus === 'detail' && viewer.subject !== undefined) return subjectPlace(viewer);
  const row = await viewer.currentRow();
  return { capture: row?.capture ?? 0, line: row?.line ?? 1 };
}

function subjectPlace(viewer: Viewer): Place {
  const { subject } = viewer;
  const capture = captureOfSubject(viewer);
  switch (subject?.kind) {
    case 'row':
      return { capture, line: subject.row.line };
    case 'finding':
      return { capture, line: subject.finding.at.line };
    case 'node':
      return { capture, line: subject.node.line };
    case undefined:
      return { capture, line: 1 };
  }
}

export async function copy(viewer: Viewer, around: Surroundings): Promise<void> {
  const { focus, view, panes } = viewer.state;
  const alarm = viewer.alarms[panes.findings.cursor];
  const row = await viewer.currentRow();
  const node = viewer.flowRows()[panes.flow.cursor]?.node;
  const path = viewer.browser.captures[(await currentPlace(viewer)).capture]?.path ?? '';
  const text =
    focus === 'findings' && alarm !== undefined
      ? plainText.finding(alarm.finding)
      : focus === 'detail'
        ? plainText.subject(viewer.subject)
        : view === 'flow'
          ? node && `${path}:${node.line}: ${plainText.node(node)}`
          : row && `${path}:${row.line}: ${plainText.row(row)}`;
  if (text === undefined || text === '') {
    viewer.say('there is nothing to copy');
    return;
  }
  const rows = text.split('\n').length;
  viewer.say(
    around.copy(text)
      ? `copied ${rows === 1 ? 'one line' : `${rows} lines`}, where the terminal allows it`
      : 'too long for the clipboard',
  );
}

export function captureOfSubject(viewer: Viewer): number {
  const { subject, alarms } = viewer;
  switch (subject?.kind) {
    case 'row':
      return subject.row.capture;
    case 'finding':
      return alarms.find(({ finding }) => finding === subject.finding)?.capture ?? 0;
    case 'node':
      return captureOfNode(viewer, subject.capture);
    case undefined:
      return 0;
  }
}
