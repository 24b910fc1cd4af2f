import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { expect } from 'vitest';

/**
 * Demands that each part of a Markdown file between `<!-- printed: NAME -->` and `<!-- /printed: NAME -->`
 * is the text of that name; `npm run docs` rewrites them and leaves the rest of the file alone.
 *
 * One call a file: golden files are written at the end of the run, and a second call would overwrite
 * what the first one wrote.
 */
export async function expectPrinted(
  path: string,
  parts: Readonly<Record<string, string>>,
): Promise<void> {
  let page = await readFile(path, 'utf8');
  for (const [name, text] of Object.entries(parts)) {
    const begin = `<!-- printed: ${name} -->`;
    const end = `<!-- /printed: ${name} -->`;
    const [before, rest] = page.split(begin);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined)
      throw new Error(`${path} lacks ${begin} … ${end}`);
    page = `${before}${begin}\n\n${text}\n\n${end}${after}`;
  }
  const options = { ...(await resolveConfig(path)), filepath: path };
  await expect(await format(page, options)).toMatchFileSnapshot(path);
}
