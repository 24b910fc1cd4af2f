/** Trees drawn with lines, and long entries wrapped under their beginning. */

/** What a node of a drawn tree is made of. */
export interface Drawn {
  /** Parts that are not torn apart, and what stands in front of all but the first: ` > ` or a blank. */
  readonly words: readonly Word[];
  readonly children: readonly Drawn[];
}

export interface Word {
  readonly text: string;
  /** No blank in front, unless the word begins a row. */
  readonly glued?: boolean;
  readonly color?: (text: string) => string;
}

/** Lines of the trees below each other, none longer than `width` where words allow. */
export function drawTrees(
  trees: readonly Drawn[],
  width: number,
  dim: (text: string) => string,
): string[] {
  const lines: string[] = [];
  const draw = (node: Drawn, head: string, indent: string): void => {
    const below = node.children.length > 0 ? '│  ' : '   ';
    const rows = wrapWords(node.words, Math.max(width - indent.length - below.length, 20));
    for (const [i, row] of rows.entries()) {
      const lead = i === 0 ? head : indent + below;
      lines.push((lead === '' ? '' : dim(lead)) + row);
    }
    for (const [i, child] of node.children.entries()) {
      const isLast = i === node.children.length - 1;
      draw(child, `${indent}${isLast ? '└─ ' : '├─ '}`, indent + (isLast ? '   ' : '│  '));
    }
  };
  for (const tree of trees) draw(tree, '', '');
  return lines.map((line) => line.trimEnd());
}

/** Rows of at most `width`, but for words that are longer by themselves. */
export function wrapWords(words: readonly Word[], width: number): string[] {
  const rows: string[] = [];
  let row = '';
  let length = 0;
  for (const { text, color, glued } of words) {
    const gap = length > 0 && glued !== true ? 1 : 0;
    if (length > 0 && length + gap + text.length > width) {
      rows.push(row);
      row = '';
      length = 0;
    }
    const blank = length > 0 ? ' '.repeat(gap) : '';
    row += blank + (color === undefined ? text : color(text));
    length += blank.length + text.length;
  }
  return [...rows, row];
}
