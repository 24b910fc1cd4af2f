/**
 * Lines that a terminal or a mail program cut in mid-word → the whole text, scrubbed, and cut at the same places again.
 *
 * A half of a pointer is no pointer, and half a path may look like another one: `..` and `/hw/virtio/vhost.c:977`.
 * Source: terminals cut at their last column; RFC 2045, 6.7, for the soft breaks of quoted-printable.
 */
import { softLines } from './soft-lines.js';
import type { Decoder } from './soft-lines.js';

/** A terminal has hardly less columns. */
const NARROWEST = 40;
/** Two cuts at one column are no chance. */
const ENOUGH_CUTS = 2;
/** Longer texts are cut where they stand. */
const MOST_LINES = 256;

/** `hdev=0x5555`, at the end of a line; `=` where it is the soft break of a mail that was not known as one. */
const HALF = /(?<!\w)0x([\da-f]{0,15})=?$/i;
const OTHER_HALF = /^([\da-f]{1,15})(?!\w)/i;
/** What begins a line of its own, however long the one above is: `#3  `, `977\t`, `(gdb) `, `Thread 3 `. */
const BEGINS =
  /^(?:#\d+\s|\d+\t|\((?:gdb|qemu)\) |Thread \d|\[(?:New|Switching|Inferior|Thread) |\s*$)/;

/** Columns at which a capture was cut, by the pointers and the places of frames that were. */
export class WrapColumns {
  readonly #cuts = new Map<number, number>();
  #above = '';
  #longest = 0;

  see(raw: string): void {
    const line = withoutReturn(raw);
    const { length } = this.#above;
    const cuts = cutsPointer(this.#above, line) || cutsPlace(this.#above, line);
    if (length >= NARROWEST && cuts) {
      this.#cuts.set(length, (this.#cuts.get(length) ?? 0) + 1);
    }
    this.#longest = Math.max(this.#longest, line.length);
    this.#above = line;
  }

  /** A single cut proves the column where no line is longer. */
  get all(): ReadonlySet<number> {
    const proved = ([column, cuts]: [number, number]): boolean =>
      cuts >= ENOUGH_CUTS || column === this.#longest;
    return new Set([...this.#cuts].filter(proved).map(([column]) => column));
  }
}

/** What is done with the lines of a capture. */
export interface WrappedTarget {
  readonly scrub: (text: string) => string;
  readonly emit: (line: string) => void;
}

/** Gives out as many lines as it takes, in order. */
export class WrappedLines {
  /** Lines where a pointer was left in two halves. */
  readonly cut: number[] = [];
  /** Lines that came. */
  count = 0;
  #open: { readonly raw: string; readonly soft: string | undefined }[] = [];
  #above = '';

  constructor(
    private readonly columns: ReadonlySet<number>,
    private readonly mail: Decoder,
    private readonly target: WrappedTarget,
  ) {}

  push(raw: string): void {
    const decoded = this.mail.decode(raw);
    if (!this.#goesOn(raw, decoded !== undefined)) this.end();
    if (this.#open.length === 0) this.#tellCut(raw);
    this.#open.push({ raw, soft: decoded?.text });
    this.#above = withoutReturn(raw);
    this.count++;
    const goesOn = decoded === undefined ? this.columns.has(this.#above.length) : decoded.goesOn;
    if (!goesOn || this.#open.length >= MOST_LINES) this.end();
  }

  /** Gives out what waits for the lines that it goes on with. */
  end(): void {
    const open = this.#open;
    const [first] = open;
    if (first === undefined) return;
    this.#open = [];
    const raws = open.map(({ raw }) => raw);
    const { scrub } = this.target;
    const lines =
      first.soft === undefined
        ? hardLines(raws, scrub)
        : softLines(raws, open.map(({ soft }) => soft ?? '').join(''), scrub);
    for (const line of lines) this.target.emit(line);
  }

  #goesOn(raw: string, isSoft: boolean): boolean {
    const last = this.#open.at(-1);
    if (last === undefined || isSoft !== (last.soft !== undefined)) return false;
    if (isSoft) return true;
    if (BEGINS.test(raw)) return false;
    // A whole pointer at the end, and a number below: no pointer together.
    return !HALF.test(this.#above) || !OTHER_HALF.test(raw) || cutsPointer(this.#above, raw);
  }

  #tellCut(raw: string): void {
    if (cutsPointer(this.#above, withoutReturn(raw))) this.cut.push(this.count);
  }
}

function hardLines(raws: readonly string[], scrub: (text: string) => string): string[] {
  const pieces = raws.map(withoutReturn);
  const whole = pieces.join('');
  const made = scrub(whole);
  const lines: string[] = [];
  let start = 0;
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    at += piece.length;
    const others = pieces.length - 1 - i;
    // No line may become empty.
    const end = Math.min(Math.max(placeIn(made, whole, at), start + 1), made.length - others);
    lines.push(
      made.slice(start, others === 0 ? undefined : end) + (raws[i]?.endsWith('\r') ? '\r' : ''),
    );
    start = end;
  }
  return lines;
}

const WORDS = /[\w./+@%~-]+|[^\w./+@%~-]/g;

/** Where the place `at` of `whole` is in `made`: words have become others, perhaps of other length. */
function placeIn(made: string, whole: string, at: number): number {
  if (made.length === whole.length) return at;
  const words = whole.match(WORDS) ?? [];
  const others = made.match(WORDS) ?? [];
  if (words.length !== others.length) return at;
  let [start, newStart] = [0, 0];
  for (const [i, word] of words.entries()) {
    const other = others[i] ?? '';
    if (start + word.length >= at) {
      // The end of a path is what stays of it.
      const behind = start + word.length - at;
      return newStart + Math.max(other.length - behind, Math.min(1, at - start));
    }
    start += word.length;
    newStart += other.length;
  }
  return made.length;
}

/** A pointer that neither line has alone: 12 digits, or 16 as gdb pads addresses. */
function cutsPointer(above: string, below: string): boolean {
  const half = HALF.exec(above)?.[1];
  const other = half === undefined ? undefined : OTHER_HALF.exec(below)?.[1];
  if (half === undefined || other === undefined) return false;
  const digits = half + other;
  if (digits.length === 12) return /^(?:[57f]|aa)/i.test(digits);
  return digits.length === 16 && /^(?:0000(?:[57f]|aa)|ffff)/i.test(digits);
}

/** `) at ../hw/virti` and `o/vhost.c:977`. gdb breaks lines in front of `at`, and mail behind it. */
function cutsPlace(above: string, below: string): boolean {
  return /\) at [\w.+~/-]{1,256}$/.test(above) && /^[\w.+~/-]{0,256}\w:\d+$/.test(below);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
