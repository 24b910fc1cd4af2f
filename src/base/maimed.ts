/** Words that are one and the same but for one place, where something tore one of them. */

/** At least so much of the longer one is at the beginning and the end of both. */
const LEAST_EQUAL = 0.6;

/** `shorter` is the other without one run of characters. */
export function lacksPart(shorter: string, longer: string): boolean {
  if (shorter.length >= longer.length) return false;
  let head = 0;
  while (head < shorter.length && shorter[head] === longer[head]) head++;
  return longer.endsWith(shorter.slice(head));
}

/** One run of characters is lost, added or another: `vhost_virtque_start`, `vhost_dev_se\ufffd_log`, `vhost_log_ put`. */
export function isMaimed(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  let head = 0;
  while (head < shorter && one[head] === other[head]) head++;
  let tail = 0;
  while (tail < shorter - head && one.at(-1 - tail) === other.at(-1 - tail)) tail++;
  return one !== other && head + tail >= LEAST_EQUAL * Math.max(one.length, other.length);
}
