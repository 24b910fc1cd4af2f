/** A flow as a sequence diagram in SVG; styled by the page that holds it. */
import { LANES } from '../../model/flow.js';
import type { Flow, Lane } from '../../model/flow.js';
import { sequenceOf } from './sequence.js';
import type { SequenceItem } from './sequence.js';
import type { Mark } from '../../model/flow-marks.js';
import { marksText, nodeText, timesText } from './text.js';
import { escapeHtml } from './html-text.js';
import { thousands } from '../text.js';

/** Pixels at full size; the picture shrinks with the page. The vhost core says most, so its texts have most room. */
const CENTRES: Readonly<Record<Lane, number>> = {
  'guest vCPU': 80,
  'migration thread': 220,
  'main loop': 360,
  'vhost core': 480,
  backend: 1010,
};
const WIDTH = 1100;
const ROW = 24;
const TOP = 34;
/** Width of a character at the font size of the page's style. */
const CHARACTER = 6.7;

/** More rows than these no browser scrolls smoothly, and nobody reads. */
const MOST_ROWS = 2000;

/** One `<svg>`; rows carry `data-node` with the id of their node. Pure. */
export function renderSvg(flow: Flow, marks: ReadonlyMap<number, readonly Mark[]>): string {
  const items = sequenceOf(flow).filter(({ what }) => what !== 'end');
  const shown = items.slice(0, MOST_ROWS);
  const rows = shown.map((item, i) => rowOf(item, TOP + (i + 1) * ROW, marks));
  const left = items.length - shown.length;
  const height = TOP + (shown.length + 2) * ROW;
  const lanes = LANES.map((lane) => {
    const x = CENTRES[lane];
    return [
      `<line class="lane" x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height}"/>`,
      `<text class="lane-name" x="${x}" y="18">${escapeHtml(lane)}</text>`,
    ].join('');
  });
  const rest = `… ${thousands(left)} more rows: see the tree`;
  return [
    `<svg class="sequence" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="sequence diagram">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    ...lanes,
    ...rows,
    left > 0 ? `<text class="rest" x="8" y="${height - 8}">${rest}</text>` : '',
    '</svg>',
  ]
    .filter(Boolean)
    .join('\n');
}

function rowOf(item: SequenceItem, y: number, marks: ReadonlyMap<number, readonly Mark[]>): string {
  const { node } = item;
  if (item.what === 'heading') {
    const text = escapeHtml(item.text);
    return `<g class="row heading" data-node="${node.id}"><rect x="4" y="${y - 15}" width="${WIDTH - 8}" height="20" rx="4"/><text x="12" y="${y}">${text}</text></g>`;
  }
  if (item.what !== 'message') {
    return `<g class="row repeat" data-node="${node.id}"><text x="12" y="${y}">${escapeHtml(timesText(node).trim())}:</text></g>`;
  }
  const [from, to] = [CENTRES[item.from], CENTRES[item.to]];
  const own = marks.get(node.id);
  const call = nodeText(node.children.length > 0 ? { ...node, count: 1 } : node);
  const text = call + marksText(own);
  const kind = own?.[0] === undefined ? 'row' : `row ${own[0].severity}`;
  const path = from === to ? `M${from} ${y - 9}h18v8h-18` : `M${from} ${y + 1}H${to}`;
  const x = from === to ? from + 24 : Math.min(from, to) + 6;
  // A text that would leave the picture on the right ends at its edge instead.
  const isWide = x + text.length * CHARACTER > WIDTH;
  const place = isWide ? `x="${WIDTH - 4}" text-anchor="end"` : `x="${x}"`;
  return [
    `<g class="${kind}" data-node="${node.id}"><title>${escapeHtml(`${text}, line ${node.line}`)}</title>`,
    `<path class="arrow" d="${path}" marker-end="url(#arrow)"/>`,
    `<text ${place} y="${y - 5}">${escapeHtml(text)}</text></g>`,
  ].join('');
}
