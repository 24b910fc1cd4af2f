import { VhtraceError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { parseVersion } from '../flows/profile.js';
import type { VersionRange } from '../flows/profile.js';

/** The version that a user names. Errors: USAGE for one that is none. */
export function versionOf(text: string | undefined): VersionRange | undefined {
  if (text === undefined) return undefined;
  const version = parseVersion(text);
  if (version !== undefined) return version;
  throw new VhtraceError(
    'USAGE',
    `"${printable(text)}" is no QEMU version`,
    'give it as 9.1 or 10.0.13',
  );
}
