/**
 * The gate: the build, then what reads the sources, in two lanes side by side, then the tests. The first step that
 * fails ends it. Arguments go to vitest alone, so that `npm test -- -u` rewrites golden files and `npm test -- gdb`
 * runs fewer tests.
 */
import { spawn } from 'node:child_process';

const stages = [
  [[['build, types of src', 'npm', 'run', '--silent', 'build']]],
  [
    [['eslint', 'eslint', '-c', 'test/config/eslint.config.mjs', '.']],
    [
      ['prettier', 'prettier', '--check', '--log-level', 'warn', '.'],
      ['types of test', 'tsc', '-p', 'test/tsconfig.json'],
      ['knip', 'knip'],
    ],
  ],
  [[['vitest', 'vitest', 'run', '-c', 'test/config/vitest.config.ts', ...process.argv.slice(2)]]],
];

for (const lanes of stages) {
  const passed = await Promise.all(lanes.map(runLane));
  if (passed.includes(false)) process.exit(1);
}

async function runLane(steps, _, lanes) {
  // Two programs that print at once would mix their lines.
  const isAlone = lanes.length === 1;
  for (const [name, command, ...args] of steps) {
    if (isAlone) console.log(`\n== ${name}`);
    const { status, output } = await run(command, args, isAlone);
    if (!isAlone) console.log(`\n== ${name}\n${output}`.trimEnd());
    if (status === 0) continue;
    console.error(`\n== ${name} failed${status === null ? `: ${command} cannot be run` : ''}`);
    return false;
  }
  return true;
}

/** npm puts node_modules/.bin on the PATH of its scripts. */
function run(command, args, isAlone) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', (error) => resolve({ status: null, output: error.message }));
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}
