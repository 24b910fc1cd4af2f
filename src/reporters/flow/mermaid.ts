/** Flows as Mermaid sequence diagrams. */
import { LANES } from '../../model/flow.js';
import type { Flow, Lane } from '../../model/flow.js';
import { marksOf } from '../../model/flow-marks.js';
import type { Mark } from '../../model/flow-marks.js';
import type { Finding } from '../../model/report.js';
import { sequenceOf } from './sequence.js';
import { nodeText, timesText } from './text.js';
import { displayPath } from '../text.js';

const KEYS: Readonly<Record<Lane, string>> = {
  'guest vCPU': 'guest',
  'migration thread': 'migration',
  'main loop': 'main',
  'vhost core': 'core',
  backend: 'backend',
};

/** One diagram for each session, with a blank line between them; violations are notes at their calls. Pure. */
export function renderMermaid(flows: readonly Flow[], findings: readonly Finding[]): string {
  return flows.map((flow) => diagram(flow, marksOf(flow, findings))).join('\n');
}

function diagram(flow: Flow, marks: ReadonlyMap<number, readonly Mark[]>): string {
  const lines = [
    'sequenceDiagram',
    `  %% ${displayPath(flow.path)}${flow.session === 0 ? '' : `, process ${flow.session + 1}`}`,
    ...LANES.map((lane) => `  participant ${KEYS[lane]} as ${lane}`),
  ];
  let depth = 1;
  const put = (text: string): void => {
    lines.push(`${'  '.repeat(depth)}${text}`);
  };
  for (const item of sequenceOf(flow)) {
    switch (item.what) {
      case 'heading':
        put(`Note over ${KEYS['guest vCPU']},${KEYS.backend}: ${escaped(item.text)}`);
        break;
      case 'message': {
        const text = item.node.children.length > 0 ? { ...item.node, count: 1 } : item.node;
        put(`${KEYS[item.from]}->>${KEYS[item.to]}: ${escaped(nodeText(text))}`);
        for (const mark of marks.get(item.node.id) ?? [])
          put(`Note over ${KEYS[item.to]}: ${escaped(mark.text)}`);
        break;
      }
      case 'repeat':
        put(`loop${escaped(timesText(item.node))}`);
        depth++;
        break;
      case 'end':
        depth--;
        put('end');
        break;
    }
  }
  return `${lines.join('\n')}\n`;
}

/** `;` ends a statement, `#` begins an entity; words such as `end` end a block. Source: Mermaid's sequence diagram syntax. */
function escaped(text: string): string {
  return text
    .replaceAll('#', '#35;')
    .replace(/(?<!#35);/g, '#59;')
    .replace(/[<>]/g, (sign) => (sign === '<' ? '#lt;' : '#gt;'))
    .replace(/\bend\b/gi, (word) => `${word.slice(0, 1)}#8203;${word.slice(1)}`);
}
