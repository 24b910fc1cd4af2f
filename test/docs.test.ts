/** Every printed part of the documentation is fresh; `npm run docs` rewrites it. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

import { readFileSync } from 'node:fs';
import { describeViews } from '../src/pipeline/sql.js';
import { machineAsDot, machineAsMermaid, spansAsList } from '../src/protocol/diagrams.js';
import { reporters } from '../src/reporters/index.js';
import { GROUPS, keyTable } from '../src/tui/keys.js';
import { rules } from '../src/rules/index.js';
import { check } from './helpers/check.js';
import { expectPrinted } from './helpers/printed.js';
import { optionsOf } from './helpers/reports.js';
import { printLayers } from './layers.js';

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

test('src/README.md: layers', async () => {
  await expectPrinted(file('src/README.md'), { layers: printLayers() });
});

test('README: rules and keys, and the example is what the first command prints', async () => {
  await expectPrinted(file('README.md'), {
    example: printExample(),
    rules: printRules(),
    keys: printKeys(),
  });
});

function printRules(): string {
  const rows = rules.map(({ info: { id, severity, title, versions } }) => {
    const since = versions === '2.12 - 10.2' ? '' : ` (QEMU ${versions})`;
    return `| ${id} | ${severity} | ${title}${since} |`;
  });
  return ['| rule | severity | the protocol demands that |', '|---|---|---|', ...rows].join('\n');
}

function printKeys(): string {
  const rows = GROUPS.flatMap((group) => keyTable.filter((row) => row.group === group)).map(
    ({ keys, help }) => `| ${keys.map((key) => `\`${key}\``).join(' ')} | ${help} |`,
  );
  return ['| key | what it does |', '|---|---|', ...rows].join('\n');
}

function printExample(): string {
  const path = 'fixtures/captures/vring-never-logged.gdb.txt';
  const text = readFileSync(file(path), 'utf8');
  const lines = text.split('\n');
  const options = optionsOf({
    rules: rules.map((rule) => rule.info),
    excerpt: (_path, line) => lines[line - 1],
    exitCode: 1,
  });
  const printed = reporters.pretty(check(path, text), options);
  return `\`\`\`text\n${printed.trimEnd()}\n\`\`\``;
}

test('src/store/views.md: the views', async () => {
  const views = await describeViews();
  const parts = views.map(
    ({ name, columns, text }) =>
      `## ${name}\n\n${text}\n\n${columns.map((column) => `\`${column}\``).join(', ')}`,
  );
  await expectPrinted(file('src/store/views.md'), { views: parts.join('\n\n') });
});

test('src/protocol: the machine as diagrams', async () => {
  await expectPrinted(file('src/protocol/README.md'), {
    tables: machineAsMermaid(),
    spans: spansAsList(),
  });
  await expect(machineAsDot()).toMatchFileSnapshot(file('src/protocol/machine.dot'));
});
