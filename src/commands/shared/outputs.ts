/** Reports that go to files. */
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  realpathSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { nearest } from '../../base/nearest.js';
import { VhtraceError } from '../../base/errors.js';
import { expandPatterns } from '../../input/expand-patterns.js';

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
  if (format !== undefined && path === '-') {
    const hint = `--format ${format} prints the report there`;
    throw new VhtraceError('USAGE', `--output ${text} names standard output, and no file`, hint);
  }
  if (format !== undefined && path !== '') return { format, path };
  const near = nearest(name, formats);
  const hint = `FORMAT=PATH with one of ${formats.join(', ')}`;
  throw new VhtraceError(
    'USAGE',
    `--output ${text} names no format and file`,
    near === undefined || path === '' ? hint : `did you mean ${near}=${path}? ${hint}`,
  );
}

/**
 * An output never takes the place of what is read, nor of another output. Inputs may be patterns.
 *
 * Errors: USAGE where two of the paths name one file.
 */
export async function refuseOverlap(
  outputs: readonly (string | undefined)[],
  inputs: readonly (string | undefined)[],
): Promise<void> {
  if (outputs.every((path) => path === undefined)) return;
  const files = await expandPatterns(
    inputs.filter((path): path is string => path !== undefined && path !== '-'),
  );
  const read = new Set(files.map(identityOf));
  const written = new Set<string>();
  for (const path of outputs) {
    const file = identityOf(path);
    if (file === undefined) continue;
    const what = read.has(file) ? 'the input' : written.has(file) ? 'an output already' : '';
    if (what !== '') {
      throw new VhtraceError('USAGE', `${path} is ${what}`, 'name another file for the output');
    }
    written.add(file);
  }
}

/** The same for all names of a file, links included; undefined for a device or a pipe, which many may share. */
function identityOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    const stat = statSync(path, { bigint: true });
    return stat.isFile() ? `${stat.dev} ${stat.ino}` : undefined;
  } catch {
    return resolve(path);
  }
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

/** Where the CI system checked the repository out; elsewhere the working directory. Of a link also what it leads to: the working directory is named so. */
export function repositoryRoots(): string[] {
  const { GITHUB_WORKSPACE, CI_PROJECT_DIR } = process.env;
  const root = resolve([GITHUB_WORKSPACE, CI_PROJECT_DIR].find(Boolean) ?? '');
  return existsSync(root) ? [...new Set([root, realpathSync(root)])] : [root];
}

export interface TextOutput {
  write(text: string): void;
  /** Waits where the reader is slower. */
  settle(): Promise<void>;
  /** Writes what is pending; the file is there then, also where nothing was written. */
  close(): void;
}

/** Characters gathered before they are written. */
const CHUNK = 1 << 16;

/**
 * A file that takes text of any length, or standard output where there is no path. The file is opened when
 * there is something to write, so that work that fails before leaves what was there. Where nobody reads standard
 * output any more the program ends, unless `leave` does something else.
 *
 * Errors: OUTPUT_UNWRITABLE.
 */
export function openOutput(
  path: string | undefined,
  leave: () => void = () => process.exit(),
): TextOutput {
  if (path === undefined) return standardOutput(leave);
  let handle: number | undefined;
  const open = (): number => (handle ??= attemptSync(path, () => openSync(path, 'w')));
  return textOutput(
    (text) => {
      const file = open();
      attemptSync(path, () => {
        writeAll(file, text);
      });
    },
    () => {
      closeSync(open());
    },
    () => Promise.resolve(),
  );
}

function standardOutput(leave: () => void): TextOutput {
  const { stdout } = process;
  // Whoever read it (`| head`) has seen enough.
  const leaveWithReader = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') leave();
  };
  stdout.on('error', leaveWithReader);
  return textOutput(
    (text) => stdout.write(text),
    () => stdout.off('error', leaveWithReader),
    async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
  );
}

/** Writes a file that only its owner may read. Errors: OUTPUT_UNWRITABLE. */
export function writePrivate(path: string, text: string): void {
  attemptSync(path, () => {
    writeFileSync(path, text, { mode: 0o600 });
  });
}

function textOutput(
  write: (text: string) => void,
  close: () => void,
  settle: () => Promise<void>,
): TextOutput {
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
    settle,
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
