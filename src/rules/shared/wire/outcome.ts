/** What a call into the kernel returned, as strace and the kernel's tracers print it. */
import { bigintOf } from '../../../model/values.js';

export interface Outcome {
  readonly ok: boolean;
  /** `EFAULT`, or the number where it has no name here; undefined for success, and where the text does not say which error. */
  readonly errno: string | undefined;
}

/** Linux include/uapi/asm-generic/errno-base.h, errno.h and include/linux/errno.h: those that vhost answers with. */
const ERRNO: ReadonlyMap<bigint, string> = new Map([
  [1n, 'EPERM'],
  [9n, 'EBADF'],
  [12n, 'ENOMEM'],
  [14n, 'EFAULT'],
  [16n, 'EBUSY'],
  [22n, 'EINVAL'],
  [25n, 'ENOTTY'],
  [95n, 'EOPNOTSUPP'],
  [105n, 'ENOBUFS'],
  [114n, 'EALREADY'],
  [515n, 'ENOIOCTLCMD'],
]);

/**
 * `0`, `-1 EFAULT`, `-1 ?`, `-14`, `0xfffffffffffffff2`: a probe may print the int as unsigned, and of any width.
 * Undefined where the text does not say.
 */
export function outcomeOf(result: string | undefined): Outcome | undefined {
  const named = /^-1 ([A-Z0-9]+)$/.exec(result ?? '')?.[1];
  if (named !== undefined) return { ok: false, errno: named };
  if (result === '-1 ?') return { ok: false, errno: undefined };
  const word = bigintOf(result);
  if (word === undefined) return undefined;
  const value = BigInt.asIntN(32, word);
  if (value >= 0n) return { ok: true, errno: undefined };
  return { ok: false, errno: ERRNO.get(-value) ?? String(-value) };
}
