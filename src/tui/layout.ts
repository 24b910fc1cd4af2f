/** Where the panes stand on a screen of some size. */

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export type Focus = 'main' | 'detail' | 'findings';
export const FOCUSES: readonly Focus[] = ['main', 'detail', 'findings'];

/** A pane's place: `height` counts the rows below its title. */
export interface Area {
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** `single`: the focused pane alone; `stack`: one above the other; `side`: detail and findings on the right. */
  readonly mode: 'single' | 'stack' | 'side';
  readonly hasPhaseBar: boolean;
  readonly areas: Readonly<Record<Focus, Area>>;
}

/** Rows that are used; a terminal of less is not worth an empty pane. */
export function usedRows({ rows }: Size): number {
  return Math.max(4, rows);
}

/** Below this, panes come one at a time. */
const STACK = { columns: 60, rows: 18 };
const SIDE_COLUMNS = 110;
const TITLE = 1;

/** `findings` is how many there are: a short list needs little room. */
export function layoutOf(size: Size, focus: Focus, findings: number): Layout {
  const { columns } = size;
  const hasPhaseBar = size.rows >= 14;
  // Header and hints.
  const rest = usedRows(size) - 2 - (hasPhaseBar ? 1 : 0);
  const wish = Math.max(2, findings);
  if (columns < STACK.columns || size.rows < STACK.rows) {
    const area = { width: columns, height: rest - TITLE };
    return { mode: 'single', hasPhaseBar, areas: { main: area, detail: area, findings: area } };
  }
  if (columns >= SIDE_COLUMNS) {
    const right = Math.floor((columns * 9) / 20);
    const list = Math.min(
      wish,
      Math.floor((rest - 2 * TITLE) * (focus === 'findings' ? 0.6 : 0.4)),
    );
    return {
      mode: 'side',
      hasPhaseBar,
      areas: {
        main: { width: columns - right - 1, height: rest - TITLE },
        detail: { width: right, height: rest - 2 * TITLE - list },
        findings: { width: right, height: list },
      },
    };
  }
  const content = rest - 3 * TITLE;
  const list = Math.min(wish, Math.floor(content * (focus === 'findings' ? 0.45 : 0.25)));
  const detail = Math.floor((content - list) * (focus === 'main' ? 0.4 : 0.6));
  const area = (height: number): Area => ({ width: columns, height });
  return {
    mode: 'stack',
    hasPhaseBar,
    areas: {
      main: area(content - list - detail),
      detail: area(detail),
      findings: area(list),
    },
  };
}
