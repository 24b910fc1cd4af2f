/** Reports that go to files. */
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

async function attempt(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new VhtraceError(
      'OUTPUT_UNWRITABLE',
      `${path}: could not be written: ${why}`,
      undefined,
      {
        cause: error,
      },
    );
  }
}
