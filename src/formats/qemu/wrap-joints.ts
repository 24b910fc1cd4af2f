/**
 * Where the lines of one wrapped event go together: mail breaks a line at a blank, which is lost; a terminal, an editor or
 * `fold` breaks it at a column, and nothing is lost.
 *
 * Which it was decides the value that the break goes through. The event's own format tells it of a number and of its words; a
 * string could have a blank there or not, which only other breaks near by tell.
 */
import type { EventArgs } from './event-form.js';
import type { EventTable } from './event-table.js';
import { readFitting, traceLine } from './qemu-trace.js';

/** What the lines say together. */
export interface Joining {
  readonly text: string;
  readonly args: EventArgs;
  /** Nothing else is likely. Otherwise one of the values may have a blank where a line ends, or none. */
  readonly isKnown: boolean;
  readonly gaps: Gaps;
}

/** Stands for a break in the text: only what may be any text can have it. */
const MARK = '\u0001';

/** No terminal is narrower: lines of that length may have been broken there, whatever the others are. */
const NARROWEST = 72;

/** A way to put the lines together: what stands at each break. */
type Gaps = readonly ('' | ' ')[];

interface Candidate extends Omit<Joining, 'isKnown'> {
  /** The breaks that lie inside of a string. */
  readonly unsure: readonly number[];
}

export class WrapJoints {
  /** The width at which a line was broken that has lost no blank. */
  #hard: number | undefined;
  /** Length of a line that was broken at a blank. */
  #soft: number | undefined;

  /** Of the lines that begin an event. */
  #longest = 0;

  constructor(private readonly events: EventTable) {}

  /** A blank line: what stands below may come from elsewhere. */
  forget(): void {
    this.#hard = undefined;
    this.#soft = undefined;
    this.#longest = 0;
  }

  /** A line that begins an event. */
  see(line: string): void {
    if (line.length > this.#longest) this.#longest = line.length;
  }

  /** No line that was broken at a column is shorter than another; one that another thread tore apart may be. */
  isLongest(line: string): boolean {
    return line.length >= this.#longest;
  }

  /** Does a line near by have this length that surely was broken in mid-word? */
  isHardWidth(length: number): boolean {
    return this.#hard === length;
  }

  /** `lines`: as they stand in the capture. Undefined where they are no event, or not all of it. */
  join(lines: readonly string[]): Joining | undefined {
    const all = this.#candidates(lines);
    const sure = all.filter(({ unsure }) => unsure.length === 0);
    const known = all.filter(({ gaps, unsure }) =>
      unsure.every((i) => gaps[i] === this.#gapBelow(lines[i] ?? '')),
    );
    const likely = [sure, known].find(({ length }) => length > 0) ?? all;
    const first = likely.at(-1);
    return first && { ...first, isKnown: likely !== all && isSame(likely) };
  }

  /** The lines are an event: others near by may be broken as they are. */
  learn({ gaps }: Joining, lines: readonly string[]): void {
    for (const [i, gap] of gaps.entries()) {
      const line = lines[i] ?? '';
      if (gap === '') this.#hard = line.length;
      else if (!endsAtBlank(line)) this.#soft = line.length;
    }
  }

  /** What is missing behind the line, by other lines that were broken; undefined where they do not tell. */
  #gapBelow(line: string): '' | ' ' | undefined {
    if (this.#hard !== undefined) return this.#hard === line.length ? '' : undefined;
    // At a column a line has its width, or one less where the blank at its end is lost.
    const isSoft = this.#soft !== undefined && Math.abs(this.#soft - line.length) > 1;
    return isSoft ? ' ' : undefined;
  }

  #candidates(lines: readonly string[]): readonly Candidate[] {
    const breaks = lines.slice(0, -1).map((line) => this.#gapsBelow(line));
    return waysOf(breaks).flatMap((gaps) => this.#read(lines, gaps) ?? []);
  }

  #gapsBelow(line: string): Gaps {
    const isAtColumn = line.length >= NARROWEST || this.isLongest(line);
    return isAtColumn && !endsAtBlank(line) ? [' ', ''] : [' '];
  }

  #read(lines: readonly string[], gaps: Gaps): Candidate | undefined {
    const pieces = lines.map((line) => line.trim());
    const text = glue(pieces, gaps);
    const fit = readFitting(text, this.events);
    if (fit === undefined) return undefined;
    const unsure: number[] = [];
    for (const [i, gap] of gaps.entries()) {
      if (endsAtBlank(lines[i] ?? '')) continue;
      const marked = traceLine(glue(pieces, gaps, i), this.events);
      const args = marked && fit.form.readText(marked.text);
      if (args === undefined) continue;
      // No string has blanks around it.
      if (!isOutmost(args)) unsure.push(i);
      else if (gap === ' ') return undefined;
    }
    return { text, args: fit.args, gaps, unsure };
  }
}

/** Breaks that may be either way: more lines than that have the same at each. */
const MOST_FREE = 4;

function waysOf(breaks: readonly Gaps[]): readonly Gaps[] {
  if (breaks.length > MOST_FREE) return [breaks.map(() => ' '), breaks.map(() => '')];
  return breaks.reduce<readonly Gaps[]>(
    (ways, gaps) => ways.flatMap((way) => gaps.map((gap) => [...way, gap])),
    [[]],
  );
}

/** Several blanks fill a line up. */
function endsAtBlank(line: string): boolean {
  return /\S $/.test(line);
}

function glue(pieces: readonly string[], gaps: Gaps, marked = -1): string {
  let text = pieces[0] ?? '';
  for (const [i, gap] of gaps.entries())
    text += (i === marked ? MARK : gap) + (pieces[i + 1] ?? '');
  return text;
}

function isOutmost(args: EventArgs): boolean {
  return Object.values(args).some((value) => value.startsWith(MARK) || value.endsWith(MARK));
}

/** Do all of them say the same? */
function isSame([first, ...others]: readonly Candidate[]): boolean {
  const said = JSON.stringify(first?.args);
  return others.every(({ args }) => JSON.stringify(args) === said);
}
