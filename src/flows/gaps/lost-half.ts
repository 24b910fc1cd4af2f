/** A call without its return, or a return without its call: the other half was taken out of the capture. */
import type { Reach } from '../../model/record.js';

export interface LostHalf extends Reach {
  readonly to: number;
  /** The one that is missing. */
  readonly half: 'call' | 'return';
  readonly func: string;
}

/** What is missing in one place: `the return of vhost_log_get`, `the calls of F and G, which return`. */
export function whyLost(halves: readonly LostHalf[]): string[] {
  const returns = namesOf(halves, 'return');
  const calls = namesOf(halves, 'call');
  return [
    ...(returns.length === 0 ? [] : [`the ${plural('return', returns)} of ${listOf(returns)}`]),
    ...(calls.length === 0
      ? []
      : [
          `the ${plural('call', calls)} of ${listOf(calls)}, which ${calls.length === 1 ? 'returns' : 'return'}`,
        ]),
  ];
}

function namesOf(halves: readonly LostHalf[], half: LostHalf['half']): string[] {
  return [...new Set(halves.filter((one) => one.half === half).map(({ func }) => func))];
}

function plural(noun: string, names: readonly string[]): string {
  return names.length === 1 ? noun : `${noun}s`;
}

function listOf(names: readonly string[]): string {
  return names.length === 1
    ? (names[0] ?? '')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}
