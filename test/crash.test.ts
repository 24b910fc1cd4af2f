/** The short form of `npm run crash`. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('soak/crash.mjs', import.meta.url));

test('kill -9 at half a dozen moments leaves whole captures', { timeout: 240_000 }, async () => {
  const args = [script, '--kills', '6', '--kills-only'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toContain('6 kills');
});
