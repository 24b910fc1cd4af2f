/** Every printed part of the documentation is fresh; `npm run docs` rewrites it (after `npm run build`). */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

import { existsSync, readFileSync } from 'node:fs';
import { printDatasets } from '../src/export/datasets.js';
import { describeViews } from '../src/pipeline/sql.js';
import { machineAsDot, machineAsMermaid, spansAsList } from '../src/protocol/diagrams.js';
import { reporters } from '../src/reporters/index.js';
import { GROUPS, keyTable } from '../src/tui/keys.js';
import { rules } from '../src/rules/index.js';
import { callCli } from './helpers/call-cli.js';
import { check } from './helpers/check.js';
import { expectPrinted } from './helpers/printed.js';
import { optionsOf } from './helpers/reports.js';
import { printDependencies } from './dependencies.js';
import { printFormats } from './format-files.js';
import { printLayers } from './layers.js';

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

test('src/README.md: layers and packages', async () => {
  await expectPrinted(file('src/README.md'), {
    layers: printLayers(),
    dependencies: printDependencies(),
  });
});

test('src/formats/README.md: the formats', async () => {
  await expectPrinted(file('src/formats/README.md'), { formats: printFormats() });
});

test('src/export/README.md: the datasets', async () => {
  await expectPrinted(file('src/export/README.md'), { datasets: printDatasets() });
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

test('src/commands/README.md: the help of every command', async () => {
  await expectPrinted(file('src/commands/README.md'), { commands: await printHelp() });
});

async function printHelp(): Promise<string> {
  const { commands } = JSON.parse(readFileSync(file('oclif.manifest.json'), 'utf8')) as {
    readonly commands: Readonly<Record<string, unknown>>;
  };
  const pages: string[] = [];
  for (const name of Object.keys(commands).sort()) {
    const { stdout } = await callCli([name, '--help'], file('.'));
    pages.push(`## vhtrace ${name}\n\n\`\`\`text\n${stdout.trimEnd()}\n\`\`\``);
  }
  return pages.join('\n\n');
}

test('src/protocol: the machine as diagrams', async () => {
  await expectPrinted(file('src/protocol/README.md'), {
    tables: machineAsMermaid(),
    spans: spansAsList(),
  });
  await expect(machineAsDot()).toMatchFileSnapshot(file('src/protocol/machine.dot'));
});

test.each(['README.md', 'CONTRIBUTING.md', 'src/README.md', 'src/commands/README.md'])(
  '%s names files that are there',
  (name) => {
    const text = readFileSync(file(name), 'utf8');
    const paths = [...text.matchAll(/`((?:src|test|fixtures|grammars)\/[\w./-]+)`/g)];
    expect(paths.map(([, path = '']) => path).filter((path) => !existsSync(file(path)))).toEqual(
      [],
    );
  },
);
