/** Times as traces print them: do they go back from one line to the next? Pure. */

/** `10:00:02.000001`, perhaps behind `2026-11-22T`; with the names of months, times do not sort as texts. */
const CLOCK = /^(?:\d{4}-\d\d-\d\d[T ])?(\d\d):\d\d:\d\d/;

const NUMBER = /^\d+(?:\.\d+)?$/;

/** From this hour to one so much less it was midnight. */
const MOST_HOURS = 12;

/** Seconds since 1970: what has passed since the line before (strace -r) goes up and down. */
export const SINCE_1970 = 1e9;

/**
 * @param least seconds from which on a plain number is the time of a clock
 * @param by so many seconds or more; a time of day goes back by any
 */
export function goesBack(
  before: string | undefined,
  time: string | undefined,
  least = SINCE_1970,
  by = 0,
): boolean {
  if (before === undefined || time === undefined) return false;
  // Of one clock, texts of one length sort as their times do: nearly every line ends here.
  if (before.length === time.length && before <= time) return false;
  if (NUMBER.test(before) && NUMBER.test(time))
    return Number(time) < Number(before) - by && Number(time) >= least;
  const [last, next] = [CLOCK.exec(before), CLOCK.exec(time)];
  if (last === null || next === null) return false;
  const isOfDay = time.startsWith(next[1] ?? '');
  if (isOfDay && Number(last[1]) - Number(next[1]) >= MOST_HOURS) return false;
  return time < before;
}
