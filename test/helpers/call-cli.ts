/**
 * Runs the built program in the process of the test: loading it takes most of the time of a short command, and is
 * done once here. For command lines that need no standard input, no variables and no signals.
 */
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import { program } from './run-cli.js';
import type { CliResult } from './run-cli.js';

interface Main {
  readonly main: (argv: readonly string[], entry: string) => Promise<void>;
}

/** Runs `vhtrace ARGS` in the folder `cwd` to its end; one command at a time. */
export async function callCli(args: readonly string[], cwd: string): Promise<CliResult> {
  const entry = pathToFileURL(program).href;
  const { main } = (await import(
    new URL('../dist/bundle/commands/shared/main.js', entry).href
  )) as Main;
  const folder = process.cwd();
  const stdout = collect(process.stdout);
  const stderr = collect(process.stderr);
  const forgetListeners = noteListeners();
  process.exitCode = 0;
  process.chdir(cwd);
  try {
    await main(args, entry);
    return { stdout: stdout.text(), stderr: stderr.text(), code: process.exitCode };
  } finally {
    process.chdir(folder);
    process.exitCode = 0;
    forgetListeners();
    stdout.end();
    stderr.end();
  }
}

/** Keeps what is written to a stream. */
function collect(stream: NodeJS.WriteStream): { text(): string; end(): void } {
  let text = '';
  const write = vi.spyOn(stream, 'write').mockImplementation((chunk, ...rest) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    for (const done of rest) if (typeof done === 'function') done(null);
    return true;
  });
  return {
    text: () => text,
    end: () => {
      write.mockRestore();
    },
  };
}

/** A command listens until its process ends: gives what takes away the listeners that are added from now on. */
function noteListeners(): () => void {
  const listened = [
    ...['SIGINT', 'SIGTERM'].map((event) => ({ emitter: process as NodeJS.EventEmitter, event })),
    ...[process.stdout, process.stderr].map((emitter) => ({ emitter, event: 'error' })),
  ].map((place) => ({ ...place, before: place.emitter.listeners(place.event) }));
  return () => {
    for (const { emitter, event, before } of listened) {
      for (const listener of emitter.listeners(event) as (() => void)[]) {
        if (!before.includes(listener)) emitter.off(event, listener);
      }
    }
  };
}
