/** What the view is in, and how actions change it. Pure; data is fetched elsewhere. */
import type { BrowseFilter } from '../model/browse.js';
import type { Focus, Size } from './layout.js';
import { FOCUSES, layoutOf, usedRows } from './layout.js';
import { centre, EMPTY_SCROLL, settle } from './scroll.js';
import type { Scroll } from './scroll.js';

export type View = 'timeline' | 'flow';
export type PaneId = View | 'detail' | 'findings' | 'help';

export interface Prompt {
  readonly kind: 'search' | 'filter';
  readonly text: string;
}

export interface State {
  readonly size: Size;
  /** What the main pane shows. */
  readonly view: View;
  readonly focus: Focus;
  readonly panes: Readonly<Record<PaneId, Scroll>>;
  readonly filter: BrowseFilter;
  /** What `n` looks for; empty before the first search. */
  readonly search: string;
  readonly prompt: Prompt | undefined;
  readonly isHelpOpen: boolean;
  /** Frames that are folded in the detail pane are shown. */
  readonly isUnfolded: boolean;
  /** Nodes of the flow tree that are not as they were at first: `FLOW:NODE`. */
  readonly toggled: ReadonlySet<string>;
  /** Shown in place of the hints until the next key. */
  readonly message: string | undefined;
}

export type Action =
  | { readonly type: 'resize'; readonly size: Size }
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'page'; readonly by: number }
  | { readonly type: 'edge'; readonly to: 'first' | 'last' }
  | { readonly type: 'place'; readonly pane: PaneId; readonly cursor: number }
  | { readonly type: 'length'; readonly pane: PaneId; readonly length: number }
  | { readonly type: 'subject' }
  | { readonly type: 'focus'; readonly focus: Focus | 1 | -1 }
  | { readonly type: 'view'; readonly view: View }
  | { readonly type: 'prompt'; readonly prompt: Prompt | undefined }
  | { readonly type: 'search'; readonly text: string }
  | { readonly type: 'filter'; readonly filter: BrowseFilter; readonly length: number }
  | { readonly type: 'help'; readonly isOpen: boolean }
  | { readonly type: 'unfold' }
  | { readonly type: 'toggle'; readonly key: string }
  | { readonly type: 'message'; readonly text: string | undefined };

export function initialState(size: Size): State {
  return {
    size,
    view: 'timeline',
    focus: 'main',
    panes: {
      timeline: EMPTY_SCROLL,
      flow: EMPTY_SCROLL,
      detail: EMPTY_SCROLL,
      findings: EMPTY_SCROLL,
      help: EMPTY_SCROLL,
    },
    filter: {},
    search: '',
    prompt: undefined,
    isHelpOpen: false,
    isUnfolded: false,
    toggled: new Set(),
    message: undefined,
  };
}

/** After every action each cursor is inside its list and inside what is shown of it. */
export function reduce(state: State, action: Action): State {
  return settlePanes(apply(state, action));
}

/** The pane that movement keys move in. */
export function activePane({ isHelpOpen, focus, view }: State): PaneId {
  if (isHelpOpen) return 'help';
  return focus === 'main' ? view : focus;
}

/** Rows that a pane shows below its title. */
export function paneHeight(state: State, pane: PaneId): number {
  // Above the help stands its title, below it the hints.
  if (pane === 'help') return usedRows(state.size) - 2;
  const { areas } = layoutOf(state.size, state.focus, state.panes.findings.length);
  return areas[pane === 'timeline' || pane === 'flow' ? 'main' : pane].height;
}

function apply(state: State, action: Action): State {
  switch (action.type) {
    case 'resize':
      return { ...state, size: action.size };
    case 'move':
      return moveBy(state, action.by);
    case 'page':
      return pageBy(state, action.by);
    case 'edge':
      return moveBy(state, action.to === 'first' ? -Infinity : Infinity);
    case 'place':
      return placed(state, action.pane, action.cursor);
    case 'length':
      return withPane(state, action.pane, { ...state.panes[action.pane], length: action.length });
    case 'subject':
      return { ...withPane(state, 'detail', EMPTY_SCROLL), isUnfolded: false };
    case 'focus':
      return { ...state, focus: focusAfter(state.focus, action.focus) };
    case 'view':
      return { ...state, view: action.view, focus: 'main' };
    case 'prompt':
      return { ...state, prompt: action.prompt };
    case 'search':
      return { ...state, search: action.text };
    case 'filter':
      return filtered(state, action.filter, action.length);
    case 'help':
      return { ...state, isHelpOpen: action.isOpen };
    case 'unfold':
      return { ...state, isUnfolded: !state.isUnfolded };
    case 'toggle':
      return { ...state, toggled: withToggled(state.toggled, action.key) };
    case 'message':
      return { ...state, message: action.text };
  }
}

function moveBy(state: State, by: number): State {
  const pane = activePane(state);
  const scroll = state.panes[pane];
  const cursor = Math.max(0, Math.min(scroll.cursor + by, scroll.length - 1));
  return withPane(state, pane, { ...scroll, cursor });
}

/** What is shown moves as far as the cursor does. */
function pageBy(state: State, by: number): State {
  const pane = activePane(state);
  const scroll = state.panes[pane];
  const rows = Math.max(1, Math.floor(Math.abs(by) * paneHeight(state, pane))) * Math.sign(by);
  return withPane(state, pane, {
    ...scroll,
    cursor: scroll.cursor + rows,
    top: scroll.top + rows,
  });
}

function placed(state: State, pane: PaneId, cursor: number): State {
  const scroll = settle({ ...state.panes[pane], cursor }, Infinity);
  const shown = { ...scroll, top: state.panes[pane].top };
  return withPane(state, pane, centre(shown, paneHeight(state, pane)));
}

function filtered(state: State, filter: BrowseFilter, length: number): State {
  return withPane({ ...state, filter }, 'timeline', { ...EMPTY_SCROLL, length });
}

function focusAfter(focus: Focus, to: Focus | 1 | -1): Focus {
  if (typeof to === 'string') return to;
  const next = (FOCUSES.indexOf(focus) + to + FOCUSES.length) % FOCUSES.length;
  return FOCUSES[next] ?? 'main';
}

function withPane(state: State, pane: PaneId, scroll: Scroll): State {
  return { ...state, panes: { ...state.panes, [pane]: scroll } };
}

function withToggled(toggled: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(toggled);
  if (!next.delete(key)) next.add(key);
  return next;
}

function settlePanes(state: State): State {
  const settled = (pane: PaneId): Scroll => settle(state.panes[pane], paneHeight(state, pane));
  return {
    ...state,
    panes: {
      timeline: settled('timeline'),
      flow: settled('flow'),
      detail: settled('detail'),
      findings: settled('findings'),
      help: settled('help'),
    },
  };
}
