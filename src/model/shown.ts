/** How facts are shown in lists, and therefore sought. */
import type { Fact } from './fact.js';
import { frontendRequests } from './vhost-user-requests.js';

/** `0/6` is thread 6 of process 0; names are left as they are. */
export function shownThread(thread: string): string {
  const name = thread.replace(/^\d+\//, '');
  return /^\d+$/.test(name) ? `thread ${name}` : name;
}

/** Events whose value is the number of a vhost-user request. */
const REQUEST_KINDS = ['vhost_user_write', 'vhost_user_read'] as const;

/** Greater ones are no feature words but ends of ranges; nor could SQLite write them in hex. */
const LARGEST = 2n ** 63n - 1n;

/** Requests by their names; feature words and addresses in hex. */
export function shownValue(kind: Fact['kind'], value: string): string {
  if (!/^\d{1,19}$/.test(value)) return value;
  const request = REQUEST_KINDS.some((one) => one === kind)
    ? frontendRequests[Number(value)]?.name
    : undefined;
  if (request !== undefined) return request;
  const isWord = value.length >= 6 && BigInt(value) <= LARGEST;
  return isWord ? `0x${BigInt(value).toString(16)}` : value;
}
