import { VhtraceError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { parseVersion, versionText } from '../flows/profile.js';
import type { VersionRange } from '../flows/profile.js';

/** Oldest and newest QEMU whose source the rules were made for, see their `versions`. */
const READ: VersionRange = { atLeast: 212, atMost: 1101 };

/** What to say of a version that the rules were not made for; undefined for all others. */
export function versionDoubt(text: string | undefined): string | undefined {
  const version = text === undefined ? undefined : parseVersion(text);
  if (text === undefined || version === undefined) return undefined;
  const { atLeast, atMost } = READ;
  if (version.atLeast >= atLeast && version.atMost <= atMost) return undefined;
  const nearest = versionText(version.atLeast < atLeast ? atLeast : atMost);
  return `the rules are known for QEMU ${versionText(atLeast)} to ${versionText(atMost)}: ${text.trim()} is judged like ${nearest}, where the capture does not show another`;
}

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
