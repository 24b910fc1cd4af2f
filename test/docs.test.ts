/** Every printed part of the documentation is fresh; `npm run docs` rewrites it. */
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';

import { expectPrinted } from './helpers/printed.js';
import { printLayers } from './layers.js';

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

test('src/README.md: layers', async () => {
  await expectPrinted(file('src/README.md'), 'layers', printLayers());
});
