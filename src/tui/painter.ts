/** Frames → what must be written to a terminal so that it shows the new one. */

import { widthOf } from './style.js';

const SYNC = { begin: '\x1b[?2026h', end: '\x1b[?2026l' };

export class Painter {
  private shown: readonly string[] = [];

  /** Rows that did not change are not written, and nothing is ever cleared but the end of a row. */
  next(frame: string, columns: number): string {
    const rows = frame.split('\n');
    const changes = rows.flatMap((row, i) =>
      row === this.shown[i] ? [] : [paintRow(row, i, columns)],
    );
    const below = rows.length < this.shown.length ? [`\x1b[${rows.length + 1};1H\x1b[J`] : [];
    this.shown = rows;
    const all = [...changes, ...below];
    return all.length === 0 ? '' : SYNC.begin + all.join('') + SYNC.end;
  }

  /** What is on the screen is not known any more. */
  forget(): void {
    this.shown = [];
  }
}

// At the end of a full row the cursor stands on its last character, which `CSI K` would clear.
function paintRow(row: string, index: number, columns: number): string {
  const rest = widthOf(row) < columns ? '\x1b[K' : '';
  return `\x1b[${index + 1};1H${row}\x1b[m${rest}`;
}
