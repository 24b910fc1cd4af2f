/**
 * Words below the stops of breakpoints: printed by `printf` or `echo` of their commands, or written by a person?
 *
 * Commands run at every hit: a breakpoint whose hits all have the same words at the same place printed them. A person's words differ
 * from each other, and stand below a stack or above the next one, not between a stop and its own stack.
 */
import type { CaptureRecord, Prose, Stop } from '../../model/record.js';

/** So often must the same words stand at the same place. */
const LEAST = 3;

/** Breakpoints that are followed, and characters that one hit prints. */
const MOST = 1_000;
const LONGEST = 1_024;

interface Hit {
  readonly number: number;
  /** The last line that belongs to it. */
  last: number;
  hasStack: boolean;
  /** Where words stand below it that a person may have written. */
  line: number | undefined;
  /** What they are: `` where there are none. */
  words: string;
  place: 'above its stack' | 'at its end';
}

interface Breakpoint {
  readonly words: string;
  /** The first line of words that a person may have written. */
  readonly line: number | undefined;
  isSame: boolean;
}

export class PrintedWords {
  private readonly breakpoints = new Map<number, Breakpoint>();
  /** How often which words stand at the same place. */
  private readonly counts = new Map<string, number>();
  private hit: Hit | undefined;

  /** The first line of words that nothing shows to be printed. */
  get line(): number | undefined {
    const { hit } = this;
    const lines = [...this.breakpoints.values()]
      .filter(({ words, isSame }) => !isSame || !this.isOften(words))
      .map(({ line }) => line);
    if (hit !== undefined && !this.isOften(wordsOf(hit))) lines.push(hit.line);
    return lines.reduce((least, line) => Math.min(line ?? Infinity, least ?? Infinity), undefined);
  }

  private isOften(words: string): boolean {
    return (this.counts.get(words) ?? 0) >= LEAST;
  }

  /** Takes a record; true for words that may turn out to be printed. */
  follow(record: CaptureRecord): boolean {
    const { hit } = this;
    if (hit !== undefined && record.span.first !== hit.last + 1) this.end(hit);
    if (record.kind === 'stop') this.begin(record);
    else if (this.hit !== undefined) return this.goOn(this.hit, record);
    return false;
  }

  private begin({ number, reason, span }: Stop): void {
    if (this.hit !== undefined) this.end(this.hit);
    if (reason !== 'breakpoint' || number === undefined) return;
    if (this.breakpoints.size >= MOST && !this.breakpoints.has(number)) return;
    const last = span.last;
    this.hit = { number, last, hasStack: false, line: undefined, words: '', place: 'at its end' };
  }

  private goOn(hit: Hit, record: CaptureRecord): boolean {
    switch (record.kind) {
      case 'prose':
        return this.onWords(hit, record);
      case 'backtrace':
        if (hit.words !== '' && !hit.hasStack) hit.place = 'above its stack';
        hit.hasStack = true;
        break;
      case 'chatter':
      case 'value':
        break;
      default:
        this.end(hit);
        return false;
    }
    hit.last = record.span.last;
    return false;
  }

  private onWords(hit: Hit, { span, human, words }: Prose): boolean {
    const isFirst = hit.line === undefined && hit.words.length < LONGEST;
    if (human && (words === undefined || !isFirst)) return false;
    hit.last = span.last;
    if (words !== undefined && isFirst) hit.words += `${words}\n`;
    if (human) hit.line = span.first;
    return human;
  }

  /** Nothing is printed for the hit any more. */
  private end(hit: Hit): void {
    this.hit = undefined;
    const { number, line } = hit;
    const words = wordsOf(hit);
    const known = this.breakpoints.get(number) ?? { words, line, isSame: true };
    const isSame = known.isSame && known.words === words;
    this.breakpoints.set(number, { words: known.words, line: known.line ?? line, isSame });
    if (hit.words !== '') this.counts.set(words, (this.counts.get(words) ?? 0) + 1);
  }
}

/** With their place; those that a person may write there over and over, as "Backtrace:", are no others' match. */
function wordsOf({ last, words, place }: Hit): string {
  if (words === '') return '';
  const isHeading = place === 'at its end' || words.endsWith(':\n');
  return `${isHeading && !words.includes('0x') ? last : place}: ${words}`;
}
