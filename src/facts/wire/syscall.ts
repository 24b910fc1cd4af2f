/**
 * System calls → protocol facts: the ioctls of vhost devices.
 *
 * strace prints of their arguments a pointer only, so order, device and result are all that is known:
 * no features word, no vring. A device is `fd N`, with its path where -y printed one: threads share file
 * descriptors, so the thread is no part of it; one that is opened again for another device is told apart by its
 * VHOST_SET_OWNER (device-lives.ts), two processes in one strace are not.
 */
import type { SystemCall } from '../../model/record.js';
import { ioctlByName, ioctlByNumber } from './ioctls.js';
import type { CommandWords, IoctlRow } from './ioctls.js';
import type { WireFact } from '../step.js';

export function syscallFact(
  { name, fd, path, request, result, errno }: SystemCall,
  words: CommandWords,
): WireFact | undefined {
  const row = name === 'ioctl' && request !== undefined ? rowOf(request, words) : undefined;
  if (row === undefined) return undefined;
  return {
    kind: row.kind,
    func: row.name,
    endpoint: fd === undefined ? undefined : endpointOf(fd, path),
    backend: path?.startsWith('/dev/vhost-vdpa') === true ? 'vdpa' : row.backend,
    vring: undefined,
    enable: undefined,
    value: undefined,
    result: answerOf(result, errno),
  };
}

/** strace prints -1 for every error: without a name it is not known which one. */
function answerOf(result: string | undefined, errno: string | undefined): string | undefined {
  if (errno !== undefined) return `${result ?? '?'} ${errno}`;
  return result === '-1' ? '-1 ?' : result;
}

function endpointOf(fd: number, path: string | undefined): string {
  return path === undefined ? `fd ${fd}` : `fd ${fd} ${path}`;
}

/** An ioctl that strace names itself; newer ones than strace knows by number; names that share a number. */
function rowOf(request: string, words: CommandWords): IoctlRow | undefined {
  // _IOC(_IOC_READ|_IOC_WRITE, 0xaf, 0x7f, 0x8)
  const parts = /^_IOC\(([A-Z_|]+), (0x[0-9a-f]+|0), (0x[0-9a-f]+|0), /.exec(request);
  if (parts !== null) return ioctlByNumber(commandOf(parts));
  for (const [name] of request.matchAll(/\bVHOST_[A-Z_]+/g)) {
    const row = ioctlByName(name);
    if (row !== undefined) return row;
  }
  // 0x4008af00   0x4008af00 /* ... */
  const number = /^0x[0-9a-f]{1,8}(?= |$)/.exec(request)?.[0];
  return number === undefined ? undefined : words.rowOf(BigInt(number));
}

function commandOf([, direction = '', type = '', number = '']: RegExpExecArray): bigint {
  const write = direction.includes('_IOC_WRITE') ? 1n : 0n;
  const read = direction.includes('_IOC_READ') ? 2n : 0n;
  return ((write + read) << 30n) | (BigInt(type) << 8n) | BigInt(number);
}
