/** The machine as text: Mermaid for Markdown, DOT for Graphviz, printed from the tables themselves. */
import { describeSpan, spans } from './spans.js';
import type { SpanName } from './spans.js';
import { baseTable, FORBIDDEN, logTable, runTable, vringTable } from './tables.js';
import type { Cell } from './tables.js';

type AnyTable = Readonly<Record<string, Readonly<Record<string, Cell<string>>>>>;

/** The tables of one device, by the thing they keep. */
const machine: Readonly<Record<string, AnyTable>> = {
  run: runTable,
  log: logTable,
  'log base': baseTable,
  vring: vringTable,
};

/** One state diagram for each table, with headings. */
export function machineAsMermaid(): string {
  return Object.entries(machine)
    .map(([title, table]) => {
      const arrows = moves(table).map(({ from, to, event }) => `  ${from} --> ${to}: ${event}`);
      const parts = [
        `### ${title}\n`,
        ['```mermaid', 'stateDiagram-v2', ...arrows, '```'].join('\n'),
      ];
      const forbidden = forbiddenIn(table);
      if (forbidden.length > 0) parts.push(`\nProves another state: ${forbidden.join(', ')}.`);
      return parts.join('\n');
    })
    .join('\n\n');
}

/** All tables as one directed graph, a cluster each. */
export function machineAsDot(): string {
  const clusters = Object.entries(machine).map(([title, table], i) => {
    const id = (state: string): string => `"${title}/${state}"`;
    return [
      `  subgraph cluster_${i} {`,
      `    label="${title}";`,
      ...Object.keys(table).map((state) => `    ${id(state)} [label="${state}"];`),
      ...moves(table).map(
        ({ from, to, event }) => `    ${id(from)} -> ${id(to)} [label="${event}"];`,
      ),
      '  }',
    ].join('\n');
  });
  return ['digraph vhost_dev {', '  rankdir=LR;', ...clusters, '}', ''].join('\n');
}

/** What each span calls, a line each. */
export function spansAsList(): string {
  return (Object.keys(spans) as SpanName[])
    .map((name) => `- \`${name}\`: \`${describeSpan(name, undefined, undefined)}\``)
    .join('\n');
}

function moves(table: AnyTable): { from: string; to: string; event: string }[] {
  return Object.entries(table).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([event, cell]) =>
      typeof cell === 'string' ? [] : [{ from, to: cell.to, event }],
    ),
  );
}

function forbiddenIn(table: AnyTable): string[] {
  return Object.entries(table).flatMap(([state, row]) =>
    Object.entries(row).flatMap(([event, cell]) =>
      cell === FORBIDDEN ? [`${event} in ${state}`] : [],
    ),
  );
}
