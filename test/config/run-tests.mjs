/**
 * The gate: every step in order, cheapest first, until one fails. Arguments go to vitest alone, so
 * that `npm test -- -u` rewrites golden files and `npm test -- gdb` runs fewer tests.
 */
import { spawnSync } from 'node:child_process';

const steps = [
  ['grammars', 'node', 'grammars/build.mjs'],
  ['prettier', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['build, types of src', 'npm', 'run', '--silent', 'build'],
  ['types of test', 'tsc', '-p', 'test/tsconfig.json'],
  ['eslint', 'eslint', '-c', 'test/config/eslint.config.mjs', '.'],
  ['vitest', 'vitest', 'run', '-c', 'test/config/vitest.config.ts'],
  ['knip', 'knip'],
];

for (const [name, command, ...fixed] of steps) {
  const args = name === 'vitest' ? [...fixed, ...process.argv.slice(2)] : fixed;
  console.log(`\n== ${name}`);
  // npm puts node_modules/.bin on the PATH of its scripts.
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`\n== ${name} failed${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
}
