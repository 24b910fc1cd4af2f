import { mkdirSync, readdir, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expandPatterns } from '../src/input/expand-patterns.js';
import { tempDir } from './helpers/temp-dir.js';

/** A folder with files of these names, and what patterns in it stand for. */
function folderOf(...names: string[]): (...patterns: string[]) => Promise<string[]> {
  const folder = tempDir();
  for (const name of names) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), name);
  }
  return async (...patterns) => {
    const paths = await expandPatterns(patterns.map((pattern) => join(folder, pattern)));
    return paths.map((path) => path.slice(folder.length + 1));
  };
}

test.each([
  ['*.txt', ['a.txt', 'b.txt']],
  ['?.log', ['c.log']],
  ['[b-c].*', ['b.txt', 'c.log']],
  ['{c,a}.{log,txt}', ['a.txt', 'c.log']],
  ['**/*.txt', ['a.txt', 'b.txt', 'sub/d.txt', 'sub/sub/e.txt']],
  ['**/.*', ['sub/.hidden.txt']],
  ['s*', ['s*']],
  ['*.gz', ['*.gz']],
  ['none.txt', ['none.txt']],
])('%s', async (pattern, files) => {
  const expand = folderOf(
    'b.txt',
    'a.txt',
    'c.log',
    'sub/d.txt',
    'sub/.hidden.txt',
    'sub/sub/e.txt',
  );
  expect(await expand(pattern)).toEqual(files);
});

test('each file once, in the order in which it is named', async () => {
  const expand = folderOf('b.txt', 'a.txt', 'c.txt');
  expect(await expand('c.txt', '*.txt', 'a.txt', 'none')).toEqual([
    'c.txt',
    'a.txt',
    'b.txt',
    'none',
  ]);
});

test('a name that exists is no pattern', async () => {
  const expand = folderOf('gdb[1].txt', 'gdb1.txt', 'a{b,c}', 'ab');
  expect(await expand('gdb[1].txt', 'a{b,c}')).toEqual(['gdb[1].txt', 'a{b,c}']);
});

test('folders that contain themselves come to an end', async () => {
  const folder = tempDir();
  writeFileSync(join(folder, 'a.txt'), '');
  symlinkSync('.', join(folder, 'again'));
  const paths = await expandPatterns([join(folder, '**')]);
  expect(paths).toContain(join(folder, 'a.txt'));
});

test('a link that leads nowhere is named, so that opening it fails', async () => {
  const folder = tempDir();
  writeFileSync(join(folder, 'a.log'), '');
  symlinkSync('none', join(folder, 'b.log'));
  const paths = await expandPatterns([join(folder, '*.log')]);
  expect(paths).toEqual([join(folder, 'a.log'), join(folder, 'b.log')]);
});

test('a folder that may not be read is named, so that opening it fails', async () => {
  const folder = tempDir();
  for (const name of ['open', 'secret']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'a.txt'), '');
  }
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' });
  const paths = await expandPatterns([join(folder, '**')], (path, options, done) => {
    // Without entries, as node:fs does.
    if (path.includes('secret')) (done as (error: Error) => void)(denied);
    else readdir(path, options, done);
  });
  expect(paths).toEqual([join(folder, 'open', 'a.txt'), join(folder, 'secret')]);
});

test('standard input is left alone', async () => {
  expect(await expandPatterns(['-', '-'])).toEqual(['-']);
});
