/** Keys: what they are called, what they do, and what help says of them. The only such list. */

export type Command =
  | 'down'
  | 'up'
  | 'page-down'
  | 'page-up'
  | 'half-down'
  | 'half-up'
  | 'first'
  | 'last'
  | 'enter'
  | 'fold'
  | 'unfold'
  | 'next-error'
  | 'previous-error'
  | 'next-warning'
  | 'previous-warning'
  | 'search'
  | 'next-match'
  | 'previous-match'
  | 'filter'
  | 'clear'
  | 'next-pane'
  | 'previous-pane'
  | 'view'
  | 'open'
  | 'copy'
  | 'help'
  | 'quit'
  | 'interrupt'
  | 'suspend';

/** One command, and all keys that give it. */
export interface KeyRow {
  /** Names as {@link keyName} gives them; the first is what hints show. */
  readonly keys: readonly string[];
  readonly command: Command;
  /** What it does, one phrase of help; `flow: unfold` where it does that in one pane only. */
  readonly help: string;
  readonly group: 'Look' | 'Find' | 'Panes' | 'Use' | 'Leave';
}

/** In no order that help shows: that is of {@link GROUPS}, and within a group of this list. Each key stands once. */
export const keyTable: readonly KeyRow[] = [
  { keys: ['e'], command: 'next-error', help: 'next violation', group: 'Find' },
  { keys: ['E'], command: 'previous-error', help: 'previous violation', group: 'Find' },
  { keys: ['w'], command: 'next-warning', help: 'next warning', group: 'Find' },
  { keys: ['W'], command: 'previous-warning', help: 'previous warning', group: 'Find' },
  {
    keys: ['/'],
    command: 'search',
    help: 'search in function, thread, device, value',
    group: 'Find',
  },
  { keys: ['n'], command: 'next-match', help: 'next match', group: 'Find' },
  { keys: ['N'], command: 'previous-match', help: 'previous match', group: 'Find' },
  {
    keys: ['f'],
    command: 'filter',
    help: 'filter: device:, thread:, kind:, or text; Tab completes',
    group: 'Find',
  },
  {
    keys: ['Esc'],
    command: 'clear',
    help: 'clear the filter; leave help or a prompt',
    group: 'Find',
  },
  { keys: ['j', 'Down'], command: 'down', help: 'one row down', group: 'Look' },
  { keys: ['k', 'Up'], command: 'up', help: 'one row up', group: 'Look' },
  { keys: ['PgDn', 'Space', 'Ctrl-f'], command: 'page-down', help: 'one page down', group: 'Look' },
  { keys: ['PgUp', 'b', 'Ctrl-b'], command: 'page-up', help: 'one page up', group: 'Look' },
  { keys: ['Ctrl-d'], command: 'half-down', help: 'half a page down', group: 'Look' },
  { keys: ['Ctrl-u'], command: 'half-up', help: 'half a page up', group: 'Look' },
  { keys: ['g', 'Home'], command: 'first', help: 'first row', group: 'Look' },
  { keys: ['G', 'End'], command: 'last', help: 'last row', group: 'Look' },
  {
    keys: ['Enter'],
    command: 'enter',
    help: 'timeline: its detail; finding: its line; flow, detail: fold or unfold',
    group: 'Panes',
  },
  { keys: ['Tab'], command: 'next-pane', help: 'next pane', group: 'Panes' },
  { keys: ['Shift-Tab'], command: 'previous-pane', help: 'previous pane', group: 'Panes' },
  { keys: ['t'], command: 'view', help: 'timeline or flow tree, at the same line', group: 'Panes' },
  { keys: ['l', 'Right'], command: 'unfold', help: 'flow: unfold', group: 'Panes' },
  { keys: ['h', 'Left'], command: 'fold', help: 'flow: fold, or go to the caller', group: 'Panes' },
  {
    keys: ['o'],
    command: 'open',
    help: "editor at the capture's line; on a frame, at the C source (--source-root)",
    group: 'Use',
  },
  {
    keys: ['y'],
    command: 'copy',
    help: 'copy the row, the finding or the backtrace (OSC 52)',
    group: 'Use',
  },
  { keys: ['?'], command: 'help', help: 'this help', group: 'Leave' },
  { keys: ['q'], command: 'quit', help: 'quit', group: 'Leave' },
  { keys: ['Ctrl-z'], command: 'suspend', help: 'suspend; fg comes back', group: 'Leave' },
  { keys: ['Ctrl-c'], command: 'interrupt', help: 'quit', group: 'Leave' },
];

/** In the order in which help and README show them. */
export const GROUPS: readonly KeyRow['group'][] = ['Find', 'Look', 'Panes', 'Use', 'Leave'];

const byKey = new Map(keyTable.flatMap((row) => row.keys.map((key) => [key, row.command])));

/** What a key, named as {@link keyName} does, asks for; undefined for others. */
export function commandOf(key: string): Command | undefined {
  return byKey.get(key);
}

/** What ink tells of a key besides its text. */
export type KeyFlags = Readonly<
  Partial<
    Record<
      | 'upArrow'
      | 'downArrow'
      | 'leftArrow'
      | 'rightArrow'
      | 'pageUp'
      | 'pageDown'
      | 'home'
      | 'end'
      | 'return'
      | 'escape'
      | 'tab'
      | 'shift'
      | 'ctrl'
      | 'backspace'
      | 'delete',
      boolean
    >
  >
>;

const NAMED: readonly (readonly [keyof KeyFlags, string])[] = [
  ['upArrow', 'Up'],
  ['downArrow', 'Down'],
  ['leftArrow', 'Left'],
  ['rightArrow', 'Right'],
  ['pageUp', 'PgUp'],
  ['pageDown', 'PgDn'],
  ['home', 'Home'],
  ['end', 'End'],
  ['return', 'Enter'],
  // Terminals send DEL for the key above Enter, and ink calls that `delete`.
  ['backspace', 'Backspace'],
  ['delete', 'Backspace'],
  ['escape', 'Esc'],
];

/** Names of the keys in one report of ink, which holds several where they came quickly. */
export function keyNames(input: string, flags: KeyFlags): readonly string[] {
  if (flags.tab === true) return [flags.shift === true ? 'Shift-Tab' : 'Tab'];
  const named = NAMED.find(([flag]) => flags[flag] === true);
  if (named !== undefined) return [named[1]];
  if (flags.ctrl === true) return [`Ctrl-${input}`];
  return Array.from(input, characterName);
}

function characterName(character: string): string {
  switch (character) {
    case ' ':
      return 'Space';
    case '\r':
    case '\n':
      return 'Enter';
    case '\t':
      return 'Tab';
    case '\x7f':
      return 'Backspace';
    case '\x1b':
      return 'Esc';
    default:
      return character;
  }
}
