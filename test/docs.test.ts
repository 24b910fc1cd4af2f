/** Every printed part of the documentation is fresh; `npm run docs` rewrites it. */
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';

import { readFileSync } from 'node:fs';
import type { Table } from '../src/protocol/tables.js';
import { baseTable, logTable, runTable, vringTable } from '../src/protocol/tables.js';
import { reporters } from '../src/reporters/index.js';
import { rules } from '../src/rules/index.js';
import { check } from './helpers/check.js';
import { expectPrinted } from './helpers/printed.js';
import { printLayers } from './layers.js';

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

test('src/README.md: layers', async () => {
  await expectPrinted(file('src/README.md'), { layers: printLayers() });
});

test('README: the rules, and the example is what the first command prints', async () => {
  await expectPrinted(file('README.md'), { example: printExample(), rules: printRules() });
});

function printRules(): string {
  const rows = rules.map(
    ({ info }) => `| ${info.id} | ${info.severity} | ${info.title} | ${info.sources.join('; ')} |`,
  );
  const head = ['| rule | severity | the protocol demands that | source |', '|---|---|---|---|'];
  return [...head, ...rows].join('\n');
}

function printExample(): string {
  const path = 'fixtures/captures/vring-never-logged.gdb.txt';
  const text = readFileSync(file(path), 'utf8');
  const lines = text.split('\n');
  const printed = reporters.pretty(check(path, text), {
    rules: rules.map((rule) => rule.info),
    problems: [],
    failures: [],
    excerpt: (_path, line) => lines[line - 1],
    all: false,
    exitCode: 1,
    color: false,
    width: 100,
  });
  return `\`\`\`text\n${printed.trimEnd()}\n\`\`\``;
}

test('src/protocol/README.md: tables', async () => {
  const text = [
    diagram('run', runTable),
    diagram('log', logTable),
    diagram('log base', baseTable),
    diagram('vring', vringTable),
  ].join('\n\n');
  await expectPrinted(file('src/protocol/README.md'), { tables: text });
});

/** A table as a Mermaid state diagram, and what each state forbids. */
function diagram<S extends string, E extends string>(title: string, table: Table<S, E>): string {
  const lines = [`### ${title}`, '', '```mermaid', 'stateDiagram-v2'];
  const forbidden: string[] = [];
  for (const [state, row] of Object.entries<Readonly<Record<string, unknown>>>(table)) {
    for (const [event, cell] of Object.entries(row)) {
      if (cell === 'FORBIDDEN') forbidden.push(`${event} in ${state}`);
      if (typeof cell === 'object' && cell !== null && 'to' in cell) {
        lines.push(`  ${state} --> ${String(cell.to)}: ${event}`);
      }
    }
  }
  lines.push('```');
  if (forbidden.length > 0) lines.push('', `Proves another state: ${forbidden.join(', ')}.`);
  return lines.join('\n');
}
