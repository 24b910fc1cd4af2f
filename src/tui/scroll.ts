/** A cursor in a list of which a part is shown. */

export interface Scroll {
  /** 0-based; 0 in an empty list. */
  readonly cursor: number;
  /** Place of the first row that is shown. */
  readonly top: number;
  readonly length: number;
}

export const EMPTY_SCROLL: Scroll = { cursor: 0, top: 0, length: 0 };

/** The cursor inside the list, the cursor inside what is shown, no empty rows below the list. */
export function settle({ cursor, top, length }: Scroll, height: number): Scroll {
  const shown = Math.max(1, height);
  const at = clamp(cursor, length - 1);
  const first = clamp(Math.min(Math.max(top, at - shown + 1), at), length - shown);
  return { cursor: at, top: first, length };
}

/** The same with the cursor in the middle, where it has just jumped out of sight. */
export function centre(scroll: Scroll, height: number): Scroll {
  const isShown = scroll.cursor >= scroll.top && scroll.cursor < scroll.top + height;
  return isShown ? scroll : { ...scroll, top: scroll.cursor - Math.floor(height / 2) };
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}
