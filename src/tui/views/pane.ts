/** A pane as rows: a title, then the part of a list that is shown, the cursor's row marked. */
import { printable } from '../../base/printable.js';
import type { Area } from '../layout.js';
import type { Scroll } from '../scroll.js';
import { cut, fit, justify, thousands } from '../style.js';
import type { Style } from '../style.js';

export interface PaneOptions {
  readonly title: string;
  /** Stands at the right end of the title. */
  readonly right?: string;
  /** Shown in place of an empty list. */
  readonly empty: string;
  readonly scroll: Scroll;
  readonly area: Area;
  readonly hasFocus: boolean;
  readonly style: Style;
}

/** `row` gives the text of one place, which is cut here. */
export function paneRows(options: PaneOptions, row: (place: number) => string): string[] {
  const { scroll, area, hasFocus, style, empty } = options;
  const { colors, signs } = style;
  const rows = [titleRow(options)];
  for (let i = 0; i < area.height; i++) {
    const place = scroll.top + i;
    const text = place < scroll.length ? row(place) : '';
    const isCursor = place === scroll.cursor && scroll.length > 0;
    const marked = fit(`${isCursor && hasFocus ? signs.cursor : ' '}${text}`, area.width, style);
    rows.push(isCursor && hasFocus ? colors.inverse(marked) : marked);
  }
  if (scroll.length === 0 && area.height > 0) {
    rows[1] = fit(` ${colors.dim(printable(empty))}`, area.width, style);
  }
  return rows;
}

function titleRow({ title, right = '', scroll, area, hasFocus, style }: PaneOptions): string {
  const { colors, signs } = style;
  const place =
    scroll.length === 0 ? '' : ` ${thousands(scroll.cursor + 1)}/${thousands(scroll.length)} `;
  const rule = signs.rule.repeat(area.width);
  const left = cut(
    `${signs.rule} ${title} ${rule}`,
    area.width - place.length - right.length,
    style,
  );
  const line = justify(left.replace(/.$/, signs.rule), place + right, area.width, style);
  return hasFocus ? colors.bold(colors.cyan(line)) : colors.dim(line);
}
