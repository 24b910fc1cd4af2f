import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is gone when the test ends. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'vhtrace-'));
  // A busy machine takes its time with thousands of files.
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
  }, 60_000);
  return path;
}
