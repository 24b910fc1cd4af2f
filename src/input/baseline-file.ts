/** The file of `vhtrace baseline`. */
import { readFile } from 'node:fs/promises';
import { VhtraceError } from '../base/errors.js';
import { isDay } from '../model/baseline.js';
import type { Baseline, BaselineEntry } from '../model/baseline.js';

/** Undefined where there is no such file. Errors: FILE_UNREADABLE, BASELINE_INVALID. */
export async function readBaselineFile(path: string): Promise<Baseline | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw failure('FILE_UNREADABLE', `${path}: could not be read`, error);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw failure('BASELINE_INVALID', `${path}: is no JSON`, error);
  }
  if (isBaseline(content)) return content;
  const hint = 'vhtrace baseline write makes one';
  throw new VhtraceError('BASELINE_INVALID', `${path}: is no baseline of this program`, hint);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function failure(
  code: 'FILE_UNREADABLE' | 'BASELINE_INVALID',
  what: string,
  cause: unknown,
): VhtraceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new VhtraceError(code, `${what}: ${why}`, undefined, { cause });
}

function isBaseline(content: unknown): content is Baseline {
  const { schemaVersion, findings } = (content ?? {}) as Partial<Baseline>;
  return schemaVersion === 1 && Array.isArray(findings) && findings.every(isEntry);
}

function isEntry(entry: unknown): entry is BaselineEntry {
  const { rule, fingerprint, message, reason, expires } = (entry ?? {}) as Partial<BaselineEntry>;
  const texts = [rule, fingerprint, message, reason, expires ?? '2026-01-01'];
  return (
    texts.every((text) => typeof text === 'string') && (expires === undefined || isDay(expires))
  );
}
