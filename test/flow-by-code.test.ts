/** Backtraces by code, and documented paths: golden texts, and what is odd about stacks. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildCodeFlow } from '../src/flows/tree/by-code.js';
import { compareDocumentedPaths } from '../src/flows/tree/documented-paths.js';
import type { NamedReading } from '../src/flows/tree/stacks.js';
import type { CodeNode, DocumentedCall } from '../src/model/code-flow.js';
import {
  renderCodeCollapsed,
  renderCodeDot,
  renderCodeTree,
} from '../src/reporters/flow/by-code.js';
import { renderPaths } from '../src/reporters/flow/paths.js';
import { jsonText } from '../src/reporters/json.js';
import { besideRepository, readFile, readText } from './helpers/read-text.js';

const folder = join(import.meta.dirname, '..', 'fixtures', 'flows');
const PLAIN = { color: false, width: 120 };

const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function inputsOf(name: string): NamedReading[] {
  return readdirSync(join(folder, name))
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((path) => ({ path, reading: readFile(join(folder, name, path)) }));
}

const one = (text: string, path = 'a.txt'): NamedReading => ({ path, reading: readText(text) });

describe.each(cases)('%s', (name) => {
  const inputs = inputsOf(name);
  const golden = (file: string): string => join(folder, name, file);
  const hasPaths = inputs.some(({ reading }) =>
    reading.records.some(({ kind }) => kind === 'call-path'),
  );

  test('by code', async () => {
    const flow = buildCodeFlow(inputs);
    await expect(renderCodeTree(flow, PLAIN)).toMatchFileSnapshot(golden('expected.code'));
    await expect(renderCodeCollapsed(flow)).toMatchFileSnapshot(golden('expected.collapsed'));
  });

  test.runIf(hasPaths)('documented paths', async () => {
    const text = renderPaths(compareDocumentedPaths(inputs), PLAIN);
    await expect(text).toMatchFileSnapshot(golden('expected.paths'));
  });
});

test('one case as JSON and as a graph', async () => {
  const inputs = inputsOf('log-start');
  const flow = buildCodeFlow(inputs);
  await expect(jsonText(flow)).toMatchFileSnapshot(join(folder, 'log-start', 'expected.json'));
  await expect(renderCodeDot(flow)).toMatchFileSnapshot(join(folder, 'log-start', 'expected.dot'));
  const paths = jsonText(compareDocumentedPaths(inputsOf('documented-and-seen')));
  await expect(paths).toMatchFileSnapshot(join(folder, 'documented-and-seen', 'expected.json'));
});

test('the notes give the whole picture in one screen', () => {
  const text = renderCodeTree(buildCodeFlow(inputsOf('notes-of-a-migration')), PLAIN);
  const lines = text.split('\n');
  expect(lines.length).toBeLessThan(50);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
});

test.each([40, 80, 200])('the tree keeps to %i columns where names allow', (width) => {
  const text = renderCodeTree(buildCodeFlow(inputsOf('no-arguments')), { color: false, width });
  for (const line of text.split('\n').slice(1)) {
    const [, ...words] = line.replace(/^[ │├└─]*/, '').split(' ');
    if (words.length > 0) expect(line.length).toBeLessThanOrEqual(width);
  }
});

/** A stack of functions, innermost first; `f@12` is at line 12 of its source. */
function bt(...frames: readonly string[]): string {
  return frames
    .map((frame, level) => {
      const [func = '', line] = frame.split('@');
      const at = line === undefined ? '' : ` at ../a.c:${line}`;
      const args = func.endsWith(')') ? func : `${func} ()`;
      return `#${level}  ${level === 0 ? '' : '0x0000555555b8fda2 in '}${args}${at}`;
    })
    .join('\n');
}

function outline(nodes: readonly CodeNode[]): unknown[] {
  return nodes.map(({ func, callSite, count, children }) => [
    `${callSite ?? '-'} ${func} ×${count}`,
    ...outline(children),
  ]);
}

function tree(...texts: readonly string[]): unknown[] {
  const { actors } = buildCodeFlow(texts.map((text, i) => one(`(gdb) bt\n${text}\n`, `${i}`)));
  return actors.map(({ actor, children }) => [actor, ...outline(children)]);
}

describe('by code', () => {
  test('children stand in order of the call site, whatever came first; those without one last', () => {
    expect(
      tree(
        bt('late@1', 'caller@90', 'main@1'),
        bt('unknown@1', 'caller', 'main@1'),
        bt('early@1', 'caller@10', 'main@1'),
      ),
    ).toEqual([['caller', ['10 early ×1'], ['90 late ×1'], ['- unknown ×1']]]);
  });

  test('two calls of a function from one caller stay apart', () => {
    expect(tree(bt('f@1', 'g@5', 'main@1'), bt('f@1', 'g@6', 'main@1'))).toEqual([
      ['g', ['5 f ×1'], ['6 f ×1']],
    ]);
  });

  test('clones of one function are one', () => {
    expect(tree(bt('f.part.0@1', 'g@5', 'main@1'), bt('f@1', 'g.isra.0@5', 'main@1'))).toEqual([
      ['g', ['5 f ×2']],
    ]);
  });

  test('a frame is no callee of one that stands further out than the text shows', () => {
    const text = '#0  f () at ../a.c:1\n#3  0x0000555555b8fda2 in g () at ../a.c:5\n';
    expect(tree(text)).toEqual([[null, ['- g ×1', ['- f ×1']]]]);
  });

  test('an argument is shown while all that show arguments agree; pointers never', () => {
    const frame = (args: string): string => bt(`vhost_dev_set_log (${args})@1`, 'g@5', 'main@1');
    const argsOf = (...texts: readonly string[]) => {
      const flow = buildCodeFlow(texts.map((text, i) => one(`(gdb) bt\n${text}\n`, `${i}`)));
      return flow.actors[0]?.children[0]?.args;
    };
    const on = frame('dev=0x5555, enable_log=true');
    expect(argsOf(on, on)).toEqual([{ name: 'enable_log', value: 'true' }]);
    expect(argsOf(on, frame('dev=..., enable_log=...'))).toHaveLength(1);
    expect(argsOf(on, frame('dev=0x5555, enable_log=<optimized out>'))).toEqual([]);
    expect(argsOf(on, frame('dev=0x5555, enable_log=false'))).toEqual([]);
  });

  test('of endless recursion the 500 innermost frames are shown, below what is folded', () => {
    const frames = Array.from({ length: 20_000 }, () => 'f@1');
    const flow = buildCodeFlow([one(`(gdb) bt\n${bt(...frames, 'main@1')}\n`)]);
    const [title, actor, ...calls] = renderCodeTree(flow, PLAIN).split('\n');
    expect([title, actor]).toEqual(['a.txt: 1 backtrace by call site', 'f']);
    expect(calls.join('\n').match(/\bf\b/g)).toHaveLength(500);
    expect(jsonText(flow).match(/"func": "f"/g)).toHaveLength(500);
    expect(flow).toMatchObject({ backtraces: 1, actors: [{ count: 1, folded: ['f', 'main'] }] });
  });

  test('a stack of nothing but plumbing keeps its innermost frame', () => {
    expect(tree(bt('start_thread@1', 'clone'))).toEqual([['clone', ['- start_thread ×1']]]);
  });

  test('a capture without backtraces says so', () => {
    expect(renderCodeTree(buildCodeFlow([one('hello\n')]), PLAIN)).toBe(
      'no backtraces to put together\n',
    );
  });

  test('folded frames come back', () => {
    const flow = buildCodeFlow([one(`(gdb) bt\n${bt('f@1', 'main_loop_wait@2', 'main@3')}\n`)], {
      unfold: true,
    });
    expect(outline(flow.actors[0]?.children ?? [])).toEqual([
      ['- main ×1', ['3 main_loop_wait ×1', ['2 f ×1']]],
    ]);
  });
});

describe('documented paths', () => {
  function compare(note: string, ...stacks: readonly string[]): DocumentedCall[] {
    const captures = stacks.map((text, i) => one(`(gdb) bt\n${text}\n`, `${i}.txt`));
    return compareDocumentedPaths([one(note, 'note'), ...captures]).paths.flatMap(
      ({ calls }) => calls,
    );
  }
  const statuses = (note: string, ...stacks: readonly string[]): unknown[] =>
    compare(note, ...stacks).map(({ func, status }) => `${func} ${status}`);
  const end = (note: string, ...stacks: readonly string[]): unknown =>
    compare(note, ...stacks).at(-1)?.path;

  test('recursion does not hide that two calls follow each other', () => {
    const stack = bt('c@1', 'a@2', 'b@3', 'a@4', 'main@5');
    expect(statuses('The way is a()->c()', stack)).toEqual(['a seen', 'c seen']);
    expect(end('The way is a()->b()->c()', stack)).toEqual({ status: 'between', upTo: null });
  });

  test('the stack with the fewest frames between wins', () => {
    const calls = compare('The way is a()->c()', bt('c@1', 'b@2', 'a@3'), bt('c@1', 'a@3'));
    expect(calls.at(-1)).toMatchObject({ status: 'seen', seen: { path: '1.txt' } });
  });

  test('up to where a path was seen', () => {
    const stack = bt('b@2', 'a@3', 'main@5');
    expect(end('The way is a()->b()->c()', stack)).toEqual({ status: 'partly', upTo: 'b' });
    expect(end('The way is x()->a()->b()', stack)).toEqual({ status: 'partly', upTo: null });
    expect(end('The way is x()->y()', stack)).toEqual({ status: 'not-seen', upTo: null });
  });

  test('a member of VhostOps is whatever backend implements it', () => {
    const note = 'Here vhost_dev_set_features()->vhost_set_features() is called';
    for (const backend of ['kernel', 'user', 'vdpa']) {
      const func = `vhost_${backend}_set_features`;
      const calls = compare(note, bt(`${func}@1`, 'vhost_dev_set_features@2', 'main@3'));
      expect(calls.at(-1)).toMatchObject({ status: 'seen', implementation: func });
    }
  });

  test('a function of the core is not taken for the member of the same name', () => {
    const stack = bt('vhost_vdpa_dev_start@1', 'vhost_dev_stop@2', 'main@3');
    expect(statuses('First vhost_dev_stop()->vhost_dev_start()', stack)).toEqual([
      'vhost_dev_stop seen',
      'vhost_dev_start not-seen',
    ]);
  });

  test('frames that the text lacks stand between', () => {
    const text = '#0  c () at ../a.c:1\n#3  0x0000555555b8fda2 in a () at ../a.c:5';
    const last = compare('The way is a()->c()', text).at(-1);
    expect(last).toMatchObject({ status: 'between', between: ['…'] });
  });

  test('many equal paths and many stacks are no product', () => {
    const note = Array.from({ length: 2000 }, () => 'The way is a()->b()->c()').join('\n');
    const stacks = Array.from({ length: 2000 }, (_, i) => bt('c@1', `b@2`, 'a@3', `m${i}@4`));
    const log = stacks.map((stack) => `(gdb) bt\n${stack}`).join('\n');
    const { paths } = compareDocumentedPaths([one(note, 'note'), one(log)]);
    expect(new Set(paths.flatMap(({ calls }) => calls.map(({ status }) => status)))).toEqual(
      new Set(['seen']),
    );
  });

  test('every path that is shown is counted, one of a single function too', () => {
    const note = 'First a()->b()\n\nThen vhost_dev_start()->VHOST_SET_OWNER\n';
    const comparison = compareDocumentedPaths([one(note)]);
    expect(comparison.paths).toHaveLength(2);
    expect(renderPaths(comparison, PLAIN)).toContain(
      '2 documented paths and 0 backtraces: 1 not seen, 1 of one function alone',
    );
  });

  test('without notes it is said how to write them', () => {
    expect(renderPaths(compareDocumentedPaths([one('hello\n')]), PLAIN)).toContain('a()->b()');
  });
});

test('what a capture says is escaped', () => {
  const evil = '\x1b]0;x\x07\u202e';
  const inputs = [
    one(`The way is a()->b()\n\n(gdb) bt\n${bt(`b${evil}@1`, 'a@2', 'main@3')}\n`, `${evil}.txt`),
    one(readFileSync(join(folder, 'rust', 'capture.gdb.txt'), 'utf8'), `${evil}2.txt`),
  ];
  const flow = buildCodeFlow(inputs);
  const texts = [
    renderCodeTree(flow, PLAIN),
    renderCodeCollapsed(flow),
    renderCodeDot(flow),
    renderPaths(compareDocumentedPaths(inputs), PLAIN),
    jsonText(flow),
  ];
  for (const text of texts) {
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
  }
});

const corpus = besideRepository('shared/corpus');

test.runIf(corpus)('public backtraces and notes (skipped without ../shared/corpus)', () => {
  const inputs = readdirSync(corpus ?? '')
    .filter((name) => name.endsWith('.txt'))
    .map((path) => ({ path, reading: readFile(join(corpus ?? '', path)) }));
  for (const group of [inputs, ...inputs.map((input) => [input])]) {
    const flow = buildCodeFlow(group);
    const all = group.flatMap(({ reading }) => reading.records);
    expect(flow.backtraces).toBe(all.filter(({ kind }) => kind === 'backtrace').length);
    const stacks = renderCodeCollapsed(flow).trimEnd().split('\n').filter(Boolean);
    const counts = stacks.map((line) => Number(line.split(' ').at(-1)));
    expect(counts.reduce((a, b) => a + b, 0)).toBe(flow.backtraces);
    expect(renderCodeTree(flow, PLAIN)).not.toBe('');
    const { paths } = compareDocumentedPaths(group);
    expect(paths.length).toBe(all.filter(({ kind }) => kind === 'call-path').length);
  }
});
