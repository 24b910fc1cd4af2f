/** A file that is written is there whole or not at all, and what is no file stays what it is. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { createWholeFile, writeWholeFile } from '../src/export/whole-file.js';
import { tempDir } from './helpers/temp-dir.js';

test('the file stays as it was until the new one is whole', () => {
  const folder = tempDir();
  const path = join(folder, 'out.json');
  writeWholeFile(path, 'old');
  for (const text of ['lost', 'new']) {
    const file = createWholeFile(path);
    file.write(text);
    expect(readFileSync(path, 'utf8')).toBe('old');
    if (text === 'lost') file.discard();
    else file.commit();
  }
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['out.json']);
});

test.each([
  ['that is there', true],
  ['that is to be made', false],
])('a link stays, to a file %s', (_name, isThere) => {
  const folder = tempDir();
  mkdirSync(join(folder, 'shared'));
  const [link, file] = [join(folder, 'out.json'), join(folder, 'shared', 'out.json')];
  if (isThere) writeFileSync(file, 'old');
  symlinkSync(join('shared', 'out.json'), link);
  writeWholeFile(link, 'new');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(readdirSync(join(folder, 'shared'))).toEqual(['out.json']);
});

// As root a rename would take the place of /dev/null.
test('what is no file is written as it is', async () => {
  const folder = tempDir();
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void reader.kill());
  const read = textOf(reader.stdout);
  writeWholeFile(path, 'through the pipe');
  expect(lstatSync(path).isFIFO()).toBe(true);
  await once(reader, 'close');
  expect(await read).toBe('through the pipe');
  expect(readdirSync(folder)).toEqual(['pipe']);
});

test.each(['no/out.json', 'folder'])('nothing is left behind: %s', (name) => {
  const folder = tempDir();
  mkdirSync(join(folder, 'folder'));
  expect(() => {
    writeWholeFile(join(folder, name), 'new');
  }).toThrow(expect.objectContaining({ code: 'OUTPUT_UNWRITABLE' }));
  expect(readdirSync(folder)).toEqual(['folder']);
});
