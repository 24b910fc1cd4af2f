/**
 * npm's script `prepare`. `npm install --global git+https://...`, which is how pre-commit installs a hook, runs it
 * without the packages that the build needs (npm/cli#8440): they are installed first, into this folder.
 */
import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
// The npm that runs this hands its own --global down.
const env = { ...process.env, npm_config_global: 'false' };

if (!existsSync(`${cwd}/node_modules/typescript`)) {
  execSync('npm ci --include=dev --ignore-scripts --no-audit --no-fund', {
    cwd,
    env,
    stdio: 'inherit',
  });
}
execSync('npm run build', { cwd, env, stdio: 'inherit' });
