/** What the keys do. */
import { entryLine } from './detail-entries.js';
import { filterText } from './filter-text.js';
import { callerRow } from './flow-rows.js';
import { jumpToAlarm, jumpToNext, jumpToPlace, switchView } from './jumps.js';
import { commandOf } from './keys.js';
import type { Command } from './keys.js';
import { captureOfSubject, copy, openEditor } from './outside.js';
import type { Surroundings } from './outside.js';
import { pressInPrompt } from './prompt.js';
import { search } from './search.js';
import { activePane } from './state.js';
import type { Action } from './state.js';
import type { Viewer } from './viewer.js';

/** A key, by its name in the table. */
export function press(viewer: Viewer, key: string, around: Surroundings): void {
  if (viewer.state.message !== undefined) viewer.dispatch({ type: 'message', text: undefined });
  const command = commandOf(key);
  if (command === 'interrupt') around.leave({ kind: command });
  else if (viewer.state.prompt !== undefined) pressInPrompt(viewer, key);
  else if (command !== undefined) {
    if (viewer.state.isHelpOpen && !IN_HELP.has(command)) {
      viewer.dispatch({ type: 'help', isOpen: false });
      if (command === 'help' || command === 'clear' || command === 'quit') return;
    }
    COMMANDS[command](viewer, around);
  }
}

const IN_HELP: ReadonlySet<Command> = new Set([
  'down',
  'up',
  'page-down',
  'page-up',
  'half-down',
  'half-up',
  'first',
  'last',
]);

type Work = (viewer: Viewer, around: Surroundings) => void;

const COMMANDS: Readonly<Record<Command, Work>> = {
  down: change({ type: 'move', by: 1 }),
  up: change({ type: 'move', by: -1 }),
  'page-down': change({ type: 'page', by: 1 }),
  'page-up': change({ type: 'page', by: -1 }),
  'half-down': change({ type: 'page', by: 0.5 }),
  'half-up': change({ type: 'page', by: -0.5 }),
  first: change({ type: 'edge', to: 'first' }),
  last: change({ type: 'edge', to: 'last' }),
  'next-pane': change({ type: 'focus', focus: 1 }),
  'previous-pane': change({ type: 'focus', focus: -1 }),
  help: change({ type: 'help', isOpen: true }),
  search: change({ type: 'prompt', prompt: { kind: 'search', text: '' } }),
  filter: (viewer) => {
    const text = filterText(viewer.state.filter);
    viewer.dispatch({ type: 'prompt', prompt: { kind: 'filter', text } });
  },
  clear: start((viewer) => viewer.filter({})),
  'next-error': start((viewer) => jumpToNext(viewer, 'error', 1)),
  'previous-error': start((viewer) => jumpToNext(viewer, 'error', -1)),
  'next-warning': start((viewer) => jumpToNext(viewer, 'warning', 1)),
  'previous-warning': start((viewer) => jumpToNext(viewer, 'warning', -1)),
  'next-match': start((viewer) => search(viewer, 1)),
  'previous-match': start((viewer) => search(viewer, -1)),
  view: start(switchView),
  enter,
  fold: foldNode,
  unfold: unfoldNode,
  open: start(openEditor),
  copy: start(copy),
  quit: leave('quit'),
  interrupt: leave('interrupt'),
  suspend: leave('suspend'),
};

function change(action: Action): Work {
  return (viewer) => {
    viewer.dispatch(action);
  };
}

function start(work: (viewer: Viewer, around: Surroundings) => Promise<unknown>): Work {
  return (viewer, around) => {
    viewer.attempt(work(viewer, around));
  };
}

function leave(kind: 'quit' | 'interrupt' | 'suspend'): Work {
  return (_, around) => {
    around.leave({ kind });
  };
}

function enter(viewer: Viewer): void {
  const { state } = viewer;
  switch (activePane(state)) {
    case 'timeline':
      viewer.dispatch({ type: 'focus', focus: 'detail' });
      return;
    case 'detail':
      enterDetail(viewer);
      return;
    case 'findings':
      viewer.attempt(jumpToAlarm(viewer, state.panes.findings.cursor));
      return;
    case 'flow':
      toggleNode(viewer);
      return;
    case 'help':
  }
}

/** A place of the evidence is jumped to; elsewhere the outer frames are folded or unfolded. */
function enterDetail(viewer: Viewer): void {
  const entry = viewer.entries()[viewer.state.panes.detail.cursor];
  if (entry?.kind === 'place' || entry?.kind === 'alarm') {
    const line = entryLine(entry) ?? 0;
    viewer.attempt(jumpToPlace(viewer, { capture: captureOfSubject(viewer), line }));
  } else {
    viewer.dispatch({ type: 'unfold' });
  }
}

function toggleNode(viewer: Viewer): void {
  const row = viewer.flowRows()[viewer.state.panes.flow.cursor];
  if (row?.hasChildren === true) viewer.dispatch({ type: 'toggle', key: row.key });
}

function unfoldNode(viewer: Viewer): void {
  if (activePane(viewer.state) !== 'flow') return;
  if (viewer.flowRows()[viewer.state.panes.flow.cursor]?.isOpen === false) toggleNode(viewer);
}

/** What is folded already leads to its caller. */
function foldNode(viewer: Viewer): void {
  if (activePane(viewer.state) !== 'flow') return;
  const { cursor } = viewer.state.panes.flow;
  const rows = viewer.flowRows();
  const row = rows[cursor];
  if (row?.hasChildren === true && row.isOpen) toggleNode(viewer);
  else viewer.dispatch({ type: 'place', pane: 'flow', cursor: callerRow(rows, cursor) });
}
