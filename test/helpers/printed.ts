import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { expect } from 'vitest';

/**
 * Demands that the part of a Markdown file between `<!-- printed: NAME -->` and `<!-- /printed: NAME -->`
 * is `text`; `npm run docs` rewrites it and leaves the rest of the file alone.
 */
export async function expectPrinted(path: string, name: string, text: string): Promise<void> {
  const page = await readFile(path, 'utf8');
  const begin = `<!-- printed: ${name} -->`;
  const end = `<!-- /printed: ${name} -->`;
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${path} lacks ${begin} … ${end}`);
  const fresh = `${before}${begin}\n\n${text}\n\n${end}${after}`;
  const options = { ...(await resolveConfig(path)), filepath: path };
  await expect(await format(fresh, options)).toMatchFileSnapshot(path);
}
