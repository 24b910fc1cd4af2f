/** `vhtrace scrub`: nothing private is left, and whoever reads the capture finds the same as before. */
import fc from 'fast-check';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkRuns } from '../src/check/check-captures.js';
import { buildFlows } from '../src/flows/flow.js';
import { buildRun } from '../src/flows/run.js';
import type { Flow, FlowNode } from '../src/model/flow.js';
import { readCapture } from '../src/pipeline/read-capture.js';
import { runScrub } from '../src/pipeline/scrub.js';
import { Scrubber } from '../src/scrub/scrubber.js';

const root = join(import.meta.dirname, '..');
const shared = join(root, '..', 'shared', 'captures');
const TEXTS = new Set(['.txt', '.log', '.typescript', '.xz', '.gz', '.zst']);

function capturesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => TEXTS.has(extname(name)) && !name.startsWith('big'))
    .map((name) => join(folder, name))
    .sort();
}

const captures = [
  ...capturesUnder(join(root, 'fixtures', 'captures')),
  ...capturesUnder(join(root, 'fixtures', 'formats')),
  ...capturesUnder(join(root, 'fixtures', 'rules')),
  ...capturesUnder(shared),
];

async function scrubFile(path: string): Promise<string[]> {
  const lines: string[] = [];
  await runScrub({ path, words: [], emit: (line) => lines.push(line) });
  return lines;
}

/** What a reader gets out of a capture, without what is a pseudonym by design. */
async function reading(path: string, text?: string): Promise<object> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(text ?? ''));
  };
  const capture = await readCapture(path, text === undefined ? {} : { source });
  const run = buildRun(capture.reading, { assumeOrdered: false });
  const { findings } = checkRuns([{ ...capture, run }]);
  return {
    lines: capture.reading.lines,
    findings: findings.map(({ rule, verdict, severity, at, count, vring, fingerprint, evidence }) =>
      [
        rule,
        verdict,
        severity,
        at.line,
        count,
        vring,
        fingerprint,
        evidence.map(({ line }) => line),
      ].join(' '),
    ),
    flows: buildFlows(capture.info, capture.reading, run).map(shapeOf),
  };
}

function shapeOf({ ordered, session, nodes }: Flow): unknown[] {
  const list = (all: readonly FlowNode[]): unknown[] =>
    all.map((node) => [
      [node.kind, node.name, node.line, node.lastLine, node.lane, node.actor, node.vring].join(' '),
      [node.deviceName, node.callSite, node.count, node.time, node.folded.length].join(' '),
      node.args.map(({ name }) => name).join(' '),
      ...list(node.children),
    ]);
  return [ordered, session, ...list(nodes)];
}

test.each(captures.map((path) => path.slice(root.length - '/main'.length)))('%s', async (name) => {
  const path = captures.find((each) => each.endsWith(name)) ?? name;
  const lines = await scrubFile(path);
  const text = lines.map((line) => `${line}\n`).join('');
  expect(await reading(path, text)).toEqual(await reading(path));
  const again = new Scrubber();
  expect(lines.map((line) => again.line(line))).toEqual(lines);
});
