/** The package as users have it: packed by npm, unpacked elsewhere, with its production dependencies and nothing else. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface InstalledPackage {
  /** Where the files of the package are. */
  readonly root: string;
  /** To be put on the PATH: holds `vhtrace`. */
  readonly bin: string;
  /** Files of the package, sorted. */
  readonly files: readonly string[];
  /** Bytes of the archive. */
  readonly size: number;
}

/** Installs into `prefix` as `npm install --global` would, from `dist/`, which `npm test` builds first. */
export function installPackage(prefix: string): InstalledPackage {
  const [packed] = JSON.parse(
    execFileSync(
      'npm',
      // Its scripts would build again, under the feet of other tests.
      ['pack', '--json', '--ignore-scripts', '--pack-destination', prefix],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ),
  ) as { filename: string; size: number; files: { path: string }[] }[];
  if (packed === undefined) throw new Error('npm pack packed nothing');
  const home = join(prefix, 'lib', 'node_modules', 'vhtrace');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', join(prefix, packed.filename), '--strip-components=1', '-C', home]);
  for (const name of productionDependencies()) {
    const link = join(home, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  const bin = join(prefix, 'bin');
  mkdirSync(bin);
  symlinkSync(join(home, 'bin', 'run.js'), join(bin, 'vhtrace'));
  return {
    root: home,
    bin,
    files: packed.files.map(({ path }) => path).sort(),
    size: packed.size,
  };
}

/** Names at the top of node_modules that a user gets, too. Compiling sqlite3 anew would take minutes. */
function productionDependencies(): readonly string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path.replace(/^node_modules\//, ''))
    .filter(
      (name) => !name.includes('node_modules/') && existsSync(join(root, 'node_modules', name)),
    );
}
