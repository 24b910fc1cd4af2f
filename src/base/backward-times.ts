/** Times that are looked at; what runs backwards does so from the first line on. */
const MOST_TIMES = 1000;

/**
 * So many steps back, and few ahead, are no accident: threads that print at once go back now and then, files one behind
 * the other once each, and what was measured since the line before (strace -r) goes up as often as down.
 */
const LEAST_BACK = 8;
const BACK_PER_AHEAD = 4;
const LEAST_ALONE = 2;

/** Do times that stand one below the other run backwards? */
export class BackwardTimes {
  #last = '';
  #seen = 0;
  #back = 0;
  #ahead = 0;

  /** No further time is looked at. */
  get isFull(): boolean {
    return this.#seen >= MOST_TIMES;
  }

  /** Some step goes ahead. */
  get goesAhead(): boolean {
    return this.#ahead > 0;
  }

  /** Of all steps that there are none goes ahead: a clock of seconds shows few. */
  get onlyRunBack(): boolean {
    return this.#back >= LEAST_ALONE && !this.goesAhead;
  }

  /** True once those that were seen so far run backwards. */
  follow(time: string): boolean {
    if (this.isFull) return false;
    this.#seen += 1;
    const order = compare(this.#last, time);
    this.#last = time;
    if (order > 0) this.#back += 1;
    if (order < 0) this.#ahead += 1;
    return this.#back >= LEAST_BACK && this.#back > BACK_PER_AHEAD * this.#ahead;
  }
}

const NUMBER = /^\d+(?:[.,]\d+)?$/;

/** Below 0 where `a` is before `b`; 0 where they cannot be compared. */
function compare(a: string, b: string): number {
  if (NUMBER.test(a) && NUMBER.test(b)) return seconds(a) - seconds(b);
  // Of one clock and one zone, texts of one length sort by time, but for the names of months.
  if (a.length !== b.length) return 0;
  return a < b ? -1 : Number(a > b);
}

function seconds(text: string): number {
  return Number(text.replace(',', '.'));
}
