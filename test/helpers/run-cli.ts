/** Runs the built program in a process of its own, as a user does. */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `bin/run.js`; it loads `dist/`, which `npm test` builds first. */
export const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface CliOptions {
  readonly cwd: string;
  /** File to read as standard input; empty input without. */
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Variables of the machine that would change what is printed. */
const CLEAN_ENV = { NO_COLOR: undefined, FORCE_COLOR: undefined, VHTRACE_DB: undefined };

/** Runs `vhtrace ARGS` to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const { cwd, stdin, env } = options;
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, ...CLEAN_ENV, DEBUG: undefined, ...env },
  });
  if (stdin === undefined) child.stdin.end();
  else createReadStream(stdin).pipe(child.stdin);
  // The program may end before it has read everything.
  child.stdin.on('error', () => undefined);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ ...output, code });
    });
  });
}
