/** Reports that go to files. */
import { closeSync, openSync, realpathSync, writeFileSync, writeSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { nearest } from '../../base/nearest.js';
import { VhtraceError } from '../../base/errors.js';

export interface Output<Format extends string> {
  readonly format: Format;
  readonly path: string;
}

/** `sarif=out.sarif`. Errors: USAGE. */
export function parseOutput<Format extends string>(
  text: string,
  formats: readonly Format[],
): Output<Format> {
  const at = text.indexOf('=');
  const [name, path] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  const format = formats.find((each) => each === name);
  if (format !== undefined && path !== '') return { format, path };
  const near = nearest(name, formats);
  const hint = `FORMAT=PATH with one of ${formats.join(', ')}`;
  throw new VhtraceError(
    'USAGE',
    `--output ${text} names no format and file`,
    near === undefined || path === '' ? hint : `did you mean ${near}=${path}? ${hint}`,
  );
}

/** Errors: OUTPUT_UNWRITABLE. */
export async function writeReport(path: string, text: string): Promise<void> {
  await attempt(path, () => writeFile(path, text));
}

/** GitHub Actions shows what is in this file on the page of the run; elsewhere there is none. */
export async function addStepSummary(text: string): Promise<void> {
  const path = process.env.GITHUB_STEP_SUMMARY;
  if (path) await attempt(path, () => appendFile(path, text));
}

/** Where the CI system checked the repository out; elsewhere the working directory. */
export function repositoryRoot(): string {
  const { GITHUB_WORKSPACE, CI_PROJECT_DIR } = process.env;
  return [GITHUB_WORKSPACE, CI_PROJECT_DIR].find(Boolean) ?? process.cwd();
}

export interface TextOutput {
  write(text: string): void;
  close(): void;
}

/** Characters gathered before they are written. */
const CHUNK = 1 << 16;

/**
 * A file that takes text of any length, or standard output where there is no path.
 *
 * Errors: OUTPUT_UNWRITABLE, USAGE where the output is the input.
 */
export function openOutput(path: string | undefined, input: string): TextOutput {
  if (path === undefined) {
    return textOutput(
      (text) => process.stdout.write(text),
      () => undefined,
    );
  }
  if (realPath(path) !== undefined && realPath(path) === realPath(input)) {
    throw new VhtraceError('USAGE', `${path} is the input`, 'name another file for the output');
  }
  const handle = attemptSync(path, () => openSync(path, 'w'));
  return textOutput(
    (text) => {
      attemptSync(path, () => {
        writeAll(handle, text);
      });
    },
    () => {
      closeSync(handle);
    },
  );
}

/** Writes a file that only its owner may read. Errors: OUTPUT_UNWRITABLE. */
export function writePrivate(path: string, text: string): void {
  attemptSync(path, () => {
    writeFileSync(path, text, { mode: 0o600 });
  });
}

function textOutput(write: (text: string) => void, close: () => void): TextOutput {
  let pending = '';
  const flush = (): void => {
    if (pending !== '') write(pending);
    pending = '';
  };
  return {
    write(text) {
      pending += text;
      if (pending.length >= CHUNK) flush();
    },
    close() {
      try {
        flush();
      } finally {
        close();
      }
    },
  };
}

function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at);
}

function realPath(path: string): string | undefined {
  try {
    return path === '-' ? undefined : realpathSync(path);
  } catch {
    return undefined;
  }
}

function attemptSync<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function attempt(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): VhtraceError {
  const why = error instanceof Error ? error.message : String(error);
  return new VhtraceError('OUTPUT_UNWRITABLE', `${path}: could not be written: ${why}`, undefined, {
    cause: error,
  });
}
