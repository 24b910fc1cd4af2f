/**
 * Joins the modules of dist/ into a few files under dist/bundle/, which is what bin/run.js runs: to open some 400
 * files takes a fifth of the time of a short check. Part of `npm run build`. Packages stay where they are.
 */
import { globSync } from 'tinyglobby';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** Keep their paths: oclif finds commands by them, and a module that starts a thread names the file beside it. */
const named = globSync(
  [
    'commands/*.js',
    'commands/shared/{help,main}.js',
    'pipeline/{check-pool,check-worker,judge-thread,judge-worker}.js',
  ],
  { cwd: dist },
);

const bundle = await rolldown({
  input: Object.fromEntries(named.map((path) => [path.slice(0, -'.js'.length), `${dist}/${path}`])),
  platform: 'node',
  external: (id) => !/^[./]/.test(id),
});
await bundle.write({
  dir: `${dist}/bundle`,
  cleanDir: true,
  // Beside the threads, because what starts them may be moved into such a file.
  chunkFileNames: 'pipeline/[name]-[hash].js',
});
await bundle.close();
